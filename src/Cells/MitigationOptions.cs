using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Simulator.Agents;
using Simulator.Compute;
using Simulator.Environment;
using Simulator.Master;

namespace Simulator.Cells;

/// <summary>What networks see of observations.</summary>
public enum ObservationScale
{
    /// <summary>Raw values, as the original.</summary>
    Raw,

    /// <summary>Each column mapped to [-1, 1] by its known range.</summary>
    Scaled,

    /// <summary>Each column by its running mean and deviation over the cell's clients, (o - mean) / (deviation + 1e-8), clipped to [-10, 10].</summary>
    Running,
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
    /// <summary>
    /// What actors and critic see of observations. Running: (o - mean) / (deviation + 1e-8), clipped to [-10, 10], mean and deviation by Welford's method over all training observations of all the cell's
    /// clients so far (Gymnasium's NormalizeObservation; SimBa, arXiv 2410.09754). Pooled over the clients, since most columns of one client never change in its cell. Before the first training step there is
    /// nothing to scale by: networks see raw observations.
    /// </summary>
    [Description(
        "raw: as the original; scaled: each observation mapped to [-1, 1] by its known range, for actors and critic; running: less its running mean over the cell's clients, over its running deviation, "
        + "clipped to [-10, 10] (Gymnasium, SimBa); before the first training step, as in the evaluation at episode 0, there are no running statistics and networks see raw observations.")]
    public ObservationScale Observations { get; init; } = ObservationScale.Raw;

    /// <summary>What the critic sees of rewards.</summary>
    [Description("raw: as the original; scaled: rewards over the running deviation of the discounted return.")]
    public RewardScale Rewards { get; init; } = RewardScale.Raw;

    /// <summary>
    /// What turns pre-activations z into actions a. tanh: a = tanh z. inverting: a = clip(z, -1, 1), the gradient scaled by the room that is left in its direction (Hausknecht and Stone, arXiv
    /// 1511.04143). softsign: z / (1 + |z|). isru: z / sqrt(1 + z^2) (arXiv 1710.09967). sigmoid: 2 sigmoid(z / k) - 1. scaled_tanh: tanh(k tanh(z / k)) (TorchRL's tanh_loc). gaussian:
    /// tanh(mu + sigma e), log sigma in [-20, 2], with SAC's entropy bonus towards -3 (arXiv 1812.05905), which is in the actors' loss only: the critic's targets have no entropy in them. beta: a
    /// Beta distribution on [-1, 1], alpha and beta 1 + softplus (Chou et al., ICML 2017). The last two have two outputs for each action, and explore by sampling in the place of exploration
    /// noise; evaluation and pi'(S') take their noise-free actions, tanh(mu) and the mean.
    /// </summary>
    [Description(
        "From pre-activations to actions. tanh: as the original; inverting: actions clipped, gradients inverted near the bounds (arXiv 1511.04143); softsign: z / (1 + |z|); isru: "
        + "z / sqrt(1 + z^2) (arXiv 1710.09967); sigmoid: 2 sigmoid(z / k) - 1; scaled_tanh: tanh(k tanh(z / k)); gaussian: SAC's squashed Gaussian with entropy target -3, the entropy in the "
        + "actors' loss only and not in the critic's targets; beta: Chou et al.'s Beta policy. The last two sample instead of adding exploration noise.")]
    public OutputFunction Output { get; init; } = OutputFunction.Tanh;

    /// <summary>k of the output functions sigmoid and scaled_tanh, 5 as in TorchRL; without effect on the others.</summary>
    [Description("k of mitigation.output: sigmoid and scaled_tanh (canonical 5, TorchRL); without effect on the others.")]
    [Range(1e-3, 1e6)]
    public double OutputScale { get; init; } = OutputHead.UsualScale;

    /// <summary>lambda of + lambda mean z^2 in the actors' loss, the mean over the minibatch and all outputs of the network; canonical 1e-3 (the MADDPG code, EPyMARL).</summary>
    [Description("lambda of + lambda mean(z^2) in the actors' loss, over minibatch and outputs; canonical 0.001 (MADDPG, EPyMARL), 0 switches it off.")]
    [Range(0.0, 1e6)]
    public double PreactivationPenalty { get; init; }

    /// <summary>
    /// lambda of + lambda sum max(0, |z| - 1.1)^2 in the actors' loss, the sum over the three actions (of a Gaussian over mu), the mean over the minibatch; canonical 1e-3 (rl_games). A Beta policy
    /// has no such z and refuses it.
    /// </summary>
    [Description("lambda of + lambda sum max(0, |z| - 1.1)^2 in the actors' loss, the sum over the three actions, the mean over the minibatch; canonical 0.001 (rl_games), 0 switches it off.")]
    [Range(0.0, 1e6)]
    public double BoundPenalty { get; init; }

