using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Simulator.Agents;
using Simulator.Environment;
using Simulator.Master;
using Simulator.Protocol;

namespace Simulator.Cells;

/// <summary>What a cell does in its episodes.</summary>
public enum CellMode
{
    /// <summary>Its clients explore, and learn after each episode.</summary>
    Learn,

    /// <summary>Its clients do what their policies say; nothing is stored, monitored or learned.</summary>
    Act,
}

/// <summary>Where the clients of a cell are; without influence on the results.</summary>
public enum CellPlacement
{
    /// <summary>On the cell's node.</summary>
    Colocated,

    /// <summary>On all nodes of the cluster that take clients.</summary>
    Spread,
}

/// <summary>Evaluation without exploration, on episodes that do not disturb training.</summary>
public sealed record EvaluationOptions
{
    /// <summary>Training episodes between two evaluations; 0: only before the first and after the last.</summary>
    [Description("Training episodes between two evaluations without exploration, beside those before the first episode and after the last; 0 leaves these two alone.")]
    [Range(0, 10_000_000)]
    public int Every { get; init; } = 50;

    /// <summary>Episodes of one evaluation, the same ones each time; 0: no evaluation. Null: as the mode has it.</summary>
    [Description(
        "Episodes of one evaluation, the same ones each time and for the baselines; 0 switches evaluation off; null takes the mode's (10 for learn, 0 for act). A cell that acts "
        + "is evaluated once, before its first episode.")]
    [Range(0, 100_000)]
    public int? Episodes { get; init; }
}

/// <summary>What counts as saturated, dead, frozen and stopped (ccm-madrl, section 6).</summary>
public sealed record TrackingOptions
{
    /// <summary>Absolute output above which an output counts as saturated.</summary>
    [Description("Absolute action above which an output counts as saturated.")]
    [Range(0.0, 1.0)]
    public double SaturationThreshold { get; init; } = 0.9;

    /// <summary>Updates W in a row that make gradient death or a freeze.</summary>
    [Description("Updates in a row that make a gradient death or a freeze.")]
    [Range(1, 1_000_000)]
    public int Window { get; init; } = 10;

    /// <summary>Ends a run a hundred episodes after its stopping episode.</summary>
    [Description("Ends a cell 101 episodes after its reference stopping episode, as the research's runs do.")]
    public bool EarlyStop { get; init; } = true;
}

/// <summary>Networks that cells start with instead of drawn ones; cells share the arrays.</summary>
/// <param name="Policies">Parameters of the policies in the order of the layout, one for each client, or one where the clients share it.</param>
/// <param name="Critic">Parameters of the critic in the order of the layout.</param>
public sealed record InitialNetworks(IReadOnlyList<HostPayload> Policies, HostPayload Critic)
{
    /// <summary>What cells that act scale observations by, with <see cref="ObservationScale.Running"/>: mean, then deviation of each column, [2, 7]; null where the networks came without.</summary>
    public HostPayload? ObservationStatistics { get; init; }
}

/// <summary>Everything that determines one cell's results, its seed included.</summary>
public sealed record CellOptions
{
    /// <summary>Evaluation episodes of a cell that learns, where none are named.</summary>
    public const int UsualEvaluationEpisodes = 10;

    /// <summary>Whether the cell learns.</summary>
    public CellMode Mode { get; init; } = CellMode.Learn;

    /// <summary>Seed of every draw in the cell.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>Training episodes.</summary>
    public int Episodes { get; init; } = 2000;

    /// <summary>Clients N.</summary>
    public int Clients { get; init; } = 50;

    /// <summary>Physics.</summary>
    public EnvironmentOptions Environment { get; init; } = new();

    /// <summary>Policies.</summary>
    public PolicyOptions Policy { get; init; } = new();

    /// <summary>Exploration.</summary>
    public ExplorationOptions Exploration { get; init; } = new();

    /// <summary>The master's choice.</summary>
    public SelectionOptions Selection { get; init; } = new();

    /// <summary>Learning.</summary>
    public LearningOptions Learning { get; init; } = new();

    /// <summary>Mitigations.</summary>
    public MitigationOptions Mitigation { get; init; } = new();

    /// <summary>Evaluation.</summary>
    public EvaluationOptions Evaluation { get; init; } = new();

    /// <summary>Tracking.</summary>
    public TrackingOptions Tracking { get; init; } = new();

    /// <summary>Where its clients are: the one thing here that no result depends on.</summary>
    public CellPlacement Placement { get; init; }

    /// <summary>Networks to start with; null where they are drawn.</summary>
    public InitialNetworks? Networks { get; init; }

    /// <summary>Seed of the critic's draws in a cell that acts; cells of equal size share the critic. A cell that learns draws from its own <see cref="Seed"/>.</summary>
    public ulong CriticSeed { get; init; }

    /// <summary>Whether the cell learns rather than acts.</summary>
    public bool Learns => Mode == CellMode.Learn;

    /// <summary>Whether its clients have one policy together.</summary>
    public bool SharesPolicy => Policy.Sharing == PolicySharing.Shared;

    /// <summary>Episodes of an evaluation, 0 for none.</summary>
    public int EvaluationEpisodes => Evaluation.Episodes ?? (Learns ? UsualEvaluationEpisodes : 0);
}
