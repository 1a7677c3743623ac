using Simulator.Cells;
using Simulator.Protocol;

namespace Simulator.Lab;

/// <summary>
/// The checkpoints of a run's cells in their stores: says when one is wanted, and writes behind the actors' backs, one cell after the other, at most one checkpoint of a cell waiting. Calls
/// come from one thread at a time.
/// </summary>
internal sealed class CheckpointStore
{
    /// <summary>Successive multiples of it, modulo 1, lie apart from each other however many there are: so do the times of the cells' checkpoints.</summary>
    private const double GoldenRatio = 0.6180339887498949;

    private readonly IRunStore _store;
    private readonly TimeProvider _time;
    private readonly TimeSpan _interval;
    private readonly Action<string, string, string> _report;
    private readonly CellState[] _cells;
    private readonly long _started;
    private Task _tail = Task.CompletedTask;
    private Exception? _fault;

    /// <summary>Makes the store of a run.</summary>
    /// <param name="cells">Its cells.</param>
    /// <param name="store">Where its checkpoints are.</param>
    /// <param name="time">Clock.</param>
    /// <param name="interval">Time between two checkpoints of a cell; zero for none before the cell is told to end.</param>
    /// <param name="report">Told of what went wrong, by any thread: the event, the cell, and why.</param>
    /// <param name="mostBytes">Length of the largest file that can be read again; null for what the store can do.</param>
    internal CheckpointStore(
        IReadOnlyList<PlannedCell> cells, IRunStore store, TimeProvider time, TimeSpan interval, Action<string, string, string> report, long? mostBytes = null)
    {
        _store = store;
        _time = time;
        _interval = interval;
        _report = report;
        _started = time.GetTimestamp();
        _cells = [.. cells.Select((c, i) => new CellState(
            c.Name, store.Of(c.Name, i, store.Life * IRunStore.EpochsOfLife, mostBytes), interval * (1 - ((i * GoldenRatio) % 1))))];
    }

    /// <summary>The newest checkpoint of a cell that was told to end could not be written.</summary>
    internal bool LostAtEnd => Array.Exists(_cells, c => c.Lost);

    /// <summary>Cells that were told to end and never handed over a checkpoint, by name.</summary>
    internal IEnumerable<string> WithoutHandover => _cells.Where(c => c.Owes).Select(c => c.Name);

    /// <summary>Path of a cell's checkpoints, relative to the run's folder.</summary>
    internal static string FolderOf(string cell) => Path.Combine(RunFolder.CellFolder(cell), "checkpoint");

    /// <summary>What a cell told since its last checkpoint.</summary>
    internal HistoryLog LogOf(int cell) => _cells[cell].Log;

    /// <summary>As in <see cref="ICheckpointStore.Wanted"/>.</summary>
    internal long? Wanted(int cell, bool ending)
    {
        var state = _cells[cell];
        if (ending)
        {
            state.Ending = true;
            state.Owes = !state.Finished;
        }
        else
        {
            if (_interval == TimeSpan.Zero || !state.Writing.IsCompleted || state.Asked || _time.GetElapsedTime(_started) < state.Due)
            {
                return null;
            }

            state.Asked = true;
        }

        return state.Store.TooLarge ? null : state.Store.ReplayFrom;
    }

    /// <summary>Writes a checkpoint, later.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="seconds">How long the cell has run.</param>
    internal void Keep(CellCheckpoint checkpoint, double seconds)
    {
        var state = _cells[checkpoint.Cell];
        state.Asked = false;
        state.Owes = false;
        state.Due = _time.GetElapsedTime(_started) + _interval;
        Enqueue(state, checkpoint, checkpoint.Episode, seconds);
    }

    /// <summary>Writes that a cell has ended, later: from then on there is nothing of it but its history.</summary>
    internal void Finish(PopulationProtocol.CellEnded message, double seconds)
    {
        var state = _cells[message.Cell];
        state.Finished = true;
        state.Owes = false;
        state.Log.AddMessage(message);
        Enqueue(state, null, message.Episodes, seconds);
    }

