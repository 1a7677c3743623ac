using Simulator.Cells;
using Simulator.Compute;
using Simulator.Master;

namespace Simulator.Lab;

/// <summary>A combination of values that cannot be meant.</summary>
/// <param name="Keys">The dotted keys involved; the first that the scenario names is reported.</param>
/// <param name="Message">What is wrong; what is allowed.</param>
internal readonly record struct Contradiction(IReadOnlyList<string> Keys, string Message);

/// <summary>An option that says more of what another one switches on.</summary>
/// <param name="Key">The dotted key.</param>
/// <param name="Needs">What it needs to have an effect.</param>
/// <param name="HasEffect">Whether it has one in a cell.</param>
internal sealed record DependentOption(string Key, string Needs, Func<CellOptions, bool> HasEffect);

/// <summary>Checks between options of one cell; what a single option may be is declared with the option.</summary>
internal static class ScenarioChecks
{
    /// <summary>Options that have no effect by themselves: where nothing switches them on, cells that differ in one would be equal under different names.</summary>
    public static IReadOnlyList<DependentOption> Dependent { get; } =
    [
        new("mitigation.output_scale", "mitigation.output: sigmoid or scaled_tanh", c => c.Mitigation.Output is Agents.OutputFunction.Sigmoid or Agents.OutputFunction.ScaledTanh),
        new("mitigation.recycle_threshold", "mitigation.recycle_every over 0", c => c.Mitigation.RecycleEvery > 0),
        new("mitigation.target_noise_clip", "mitigation.target_noise over 0", c => c.Mitigation.TargetNoise > 0),
        new("mitigation.asymmetry_bounds", "mitigation.asymmetry_scaling: proportional or inverse", c => c.Mitigation.AsymmetryScaling != AsymmetryScaling.None),
        new("mitigation.popart_rate", "mitigation.popart: true", c => c.Mitigation.Popart),
    ];

