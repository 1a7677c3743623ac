using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Simulator.Agents;
using Simulator.Cells;
using Simulator.Environment;
using Simulator.Master;

namespace Simulator.Lab;

/// <summary>How cells share the device that computes for them: options for speed, not for results.</summary>
public sealed record ComputeOptions
{
    /// <summary>How long the batching actor waits for further cells before it runs a batch, in ms.</summary>
    [Description("Milliseconds that the batching actor waits for further cells before it runs a batch.")]
    [Range(0.0, 10_000.0)]
    public double BatchDelayMs { get; init; }

    /// <summary>Threads that compute; 0: one for each processor of the machine. Cells are dealt out to them; with fewer cells than threads, threads share the operations of a cell.</summary>
    [Description("Threads that compute, 0 for one per processor: each for cells of its own, and with fewer cells than threads together. On CUDA always 1. For speed, not for results.")]
    [Range(0, 1024)]
    public int Threads { get; init; }

    /// <summary>Cells of each thread that are in an episode at one time; the others wait for their turn. 0: what suits the device.</summary>
    [Description("Cells of each thread that are in an episode at one time, 0 for what suits the device: few on a processor, whose cache holds few; all on CUDA. For speed, not for results.")]
    [Range(0, 1_000_000)]
    public int CellsAtOnce { get; init; }
}

/// <summary>Where checkpoints are.</summary>
public enum CheckpointPlace
{
    /// <summary>In the folders of the cells.</summary>
    Folder,

    /// <summary>In a PostgreSQL database.</summary>
    Postgres,
}

/// <summary>What a run keeps to be continued: options without influence on the results.</summary>
public sealed record CheckpointOptions
{
    /// <summary>Seconds between two checkpoints of a cell; 0: only where the run is interrupted.</summary>
    [Description("Seconds between two checkpoints of a cell, from which a run goes on that was killed; 0 writes them only where the run is interrupted.")]
    [Range(0.0, 31_536_000.0)]
    public double Seconds { get; init; } = 60;

    /// <summary>Where checkpoints are.</summary>
    [Description("Where checkpoints are: in the folders of the cells, or in the PostgreSQL database that the environment variable SIMULATOR_STORE names.")]
    public CheckpointPlace Store { get; init; }
}

/// <summary>A population as a scenario file describes it: what every cell has in common, and what is swept.</summary>
/// <remarks>
/// The keys of a scenario file are the snake_case names of these properties and of those of the records they hold; ranges, defaults and
/// descriptions are read from here too, so an option is declared once: <see cref="ScenarioReader"/> and the reference, docs/scenario.md, follow.
/// </remarks>
public sealed record ScenarioOptions
{
    /// <summary>Name of the scenario; it begins the name of the output folder.</summary>
    [Description("Name of the scenario, which begins the output folder's; by default the name of the file.")]
    [RegularExpression(NamePattern)]
    public string Name { get; init; } = "scenario";

    /// <summary>Seed of the first cell of each configuration.</summary>
    [Description("Seed of each configuration's first cell; equal seeds mean equal draws, so configurations compare on the same luck.")]
    public ulong Seed { get; init; } = 42;

    /// <summary>Training episodes of each cell.</summary>
    [Description("Training episodes of each cell.")]
    [Range(1, 10_000_000)]
    public int Episodes { get; init; } = 2000;

    /// <summary>Clients N of each cell.</summary>
    [Description("Clients of each cell.")]
    [Range(1, 1_000_000)]
    public int Clients { get; init; } = 50;

    /// <summary>Copies of each configuration, with successive seeds.</summary>
    [Description("Copies of each configuration, with the seeds seed, seed + 1, and so on.")]
    [Range(1, ScenarioPlan.LargestPopulation)]
    public int Cells { get; init; } = 1;

    /// <summary>Whether the cells learn.</summary>
    [Description(
        "learn: clients explore and learn after each episode; act: they do what their policies say, the master selects without chance, and nothing is stored, monitored or learned "
        + "(the keys of exploration, learning and tracking have no effect then). Cells that act share one critic, drawn from the scenario's seed or loaded.")]
    public CellMode Mode { get; init; } = CellMode.Learn;

    /// <summary>Where the clients of each cell are.</summary>
    [Description(
        "Where the clients of a cell are, in a cluster (docs/cluster.md); without influence on the results: colocated, on the node of their cell; spread: divided among the nodes with the role client, each of which computes "
        + "for its own. Without a cluster everything is in one process.")]
    public CellPlacement Placement { get; init; }

    /// <summary>Physics.</summary>
    [Description("The mobile-edge cell: radio, server, batteries, tasks and the cost of a step.")]
    public EnvironmentOptions Environment { get; init; } = new();

    /// <summary>Policies.</summary>
    [Description("The networks.")]
    public PolicyOptions Policy { get; init; } = new();

    /// <summary>Exploration.</summary>
    [Description("Exploration: the noise scale is final + (initial - final) exp(-n / decay_episodes) after n episodes.")]
    public ExplorationOptions Exploration { get; init; } = new();

    /// <summary>The master's choice.</summary>
    [Description("The master's choice of who offloads.")]
    public SelectionOptions Selection { get; init; } = new();

    /// <summary>Learning.</summary>
    [Description("How actors and critic learn.")]
    public LearningOptions Learning { get; init; } = new();

    /// <summary>Mitigations.</summary>
    [Description("Departures from the original that keep actors out of saturation.")]
    public MitigationOptions Mitigation { get; init; } = new();

    /// <summary>Evaluation.</summary>
    [Description("Evaluation without exploration, on episodes of its own that do not disturb training.")]
    public EvaluationOptions Evaluation { get; init; } = new();

    /// <summary>Tracking.</summary>
    [Description("What counts as saturated, dead, frozen and stopped.")]
    public TrackingOptions Tracking { get; init; } = new();

    /// <summary>Use of the device.</summary>
    [Description("How cells share the device that computes for them: for speed, not for results.")]
    public ComputeOptions Compute { get; init; } = new();

    /// <summary>Checkpoints.</summary>
    [Description("What a run keeps to be continued by run --resume: without influence on the results.")]
    public CheckpointOptions Checkpoint { get; init; } = new();

    /// <summary>Metrics.</summary>
    [Description("What a run tells while it runs: without influence on the results.")]
    public Telemetry.TelemetryOptions Telemetry { get; init; } = new();

    /// <summary>What differs between configurations.</summary>
    [Description("What differs between configurations: a map of dotted key to list, or a list of such maps.")]
    public SweepOptions Sweep { get; init; } = SweepOptions.None;

    /// <summary>1 to 100 letters, digits, dots, underscores and hyphens, not dots alone: safe as part of a file name.</summary>
    internal const string NamePattern = @"\A(?!\.+\z)[A-Za-z0-9._-]{1,100}\z";

    /// <summary>The options of one cell with the given seed; whatever the sweep changes must have been applied before.</summary>
    public CellOptions ToCell(ulong seed) => new()
    {
        Seed = seed,
        Mode = Mode,
        Placement = Placement,
        CriticSeed = Mode == CellMode.Act ? Seed : 0,
        Episodes = Episodes,
        Clients = Clients,
        Environment = Environment,
        Policy = Policy,
        Exploration = Exploration,
        Selection = Selection,
        Learning = Learning,
        Mitigation = Mitigation,
        Evaluation = Evaluation,
        Tracking = Tracking,
    };
}
