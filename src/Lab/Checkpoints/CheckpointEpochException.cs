namespace Simulator.Lab;

/// <summary>
/// Thrown when a writer has a cell no more: a newer one took it, for example a node that the cell was moved to, or a process that took the run later. What is stored is the newer one's, and nothing of it was changed.
/// </summary>
internal sealed class CheckpointEpochException(string message, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>Whether it is no newer writer that has the cell, but one that was given the same epoch.</summary>
    internal bool IsSame { get; private init; }

    /// <summary>Another writer has the cell under the same epoch.</summary>
    /// <param name="cell">Name of the cell.</param>
    /// <param name="epoch">The epoch.</param>
    internal static CheckpointEpochException Same(string cell, long epoch) => new($"another writer has the cell '{cell}' under the same epoch, {epoch}") { IsSame = true };

    /// <summary>A newer writer has the cell.</summary>
    /// <param name="cell">Name of the cell.</param>
    /// <param name="stored">The epoch of the one that has it.</param>
    /// <param name="own">The epoch of the one that is refused.</param>
    /// <param name="inner">What it was noticed by.</param>
    internal static CheckpointEpochException Newer(string cell, long stored, long own, Exception? inner = null) =>
        new($"a newer writer has the cell '{cell}': its epoch is {stored}, and this one's {own}", inner);
}