    /// <summary>The contradictions in a cell's options.</summary>
    public static IEnumerable<Contradiction> Check(CellOptions cell)
    {
        var (learning, environment, exploration) = (cell.Learning, cell.Environment, cell.Exploration);
        if (learning.Batch > learning.Replay)
        {
            yield return new(
                ["learning.batch", "learning.replay"],
                $"batch over capacity: a minibatch of {learning.Batch} cannot be drawn from a replay memory of {learning.Replay}; learning.batch may be at most learning.replay");
        }

        if (environment.ReserveMj > environment.EnergyMj.High)
        {
            yield return new(
                ["environment.reserve_mj", "environment.energy_mj"],
                $"reserve over capacity: a battery of {Wording.Shortest(environment.EnergyMj.High)} MJ never reaches a reserve of {Wording.Shortest(environment.ReserveMj)} MJ; "
                + "environment.reserve_mj may be at most the upper end of environment.energy_mj");
        }

        if (environment.EnergyMj.High <= 0)
        {
            yield return new(
                ["environment.energy_mj"],
                "a battery without capacity: the upper end of environment.energy_mj must be positive");
        }

        if (environment.StorageMb > 0 && environment.StorageMb <= environment.SizeMb.Low)
        {
            yield return new(
                ["environment.storage_mb", "environment.size_mb"],
                $"no task fits: the smallest has {Wording.Shortest(environment.SizeMb.Low)} MB, the server's storage {Wording.Shortest(environment.StorageMb)} MB; "
                + "environment.storage_mb must be above the lower end of environment.size_mb, or 0 to switch offloading off");
        }

        // The critic's first layer has 512 rows of 10 (N + 1) parameters; the priority errors of an episode take 2 steps joint rows of 10 N floats.
        if (512L * 10 * (cell.Clients + 1) > Array.MaxLength)
        {
            yield return new(["clients"], $"the critic of {cell.Clients} clients has more parameters than an array holds; clients may be at most {(Array.MaxLength / 5120) - 1}");
        }
        else if (2L * environment.Steps * 10 * cell.Clients > Array.MaxLength)
        {
            yield return new(
                ["environment.steps", "clients"],
                $"an episode of {environment.Steps} steps of {cell.Clients} clients has more observations than an array holds; environment.steps may be at most {Array.MaxLength / (20L * cell.Clients)}");
        }

        if (cell.Learns && cell.SharesPolicy && learning.Update == UpdateMode.Sequential)
        {
            yield return new(
                ["policy.sharing", "learning.update"],
                "one policy cannot learn for one client after the other: its step is the mean over all clients; with policy.sharing: shared learning.update must be simultaneous");
        }

        if (cell.Policy.Variant == PolicyVariant.Fullnorm && (cell.Mitigation.ActorLayerNorm != BodyNorm.None || cell.Mitigation.CriticLayerNorm != BodyNorm.None))
        {
            var key = cell.Mitigation.ActorLayerNorm != BodyNorm.None ? "mitigation.actor_layer_norm" : "mitigation.critic_layer_norm";
            yield return new(
                [key, "policy.variant"],
                $"two LayerNorms in one hidden layer: fullnorm has one behind each activation, {key} sets one before it; use another variant, or leave it out");
        }

        if (!cell.Learns && cell.Policy.From is null && cell.Mitigation.Observations == ObservationScale.Running)
        {
            yield return new(
                ["mitigation.observations", "mode"],
                "statistics that nobody takes: observations by running statistics are of cells that learn; with mode: act mitigation.observations may be raw or scaled, or running where policy.from names "
                + "networks that were saved with theirs");
        }

        if (cell is { Policy.Variant: PolicyVariant.Layernorm, Mitigation.Output: Agents.OutputFunction.Gaussian or Agents.OutputFunction.Beta })
        {
            yield return new(
                ["mitigation.output", "policy.variant"],
                "the layernorm variant would normalise where a stochastic policy lies against how wide it is; with policy.variant: layernorm mitigation.output may be none of gaussian and beta");
        }

        if (cell.Policy.Variant == PolicyVariant.Linear && cell.Mitigation.ActorActivation != ActorActivation.Variant)
        {
            yield return new(
                ["mitigation.actor_activation", "policy.variant"],
                "the linear variant has no hidden activation, in its critic either; with policy.variant: linear mitigation.actor_activation must be variant");
        }

        if (cell.Learns && cell.Policy.From is not null && cell.Mitigation.Observations == ObservationScale.Running)
        {
            yield return new(
                ["policy.from", "mitigation.observations"],
                "networks are saved with the mean and deviation that they saw observations by, and without the number of observations behind them, so that these cannot run on; "
                + "such networks can act (mode: act), and not go on learning");
        }

        if (cell.Mitigation is { Output: Agents.OutputFunction.Beta, BoundPenalty: > 0 })
        {
            yield return new(
                ["mitigation.bound_penalty", "mitigation.output"],
                "a Beta policy has no pre-activation that leaves the range of the actions; with mitigation.output: beta mitigation.bound_penalty must be 0");
        }

        foreach (var contradiction in CheckMitigations(cell.Mitigation))
        {
            yield return contradiction;
        }

        if (exploration.Final > exploration.Initial)
        {
            yield return new(
                ["exploration.final", "exploration.initial"],
                $"noise would grow from {Wording.Shortest(exploration.Initial)} to {Wording.Shortest(exploration.Final)}; exploration.final may be at most exploration.initial");
        }
    }

    private static IEnumerable<Contradiction> CheckMitigations(MitigationOptions mitigation)
    {
        if (mitigation.TargetNoise > 0 && mitigation.TargetNoiseClip == 0)
        {
            yield return new(
                ["mitigation.target_noise_clip", "mitigation.target_noise"],
                "noise that is clipped to nothing: with mitigation.target_noise over 0 mitigation.target_noise_clip must be over 0, too");
        }

        if (mitigation is { Popart: true, InitialL2: > 0 })
        {
            yield return new(
                ["mitigation.initial_l2", "mitigation.popart"],
                "popart rescales the critic's last layer whenever the targets' moments change, and initial_l2 would pull it back to initial weights that stand for other values; "
                + "with mitigation.popart: true mitigation.initial_l2 must be 0 (mitigation.weight_decay may be combined with it)");
        }

        if (mitigation.AsymmetryScaling != AsymmetryScaling.None && mitigation.AsymmetryBounds.High == 0)
        {
            yield return new(
                ["mitigation.asymmetry_bounds", "mitigation.asymmetry_scaling"],
                "actors that never move: with mitigation.asymmetry_scaling the upper end of mitigation.asymmetry_bounds must be positive");
        }
    }
}
