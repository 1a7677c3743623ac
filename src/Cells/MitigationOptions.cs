using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
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

    /// <summary>
    /// lambda of AdamW in actors and critic: theta &lt;- theta (1 - rate lambda) before each step, biases and gains included; canonical 1e-2 (SimBa, arXiv 2410.09754; Loshchilov and
    /// Hutter, arXiv 1711.05101). Gradients and their norms are without it; weights that decay are never frozen.
    /// </summary>
    [Description("AdamW: before each step all parameters of actors and critic shrink by the factor 1 - rate * weight_decay; canonical 0.01 (SimBa), 0 is Adam.")]
    [Range(0.0, 1e3)]
    public double WeightDecay { get; init; }

    /// <summary>
    /// lambda of the term lambda |theta - theta0|^2 in the losses of actors and critic, theta0 the parameters before the first step; canonical 1e-3 (Kumar, Marklund and Van Roy,
    /// arXiv 2308.11958). The gradients' norms include it, so that an actor that is pulled back is not dead.
    /// </summary>
    [Description("initial_l2 * |theta - theta0|^2 is added to the losses of actors and critic, theta0 the initial parameters; canonical 0.001 (arXiv 2308.11958), 0 switches it off.")]
    [Range(0.0, 1e3)]
    public double InitialL2 { get; init; }

    /// <summary>
    /// Optimiser steps of a network between two recyclings of its dormant units; canonical 1000 (ReDo: Sokar et al. 2023, arXiv 2302.12902). A unit's score is its mean |h| over the
    /// minibatch, over the mean of that in its layer. New incoming weights and biases are drawn as at the start, outgoing weights become zero, and Adam's moments of both are forgotten. A unit
    /// pinned at a bound counts as most active; and where a LayerNorm spans the layer, new weights of one unit move the others.
    /// </summary>
    [Description("Every so many steps of an actor or the critic its dormant hidden units begin anew: incoming weights drawn, outgoing ones zero (ReDo, arXiv 2302.12902); canonical 1000, 0 for never.")]
    [Range(0, 1_000_000_000)]
    public int RecycleEvery { get; init; }

    /// <summary>Largest score of a unit that is recycled; canonical 0.025 (ReDo).</summary>
    [Description("Largest score of a hidden unit that is recycled: mean |h| over the minibatch, over the mean of that in its layer.")]
    [Range(0.0, 1.0)]
    public double RecycleThreshold { get; init; } = 0.025;
}
