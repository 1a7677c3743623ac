using System.ComponentModel;
using Simulator.Agents;
using Simulator.Compute;

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

    /// <summary>
    /// Whether the actors' hidden layers are Linear, LayerNorm with gain and bias, activation: h = act(gain (u - mean) / sqrt(var + 1e-5) + bias), mean and variance over the layer's
    /// units (Acme's LayerNormMLP). The fullnorm variant has its LayerNorm behind the activation instead; both together are refused.
    /// </summary>
    [Description("Linear, LayerNorm, activation in the hidden layers of the actors (Acme's LayerNormMLP; often with policy.last_layer: tiny).")]
    public bool ActorLayerNorm { get; init; }

    /// <summary>The same in the critic; its joint part is computed once for each transition as ever, since the LayerNorm comes after the sum.</summary>
    [Description("Linear, LayerNorm, activation in the hidden layers of the critic (Acme's LayerNormMLP).")]
    public bool CriticLayerNorm { get; init; }

    /// <summary>What the sums of the actors' hidden layers go through.</summary>
    [Description("Hidden activation of the actors: as the variant has it, relu, or tanh.")]
    public ActorActivation ActorActivation { get; init; } = ActorActivation.Variant;
}
