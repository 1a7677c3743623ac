using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
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

    /// <summary>
    /// What turns pre-activations z into actions a. tanh: a = tanh z. inverting: a = clip(z, -1, 1), the gradient scaled by the room that is left in its direction (Hausknecht and Stone, arXiv
    /// 1511.04143). softsign: z / (1 + |z|). sigmoid: 2 sigmoid(z / k) - 1. scaled_tanh: tanh(k tanh(z / k)) (TorchRL's tanh_loc). gaussian: tanh(mu + sigma e), log sigma in [-20, 2], with SAC's
    /// entropy bonus towards -3 (arXiv 1812.05905). beta: a Beta distribution on [-1, 1], alpha and beta 1 + softplus (Chou et al., ICML 2017). The last two have two outputs for each action,
    /// and explore by sampling in the place of exploration noise; evaluation and pi'(S') take their noise-free actions, tanh(mu) and the mean.
    /// </summary>
    [Description(
        "From pre-activations to actions. tanh: as the original; inverting: actions clipped, gradients inverted near the bounds (arXiv 1511.04143); softsign; sigmoid: 2 sigmoid(z / k) - 1; "
        + "scaled_tanh: tanh(k tanh(z / k)); gaussian: SAC's squashed Gaussian with entropy target -3; beta: Chou et al.'s Beta policy. The last two sample instead of adding exploration noise.")]
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
}
