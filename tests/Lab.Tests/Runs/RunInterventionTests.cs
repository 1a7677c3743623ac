using System.Text.Json;
using Simulator.Compute;
using Simulator.Protocol;

namespace Simulator.Lab.Tests;

/// <summary>What somebody does to the cells of a run is written down, repeated by a run that is continued, and refused where it makes no sense.</summary>
public sealed class RunInterventionTests : IDisposable
{
    private const string TwoCells = """
        episodes: 60
        clients: 5
        environment: { steps: 3, channels: 2 }
        learning: { batch: 12, replay: 40, actor_rate: 0.05, critic_rate: 0.01 }
        evaluation: { every: 10, episodes: 2 }
        checkpoint: { seconds: 0 }
        tracking: { early_stop: false }
        sweep: { seed: [1, 2] }
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<PopulationRun, PatientTime> _times = [];
    private RunFolder? _opened;

    public void Dispose()
    {
        _opened?.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_run_that_is_continued_repeats_what_was_done_to_its_agents(bool withoutCheckpoints)
    {
        var plan = Plan();
        using (var undisturbed = Prepare(plan, "undisturbed", PatientTime()))
        {
            Intervene(undisturbed);
            Assert.Equal(RunStatus.Done, await ExecuteAsync(undisturbed));
        }

        using (var interrupted = Prepare(plan, "resumed", PatientTime()))
        {
            Intervene(interrupted);
            Assert.Equal(RunStatus.Interrupted, await ExecuteAsync(interrupted, p => p[0].Episode >= 9));
        }

        if (withoutCheckpoints)
        {
            // As where the process was killed before there was one: the cells begin anew, and what was done to them is done again.
            foreach (var folder in Directory.GetDirectories(_folder["resumed"], "checkpoint", SearchOption.AllDirectories))
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        using (var resumed = Resume(plan, "resumed", PatientTime()))
        {
            Assert.Equal([1, 2, 3], resumed.Interventions.Records.Select(r => r.Intervention.Number));
            Assert.Equal(RunStatus.Done, await ExecuteAsync(resumed));
        }

        Assert.Equal(Files("undisturbed"), Files("resumed"));
        Assert.Equal(withoutCheckpoints ? 1 : 0, Events("resumed").Count(e => e is ("intervention_repeated", 1)));
        Assert.All((int[])[1, 2, 3], n => Assert.Single(Events("resumed"), e => e == ("intervention", n)));
        Assert.Contains("\"interventions\": 3", File.ReadAllText(Path.Combine(_folder["resumed"], "manifest.json")), StringComparison.Ordinal);

        await _folder.RunAsync("alone", plan);
        Assert.NotEqual(Files("alone"), Files("undisturbed"));

        static void Intervene(PopulationRun run)
        {
            run.Interventions.Ask(new Intervention(0, 0, InterventionKind.ResetOutput) { Agent = 2, Before = 3 });
            run.Interventions.Ask(new Intervention(0, 0, InterventionKind.ScaleRate) { Agent = 4, Before = 6, Factor = 0.25 });
            run.Interventions.Ask(new Intervention(0, 1, InterventionKind.ResetOutput) { Agent = 0, Before = 60 });
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_paused_cell_is_still_paused_in_a_run_that_is_continued_until_it_is_told_to_go_on(bool whileItRuns)
    {
        var plan = Plan();
        await _folder.RunAsync("undisturbed", plan);
        using (var interrupted = Prepare(plan, "resumed", PatientTime()))
        {
            interrupted.Interventions.Ask(new Intervention(0, 0, InterventionKind.Pause) { Before = 3 });
            Assert.Equal(RunStatus.Interrupted, await ExecuteAsync(interrupted, p => p[0].Activity == Telemetry.CellActivity.Paused && p[1].Episode >= 5));
            Assert.Equal(2, interrupted.Progress[0].Episode);
        }

        using var resumed = Resume(plan, "resumed", PatientTime());
        Assert.Equal([0], resumed.Interventions.Paused);
        var running = whileItRuns ? ExecuteAsync(resumed) : null;
        if (running is not null)
        {
            await UntilAsync(() => resumed.Progress[1].Activity == Telemetry.CellActivity.Ended && resumed.Progress[0].Activity == Telemetry.CellActivity.Paused);
            Assert.Equal(2, resumed.Progress[0].Episode);
        }

        Assert.Equal([plan.Cells[0].Name], resumed.Interventions.ResumeAll());
        Assert.Equal(RunStatus.Done, await (running ?? ExecuteAsync(resumed)));
        Assert.Empty(resumed.Interventions.Paused);
        Assert.Equal(Files("undisturbed"), Files("resumed"));
        Assert.Equal([1, 2], resumed.Interventions.Records.Where(r => r.Episode == 3).Select(r => r.Intervention.Number));
    }

    [Fact]
    public void What_is_asked_for_ends_no_more_and_begins_no_earlier_than_was_meant()
    {
        var events = new EventLog(_opened = RunFolder.Create(_folder["journal"]), TimeProvider.System);
        var journal = new InterventionJournal(events, ["a", "b"], TimeProvider.System);
        Add(InterventionKind.ScaleRate, before: 10, factor: 0.1);
        TookEffect(1, 10);
        Add(InterventionKind.ScaleRate, before: 1, factor: 1);
        Add(InterventionKind.Pause, before: 20);
        Assert.Equal([(1, 10), (2, 10), (3, 20)], After(5)); // The second was asked for behind the first, and undoes it.
        Assert.Equal([(2, 10), (3, 20)], After(10));
        Assert.Empty(journal.After(1, 0));

        Add(InterventionKind.Resume, before: 11);
        Assert.Equal([(1, 10), (2, 10), (4, 11)], After(5)); // The pause was ended before it began.
        TookEffect(4, 11);
        Assert.Equal([(1, 10), (2, 11)], After(5));
        TookEffect(1, 10);
        Assert.Equal(["intervention_repeated"], File.ReadLines(Path.Combine(_folder["journal"], "events.jsonl")).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("event").GetString()).Where(e => e!.EndsWith("repeated", StringComparison.Ordinal)));

        var again = new InterventionJournal(events, ["a", "b"], TimeProvider.System);
        again.Read();
        Assert.Equal(journal.Records.Select(r => (r.Intervention, r.Episode)), again.Records.Select(r => (r.Intervention, r.Episode)));

        void Add(InterventionKind kind, int before, double factor = 1) => journal.Add(new Intervention(0, 0, kind) { Before = before, Factor = factor });
        void TookEffect(int number, int episode) => journal.TookEffect(new PopulationProtocol.Intervened(0, 0, number, InterventionKind.Pause, episode));
        IEnumerable<(int, int)> After(int episode) => journal.After(0, episode).Select(i => (i.Number, i.Before));
    }

    [Fact]
    public async Task A_stopped_cell_has_ended_for_good_and_the_run_is_done()
    {
        var plan = Plan(TwoCells.Replace("seed: [1, 2]", "episodes: [60, 600]", StringComparison.Ordinal));
        using (var interrupted = Prepare(plan, "stopped", PatientTime()))
        {
            interrupted.Interventions.Ask(new Intervention(0, 0, InterventionKind.Stop) { Before = 3 });
            Assert.Equal(RunStatus.Interrupted, await ExecuteAsync(interrupted, p => p[0].Activity == Telemetry.CellActivity.Ended && p[1].Activity == Telemetry.CellActivity.Running));
        }

        using var resumed = Resume(plan, "stopped", PatientTime());
        Assert.Equal("interrupted", resumed.Progress[0].Ending);
        Assert.Equal(RunStatus.Done, await ExecuteAsync(resumed));
        Assert.True(RunContinuation.IsComplete(_folder["stopped"]));
        using var population = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder["stopped"], "population.json")));
        Assert.Equal(
            [("interrupted", 2, "stopped from outside before episode 3"), ("completed", 600, null)],
            population.RootElement.EnumerateArray().Select(r => (r.GetProperty("status").GetString(), r.GetProperty("episodes").GetInt32(), r.GetProperty("detail").GetString())));
        Assert.True(File.Exists(Path.Combine(_folder["stopped"], RunFolder.CellFolder(plan.Cells[0].Name), "results.json")));
    }

    [Fact]
    public async Task What_makes_no_sense_is_refused_and_nothing_is_written()
    {
        var plan = Plan(TwoCells.Replace("seed: [1, 2]", "mode: [learn, act]", StringComparison.Ordinal));
        using var run = Prepare(plan, "refused", PatientTime());
        Assert.Throws<KeyNotFoundException>(() => Ask(2, InterventionKind.Pause));
        Assert.Throws<KeyNotFoundException>(() => Ask(0, InterventionKind.ResetOutput, agent: -1));
        Assert.Throws<KeyNotFoundException>(() => Ask(0, InterventionKind.ResetOutput, agent: plan.Cells[0].Options.Clients));
        Assert.Throws<ArgumentException>(() => Ask(0, InterventionKind.ScaleRate, factor: double.NaN));
        Assert.Throws<ArgumentException>(() => Ask(0, InterventionKind.ScaleRate, factor: -0.1));
        Assert.Throws<ArgumentException>(() => Ask(0, InterventionKind.Pause, before: plan.Cells[0].Options.Episodes + 1));
        Assert.Throws<InterventionException>(() => Ask(1, InterventionKind.ScaleRate));
        Assert.Throws<InterventionException>(() => Ask(0, InterventionKind.Resume));
        Assert.False(File.Exists(Path.Combine(_folder["refused"], "events.jsonl")));

        Ask(0, InterventionKind.Pause, before: 5);
        Ask(0, InterventionKind.Stop, before: 50);
        Assert.Throws<InterventionException>(() => Ask(0, InterventionKind.Stop, before: 50));
        Ask(0, InterventionKind.Resume);
        Assert.Empty(run.Interventions.Paused);
        Ask(0, InterventionKind.Stop);
        Assert.Equal("stops before episode 1 already", Assert.Throws<InterventionException>(() => Ask(0, InterventionKind.Stop)).Message[(plan.Cells[0].Name.Length + 1)..]);
        await ExecuteAsync(run);
        Assert.Contains("over", Assert.Throws<InterventionException>(() => Ask(1, InterventionKind.Pause)).Message, StringComparison.Ordinal);

        void Ask(int cell, InterventionKind kind, int agent = 0, double factor = 1, int before = 0) =>
            run.Interventions.Ask(new Intervention(0, cell, kind) { Agent = agent, Factor = factor, Before = before });
    }

    [Fact]
    public async Task A_line_that_was_cut_off_is_passed_over_and_one_that_is_damaged_is_said()
    {
        var plan = Plan();
        using (var interrupted = Prepare(plan, "events", PatientTime()))
        {
            interrupted.Interventions.Ask(new Intervention(0, 0, InterventionKind.ResetOutput) { Before = 3 });
            await ExecuteAsync(interrupted, p => p[0].Episode >= 4);
        }

        var file = Path.Combine(_folder["events"], "events.jsonl");
        File.AppendAllText(file, "{\"time\":\"2026-");
        using (var resumed = Resume(plan, "events", PatientTime()))
        {
            Assert.Single(resumed.Interventions.Records);
            await ExecuteAsync(resumed, p => p[0].Episode >= 6);
        }

        Assert.Equal("{\"time\":\"2026-", File.ReadLines(file).Single(l => !l.EndsWith('}')));
        File.AppendAllText(file, "{\"event\":\"intervention\",\"number\":7,\"episode\":3}\n");
        var fault = Assert.Throws<IOException>(() => Resume(plan, "events", PatientTime()));
        Assert.Contains($"line {File.ReadLines(file).Count()} of {file}", fault.Message, StringComparison.Ordinal);
    }

    private static ScenarioPlan Plan(string yaml = TwoCells) => ScenarioReader.Parse("small.yaml", yaml).Plan!;

    private static PatientTime PatientTime() => new();

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        while (!holds())
        {
            await Task.Delay(10, patience.Token);
        }
    }

    private PopulationRun Prepare(ScenarioPlan plan, string folder, PatientTime time) => With(time, PopulationRun.Prepare(plan, ComputeDevice.Cpu, _folder[folder], time));

    private PopulationRun Resume(ScenarioPlan plan, string folder, PatientTime time) => With(time, PopulationRun.Resume(plan, ComputeDevice.Cpu, _folder[folder], time));

    private PopulationRun With(PatientTime time, PopulationRun run)
    {
        _times.Add(run, time);
        return run;
    }

    private async Task<RunStatus> ExecuteAsync(PopulationRun run, Func<Telemetry.PopulationProgress, bool>? interruptWhen = null)
    {
        using var interruption = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        if (interruptWhen is not null)
        {
            _times[run].WhenRead = () =>
            {
                if (!interruption.IsCancellationRequested && interruptWhen(run.Progress))
                {
                    interruption.Cancel();
                }
            };
        }

        return await run.ExecuteAsync(interruption.Token);
    }

    private Dictionary<string, string> Files(string name) => Directory.GetFiles(Path.Combine(_folder[name], "cells"), "*", SearchOption.AllDirectories)
        .ToDictionary(f => Path.GetRelativePath(_folder[name], f), f => CheckpointManifest.HashOf(File.ReadAllBytes(f)));

    private List<(string, int)> Events(string name) =>
    [
        .. File.ReadLines(Path.Combine(_folder[name], "events.jsonl")).Select(l => JsonDocument.Parse(l).RootElement)
            .Select(e => (e.GetProperty("event").GetString()!, e.TryGetProperty("number", out var number) ? number.GetInt32() : 0)),
    ];
}
