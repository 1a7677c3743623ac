using System.Text.Json;
using Simulator.Compute;

namespace Simulator.Lab.Tests;

public sealed class RunFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_that_is_not_empty_is_refused_and_left_alone()
    {
        File.WriteAllText(_folder["notes.txt"], "mine");
        var error = Assert.Throws<OutputFolderException>(() => RunFolder.Create(_folder.Path));
        Assert.Contains("is not empty", error.Message, StringComparison.Ordinal);
        Assert.Equal([_folder["notes.txt"]], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void A_folder_that_a_run_was_killed_in_before_it_wrote_anything_can_be_used_and_one_in_use_cannot()
    {
        using (RunFolder.Create(_folder["run"]))
        {
            Assert.Contains("in use", Assert.Throws<OutputFolderException>(() => RunFolder.Create(_folder["run"])).Message, StringComparison.Ordinal);
        }

        File.WriteAllText(_folder["run/scenario.yaml.part"], "half");
        RunFolder.Check(_folder["run"]);
        RunFolder.Create(_folder["run"]).Dispose();
        File.WriteAllText(_folder["run/scenario.yaml"], "whole");
        Assert.Contains("is not empty", Assert.Throws<OutputFolderException>(() => RunFolder.Check(_folder["run"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_in_its_place_is_refused()
    {
        File.WriteAllText(_folder["taken"], "mine");
        Assert.Contains("is a file", Assert.Throws<OutputFolderException>(() => RunFolder.Create(_folder["taken"])).Message, StringComparison.Ordinal);
        Assert.Contains("cannot be made", Assert.Throws<OutputFolderException>(() => RunFolder.Create(_folder["taken/below"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_leaves_the_files_that_the_documentation_names()
    {
        var run = await _folder.RunAsync("run", TemporaryFolder.Plan());
        Assert.Equal(["cells", "manifest.json", "population.csv", "population.json", "run.lock", "scenario.yaml"], Directory.GetFileSystemEntries(run.Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        using var manifest = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(run.Folder, "manifest.json"), TestContext.Current.CancellationToken));
        Assert.Equal("done", manifest.RootElement.GetProperty("status").GetString());
        using var population = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(run.Folder, "population.json"), TestContext.Current.CancellationToken));
        Assert.Equal(run.Histories.Select(h => h.Cell.Name), population.RootElement.EnumerateArray().Select(r => r.GetProperty("name").GetString()));
        Assert.All(population.RootElement.EnumerateArray(), r => Assert.True(Directory.Exists(Path.Combine(run.Folder, r.GetProperty("folder").GetString()!))));
    }

    [Fact]
    public async Task An_interrupted_run_writes_whole_results_of_what_was_done()
    {
        var plan = TemporaryFolder.Plan();
        plan = plan with { Cells = [.. plan.Cells.Select(c => c with { Options = c.Options with { Episodes = 1_000_000 } })] };
        var run = PopulationRun.Prepare(plan, ComputeDevice.Cpu, _folder["run"], new PatientTime());
        using var interruption = new CancellationTokenSource();
        var running = run.ExecuteAsync(interruption.Token);
        while (run.Progress.Snapshot().Any(c => c.Episode < 3))
        {
            await Task.Yield();
        }

        await interruption.CancelAsync();
        Assert.Equal(RunStatus.Interrupted, await running);
        foreach (var history in run.Histories)
        {
            using var json = JsonDocument.Parse(
                await File.ReadAllBytesAsync(Path.Combine(run.Folder, "cells", history.Cell.Name, "results.json"), TestContext.Current.CancellationToken));
            Assert.Equal("interrupted", json.RootElement.GetProperty("status").GetString());
            Assert.Equal(history.Episodes.Count, json.RootElement.GetProperty("all_rewards").GetArrayLength());
            Assert.True(File.Exists(Path.Combine(run.Folder, "cells", history.Cell.Name, "policies.safetensors")));
        }
    }

    [Fact]
    public async Task A_run_whose_results_cannot_be_written_fails_says_so_and_writes_the_other_results()
    {
        var plan = TemporaryFolder.Plan();
        var run = PopulationRun.Prepare(plan, ComputeDevice.Cpu, _folder["run"], TimeProvider.System);

        // A file stands where the first cell's folder should be.
        Directory.CreateDirectory(_folder["run/cells"]);
        await File.WriteAllTextAsync(_folder[$"run/cells/{plan.Cells[0].Name}"], "in the way", TestContext.Current.CancellationToken);
        await Assert.ThrowsAnyAsync<IOException>(() => run.ExecuteAsync(TestContext.Current.CancellationToken));

        using var manifest = JsonDocument.Parse(await File.ReadAllBytesAsync(_folder["run/manifest.json"], TestContext.Current.CancellationToken));
        Assert.Equal("failed", manifest.RootElement.GetProperty("status").GetString());
        Assert.True(File.Exists(_folder[$"run/cells/{plan.Cells[1].Name}/results.json"]));
        Assert.Empty(Directory.GetFiles(_folder["run"], "*.part", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_cell_that_cannot_be_closed_keeps_neither_the_checkpoints_nor_the_summaries_from_being_written()
    {
        var plan = TemporaryFolder.Plan("checkpoint: { seconds: 0 }");
        plan = plan with { Cells = [.. plan.Cells.Select(c => c with { Options = c.Options with { Episodes = 1_000_000 } })] };
        var run = PopulationRun.Prepare(plan, ComputeDevice.Cpu, _folder["run"], new PatientTime());

        // A folder stands where the first cell's results should be.
        Directory.CreateDirectory(_folder[$"run/cells/{plan.Cells[0].Name}/results.json"]);
        using var interruption = new CancellationTokenSource();
        var running = run.ExecuteAsync(interruption.Token);
        while (run.Progress.Snapshot().Any(c => c.Episode < 3))
        {
            await Task.Yield();
        }

        await interruption.CancelAsync();
        var fault = await Assert.ThrowsAnyAsync<SystemException>(() => running);
        Assert.True(fault is IOException or UnauthorizedAccessException);
        using var manifest = JsonDocument.Parse(await File.ReadAllBytesAsync(_folder["run/manifest.json"], TestContext.Current.CancellationToken));
        Assert.Equal("failed", manifest.RootElement.GetProperty("status").GetString());
        Assert.True(File.Exists(_folder["run/population.json"]));
        Assert.True(File.Exists(_folder["run/population.csv"]));
        Assert.True(File.Exists(_folder[$"run/cells/{plan.Cells[1].Name}/results.json"]));
        var stored = new CheckpointFolder(_folder[$"run/{CellStore.FolderOf(plan.Cells[0].Name)}"], plan.Cells[0].Name, 0, int.MaxValue, Array.MaxLength).Read((file, why) => Assert.Fail($"{file}: {why}"));
        Assert.NotNull(stored?.Cell);
    }

    [Fact]
    public void The_default_folder_is_named_after_scenario_and_time() =>
        Assert.Equal(
            Path.Combine("runs", "quickstart-20261122-180501"),
            RunFolder.DefaultPath("quickstart", new DateTimeOffset(2026, 11, 22, 18, 5, 1, TimeSpan.Zero)));
}
