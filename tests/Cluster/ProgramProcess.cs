using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Simulator.Cluster.Tests;

/// <summary>The program as a process of its own: what it says, how it ends, and what is done to it.</summary>
internal sealed partial class ProgramProcess : IDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly Task _voices;

    private ProgramProcess(Process process)
    {
        _process = process;
        _voices = Task.WhenAll(ListenAsync(process.StandardOutput), ListenAsync(process.StandardError));
    }

    /// <summary>All that it has said, on both channels.</summary>
    internal string Said => string.Join('\n', _lines);

    /// <summary>Whether it has ended.</summary>
    internal bool HasExited => _process.HasExited;

    /// <summary>Starts the program.</summary>
    /// <param name="before">What is put before it, a program that starts it among other conditions; empty for nothing.</param>
    /// <param name="variables">Variables that it gets beside those of this process, of which none is the program's.</param>
    /// <param name="arguments">Its arguments.</param>
    internal static ProgramProcess Start(IReadOnlyList<string> before, IReadOnlyDictionary<string, string> variables, params IReadOnlyList<string> arguments)
    {
        string[] words = [.. before, "dotnet", typeof(CommandLine).Assembly.Location, .. arguments];
        var start = new ProcessStartInfo(words[0], words[1..])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith(NodeSettings.Prefix, StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        return new ProgramProcess(Process.Start(start)!);
    }

    /// <summary>Waits until it has said something.</summary>
    /// <returns>The line.</returns>
    internal async Task<string> SaysAsync(string words)
    {
        string? line = null;
        await Wait.UntilAsync(() => (line = _lines.FirstOrDefault(l => l.Contains(words, StringComparison.Ordinal))) is not null || _voices.IsCompleted, $"'{words}' to be said", () => Said);
        return line ?? throw new InvalidOperationException($"the process ended before it said '{words}':\n{Said}");
    }

    /// <summary>Waits until it has ended, and said all that it had to say.</summary>
    /// <returns>Its exit status.</returns>
    internal async Task<int> ExitedAsync()
    {
        await Wait.UntilAsync(() => _process.HasExited && _voices.IsCompleted, "the process to end", () => Said);
        return _process.ExitCode;
    }

    /// <summary>Ends it as if the power had gone.</summary>
    internal void Kill() => _process.Kill();

    /// <summary>Asks it to end.</summary>
    internal void Terminate() => Signal(15);

    /// <summary>Interrupts it, as Ctrl-C does.</summary>
    internal void Interrupt() => Signal(2);

    /// <summary>Interrupts it and all that it has started, as a terminal does: it must have been started by setsid, with a group of its own.</summary>
    internal void InterruptGroup() => Assert.Equal(0, Kill(-_process.Id, 2));

    /// <summary>Keeps it from running, until <see cref="Thaw"/>.</summary>
    internal void Freeze() => Signal(19);

    /// <summary>Lets it go on where it was.</summary>
    internal void Thaw() => Signal(18);

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private void Signal(int signal) => Assert.Equal(0, Kill(_process.Id, signal));

    private async Task ListenAsync(StreamReader voice)
    {
        while (await voice.ReadLineAsync() is { } line)
        {
            _lines.Enqueue(line);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
