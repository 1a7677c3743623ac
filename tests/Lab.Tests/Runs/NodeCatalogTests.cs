using Simulator.Cells;
using Simulator.Protocol;

namespace Simulator.Lab.Tests;

/// <summary>What a node makes of a store that is away, and of one that is not the run's.</summary>
public sealed class NodeCatalogTests : IDisposable
{
    private const string Scenario = "{episodes: 5, clients: 3, environment: {steps: 4, channels: 2}, learning: {batch: 8, replay: 20}}";

    private readonly TemporaryFolder _folder = new();
    private readonly WaitingTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_folder_that_is_not_the_runs_is_told_at_once()
    {
        using var catalog = new NodeCatalog(_folder.Path, _time);
        var run = new RunDescription(Guid.Parse("8d0c2f9e-8a3e-4b3a-9d52-0c3f3a4f6a01"), "run", Scenario);
        var fault = await Assert.ThrowsAnyAsync<IOException>(() => catalog.OpenAsync(run, 0, 65_536, CancellationToken.None));
        Assert.Contains("do the nodes share it?", fault.Message, StringComparison.Ordinal);
        Begin().Dispose();
        fault = await Assert.ThrowsAnyAsync<IOException>(() => catalog.OpenAsync(run, 0, 65_536, CancellationToken.None));
        Assert.Contains("that names the run", fault.Message, StringComparison.Ordinal);
        Assert.Equal(0, _time.Waits);
    }

    [Fact]
    public async Task A_store_that_cannot_be_read_is_tried_again_by_the_same_writer()
    {
        using var store = Begin();
        using var catalog = new NodeCatalog(_folder.Path, _time);
        var run = new RunDescription(store.Run, "run", Scenario);
        var (cell, epoch) = (CellName(), store.Life * IRunStore.EpochsOfLife);
        new CellSample().Write(store.Of(cell, 0, epoch - 1), 1);

        // The writer takes the cell, and then cannot read what it has.
        var state = Assert.Single(Directory.GetFiles(_folder["run"], "state-*", SearchOption.AllDirectories));
        Task<ICellKeeper> opening;
        using (new FileStream(state, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            opening = catalog.OpenAsync(run, 0, epoch, CancellationToken.None);
        }

        Assert.Equal(1, _time.Waits);
        Assert.False(opening.IsCompleted);
        _time.GoOn();
        await opening;
    }

    [Fact]
    public async Task A_cell_that_a_host_has_taken_under_its_epoch_is_not_opened_by_another()
    {
        using var store = Begin();
        using var catalog = new NodeCatalog(_folder.Path, _time);
        var run = new RunDescription(store.Run, "run", Scenario);
        var epoch = store.Life * IRunStore.EpochsOfLife;
        await catalog.OpenAsync(run, 0, epoch, CancellationToken.None);
        using var other = new NodeCatalog(_folder.Path, _time);
        await Assert.ThrowsAsync<EpochUsedException>(() => other.OpenAsync(run, 0, epoch, CancellationToken.None));
        await other.OpenAsync(run, 0, epoch + 1, CancellationToken.None);
        var overtaken = await Assert.ThrowsAnyAsync<IOException>(() => catalog.OpenAsync(run, 0, epoch, CancellationToken.None));
        Assert.Contains("a newer writer has the cell", overtaken.Message, StringComparison.Ordinal);
        Assert.Equal(0, _time.Waits);
    }

    private static string CellName()
    {
        var reading = ScenarioReader.ParseForNode(Scenario);
        return reading.Plan!.Cells[0].Name;
    }

    private IRunStore Begin()
    {
        Directory.CreateDirectory(_folder["run"]);
        using var folder = RunFolder.Open(_folder["run"]);
        var store = IRunStore.Open(CheckpointPlace.Folder, folder, TimeProvider.System);
        store.Begin("small");
        return store;
    }

    /// <summary>Whoever waits does until he is told to go on.</summary>
    private sealed class WaitingTime : TimeProvider
    {
        private Action? _ring;

        internal int Waits { get; private set; }

        internal void GoOn() => _ring!();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Waits++;
            _ring = () => callback(state);
            return new Silent();
        }

        private sealed class Silent : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
