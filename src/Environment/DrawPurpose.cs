namespace Simulator.Environment;

/// <summary>
/// What a random draw is for. The number is part of every stream's counter and therefore of the determinism contract: a value is
/// never renumbered and never reused, new purposes take the next free number (at most 255).
/// </summary>
public enum DrawPurpose : byte
{
    /// <summary>Power, initial energy, gain and processor speed of a client, drawn once per cell.</summary>
    CellConstants = 0,

    /// <summary>Size, cycles and deadline of a client's task at one step of a training episode.</summary>
    Tasks = 1,

    /// <summary>Size, cycles and deadline of a client's task at one step of an evaluation episode.</summary>
    EvaluationTasks = 2,

    /// <summary>Exploration noise on a client's raw action.</summary>
    Noise = 3,

    /// <summary>The master's exploring choice of clients.</summary>
    SelectionExploration = 4,

    /// <summary>The draws of a minibatch from the replay memory.</summary>
    Replay = 5,

    /// <summary>Initial weights of a client's policy.</summary>
    PolicyWeights = 6,

    /// <summary>Initial weights of the critic.</summary>
    CriticWeights = 7,

    /// <summary>A client's sample of a stochastic policy at one step of a training episode.</summary>
    PolicySample = 8,

    /// <summary>A client's samples of a stochastic policy on the states of an update's minibatch.</summary>
    MinibatchSamples = 9,

    /// <summary>Noise on a client's target actions in the targets of an update.</summary>
    TargetNoise = 10,

    /// <summary>New weights of dormant units of a client's policy.</summary>
    RecycledPolicyWeights = 11,

    /// <summary>New weights of dormant units of the critic.</summary>
    RecycledCriticWeights = 12,

    /// <summary>New weights of the output layer of a client's policy, where somebody resets it.</summary>
    ResetOutputWeights = 13,

    /// <summary>Resamples of a report's bootstrap intervals; no cell draws from it, so it counts from the other end.</summary>
    Resampling = 255,
}
