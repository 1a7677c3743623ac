using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Simulator.Tests;

/// <summary>The program as a process of its own, as a user starts it.</summary>
public sealed partial class ProcessTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("simulator-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [SlowFact]
    public async Task The_quickstart_freezes_the_original_and_lets_the_mitigated_cell_learn()
    {
        using var process = Start("run", "--output", Path.Combine(_folder, "out"));
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        Assert.Contains("50 of 50 actors are frozen", output, StringComparison.Ordinal);
        Assert.Contains("no actor of 50 is frozen", output, StringComparison.Ordinal);

        var cells = Directory.GetDirectories(Path.Combine(_folder, "out", "cells")).Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(2, cells.Length);
        using var original = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(cells[0], "results.json"), TestContext.Current.CancellationToken));
        Assert.InRange(original.RootElement.GetProperty("stopping_episode").GetInt32(), 150, 350);
    }

    [SlowFact]
    public async Task What_users_call_with_dotnet_run_works_in_their_folder()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "own.yaml"), "episodes: 2\nclients: 3\nlearning: { batch: 4 }\nevaluation: { episodes: 0 }\n", TestContext.Current.CancellationToken);
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardOutput = true, WorkingDirectory = _folder };
        foreach (var argument in (string[])["run", "--no-build", "-c", configuration, "--project", Path.Combine(ArchitectureTests.Root, "src", "Simulator"), "--", "run", "own.yaml", "--output", "out", "--quiet"])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, output);
        Assert.True(File.Exists(Path.Combine(_folder, "out", "manifest.json")));
    }

    [SlowFact]
    public async Task An_interrupt_ends_the_run_within_seconds_with_whole_results()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Signals are sent with kill.");
        }

        var folder = Path.Combine(_folder, "out");
        using var process = Start("run", "--output", folder, "--episodes", "100000");
        string? line;
        do
        {
            line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            Assert.NotNull(line);
        }
        while (!line.Contains("results go to", StringComparison.Ordinal));

        Assert.Equal(0, Kill(process.Id, Interrupt));
        var rest = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(20));
        await process.WaitForExitAsync(patience.Token);
        Assert.Equal(130, process.ExitCode);
        Assert.Contains("Interrupted; the results so far are in", await rest, StringComparison.Ordinal);
        using var population = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(folder, "population.json"), TestContext.Current.CancellationToken));
        foreach (var row in population.RootElement.EnumerateArray())
        {
            Assert.Equal("interrupted", row.GetProperty("status").GetString());
            if (row.GetProperty("folder").GetString() is not { } cell)
            {
                Assert.Equal(0, row.GetProperty("episodes").GetInt32());
                continue; // It had not begun.
            }

            using var results = JsonDocument.Parse(
                await File.ReadAllBytesAsync(Path.Combine(folder, cell, "results.json"), TestContext.Current.CancellationToken));
            Assert.Equal(row.GetProperty("episodes").GetInt32(), results.RootElement.GetProperty("all_rewards").GetArrayLength());
        }
    }

    private const int Interrupt = 2;

    private static Process Start(params string[] arguments)
    {
        var program = typeof(CommandLine).Assembly.Location;
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardOutput = true, WorkingDirectory = AppContext.BaseDirectory };
        foreach (var argument in arguments.Prepend(program))
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
