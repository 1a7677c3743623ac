using Simulator.Cells;

namespace Simulator.Lab;

/// <summary>Where the checkpoints of one cell are: a folder, or rows of a database. Calls come from one thread at a time.</summary>
internal interface ICellStore
{
    /// <summary>Whether a checkpoint of the cell was too large to be read again: those after it would be as well. May be read by any thread.</summary>
    bool TooLarge { get; }

    /// <summary>Number of the first replay transition that the next checkpoint must hold. May be read by any thread.</summary>
    long ReplayFrom { get; }

    /// <summary>Bytes of the files of checkpoints written so far, without the history, which is appended to.</summary>
    long BytesWritten { get; }

    /// <summary>Writes a checkpoint. Where that fails the older ones stay, and the next one holds what this one should have.</summary>
    /// <param name="checkpoint">The cell; null where it has ended.</param>
    /// <param name="history">What it has told since the last call.</param>
    /// <param name="episode">Episodes done.</param>
    /// <param name="seconds">How long it has run.</param>
    /// <exception cref="IOException">It could not be written.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    void Write(CellCheckpoint? checkpoint, byte[] history, int episode, double seconds);

    /// <summary>Reads the newest checkpoint that is whole; the next one that is written follows it.</summary>
    /// <param name="report">Told of each that is damaged: its name, and why.</param>
    /// <returns>What was read; null where there is none.</returns>
    /// <exception cref="CheckpointVersionException">The newest is of a newer format.</exception>
    /// <exception cref="IOException">One cannot be read, which says nothing of what is in it.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    StoredCell? Read(Action<string, string> report);

    /// <summary>Reads what the cell had told by the newest checkpoint whose files are there; what is in its networks and its replay memory is not looked at.</summary>
    /// <returns>The checkpoint and the history; null where there is none.</returns>
    /// <exception cref="CheckpointVersionException">One is of a newer format.</exception>
    /// <exception cref="IOException">One cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    StoredCell? ReadHistory();

    /// <summary>Forgets and removes everything but what was set aside.</summary>
    /// <exception cref="IOException">It cannot be removed.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    void Clear();

    /// <summary>Forgets everything, and keeps it elsewhere where there are checkpoints: what cannot be used is not what nobody wants to see.</summary>
    /// <returns>Where it is now; null where there were none.</returns>
    /// <exception cref="IOException">It cannot be kept.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    string? SetAside();

    /// <summary>Forgets and removes everything, what was set aside included.</summary>
    /// <exception cref="IOException">It cannot be removed.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    void Remove();
}
