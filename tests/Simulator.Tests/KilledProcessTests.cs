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

    [SlowFact]
    public async Task A_run_that_is_killed_after_somebody_intervened_does_it_again_and_goes_on_to_the_same_bytes()
    {
        await File.WriteAllTextAsync(Scenario, Yaml, Token);
        using (var undisturbed = await IntervenedAsync(Path.Combine(_folder, "undisturbed")))
        {
            await undisturbed.WaitForExitAsync(Token);
            Assert.Equal(0, undisturbed.ExitCode);
        }

        using (var first = await IntervenedAsync(Resumed))
        {
            await UntilAsync(first, () => File.ReadAllText(Path.Combine(Resumed, "events.jsonl")).Contains("\"event\":\"intervention\"", StringComparison.Ordinal));
            first.Kill();
            await first.WaitForExitAsync(Token);
        }

        await ContinueAsync();
        AssertSame();
        Assert.Equal(14, File.ReadLines(Path.Combine(Resumed, "events.jsonl")).Count(l => l.Contains("\"event\":\"intervention\"", StringComparison.Ordinal)));
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

    /// <summary>Starts a run and asks it, of each cell, to reset one agent and slow down another, late enough to come in time.</summary>
    private async Task<Process> IntervenedAsync(string output)
    {
        const string Announcement = "Watch it on ";
        var process = Start("run", Scenario, "--output", output, "--listen", "127.0.0.1:0");
        string? line;
        do
        {
            line = await process.StandardOutput.ReadLineAsync(Token) ?? throw new InvalidOperationException("the run ended before it said where it listens");
        }
        while (!line.StartsWith(Announcement, StringComparison.Ordinal));

        _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        using var client = new HttpClient { BaseAddress = new Uri(line[Announcement.Length..].Split(' ')[0]) };
        while ((await client.GetAsync("api/population", Token)).StatusCode == System.Net.HttpStatusCode.ServiceUnavailable)
        {
            await Task.Yield();
        }

        for (var cell = 0; cell < 7; cell++)
        {
            foreach (var (what, body) in new[] { ("1/reset-output", """{"before_episode": 120}"""), ("2/scale-rate", """{"before_episode": 125, "factor": 0.1}""") })
            {
                using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
                using var response = await client.PostAsync($"api/cells/{cell}/agents/{what}", content, Token);
                Assert.Equal(System.Net.HttpStatusCode.Accepted, response.StatusCode);
            }
        }

        return process;
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
