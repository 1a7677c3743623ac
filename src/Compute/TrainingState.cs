using Simulator.Protocol;

namespace Simulator.Compute;

/// <summary>All that a network learns with: what a checkpoint holds of it.</summary>
/// <param name="Steps">Optimiser steps that it has made.</param>
/// <param name="Values">
/// Its state (parameters in the order of the layout, gaps included, then mean and variance of the input where it is normalised), then Adam's first and second moment in the
/// order of the layout, and where it is pulled back to its start, and has made a step, its parameters before that; [<see cref="LengthOf"/>]. A device
/// has the state of its target behind that, where there is one.
/// </param>
public sealed record TrainingState(long Steps, float[] Values)
{
    /// <summary>Floats of the training state of a network.</summary>
    /// <param name="architecture">Its architecture.</param>
    /// <param name="withStart">Whether it remembers its parameters before its first step.</param>
    public static int LengthOf(NetworkArchitecture architecture, bool withStart = false) =>
        checked(architecture.StateLength + ((withStart ? 3 : 2) * architecture.Layout.Length));

    /// <summary>Writes it.</summary>
    public void Save(StateWriter writer)
    {
        writer.Write(Steps);
        writer.Write(Values);
    }

    /// <summary>Reads one.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public static TrainingState Load(StateReader reader) => new(reader.ReadInt64(), reader.ReadFloats());
}
