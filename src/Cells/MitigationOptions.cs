using System.ComponentModel;
using Simulator.Agents;

namespace Simulator.Cells;

/// <summary>What networks see of observations.</summary>
public enum ObservationScale
{
    /// <summary>Raw values, as the original.</summary>
    Raw,

    /// <summary>Each column mapped to [-1, 1] by its known range.</summary>
    Scaled,
}

/// <summary>What the critic sees of rewards.</summary>
public enum RewardScale
{
    /// <summary>Raw values, as the original.</summary>
    Raw,

    /// <summary>Divided by the running deviation of the discounted return (Gymnasium's NormalizeReward).</summary>
    Scaled,
}

/// <summary>Departures from the original that keep actors alive (ccm-madrl, section 8).</summary>
public sealed record MitigationOptions
{
    /// <summary>What actors and critic see of observations.</summary>
    [Description("raw: as the original; scaled: each observation mapped to [-1, 1] by its known range, for actors and critic.")]
    public ObservationScale Observations { get; init; } = ObservationScale.Raw;

    /// <summary>What the critic sees of rewards.</summary>
    [Description("raw: as the original; scaled: rewards over the running deviation of the discounted return.")]
    public RewardScale Rewards { get; init; } = RewardScale.Raw;

    /// <summary>What turns pre-activations into actions.</summary>
    [Description("tanh: as the original; inverting: no squash, actions clipped, gradients inverted near the bounds (arXiv 1511.04143).")]
    public OutputFunction Output { get; init; } = OutputFunction.Tanh;
}
