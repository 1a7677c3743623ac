using Simulator.Cells;
using Simulator.Protocol;
using Simulator.Telemetry;

namespace Simulator.Lab;

/// <summary>
/// Records what the cells of a run tell: keeps the progress for whoever shows it, and has the result files of each cell written as it ends. Calls come from the population's actor;
/// <see cref="CloseUnfinished"/> may come from elsewhere, so a lock guards the histories.
/// </summary>
internal sealed class PopulationRecorder : IPopulationObserver, ICheckpointStore
{
    /// <summary>Cells that only act have files of their own in populations of at most so many cells: more would be more files than anybody reads.</summary>
    internal const int MostActingCellsWithFiles = 1000;

    private readonly Lock _lock = new();
    private readonly CellFiles _files;
    private readonly EventLog _events;
    private readonly TimeProvider _time;
    private readonly CellHistory[] _histories;
    private readonly long[] _started;
    private readonly double[] _seconds;
    private readonly double[] _secondsBefore;
    private readonly bool[] _continues;
    private readonly StandstillPatience _patience;
    private readonly CheckpointStore? _checkpoints;
    private readonly LiveProgress _live;
    private bool _closed;

    internal PopulationRecorder(ScenarioPlan plan, RunFolder folder, IRunStore store, TimeProvider time, StandstillPatience patience)
    {
        _patience = patience;
        _files = new CellFiles(folder);
        _events = new EventLog(folder, time);
        Interventions = new InterventionJournal(_events, [.. plan.Cells.Select(c => c.Name)], time);
        _time = time;
        WritesCells = HasCheckpoints(plan);
        _histories = [.. plan.Cells.Select(c => new CellHistory(c, WritesCells))];
        _started = new long[_histories.Length];
        _seconds = new double[_histories.Length];
        _secondsBefore = new double[_histories.Length];
        _continues = new bool[_histories.Length];
        _checkpoints = WritesCells ? new CheckpointStore(plan.Cells, store, time, TimeSpan.FromSeconds(plan.Scenario.Checkpoint.Seconds), _events.Complain) : null;
        _live = new LiveProgress(plan.Cells);
    }

    /// <summary>Whether a run has files of its cells, checkpoints among them.</summary>
    internal static bool HasCheckpoints(ScenarioPlan plan) => plan.Cells.Count <= MostActingCellsWithFiles || plan.Cells.Any(c => c.Options.Learns);

    internal PopulationProgress Progress => _live.Progress;

    internal IReadOnlyList<CellHistory> Histories => _histories;

    /// <summary>What a cell has told so far, by any thread.</summary>
    internal Live.CellLook Look(int cell)
    {
        lock (_lock)
        {
            return _histories[cell].Look(_files.AgentsOf(_histories[cell].Cell));
        }
    }

    /// <summary>Whether each cell has a folder with files of its own.</summary>
    internal bool WritesCells { get; }

    /// <summary>Cells that were told to end and never handed over a checkpoint, by name.</summary>
    internal IEnumerable<string> WithoutHandover => _checkpoints?.WithoutHandover ?? [];

    internal int Recoveries { get; private set; }

    /// <summary>What is done to the cells from outside.</summary>
    internal InterventionJournal Interventions { get; }

    /// <summary>The last checkpoint that could not be written; null where there is none.</summary>
    internal string? StoreFault => _events.CheckpointFault;

    internal double Seconds(int cell) => _seconds[cell];

    public void OnStarted(PopulationProtocol.CellStarted message) => Locked(() =>
    {
        var history = _histories[message.Cell];
        if (_continues[message.Cell])
        {
            history.Continue(message);
        }
        else
        {
            history.Begin(message);
            _checkpoints?.LogOf(message.Cell).AddMessage(message);
        }

        _started[message.Cell] = _time.GetTimestamp();
        Show(message.Cell, CellActivity.Running);
    });

    public void OnEpisode(PopulationProtocol.EpisodeFinished message) => Locked(() =>
    {
        var history = _histories[message.Cell];
        var whole = history.Add(message);
        _checkpoints?.LogOf(message.Cell).Add(message, history.States[^1], whole);
        _seconds[message.Cell] = _secondsBefore[message.Cell] + _time.GetElapsedTime(_started[message.Cell]).TotalSeconds;
        _live.Add(message.Cell, history, message, _seconds[message.Cell]);
    });

    public void OnAgents(PopulationProtocol.AgentsLearned message) => Locked(() =>
    {
        _histories[message.Cell].Add(message);
        _checkpoints?.LogOf(message.Cell).Add(message);
        LiveProgress.Record(message);
    });

    public void OnEvaluated(PopulationProtocol.Evaluated message) => Locked(() =>
    {
        _histories[message.Cell].Add(message);
        _checkpoints?.LogOf(message.Cell).AddMessage(message);
        _live.Add(message.Cell, _histories[message.Cell], message);
    });

    public void OnIntervened(PopulationProtocol.Intervened message) => Locked(() =>
    {
        switch (Interventions.TookEffect(message).Kind)
        {
            case InterventionKind.Pause:
                _secondsBefore[message.Cell] = _seconds[message.Cell]; // It does not run while it is paused.
                _live.Pause(message.Cell, true);
                break;
            case InterventionKind.Resume:
                (_secondsBefore[message.Cell], _started[message.Cell]) = (_seconds[message.Cell], _time.GetTimestamp());
                _live.Pause(message.Cell, false);
                break;
        }
    });

    public IReadOnlyList<Intervention> InterventionsAfter(int cell, int episode) => Interventions.After(cell, episode);

    public void OnParameters(PopulationProtocol.CellParameters message) => Locked(() => _histories[message.Cell].Add(message.Part));

