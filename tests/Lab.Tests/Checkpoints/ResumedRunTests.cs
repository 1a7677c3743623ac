using System.Text.Json;
using Simulator.Compute;

namespace Simulator.Lab.Tests;

/// <summary>Runs that are interrupted and continued come to the same files as undisturbed ones.</summary>
public sealed class ResumedRunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_sweep_with_cells_that_ended_run_and_never_began_goes_on_to_the_same_bytes()
    {
        const string yaml = """
            episodes: 24
            clients: 5
            environment: { steps: 3, channels: 2 }
            learning: { batch: 12, replay: 40, actor_rate: 0.05, critic_rate: 0.01 }
            evaluation: { every: 10, episodes: 2 }
            checkpoint: { seconds: 0.001 }
            sweep: { episodes: [5, 300, 200], seed: [1, 2, 3] }
            """;
        var plan = ScenarioReader.Parse("small.yaml", yaml).Plan!;
        await _folder.RunAsync("undisturbed", plan);
        await InterruptAsync("resumed", plan, p => Enumerable.Range(0, p.Count).Any(i => p[i].Activity == Telemetry.CellActivity.Ended));
        var statuses = Statuses("resumed");
        Assert.Contains("completed", statuses);
        Assert.Contains("interrupted", statuses);
        var ended = File.GetLastWriteTimeUtc(Path.Combine(_folder["resumed"], "cells", plan.Cells[statuses.IndexOf("completed")].Name, "results.json"));

        await ResumeAsync("resumed", plan);
        AssertSameFiles(plan);
        Assert.Equal(ended, File.GetLastWriteTimeUtc(Path.Combine(_folder["resumed"], "cells", plan.Cells[statuses.IndexOf("completed")].Name, "results.json")));
        Assert.Empty(Directory.GetDirectories(_folder["resumed"], "checkpoint", SearchOption.AllDirectories));
        Assert.False(File.Exists(Path.Combine(_folder["resumed"], RunIdentity.FileName)));
        Assert.True(RunContinuation.IsComplete(_folder["resumed"]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_run_can_be_interrupted_again_and_again(int delay)
    {
        var plan = TemporaryFolder.Plan($"checkpoint: {{ seconds: 0 }}\nmitigation: {{ actor_delay: {delay} }}");
        await _folder.RunAsync("undisturbed", plan);
        await InterruptAsync("resumed", plan, p => p[0].Episode >= 3);
        for (var i = 0; i < 3; i++)
        {
            var before = Episodes("resumed");
            await InterruptAsync("resumed", plan, p => p[1].Episode > before || p[1].Activity == Telemetry.CellActivity.Ended, resume: true);
        }

        await ResumeAsync("resumed", plan);
        AssertSameFiles(plan);
    }

    [Theory]
    [InlineData("learn", "diverged")]
    [InlineData("act", "completed")]
    public async Task Cells_that_have_ended_are_not_run_again(string mode, string status)
    {
        // Long enough for the interruption to come before the second one's end: cells do not wait for who is told of them.
        var longest = mode == "act" ? 20_000 : 2_000;
        var yaml = $$"""
            mode: {{mode}}
            clients: 5
            environment: { steps: 3, channels: 2 }
            learning: { batch: 12, replay: 40 }
            evaluation: { every: 10, episodes: 2 }
            sweep: { episodes: [20, {{longest}}] }
            """;
        var plan = ScenarioReader.Parse("small.yaml", yaml).Plan!;
        var (first, second) = (plan.Cells[0], plan.Cells[1]);
        plan = plan with { Cells = [first with { Options = first.Options with { Learning = first.Options.Learning with { ActorRate = 1e30 } } }, second] };
        await _folder.RunAsync("undisturbed", plan);
        await InterruptAsync("resumed", plan, p => p[0].Activity == Telemetry.CellActivity.Ended);
        Assert.Equal([status, "interrupted"], Statuses("resumed"));
        var results = Path.Combine(_folder["resumed"], RunFolder.CellFolder(first.Name), "results.json");
        var written = File.GetLastWriteTimeUtc(results);
        await ResumeAsync("resumed", plan);
        AssertSameFiles(plan);
        Assert.Equal(written, File.GetLastWriteTimeUtc(results));
    }

    [Fact]
    public async Task A_newer_checkpoint_ends_the_command_before_anything_is_written()
    {
        var plan = TemporaryFolder.Plan("checkpoint: { seconds: 0 }");
        await InterruptAsync("run", plan, p => p[0].Episode >= 3);
        var file = Directory.GetFiles(_folder["run"], "checkpoint-*.json", SearchOption.AllDirectories)[0];
        File.WriteAllBytes(file, (CheckpointManifest.Parse(File.ReadAllBytes(file), file) with { Format = CheckpointManifest.CurrentFormat + 1 }).ToJson());
        var population = File.ReadAllText(Path.Combine(_folder["run"], "population.json"));
        Assert.Throws<CheckpointVersionException>(() => PopulationRun.Resume(plan, ComputeDevice.Cpu, _folder["run"], TimeProvider.System));
        Assert.Equal(population, File.ReadAllText(Path.Combine(_folder["run"], "population.json")));

        // The folder is free again.
        RunFolder.Open(_folder["run"]).Dispose();
    }

    [Fact]
    public async Task A_damaged_checkpoint_is_told_of_and_the_results_are_the_same()
    {
        var plan = TemporaryFolder.Plan("checkpoint: { seconds: 0.001 }");
        plan = plan with { Cells = [.. plan.Cells.Select(c => c with { Options = c.Options with { Episodes = 300 } })] };
        await _folder.RunAsync("undisturbed", plan);
        await InterruptAsync("resumed", plan, p => p[0].Episode >= 9);

        // A cell that has ended by then has nothing but its history there.
        var states = Directory.GetDirectories(_folder["resumed"], "checkpoint", SearchOption.AllDirectories).Select(d => Directory.GetFiles(d, "state-*", SearchOption.AllDirectories).Max(StringComparer.Ordinal)).OfType<string>().ToList();
        Assert.NotEmpty(states);
        foreach (var newest in states)
        {
            File.WriteAllText(newest, "damaged");
        }

        await ResumeAsync("resumed", plan);
        AssertSameFiles(plan);
        Assert.Contains("\"checkpoint_damaged\"", File.ReadAllText(Path.Combine(_folder["resumed"], "events.jsonl")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_no_checkpoint_can_be_used_they_are_kept_aside_and_the_results_are_the_same()
    {
        var plan = TemporaryFolder.Plan("checkpoint: { seconds: 0 }");
        await _folder.RunAsync("undisturbed", plan);
        await InterruptAsync("resumed", plan, p => p[0].Episode >= 3);
        var checkpoint = Path.Combine(_folder["resumed"], CellStore.FolderOf(plan.Cells[0].Name));
        foreach (var state in Directory.GetFiles(checkpoint, "state-*", SearchOption.AllDirectories))
        {
            File.WriteAllText(state, "damaged");
        }

        await InterruptAsync("resumed", plan, p => p[0].Episode >= 1, resume: true);
        Assert.NotEmpty(Directory.GetFiles(checkpoint + ".damaged", "checkpoint-*.json"));
        Assert.Contains("the cell begins anew", File.ReadAllText(Path.Combine(_folder["resumed"], "events.jsonl")), StringComparison.Ordinal);
        await ResumeAsync("resumed", plan);
        AssertSameFiles(plan);
    }

    [Fact]
    public async Task A_checkpoint_that_cannot_be_read_stops_the_run_and_nothing_is_lost()
    {
        var plan = TemporaryFolder.Plan("checkpoint: { seconds: 0 }");
        await _folder.RunAsync("undisturbed", plan);
        await InterruptAsync("resumed", plan, p => p[0].Episode >= 3);
        var state = Directory.GetFiles(Path.Combine(_folder["resumed"], CellStore.FolderOf(plan.Cells[0].Name)), "state-*", SearchOption.AllDirectories).Max(StringComparer.Ordinal)!;
        File.Move(state, _folder["kept"]);
        Directory.CreateDirectory(state);
        var before = All();
        var fault = await Assert.ThrowsAnyAsync<SystemException>(() => ResumeAsync("resumed", plan));
        Assert.True(fault is IOException or UnauthorizedAccessException);
        Assert.Equal(before, All());
        Directory.Delete(state);
        File.Move(_folder["kept"], state);
        await ResumeAsync("resumed", plan);
        AssertSameFiles(plan);

        // But for the count of the run's lives.
        string[] All() => [.. Directory.GetFiles(_folder["resumed"], "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) != RunIdentity.FileName).Order(StringComparer.Ordinal).Select(f => $"{f} {File.GetLastWriteTimeUtc(f):O}")];
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_cell_that_did_not_go_on_before_the_next_interruption_keeps_its_row_and_its_files(bool othersGoOn)
    {
        // More cells than start at one time.
        var plan = TemporaryFolder.Plan($"checkpoint: {{ seconds: 0 }}\ncells: {System.Environment.ProcessorCount + 2}");
        plan = plan with { Cells = [.. plan.Cells.Select(c => c with { Options = c.Options with { Episodes = 100_000 } })] };
        await InterruptAsync("run", plan, p => p.Snapshot().All(c => c.Episode >= 2));
        var before = Rows("run");
        Assert.All(before, r => Assert.NotNull(r.Folder));
        if (!othersGoOn)
        {
            var run = PopulationRun.Resume(plan, ComputeDevice.Cpu, _folder["run"], new PatientTime());
            Assert.Equal(RunStatus.Interrupted, await run.ExecuteAsync(new CancellationToken(canceled: true)));
            Assert.Equal(before, Rows("run"));
            Assert.Null(run.EarlyEnds);
            return;
        }

        // Whichever do, none loses what it had.
        await InterruptAsync("run", plan, p => p.Snapshot().Index().Any(c => c.Item.Episode > before[c.Index].Episodes), resume: true);
        var after = Rows("run");
        Assert.Equal(before.Select(r => (r.Name, r.Status, r.Folder)), after.Select(r => (r.Name, r.Status, r.Folder)));
        Assert.All(after.Zip(before), r => Assert.True(r.First.Episodes >= r.Second.Episodes));
        Assert.All(after, r => Assert.Equal(r.Episodes, Rewards(r.Folder!)));

        int Rewards(string cell)
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder["run"], cell, "results.json")));
            return json.RootElement.GetProperty("all_rewards").GetArrayLength();
        }

        List<(string? Name, string? Status, int Episodes, string? Folder)> Rows(string name)
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder[name], "population.json")));
            return [.. json.RootElement.EnumerateArray().Select(r =>
                (r.GetProperty("name").GetString(), r.GetProperty("status").GetString(), r.GetProperty("episodes").GetInt32(), r.GetProperty("folder").GetString()))];
        }
    }

    [Fact]
    public async Task What_an_earlier_life_said_of_the_whole_is_gone_when_a_run_goes_on()
    {
        string[] summaries = ["population.json", "population.csv", "report.html"];
        var plan = TemporaryFolder.Plan();
        plan = plan with { Cells = [.. plan.Cells.Select(c => c with { Options = c.Options with { Episodes = 100_000 } })] };
        await InterruptAsync("run", plan, p => p[0].Episode >= 2);
        await File.WriteAllTextAsync(Path.Combine(_folder["run"], "report.html"), "of the first life", TestContext.Current.CancellationToken);
        var before = Episodes("run", 0);
        List<bool> seen = [];
        await InterruptAsync(
            "run",
            plan,
            p =>
            {
                if (p[0].Episode <= before)
                {
                    return false;
                }

                seen.AddRange(summaries.Select(s => File.Exists(Path.Combine(_folder["run"], s))));
                return true;
            },
            resume: true);
        Assert.Equal([false, false, false], seen);
        Assert.True(File.Exists(Path.Combine(_folder["run"], "population.json")));
    }

    [Fact]
    public async Task A_run_goes_on_where_its_checkpoints_cannot_be_written_and_says_so()
    {
        var plan = TemporaryFolder.Plan("checkpoint: { seconds: 0.001 }");
        await _folder.RunAsync("undisturbed", plan);
        var run = PopulationRun.Prepare(plan, ComputeDevice.Cpu, _folder["resumed"], TimeProvider.System);

        // A file where the folder should be: as a disk that refuses to write.
        foreach (var cell in plan.Cells)
        {
            Directory.CreateDirectory(Path.Combine(_folder["resumed"], RunFolder.CellFolder(cell.Name)));
            File.WriteAllText(Path.Combine(_folder["resumed"], CellStore.FolderOf(cell.Name)), string.Empty);
        }

        Assert.Equal(RunStatus.Done, await run.ExecuteAsync(TestContext.Current.CancellationToken));
        Assert.Contains("\"checkpoint_failed\"", File.ReadAllText(Path.Combine(_folder["resumed"], "events.jsonl")), StringComparison.Ordinal);
        foreach (var cell in plan.Cells)
        {
            File.Delete(Path.Combine(_folder["resumed"], CellStore.FolderOf(cell.Name)));
        }

        AssertSameFiles(plan);
    }

    [Fact]
    public async Task A_cell_whose_checkpoints_are_too_large_says_so_once_and_is_not_asked_again()
    {
        var plan = TemporaryFolder.Plan();
        using var folder = RunFolder.Create(_folder["run"]);
        var writer = new CheckpointWriter();
        var keeper = new CellKeeper(plan.Cells[0], 0, new FolderRunStore(folder).Of(plan.Cells[0].Name, 0, 0, mostBytes: 100), writer, TimeProvider.System, TimeSpan.Zero);
        Assert.Equal(0, keeper.Wanted(ending: true));
        Assert.Contains("more than the 100", await KeepAsync(keeper, 1), StringComparison.Ordinal);
        Assert.Null(keeper.Wanted(ending: true));
        await writer.FlushAsync();
    }

    [Fact]
    public async Task A_checkpoint_that_cannot_be_written_is_told_and_the_next_one_holds_what_it_should_have()
    {
        var plan = TemporaryFolder.Plan();
        using var folder = RunFolder.Create(_folder["run"]);
        var store = new FolderRunStore(folder).Of(plan.Cells[0].Name, 0, 0);
        var keeper = new CellKeeper(plan.Cells[0], 0, store, new CheckpointWriter(), TimeProvider.System, TimeSpan.Zero);
        var place = Path.Combine(_folder["run"], CellStore.FolderOf(plan.Cells[0].Name), "epoch-0", "state-00000001.safetensors");
        Directory.CreateDirectory(place); // In the way.
        keeper.Note(new Protocol.PopulationProtocol.CellStarted(0, 0, []));
        Assert.StartsWith("episode 1: ", await KeepAsync(keeper, 1), StringComparison.Ordinal);
        Directory.Delete(place);
        Assert.Null(await KeepAsync(keeper, 2));
        var again = new CellKeeper(plan.Cells[0], 0, new FolderRunStore(folder).Of(plan.Cells[0].Name, 0, 1), new CheckpointWriter(), TimeProvider.System, TimeSpan.Zero);
        var kept = again.TakeKept()!;
        Assert.Equal(2, kept.Checkpoint.Episode);
        Assert.NotEmpty(kept.History);
    }

    private static Task<string?> KeepAsync(CellKeeper keeper, int episode)
    {
        var written = new TaskCompletionSource<string?>();
        keeper.Keep(Checkpoint(episode), written.SetResult);
        return written.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    private static Cells.CellCheckpoint Checkpoint(int episode) => new(
        0, episode, [], new Master.MasterCheckpoint(new TrainingState(0, [1]), [], [], 0, 0.4, []), [new Agents.ClientCheckpoint(new TrainingState(0, [1]), [])]);

    [Fact]
    public void Two_processes_do_not_have_one_folder()
    {
        using var first = RunFolder.Create(_folder["run"]);
        Assert.Contains("in use", Assert.Throws<OutputFolderException>(() => RunFolder.Open(_folder["run"])).Message, StringComparison.Ordinal);
        first.Dispose();
        RunFolder.Open(_folder["run"]).Dispose();
    }

    [Fact]
    public async Task Another_scenario_is_refused_with_what_differs_and_what_has_no_influence_may()
    {
        await _folder.RunAsync("run", TemporaryFolder.Plan());
        RunContinuation.Check(_folder["run"], TemporaryFolder.Plan("compute: { threads: 1 }\ncheckpoint: { seconds: 5 }").Scenario);
        Refused("was begun with another scenario: cells was 1, and now is 2;", TemporaryFolder.Plan("cells: 2").Scenario);
        Refused("policy.variant was baseline, and now is large;", TemporaryFolder.Plan("policy: { variant: large }").Scenario);
        Refused("the sweep is another one;", TemporaryFolder.Plan().Scenario with { Sweep = SweepOptions.None });

        void Refused(string why, ScenarioOptions asked) =>
            Assert.Contains(why, Assert.Throws<RunContinuationException>(() => RunContinuation.Check(_folder["run"], asked)).Message, StringComparison.Ordinal);
    }

    private int Episodes(string folder, int cell = 1)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder[folder], "population.json")));
        return json.RootElement[cell].GetProperty("episodes").GetInt32();
    }

    private List<string?> Statuses(string folder)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder[folder], "population.json")));
        return [.. json.RootElement.EnumerateArray().Select(r => r.GetProperty("status").GetString())];
    }

    private Task InterruptAsync(string folder, ScenarioPlan plan, Func<Telemetry.PopulationProgress, bool> when, bool resume = false) => _folder.InterruptAsync(folder, plan, when, resume);

    private Task ResumeAsync(string folder, ScenarioPlan plan) => _folder.ResumeAsync(folder, plan);

    private void AssertSameFiles(ScenarioPlan plan, string folder = "resumed") => _folder.AssertSameFiles(plan, folder);
}