    /// <summary>
    /// c: each element of a sample's own gradient, B dL/da with B the minibatch and the sample's weight in it, is clipped to [-c, c] before it goes through the output function; canonical 1 (Acme's
    /// dpg).
    /// </summary>
    [Description("Each sample's gradient on its actions (B dL/da) is clipped elementwise to +- this; canonical 1 (Acme's dpg), 0 switches it off.")]
    [Range(0.0, 1e9)]
    public double ActionGradientClip { get; init; }

    /// <summary>
    /// Whether the actors' hidden layers are Linear, LayerNorm, activation: h = act(gain (u - mean) / sqrt(var + 1e-5) + bias), mean and variance over the layer's units (as the
    /// first layer of Acme's LayerNormMLP, here in both), or the same without gain and bias. The fullnorm variant has its LayerNorm behind the activation instead; both together are refused.
    /// </summary>
    [Description("Linear, LayerNorm, activation in the hidden layers of the actors: affine with gain and bias (as Acme's LayerNormMLP has it in its first; often with policy.last_layer: tiny), plain without.")]
    public BodyNorm ActorLayerNorm { get; init; } = BodyNorm.None;

    /// <summary>The same in the critic; its joint part is computed once for each transition as ever, since the LayerNorm comes after the sum.</summary>
    [Description("Linear, LayerNorm, activation in the hidden layers of the critic: affine with gain and bias, plain without, which large rates cannot put to sleep.")]
    public BodyNorm CriticLayerNorm { get; init; } = BodyNorm.None;

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

    /// <summary>
    /// Delayed actor updates: the critic learns after each episode, the actors after those whose number d divides, so that they follow a critic that has settled. d = 2 is canonical
    /// (Fujimoto et al. 2018, TD3, arXiv 1802.09477).
    /// </summary>
    [Description("Delayed actor updates: actors learn after every d-th episode, the critic after each; 1 is the original, 2 canonical (TD3, arXiv 1802.09477).")]
    [Range(1, 100)]
    public int ActorDelay { get; init; } = 1;

    /// <summary>
    /// Target policy smoothing: in the targets of updates a' becomes clip(a' + clip(sigma N(0, 1), -c, c), -1, 1), with sigma = 0.2 and c = 0.5 canonical (TD3, arXiv 1802.09477). Insertion errors
    /// are taken without noise.
    /// </summary>
    [Description("Target smoothing: deviation of the noise on the actions in the targets of updates, before clipping; 0 switches it off, 0.2 is canonical (TD3, arXiv 1802.09477).")]
    [Range(0.0, 100.0)]
    public double TargetNoise { get; init; }

    /// <summary>Largest noise of <see cref="TargetNoise"/>, c.</summary>
    [Description("Largest absolute noise of target_noise; 0.5 is canonical (TD3, arXiv 1802.09477).")]
    [Range(0.0, 2.0)]
    public double TargetNoiseClip { get; init; } = 0.5;

    /// <summary>
    /// The actors' learning rate follows the running asymmetry A of gradients (the research's proposal): actor_rate clip(A, bounds), or actor_rate clip(1 / A, bounds); A is the exponential mean of
    /// the asymmetry ratio, decay 0.99. Measured, A lies under 0.1 in the original's setting and where observations and rewards are scaled, so that with the default bounds the factor usually sits at one
    /// of them: inverse is a rate times 10, proportional over 10, as if it had been named. <c>actor_rate_factor</c> in <c>episodes.parquet</c> has the factor of each update.
    /// </summary>
    [Description(
        "none: as the original; proportional: the actors' rate times the running asymmetry ratio (actor over critic gradient, exponential mean with decay 0.99), clipped to asymmetry_bounds; "
        + "inverse: over it. That ratio usually lies under 0.1 (measured, in the original's setting and scaled ones), so that with the default bounds inverse is mostly the rate times 10 and proportional "
        + "the rate over 10; actor_rate_factor in episodes.parquet has the factor of each update.")]
    public AsymmetryScaling AsymmetryScaling { get; init; } = AsymmetryScaling.None;

    /// <summary>Smallest and largest factor that <see cref="AsymmetryScaling"/> multiplies the actors' rate by.</summary>
    [Description("Smallest and largest factor that asymmetry_scaling multiplies the actors' rate by. The factor usually sits at one of the default's ends; for a rate that follows the ratio they must lie further apart.")]
    [Range(0.0, 1e6)]
    public Interval AsymmetryBounds { get; init; } = new(0.1, 10);

    /// <summary>
    /// PopArt: the critic learns targets normalised by their running mean and deviation, and its last layer is rescaled whenever those change, so that its values stay (van Hasselt et al. 2016,
    /// arXiv 1602.07714). With <see cref="Rewards"/> scaled the targets are those of the scaled rewards.
    /// </summary>
    [Description("PopArt: the critic learns normalised targets, and its last layer is rescaled so that its values stay (arXiv 1602.07714). It may be combined with rewards: scaled.")]
    public bool Popart { get; init; }

    /// <summary>Rate beta of PopArt's running moments; canonical 3e-4.</summary>
    [Description("Rate of popart's running moments of the targets; 0.0003 is canonical.")]
    [Range(1e-9, 1.0)]
    public double PopartRate { get; init; } = 3e-4;
}
