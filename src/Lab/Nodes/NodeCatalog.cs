using Simulator.Cells;
using Simulator.Protocol;

namespace Simulator.Lab;

/// <summary>The cells of whatever runs a node is told of: plans them as the run's own process does, and opens their stores beside it.</summary>
/// <param name="runs">Folder that the runs' folders are in, shared by the nodes.</param>
/// <param name="time">Clock.</param>
public sealed class NodeCatalog(string runs, TimeProvider time) : ICellCatalog, IDisposable
{
    /// <summary>How long a store may be away before a cell that must be opened there is given up, and its run with it.</summary>
    public static readonly TimeSpan StorePatience = TimeSpan.FromMinutes(3);

    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(3);

    /// <summary>Runs that are remembered: one that comes back is planned anew.</summary>
    private const int MostRuns = 8;

    private readonly Lock _lock = new();
    private readonly LinkedList<NodeRun> _runs = [];
    private readonly CheckpointWriter _writer = new();

    /// <inheritdoc/>
    public async Task<ICellKeeper> OpenAsync(RunDescription run, int cell, int epoch, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(run);
        var since = time.GetTimestamp();
        var (known, planned) = (Of(run), Of(run).Cell(cell));
        var said = false;
        ICellStore? store = null; // One writer for all attempts: what an earlier one has taken is its own.
        while (true)
        {
            try
            {
                store ??= known.Store(time)?.Of(planned.Name, cell, epoch);
                return new CellKeeper(planned, cell, store, _writer, time, TimeSpan.FromSeconds(known.Plan.Scenario.Checkpoint.Seconds));
            }
            catch (CheckpointEpochException fault) when (fault.IsSame)
            {
                throw new EpochUsedException(fault.Message, fault);
            }
            catch (IOException fault) when (fault is not (CheckpointEpochException or StoreMismatchException) && time.GetElapsedTime(since) < StorePatience)
            {
                if (!said)
                {
                    said = true;
                    Console.Error.WriteLine($"simulator: {planned.Name} cannot be opened yet, and is tried again for {StorePatience.TotalMinutes} minutes: {fault.Message}");
                }

                await Task.Delay(RetryInterval, time, cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Waits until all checkpoints are written.</summary>
    public Task FlushAsync() => _writer.FlushAsync();

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var run in _runs)
            {
                run.Dispose();
            }

            _runs.Clear();
        }
    }

    /// <inheritdoc/>
    public CellOptions Plan(RunDescription run, int cell)
    {
        ArgumentNullException.ThrowIfNull(run);
        return Of(run).Cell(cell).Options;
    }

    private NodeRun Of(RunDescription run)
    {
        lock (_lock)
        {
            if (_runs.FirstOrDefault(r => r.Description == run) is { } known)
            {
                _runs.Remove(known);
                _runs.AddFirst(known);
                return known;
            }

            var made = NodeRun.Read(run, runs);
            _runs.AddFirst(made);
            if (_runs.Count > MostRuns)
            {
                _runs.RemoveLast(); // Its cells, where it still has any, hold on to their stores.
            }

            return made;
        }
    }

    /// <summary>A run as a node knows it.</summary>
    private sealed class NodeRun : IDisposable
    {
        private readonly Lock _opening = new();
        private readonly string _folder;
        private IRunStore? _store;

        private NodeRun(RunDescription description, ScenarioPlan plan, string folder)
        {
            Description = description;
            Plan = plan;
            _folder = folder;
        }

        internal RunDescription Description { get; }

        internal ScenarioPlan Plan { get; }

        public void Dispose() => _store?.Dispose();

        /// <summary>Makes the plan, from what another process said: it is checked as a user's file is.</summary>
        internal static NodeRun Read(RunDescription description, string runs)
        {
            if (description.Folder.Length == 0 || description.Folder is "." or ".." || Path.GetFileName(description.Folder) != description.Folder)
            {
                throw new InvalidDataException("the name of the run's folder is a path");
            }

            var reading = ScenarioReader.ParseForNode(description.Scenario);
            return reading.Succeeded
                ? new NodeRun(description, reading.Plan, Path.Combine(runs, description.Folder))
                : throw new InvalidDataException($"the run's scenario cannot be read here; do all nodes have one version of the program? {reading.Faults[0]}");
        }

        internal PlannedCell Cell(int index) => index >= 0 && index < Plan.Cells.Count
            ? Plan.Cells[index]
            : throw new InvalidDataException($"the run has {Plan.Cells.Count} cells, and none with the index {index}");

        internal IRunStore? Store(TimeProvider time)
        {
            if (!PopulationRecorder.HasCheckpoints(Plan))
            {
                return null;
            }

            lock (_opening)
            {
                return _store ??= IRunStore.Join(Plan.Scenario.Checkpoint.Store, _folder, Description.Run, time);
            }
        }
    }
}