    /// <summary>Reads the newest checkpoint of a cell; what it told after that is forgotten. Waits for one that is being written.</summary>
    /// <exception cref="CheckpointVersionException">It is of a newer format.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    internal StoredCell? Read(int cell)
    {
        var state = _cells[cell];
        state.Writing.Wait();
        state.Log = new HistoryLog();
        state.Asked = false;
        return state.Store.Read((file, why) => _report("checkpoint_damaged", state.Name, $"{file}: {why}"));
    }

    /// <summary>Reads what a cell had told in an earlier life of the run; null where nothing is stored.</summary>
    /// <exception cref="CheckpointVersionException">A checkpoint is of a newer format.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    internal StoredCell? ReadHistory(int cell) => _cells[cell].Store.ReadHistory();

    /// <summary>Forgets what is stored of a cell that begins from its beginning.</summary>
    internal void Forget(int cell) => Try(_cells[cell].Name, _cells[cell].Store.Clear);

    /// <summary>Keeps what is stored of a cell, and cannot be used, beside what will be.</summary>
    /// <exception cref="IOException">It cannot be renamed.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    internal void SetAside(int cell)
    {
        if (_cells[cell].Store.SetAside() is { } aside)
        {
            _report("checkpoint_damaged", _cells[cell].Name, $"none is left; they are kept in {aside}, and the cell begins anew");
        }
    }

    /// <summary>Removes all that is stored of the run.</summary>
    internal void Remove()
    {
        foreach (var state in _cells)
        {
            Try(state.Name, state.Store.Remove);
        }

        Try("the run", _store.Remove);
    }

    /// <summary>Waits until everything is written.</summary>
    internal async Task FlushAsync()
    {
        await _tail.ConfigureAwait(false);
        if (_fault is { } fault)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(fault);
        }
    }

    private void Enqueue(CellState state, CellCheckpoint? checkpoint, int episode, double seconds)
    {
        var history = state.Log.Take();
        state.Writing = _tail = _tail.ContinueWith(_ => Write(state, checkpoint, history, episode, seconds), TaskScheduler.Default);
    }

    private void Write(CellState state, CellCheckpoint? checkpoint, byte[] history, int episode, double seconds)
    {
#pragma warning disable CA1031 // What is no fault of the disk is thrown where the run waits for the end.
        try
        {
            var (began, before) = (_time.GetTimestamp(), state.Store.BytesWritten);
            state.Store.Write(checkpoint, history, episode, seconds);
            state.Lost = false;
            if (checkpoint is not null)
            {
                Telemetry.Instruments.CheckpointDuration.Record(_time.GetElapsedTime(began).TotalSeconds);
                Telemetry.Instruments.CheckpointSize.Record(state.Store.BytesWritten - before);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            state.Lost = state.Ending;
            _report("checkpoint_failed", state.Name, $"episode {episode}: {fault.Message}");
        }
        catch (Exception fault)
        {
            _fault ??= fault;
        }
#pragma warning restore CA1031
    }

    private void Try(string whose, Action remove)
    {
        try
        {
            remove();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            _report("checkpoint_failed", whose, fault.Message);
        }
    }

    private sealed class CellState(string name, ICellStore store, TimeSpan due)
    {
        internal string Name => name;

        internal ICellStore Store => store;

        internal HistoryLog Log { get; set; } = new();

        /// <summary>When the next checkpoint is wanted, from the beginning of the run on.</summary>
        internal TimeSpan Due { get; set; } = due;

        /// <summary>Whether one was asked for and has not come.</summary>
        internal bool Asked { get; set; }

        /// <summary>Whether it was told to end.</summary>
        internal bool Ending { get; set; }

        /// <summary>Whether it was told to end and has neither handed over a checkpoint nor come to its end.</summary>
        internal bool Owes { get; set; }

        /// <summary>Whether it has come to its end.</summary>
        internal bool Finished { get; set; }

        /// <summary>Whether the newest checkpoint could not be written after it was told to end. Read when everything is written.</summary>
        internal bool Lost { get; set; }

        internal Task Writing { get; set; } = Task.CompletedTask;
    }
}
