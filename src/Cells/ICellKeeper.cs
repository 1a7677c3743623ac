using Simulator.Protocol;

namespace Simulator.Cells;

/// <summary>Knows the cells of runs, on the node where they are hosted.</summary>
public interface ICellCatalog
{
    /// <summary>Opens a cell for one that hosts it. May take as long as a store takes to be reached.</summary>
    /// <param name="run">The run.</param>
    /// <param name="cell">Index of the cell.</param>
    /// <param name="epoch">The cell's epoch: from here on nobody with an older one changes anything of what is kept of it.</param>
    /// <param name="cancellation">Nobody waits for it any more.</param>
    /// <exception cref="IOException">What is kept of it cannot be read, or a newer epoch has it.</exception>
    /// <exception cref="EpochUsedException">Another host has had it under this epoch.</exception>
    Task<ICellKeeper> OpenAsync(RunDescription run, int cell, int epoch, CancellationToken cancellation);

    /// <summary>Everything that determines a cell's results, for a node that hosts clients of it; nothing is opened.</summary>
    /// <param name="run">The run.</param>
    /// <param name="cell">Index of the cell.</param>
    /// <exception cref="InvalidDataException">There is no such cell.</exception>
    CellOptions Plan(RunDescription run, int cell);
}

/// <summary>
/// What a host needs to know of its cell, and keeps of it: the checkpoints and what the cell has told. Called by the host alone; it must not wait for a disk: what it is given it may write later.
/// </summary>
public interface ICellKeeper
{
    /// <summary>Everything that determines the cell's results.</summary>
    CellOptions Options { get; }

    /// <summary>What it goes on from; null for the beginning. Read once.</summary>
    KeptCell? TakeKept();

    /// <summary>What cannot be used of what was kept: which, and why.</summary>
    IReadOnlyList<string> Damages { get; }

    /// <summary>Takes in what the cell tells, in order.</summary>
    /// <param name="message">One of <see cref="PopulationProtocol"/>.</param>
    void Note(object message);

    /// <summary>Asked after each training episode, and when the cell is told to end.</summary>
    /// <param name="ending">Whether it is told to end.</param>
    /// <returns>Number of the first replay transition that a checkpoint must hold; null where none is wanted.</returns>
    long? Wanted(bool ending);

    /// <summary>Writes a checkpoint, with all that the cell has told so far.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="written">Told when it is written, by any thread: why it could not be, or null.</param>
    void Keep(CellCheckpoint checkpoint, Action<string?> written);

    /// <summary>Writes that the cell has ended for good, and that its results are where they belong: then there is nothing more of it but what it told.</summary>
    /// <param name="end">How it ended.</param>
    /// <param name="written">Told when it is written, by any thread: why it could not be, or null.</param>
    void Finish(PopulationProtocol.CellEnded end, Action<string?> written);
}

/// <summary>What a cell goes on from.</summary>
/// <param name="Checkpoint">The checkpoint, with all of its replay memory.</param>
/// <param name="History">What the cell had told by then, as its observer reads it.</param>
/// <param name="Seconds">How long it had run.</param>
public sealed record KeptCell(CellCheckpoint Checkpoint, byte[] History, double Seconds);

/// <summary>Cells of which nothing is kept: one that fails begins anew.</summary>
/// <param name="cells">The cells.</param>
public sealed class UnkeptCells(IReadOnlyList<CellOptions> cells) : ICellCatalog
{
    /// <inheritdoc/>
    public Task<ICellKeeper> OpenAsync(RunDescription run, int cell, int epoch, CancellationToken cancellation) => Task.FromResult<ICellKeeper>(new Keeper(cells[cell]));

    /// <inheritdoc/>
    public CellOptions Plan(RunDescription run, int cell) => cells[cell];

    private sealed class Keeper(CellOptions options) : ICellKeeper
    {
        public CellOptions Options => options;

        public IReadOnlyList<string> Damages => [];

        public KeptCell? TakeKept() => null;

        public void Note(object message)
        {
        }

        public long? Wanted(bool ending) => null;

        public void Keep(CellCheckpoint checkpoint, Action<string?> written) => throw new InvalidOperationException("nobody wanted a checkpoint");

        public void Finish(PopulationProtocol.CellEnded end, Action<string?> written) => written(null);
    }
}

/// <summary>
/// Thrown where a host that its population never heard of has taken a cell under the epoch that another host is given now: its node was lost before it could tell. The next epoch is free.
/// </summary>
public sealed class EpochUsedException : Exception
{
    /// <summary>Makes the exception with a message for the user.</summary>
    public EpochUsedException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with a message for the user and its cause.</summary>
    public EpochUsedException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Makes the exception.</summary>
    public EpochUsedException()
    {
    }
}
