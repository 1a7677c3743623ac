using Simulator.Cells;
using Simulator.Protocol;
using Simulator.Telemetry;

namespace Simulator.Lab;

/// <summary>
/// Records what the cells of a run tell: keeps the progress for whoever shows it, and has the result files of each cell written as it ends. Calls come from the population's actor;
/// <see cref="CloseUnfinished"/> may come from elsewhere, so a lock guards the histories.
/// </summary>
internal sealed class PopulationRecorder : IPopulationObserver
{
    /// <summary>Cells that only act have files of their own in populations of at most so many cells: more would be more files than anybody reads.</summary>
    internal const int MostActingCellsWithFiles = 1000;

    private readonly Lock _lock = new();
    private readonly CellFiles _files;
    private readonly EventLog _events;
    private readonly CellHistory[] _histories;
    private readonly CellClock[] _clocks;
    private readonly bool[] _continues;
    private readonly StandstillPatience _patience;
    private readonly IRunStore _store;
    private readonly LiveProgress _live;
    private readonly HashSet<int> _owing = [];
    private readonly HashSet<int> _ending = [];
    private readonly HashSet<int> _lost = [];
    private readonly HashSet<int> _writing = [];
    private bool _closed;

    internal PopulationRecorder(ScenarioPlan plan, RunFolder folder, IRunStore store, TimeProvider time, StandstillPatience patience)
    {
        _patience = patience;
        _files = new CellFiles(folder);
        _events = new EventLog(folder, time);
        Interventions = new InterventionJournal(_events, [.. plan.Cells.Select(c => c.Name)], time);
        _store = store;
        WritesCells = HasCheckpoints(plan);
        _histories = [.. plan.Cells.Select(c => new CellHistory(c, WritesCells))];
        _clocks = [.. plan.Cells.Select(_ => new CellClock(time))];
        _continues = new bool[_histories.Length];
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
    internal IEnumerable<string> WithoutHandover => _owing.Order().Select(c => _histories[c].Cell.Name);

    internal int Recoveries { get; private set; }

    /// <summary>What is done to the cells from outside.</summary>
    internal InterventionJournal Interventions { get; }

    /// <summary>The last checkpoint that could not be written; null where there is none.</summary>
    internal string? StoreFault => _events.CheckpointFault;

    public IEnumerable<Intervention> Pending => Interventions.Records.Where(r => r.Episode is null).Select(r => r.Intervention);

    internal double Seconds(int cell) => _clocks[cell].Seconds;

    public void OnOpened(PopulationProtocol.CellOpened message, byte[] history) => Locked(() =>
    {
        _continues[message.Cell] = history.Length > 0;
        if (history.Length > 0)
        {
            HistoryLog.Replay(history, _histories[message.Cell]);
        }

        _clocks[message.Cell].GoOnFrom(message.Seconds);
        Show(message.Cell, CellActivity.Waiting);
    });

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
        }

