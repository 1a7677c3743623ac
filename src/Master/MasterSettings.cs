using Simulator.Compute;
using Simulator.Environment;
using Simulator.Protocol;

namespace Simulator.Master;

/// <summary>What one master is, apart from the critic's parameters, which the device holds.</summary>
/// <param name="Clients">N.</param>
/// <param name="Seed">Seed of the cell.</param>
/// <param name="Critic">Architecture of the critic.</param>
/// <param name="Environment">Limit and storage of the server.</param>
/// <param name="Selection">Whom exploration draws from.</param>
/// <param name="Learning">Batch, replay, discount, update mode.</param>
/// <param name="Epsilon">Probability of a random selection, from the number of finished episodes.</param>
/// <param name="Scaling">Scaling of observations; null for raw ones.</param>
/// <param name="ScaleRewards">Whether the critic sees rewards over the running deviation of the return.</param>
public sealed record MasterSettings(
    int Clients,
    ulong Seed,
    NetworkArchitecture Critic,
    EnvironmentOptions Environment,
    SelectionOptions Selection,
    LearningOptions Learning,
    Func<int, double> Epsilon,
    ObservationScaling? Scaling,
    bool ScaleRewards)
{
    /// <summary>Whether it learns: else it has no replay memory, and its critic is one of many cells, which is written by somebody else.</summary>
    public bool Learns { get; init; } = true;

    /// <summary>Whether the clients have one policy together.</summary>
    public bool SharedPolicy { get; init; }

    /// <summary>Parameters that the critic starts with; null where they are drawn.</summary>
    public HostPayload? Start { get; init; }

    /// <summary>Episodes from one step of the actors to the next, d: they learn after those whose number it divides (delayed updates, TD3, arXiv 1802.09477).</summary>
    public int ActorDelay { get; init; } = 1;

    /// <summary>Noise on target actions; null for none.</summary>
    public TargetSmoothing? Smoothing { get; init; }

    /// <summary>How the actors' rate follows the asymmetry of gradients.</summary>
    public AsymmetryScaling Asymmetry { get; init; }

    /// <summary>Smallest and largest factor of the actors' rate.</summary>
    public Interval AsymmetryBounds { get; init; }

    /// <summary>Rate of the running moments that targets are normalised by; null where the critic learns them as they are.</summary>
    public double? PopArtRate { get; init; }
}
