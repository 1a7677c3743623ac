using System.Text.Json;
using Simulator.Protocol;

namespace Simulator.Lab.Tests;

/// <summary>What an interruption leaves, and how long it waits.</summary>
public sealed class InterruptionTests : IDisposable
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(3);

    private readonly TemporaryFolder _folder = new();
    private readonly HandTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_cell_that_never_began_has_a_row_and_no_files_and_one_that_was_cut_off_has_no_networks()
    {
        var plan = TemporaryFolder.Plan();
        var folder = RunFolder.Create(_folder["run"]);
        var recorder = new PopulationRecorder(plan, folder, new FolderRunStore(folder), TimeProvider.System, new StandstillPatience(_time, Length));
        recorder.OnStarted(new PopulationProtocol.CellStarted(0, 0, []));
        recorder.OnEvaluated(new PopulationProtocol.Evaluated(0, 0, 0, -3, default));
        recorder.OnEpisode(new PopulationProtocol.EpisodeFinished(0, 0, 1, -5, 0.1, default, null));
        recorder.CloseUnfinished();

        var began = RunFolder.CellFolder(plan.Cells[0].Name);
        Assert.Equal([folder.FileOf(began)], Directory.GetDirectories(folder.FileOf("cells")));
        Assert.Equal(["agents.parquet", "episodes.parquet", "results.json", "tracking_data.json"], Directory.GetFiles(folder.FileOf(began)).Select(Path.GetFileName).Order());
        using var stream = new MemoryStream();
        RunDocuments.WritePopulation(stream, recorder);
        using var json = JsonDocument.Parse(stream.ToArray());
        Assert.Equal([began.Replace('\\', '/'), null], json.RootElement.EnumerateArray().Select(r => r.GetProperty("folder").GetString()));
        Assert.All(json.RootElement.EnumerateArray(), r => Assert.Equal("interrupted", r.GetProperty("status").GetString()));
        Assert.All(json.RootElement.EnumerateArray(), r => Assert.Equal(JsonValueKind.Null, r.GetProperty("evaluation").ValueKind));
        Assert.Equal("Interrupted before it began.", new CellOutcome(recorder.Histories[1]).InWords());
        Assert.Equal("1 cell was ended without its networks, in the middle of an episode; 1 cell was never begun and has no files.", EarlyEnds.InWords(recorder.Histories, recorder.WithoutHandover));
    }

    [Fact]
    public void A_cell_that_hands_over_renews_the_patience_and_one_that_never_did_is_named()
    {
        var plan = TemporaryFolder.Plan("cells: 2");
        var patience = new StandstillPatience(_time, Length);
        using var folder = RunFolder.Create(_folder["run"]);
        var recorder = new PopulationRecorder(plan, folder, new FolderRunStore(folder), TimeProvider.System, patience);
        for (var i = 0; i < 3; i++)
        {
            recorder.OnStarted(new PopulationProtocol.CellStarted(i, 0, []));
        }

        patience.Begin();
        for (var i = 0; i < 3; i++)
        {
            recorder.OnStopping(i);
        }

        foreach (var cell in (int[])[0, 2])
        {
            _time.Advance(0.9 * Length);
            recorder.OnCheckpointBegun(new PopulationProtocol.CheckpointBegun(cell, 0, 0));
            _time.Advance(10 * Length); // However long it takes to be written.
            recorder.OnCheckpointKept(new PopulationProtocol.CheckpointKept(cell, 0, 0, null));
        }

        _time.Advance(0.9 * Length);
        Assert.False(patience.Over.IsCompleted);
        Assert.Equal([plan.Cells[1].Name], recorder.WithoutHandover);
        Assert.Contains($"came from {plan.Cells[1].Name}: there --resume", EarlyEnds.InWords([], recorder.WithoutHandover), StringComparison.Ordinal);
        _time.Advance(Length);
        Assert.True(patience.Over.IsCompleted);
    }

    [Fact]
    public void A_checkpoint_that_was_lost_is_lost_no_more_when_a_later_one_of_the_cell_is_written()
    {
        var plan = TemporaryFolder.Plan();
        using var folder = RunFolder.Create(_folder["run"]);
        var recorder = new PopulationRecorder(plan, folder, new FolderRunStore(folder), TimeProvider.System, new StandstillPatience(_time, Length));
        recorder.OnCheckpointKept(new PopulationProtocol.CheckpointKept(0, 0, 1, "the disk is full"));
        Assert.False(recorder.LostAtEnd); // It was not told to end: the next one holds what this one should have.
        recorder.OnStopping(0);
        recorder.OnStopping(1);
        Assert.Equal(plan.Cells.Select(c => c.Name), recorder.WithoutHandover);
        recorder.OnCheckpointBegun(new PopulationProtocol.CheckpointBegun(0, 0, 2));
        recorder.OnCheckpointKept(new PopulationProtocol.CheckpointKept(0, 0, 2, "the disk is full"));
        Assert.True(recorder.LostAtEnd);
        recorder.OnCheckpointKept(new PopulationProtocol.CheckpointKept(0, 0, 3, null));
        Assert.False(recorder.LostAtEnd);
        Assert.Equal([plan.Cells[1].Name], recorder.WithoutHandover);
        recorder.OnEnded(new PopulationProtocol.CellEnded(1, 0, CellStatus.Failed, 1, 1, null));
        Assert.Equal([plan.Cells[1].Name], recorder.WithoutHandover); // One that failed is tried again.
        Assert.Equal(2, File.ReadLines(folder.FileOf("events.jsonl")).Count(l => l.Contains("checkpoint_failed", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Nothing_is_said_of_a_run_that_was_not_cut_off() =>
        Assert.Null((await _folder.RunAsync("run", TemporaryFolder.Plan())).EarlyEnds);

    [Fact]
    public void Patience_that_has_not_begun_is_never_over()
    {
        var patience = new StandstillPatience(_time, Length);
        patience.During(() => { });
        _time.Advance(100 * Length);
        Assert.False(patience.Over.IsCompleted);
    }

    [Fact]
    public void Patience_begins_anew_with_each_cell_that_ends()
    {
        var patience = new StandstillPatience(_time, Length);
        patience.Begin();
        for (var i = 0; i < 5; i++)
        {
            _time.Advance(0.9 * Length);
            patience.During(() => { });
        }

        Assert.False(patience.Over.IsCompleted);
        _time.Advance(Length);
        Assert.True(patience.Over.IsCompleted);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Patience_stands_still_while_the_files_of_a_cell_are_written(bool begunMeanwhile)
    {
        var patience = new StandstillPatience(_time, Length);
        if (!begunMeanwhile)
        {
            patience.Begin();
        }

        Assert.Throws<IOException>(() => patience.During(() =>
        {
            if (begunMeanwhile)
            {
                patience.Begin();
            }

            _time.Advance(10 * Length);
            throw new IOException("full");
        }));
        Assert.False(patience.Over.IsCompleted);
        _time.Advance(Length);
        Assert.True(patience.Over.IsCompleted);
    }

    /// <summary>Time that passes when it is told to, with one timer.</summary>
    private sealed class HandTime : TimeProvider
    {
        private TimeSpan _now;
        private TimeSpan? _due;
        private Action _ring = () => { };

        public void Advance(TimeSpan by)
        {
            _now += by;
            if (_due <= _now)
            {
                _due = null;
                _ring();
            }
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _ring = () => callback(state);
            return new Timer(this);
        }

        private sealed class Timer(HandTime time) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                time._due = dueTime == Timeout.InfiniteTimeSpan ? null : time._now + dueTime;
                return true;
            }

            public void Dispose() => time._due = null;

            public ValueTask DisposeAsync()
            {
                Dispose();
                return ValueTask.CompletedTask;
            }
        }
    }
}
