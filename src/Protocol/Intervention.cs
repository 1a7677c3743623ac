namespace Simulator.Protocol;

/// <summary>What somebody may do to a cell, or to an agent of it, while it runs.</summary>
public enum InterventionKind : byte
{
    /// <summary>The cell waits at an episode's boundary.</summary>
    Pause,

    /// <summary>A cell that waits goes on.</summary>
    Resume,

    /// <summary>The cell ends, for good.</summary>
    Stop,

    /// <summary>The output layer of an agent's policy begins anew: new weights, drawn as at the start, and no memory of them in the optimiser.</summary>
    ResetOutput,

    /// <summary>An agent's learning rate is from now on the cell's times a factor.</summary>
    ScaleRate,
}

/// <summary>
/// Something that somebody does to a running cell. It takes effect before a training episode (of a cell that only acts: an episode), behind the evaluation that is due there, so that a
/// cell that goes on from an older checkpoint can do it again at the same place.
/// </summary>
/// <param name="Number">Its number in the run, from 1: of two that take effect before one episode the smaller comes first.</param>
/// <param name="Cell">Index of the cell.</param>
/// <param name="Kind">What is done.</param>
public sealed record Intervention(int Number, int Cell, InterventionKind Kind)
{
    /// <summary>Index of the agent; 0 where it is done to the cell. Agents that share a policy have in common what is done to one.</summary>
    public int Agent { get; init; }

    /// <summary>What a learning rate is multiplied by: a finite number from 0 on; 1 where none is.</summary>
    public double Factor { get; init; } = 1;

    /// <summary>Episode before which it takes effect, from 1; 0 for the next one, as one that has begun already.</summary>
    public int Before { get; init; }

    /// <summary>Whether it is done to an agent.</summary>
    public bool OnAgent => Kind is InterventionKind.ResetOutput or InterventionKind.ScaleRate;
}
