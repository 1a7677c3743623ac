using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Simulator.Tests;

/// <summary>The program killed and interrupted as a process, and continued: every file of every cell is that of an undisturbed run.</summary>
public sealed partial class KilledProcessTests : IDisposable
{
    private const int Interrupt = 2;

    private const string Yaml = """
        episodes: 150
        clients: 12
        environment: { steps: 5, channels: 4 }
        learning: { batch: 32, replay: 300 }
        evaluation: { every: 40, episodes: 3 }
        checkpoint: { seconds: 0.2 }
        sweep:
          - { learning.update: [simultaneous, sequential], learning.actor_rate: [0.05, 0.0001] }
          - { policy.variant: [fullnorm, layernorm] }
          - { policy.sharing: [shared], mitigation.rewards: [scaled], mitigation.output: [inverting] }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("simulator-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [SlowFact]
    public async Task A_run_that_is_killed_at_any_moment_goes_on_to_the_same_bytes()
    {
        await UndisturbedAsync();
        using (var first = Start("run", Scenario, "--output", Resumed, "--quiet"))
        {
            await UntilAsync(first, () => Files("checkpoint-*.json").Length > 0);
            first.Kill();
            await first.WaitForExitAsync(Token);
        }

        // Three times more, whenever another checkpoint is there: in the middle of an episode, of an evaluation or of a write.
        for (var i = 0; i < 3; i++)
        {
            var before = Files("checkpoint-*.json");
            using var next = Start("run", "--output", Resumed, "--resume", "--quiet");
            await UntilAsync(next, () => Files("checkpoint-*.json").Except(before, StringComparer.Ordinal).Count() > i);
            next.Kill();
            await next.WaitForExitAsync(Token);
        }

        await ContinueAsync();
        AssertSame();
    }

    [SlowFact]
    public async Task A_run_that_is_interrupted_goes_on_to_the_same_bytes()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Signals are sent with kill.");
        }

        await UndisturbedAsync();
        using (var first = Start("run", Scenario, "--output", Resumed, "--quiet", "--set", "checkpoint.seconds=0"))
        {
            await UntilAsync(first, () => Directory.Exists(Path.Combine(Resumed, "cells")) && Files("results.json").Length > 0);
            Assert.Equal(0, Kill(first.Id, Interrupt));
            await first.WaitForExitAsync(Token);
            Assert.Equal(130, first.ExitCode);
        }

        Assert.NotEmpty(Files("checkpoint-*.json"));
        await ContinueAsync();
        AssertSame();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Scenario => Path.Combine(_folder, "s.yaml");

    private string Resumed => Path.Combine(_folder, "resumed");

    private async Task UndisturbedAsync()
    {
        await File.WriteAllTextAsync(Scenario, Yaml, Token);
        using var process = Start("run", Scenario, "--output", Path.Combine(_folder, "undisturbed"), "--quiet");
        await process.WaitForExitAsync(Token);
        Assert.Equal(0, process.ExitCode);
    }

    private async Task ContinueAsync()
    {
        using var process = Start("run", "--output", Resumed, "--resume", "--quiet");
        await process.WaitForExitAsync(Token);
        Assert.Equal(0, process.ExitCode);
    }

    private string[] Files(string pattern) => Directory.Exists(Resumed) ? Directory.GetFiles(Resumed, pattern, SearchOption.AllDirectories) : [];

    private static async Task UntilAsync(Process process, Func<bool> holds)
    {
        while (!process.HasExited)
        {
            try
            {
                if (holds())
                {
                    return;
                }
            }
            catch (Exception moved) when (moved is IOException or UnauthorizedAccessException)
            {
                // A file was renamed or removed while the folder was read.
            }

            await Task.Yield();
        }
    }

    private void AssertSame()
    {
        var expected = Hashes(Path.Combine(_folder, "undisturbed", "cells"));
        Assert.Equal(7, Directory.GetDirectories(Path.Combine(_folder, "undisturbed", "cells")).Length);
        Assert.Equal(expected, Hashes(Path.Combine(Resumed, "cells")));
    }

    private static Dictionary<string, string> Hashes(string folder) => Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
        .ToDictionary(f => Path.GetRelativePath(folder, f), f => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(f))), StringComparer.Ordinal);

    private static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardOutput = true, WorkingDirectory = AppContext.BaseDirectory };
        foreach (var argument in arguments.Prepend(typeof(CommandLine).Assembly.Location))
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