        _clocks[message.Cell].Start();
        Show(message.Cell, CellActivity.Running);
    });

    public void OnEpisode(PopulationProtocol.EpisodeFinished message) => Locked(() =>
    {
        var history = _histories[message.Cell];
        history.Add(message);
        _live.Add(message.Cell, history, message, _clocks[message.Cell].Look());
    });

    public void OnAgents(PopulationProtocol.AgentsLearned message) => Locked(() =>
    {
        _histories[message.Cell].Add(message);
        LiveProgress.Record(message);
    });

    public void OnEvaluated(PopulationProtocol.Evaluated message) => Locked(() =>
    {
        _histories[message.Cell].Add(message);
        _live.Add(message.Cell, _histories[message.Cell], message);
    });

    public void OnIntervened(PopulationProtocol.Intervened message) => Locked(() =>
    {
        switch (Interventions.TookEffect(message).Kind)
        {
            case InterventionKind.Pause:
                _clocks[message.Cell].Pause();
                _live.Pause(message.Cell, true);
                break;
            case InterventionKind.Resume:
                _clocks[message.Cell].Start();
                _live.Pause(message.Cell, false);
                break;
        }
    });

    public IReadOnlyList<Intervention> InterventionsAfter(int cell, int episode) => Interventions.After(cell, episode);

    public void OnParameters(PopulationProtocol.CellParameters message) => Locked(() => _histories[message.Cell].Add(message.Part));

    public void OnEnded(PopulationProtocol.CellEnded message) => _patience.During(() => Locked(() => Close(message, withNetworks: message.Status != CellStatus.Failed)));

    public void OnRecovering(int cell, int epoch, string reason, bool handedOver)
    {
        if (_writing.Remove(cell))
        {
            _patience.Release();
        }

        Locked(() =>
        {
            if (!handedOver)
            {
                Recoveries++;
                Instruments.Recoveries.Add(1);
            }

            _events.Write(handedOver ? "handed_over" : "recovering", w =>
            {
                w.WriteString("cell", _histories[cell].Cell.Name);
                w.WriteNumber("epoch", epoch);
                w.WriteString("reason", reason);
            });
        });
    }

    public bool HasEnded(int cell) => _histories[cell].End is not null;

    public void OnStopping(int cell)
    {
        if (WritesCells && _histories[cell].Cell.Options.Learns && _histories[cell].End is null)
        {
            _ending.Add(cell);
            _owing.Add(cell);
        }
    }

    public void OnCheckpointBegun(PopulationProtocol.CheckpointBegun message)
    {
        _owing.Remove(message.Cell);
        if (_writing.Add(message.Cell))
        {
            _patience.Hold();
        }
    }

    public void OnCheckpointKept(PopulationProtocol.CheckpointKept message)
    {
        if (_writing.Remove(message.Cell))
        {
            _patience.Release();
        }

        _lost.Remove(message.Cell);
        if (message.Fault is { } fault)
        {
            _events.Complain("checkpoint_failed", _histories[message.Cell].Cell.Name, fault);
            if (_ending.Contains(message.Cell))
            {
                _lost.Add(message.Cell);
            }
        }
    }

    public void OnCheckpointDamaged(PopulationProtocol.CheckpointDamaged message) => _events.Complain("checkpoint_damaged", _histories[message.Cell].Cell.Name, message.Reason);

    /// <summary>Takes in what the cells told in an earlier life of the run: of those that have ended for good, of the others until they go on.</summary>
    /// <exception cref="CheckpointVersionException">What is stored is of a newer format.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    internal void ReadEarlier() => Locked(() =>
    {
        Interventions.Read();
        for (var i = 0; WritesCells && i < _histories.Length; i++)
        {
            var history = _histories[i];
            var hasFiles = _files.HasResults(history.Cell);
            if (_store.Of(history.Cell.Name, i, _store.Life * IRunStore.EpochsOfLife).ReadHistory() is not { } stored || (stored.Manifest.Ended && !hasFiles) || !TryContinue(i, stored))
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

    /// <summary>Whether the newest checkpoint of a cell that was told to end could not be written.</summary>
    internal bool LostAtEnd => _lost.Count > 0;

    /// <summary>Removes the checkpoints of a run that needs them no more.</summary>
    internal void RemoveCheckpoints()
    {
        for (var i = 0; WritesCells && i < _histories.Length; i++)
        {
            var name = _histories[i].Cell.Name;
            TryRemove(name, _store.Of(name, i, ((_store.Life + 1) * IRunStore.EpochsOfLife) - 1).Remove);
        }

        TryRemove("the run", _store.Remove);
    }

    private void TryRemove(string whose, Action remove)
    {
        try
        {
            remove();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            _events.Complain("checkpoint_failed", whose, fault.Message);
        }
    }

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

        _clocks[cell].GoOnFrom(stored.Manifest.Seconds);
        Show(cell, CellActivity.Waiting);
        return true;
    }

    private void Show(int cell, CellActivity activity) => _live.Show(cell, _histories[cell], activity, _clocks[cell].Seconds);

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
        if (message.IsForGood)
        {
            _owing.Remove(message.Cell);
        }

        _live.End(message.Cell, message);
    }

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