    public void OnEnded(PopulationProtocol.CellEnded message) => _patience.During(() => Locked(() => Close(message, withNetworks: message.Status != CellStatus.Failed)));

    public void OnRecovering(int cell, int epoch, string reason) => Locked(() =>
    {
        Recoveries++;
        Instruments.Recoveries.Add(1);
        _events.Write("recovering", w =>
        {
            w.WriteString("cell", _histories[cell].Cell.Name);
            w.WriteNumber("epoch", epoch);
            w.WriteString("reason", reason);
        });
    });

    public bool HasEnded(int cell) => _histories[cell].End is not null;

    public long? Wanted(int cell, bool ending) => _checkpoints?.Wanted(cell, ending);

    public void Keep(CellCheckpoint checkpoint) => _patience.During(() => Locked(() => _checkpoints?.Keep(checkpoint, _seconds[checkpoint.Cell])));

    public CellCheckpoint? Newest(int cell)
    {
        CellCheckpoint? newest = null;
        Locked(() =>
        {
            var stored = _histories[cell].Cell.Options.Learns ? _checkpoints?.Read(cell) : null;
            newest = stored?.Cell is { } found && TryContinue(cell, stored) ? found : null;
            _continues[cell] = newest is not null;
            if (newest is not null)
            {
                return;
            }

            if (stored is { Cell: null } || !_histories[cell].Cell.Options.Learns)
            {
                _checkpoints?.Forget(cell); // It has ended, and its result files are gone; or it only acts.
            }
            else
            {
                _checkpoints?.SetAside(cell);
                _checkpoints?.Forget(cell);
            }
        });
        return newest;
    }

    /// <summary>Takes in what the cells told in an earlier life of the run: of those that have ended for good, of the others until they go on.</summary>
    /// <exception cref="CheckpointVersionException">What is stored is of a newer format.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    internal void ReadEarlier() => Locked(() =>
    {
        Interventions.Read();
        for (var i = 0; _checkpoints is not null && i < _histories.Length; i++)
        {
            var history = _histories[i];
            var hasFiles = _files.HasResults(history.Cell);
            if (_checkpoints.ReadHistory(i) is not { } stored || (stored.Manifest.Ended && !hasFiles) || !TryContinue(i, stored))
            {
                continue;
            }

            history.HasFiles = hasFiles;
            history.HasNetworks = _files.HasNetworks(history.Cell);
            if (stored.Manifest.Ended)
            {
                history.DropWritten();
                Show(i, CellActivity.Ended);
            }
        }

        _events.Write("resumed", w => w.WriteNumber("ended", _histories.Count(h => h.End is not null)));
    });

    /// <summary>Waits until all checkpoints are written.</summary>
    /// <exception cref="IOException">One that a cell was to end with could not be.</exception>
    internal async Task FlushCheckpointsAsync()
    {
        if (_checkpoints is not null)
        {
            await _checkpoints.FlushAsync().ConfigureAwait(false);
            if (_checkpoints.LostAtEnd)
            {
                throw new IOException("a checkpoint could not be written, so that a run that is resumed goes on from an older one");
            }
        }
    }

    /// <summary>Removes the checkpoints of a run that needs them no more.</summary>
    internal void RemoveCheckpoints() => _checkpoints?.Remove();

    /// <summary>Takes in what a cell had told; false where it tells nothing that this program understands.</summary>
    private bool TryContinue(int cell, StoredCell stored)
    {
        try
        {
            HistoryLog.Replay(stored.History, _histories[cell]);
        }
        catch (InvalidDataException fault)
        {
            _histories[cell].End = null;
            _events.Complain("checkpoint_damaged", _histories[cell].Cell.Name, fault.Message);
            return false;
        }

        _seconds[cell] = _secondsBefore[cell] = stored.Manifest.Seconds;
        Show(cell, CellActivity.Waiting);
        return true;
    }

    private void Show(int cell, CellActivity activity) => _live.Show(cell, _histories[cell], activity, _seconds[cell]);

    /// <summary>Writes what is there of cells that have begun and not ended, and takes nothing in any more.</summary>
    /// <exception cref="IOException">Some could not be written; the others are.</exception>
    internal void CloseUnfinished() => Locked(() =>
    {
#pragma warning disable CA1031 // The first fault is thrown when the other cells are written.
        _closed = true;
        Exception? first = null;
        for (var i = 0; i < _histories.Length; i++)
        {
            var history = _histories[i];
            if (history.End is not null)
            {
                continue;
            }

            try
            {
                Close(new PopulationProtocol.CellEnded(i, history.Epoch, CellStatus.Interrupted, history.EpisodeCount, 0, null), withNetworks: false);
            }
            catch (Exception error)
            {
                first ??= error;
            }
        }
#pragma warning restore CA1031

        if (first is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
        }
    });

    private void Close(PopulationProtocol.CellEnded message, bool withNetworks)
    {
        var history = _histories[message.Cell];
        history.End = message;
        try
        {
            if (WritesCells && (history.Begun || message.Status != CellStatus.Interrupted))
            {
                _files.Write(history, withNetworks);
            }
        }
        catch
        {
            history.End = null;
            throw;
        }

        history.DropWritten();
        if (message.Status is CellStatus.Completed or CellStatus.Stopped or CellStatus.Diverged || IsStopped(message))
        {
            _checkpoints?.Finish(message, _seconds[message.Cell]);
        }

        _live.End(message.Cell, message);
    }

    /// <summary>Whether somebody stopped a cell, which then has ended for good: it says so itself.</summary>
    internal static bool IsStopped(PopulationProtocol.CellEnded? end) => end is { Status: CellStatus.Interrupted, Detail: not null };

    private void Locked(Action action)
    {
        lock (_lock)
        {
            if (!_closed)
            {
                action();
            }
        }
    }
}
