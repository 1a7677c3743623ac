using Simulator.Cells;
using Simulator.Protocol;

namespace Simulator.Lab;

/// <summary>Keeps the checkpoints of a cell in its store, and what the cell told: says when a checkpoint is wanted, and has at most one being written.</summary>
internal sealed class CellKeeper : ICellKeeper
{
    /// <summary>Successive multiples of it, modulo 1, lie apart from each other however many there are: so do the times of the cells' checkpoints.</summary>
    private const double GoldenRatio = 0.6180339887498949;

    private readonly ICellStore? _store;
    private readonly CheckpointWriter _writer;
    private readonly TimeProvider _time;
    private readonly TimeSpan _interval;
    private readonly CellClock _clock;
    private readonly List<string> _damages = [];
    private KeptCell? _kept;
    private HistoryLog? _log;
    private long _dueSince;
    private TimeSpan _due;
    private bool _asked;
    private volatile bool _isWriting;

    /// <summary>Opens what is kept of a cell.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="index">Its index in the population.</param>
    /// <param name="store">Where it is kept; null for nowhere.</param>
    /// <param name="writer">Writes it.</param>
    /// <param name="time">Clock.</param>
    /// <param name="interval">Time between two checkpoints; zero for none before the cell is told to end.</param>
    /// <exception cref="CheckpointVersionException">A checkpoint is of a newer format.</exception>
    /// <exception cref="IOException">It cannot be read, or a newer writer has it.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be read.</exception>
    internal CellKeeper(PlannedCell cell, int index, ICellStore? store, CheckpointWriter writer, TimeProvider time, TimeSpan interval)
    {
        Options = cell.Options;
        _store = store;
        _writer = writer;
        _time = time;
        _interval = interval;
        _clock = new CellClock(time);
        _due = interval * (1 - ((index * GoldenRatio) % 1));
        _dueSince = time.GetTimestamp();
        if (store is not null)
        {
            _log = new HistoryLog();
            Open(cell, store);
        }
    }

    public CellOptions Options { get; }

    public IReadOnlyList<string> Damages => _damages;

    public KeptCell? TakeKept()
    {
        var kept = _kept;
        _kept = null;
        return kept;
    }

    public void Note(object message)
    {
        switch (message)
        {
            case PopulationProtocol.CellStarted m:
                _clock.Start();
                if (!GoesOn)
                {
                    _log?.AddMessage(m);
                }

                break;
            case PopulationProtocol.EpisodeFinished m:
                _clock.Look();
                _log?.Add(m);
                break;
            case PopulationProtocol.AgentsLearned m:
                _log?.Add(m);
                break;
            case PopulationProtocol.Evaluated m:
                _log?.AddMessage(m);
                break;
            case PopulationProtocol.Intervened { Kind: InterventionKind.Pause }:
                _clock.Pause();
                break;
            case PopulationProtocol.Intervened { Kind: InterventionKind.Resume }:
                _clock.Start();
                break;
        }
    }

    public long? Wanted(bool ending)
    {
        if (_store is null)
        {
            return null;
        }

        if (!ending)
        {
            if (_interval == TimeSpan.Zero || _isWriting || _asked || _time.GetElapsedTime(_dueSince) < _due)
            {
                return null;
            }

            _asked = true;
        }

        return _store.TooLarge ? null : _store.ReplayFrom;
    }

    public void Keep(CellCheckpoint checkpoint, Action<string?> written)
    {
        _asked = false;
        _isWriting = true;
        (_dueSince, _due) = (_time.GetTimestamp(), _interval);
        var (history, seconds) = (_log!.Take(), _clock.Seconds);
        _writer.Enqueue(() => Write(checkpoint, history, seconds), fault =>
        {
            _isWriting = false;
            written(fault is null ? null : $"episode {checkpoint.Episode}: {fault}");
        });
    }

    public void Finish(PopulationProtocol.CellEnded end, Action<string?> written)
    {
        if (_store is null)
        {
            written(null);
            return;
        }

        _log!.AddMessage(end);
        var (history, seconds) = (_log.Take(), _clock.Seconds);
        _writer.Enqueue(() => _store.Write(null, history, end.Episodes, seconds), fault => written(fault is null ? null : $"episode {end.Episodes}: {fault}"));
    }

    private bool GoesOn { get; set; }

    private void Open(PlannedCell cell, ICellStore store)
    {
        var stored = Options.Learns ? store.Read((file, why) => _damages.Add($"{file}: {why}")) : null;
        if (stored is { Cell: { } checkpoint } && TryReplay(cell, stored.History) is { } history)
        {
            GoesOn = true;
            _log = new HistoryLog(history);
            _clock.GoOnFrom(stored.Manifest.Seconds);
            _kept = new KeptCell(checkpoint, stored.History, stored.Manifest.Seconds);
            return;
        }

        // One that has ended, and whose result files are gone, begins anew, as does one that only acts. What cannot be used is not what nobody wants to see.
        if (stored is not { Cell: null } && Options.Learns && store.SetAside() is { } aside)
        {
            _damages.Add($"none is left; they are kept in {aside}, and the cell begins anew");
        }

        store.Clear();
    }

    private CellHistory? TryReplay(PlannedCell cell, byte[] bytes)
    {
        try
        {
            var history = new CellHistory(cell);
            HistoryLog.Replay(bytes, history);
            return history;
        }
        catch (InvalidDataException fault)
        {
            _damages.Add(fault.Message);
            return null;
        }
    }

    private void Write(CellCheckpoint checkpoint, byte[] history, double seconds)
    {
        var (began, before) = (_time.GetTimestamp(), _store!.BytesWritten);
        _store.Write(checkpoint, history, checkpoint.Episode, seconds);
        Telemetry.Instruments.CheckpointDuration.Record(_time.GetElapsedTime(began).TotalSeconds);
        Telemetry.Instruments.CheckpointSize.Record(_store.BytesWritten - before);
    }
}
