using System.Collections.Immutable;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace Simulator.Telemetry;

/// <summary>
/// The meter and its instruments: the only place that makes any (docs/observability.md lists them with what they mean). What happens is recorded where it happens; what is, such as each agent's saturation, is
/// read from the measurements that the processes' populations have prepared (<see cref="MeasurementFeed"/>), so that a scrape waits for nobody.
/// </summary>
/// <remarks>Without a listener <c>Enabled</c> is false: ask it before computing something only to record it.</remarks>
public static class Instruments
{
    /// <summary>Name of the meter, and of the source of traces.</summary>
    public const string Name = "Simulator";

    private static readonly Meter Meter = new(Name, typeof(Instruments).Assembly.GetName().Version?.ToString(3));

    private static ImmutableArray<MeasurementFeed> _feeds = [];

    /// <summary>Source of the traces of episodes.</summary>
    public static ActivitySource Traces { get; } = new(Name, Meter.Version);

    /// <summary>Share of saturated outputs: a record for each agent, action and update.</summary>
    public static Histogram<double> Saturation { get; } = Histogram(
        "simulator.saturation.ratio", "1", "Share of outputs beyond -0.9 and 0.9 of an agent's action since its last update; a record for each agent, action and update.",
        0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1);

    /// <summary>Median |z|: a record for each agent, action and update.</summary>
    public static Histogram<double> Preactivation { get; } = Histogram(
        "simulator.preactivation.magnitude", "1", "Median |z| of an agent's action since its last update; a record for each agent, action and update.",
        0.1, 0.3, 1, 3, 10, 30, 100, 300, 1e3, 3e3, 1e4, 3e4, 1e5, 3e5, 1e6, 3e6, 1e7);

    /// <summary>Root of a transition's priority error: a record for each transition of a minibatch.</summary>
    public static Histogram<double> TdError { get; } = Histogram(
        "simulator.td.error", "1", "Absolute temporal-difference error of the transitions of a minibatch before the critic's step, in the units that the critic learns: the root of the sum of squares over the selected clients.",
        1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1e3, 3e3, 1e4, 3e4, 1e5, 1e6);

    /// <summary>Minus the reward of an episode, by phase.</summary>
    public static Histogram<double> EpisodeCost { get; } = Histogram(
        "simulator.episode.cost", "1", "Cost of an episode, minus its reward; of an evaluation the mean over its episodes.",
        100, 300, 500, 1e3, 2e3, 3e3, 5e3, 1e4, 2e4, 3e4, 5e4, 1e5, 2e5, 5e5, 1e6, 1e7);

    /// <summary>Seconds of an update, by network.</summary>
    public static Histogram<double> UpdateDuration { get; } = Histogram(
        "simulator.update.duration", "s", "Time from the master's request to its answer: of the critic's step; of the actors, from the first gradient to the last client's report.",
        1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1, 3, 10, 30);

    /// <summary>Requests that one operation of a device answers, by device and operation.</summary>
    public static Histogram<double> BatchSize { get; } = Histogram(
        "simulator.batch.size", "{request}", "Requests of actors that one operation of a device answers together.",
        1, 2, 5, 10, 25, 50, 100, 250, 500, 1e3, 2.5e3, 1e4, 1e5);

    /// <summary>Seconds from the first request of an operation to its beginning, by device and operation.</summary>
    public static Histogram<double> BatchDelay { get; } = Histogram(
        "simulator.batch.delay", "s", "Time from the first request that an operation of a device answers to the operation's beginning.",
        1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1, 10);

    /// <summary>Seconds that writing a checkpoint took.</summary>
    public static Histogram<double> CheckpointDuration { get; } = Histogram(
        "simulator.checkpoint.duration", "s", "Time that writing a checkpoint of a cell took.", 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1, 3, 10, 30, 100);

    /// <summary>Bytes that a checkpoint added to the disk.</summary>
    public static Histogram<double> CheckpointSize { get; } = Histogram(
        "simulator.checkpoint.size", "By", "Bytes that a checkpoint of a cell wrote.", 1e4, 1e5, 1e6, 3e6, 1e7, 3e7, 1e8, 3e8, 1e9);

    /// <summary>Episodes finished, by phase.</summary>
    public static Counter<long> Episodes { get; } = Meter.CreateCounter<long>("simulator.episodes", "{episode}", "Episodes finished.");

    /// <summary>Steps of cells, by phase.</summary>
    public static Counter<long> EnvironmentSteps { get; } = Meter.CreateCounter<long>("simulator.environment.steps", "{step}", "Steps that cells made.");

    /// <summary>Steps of clients, by phase.</summary>
    public static Counter<long> ClientSteps { get; } = Meter.CreateCounter<long>("simulator.client.steps", "{step}", "Steps that clients made: those of a cell times its clients.");

    /// <summary>Optimiser steps, by network.</summary>
    public static Counter<long> Updates { get; } = Meter.CreateCounter<long>("simulator.updates", "{update}", "Optimiser steps: of critics, and of actors, one for each agent.");

    /// <summary>Optimiser steps whose gradient was clipped, by network.</summary>
    public static Counter<long> Clipped { get; } = Meter.CreateCounter<long>("simulator.gradient.clipped", "{update}", "Optimiser steps whose gradient was clipped to the largest norm.");

    /// <summary>Cells that were brought back after a failure.</summary>
    public static Counter<long> Recoveries { get; } = Meter.CreateCounter<long>("simulator.recoveries", "{recovery}", "Times that a cell was brought back after a failure.");

    static Instruments()
    {
        Gauge("simulator.agent.saturation.ratio", "1", "Share of saturated outputs of an agent since its last update.", m => m.AgentSaturation);
        Gauge("simulator.agent.gradient.norm", "1", "L2 norm of an agent's gradient at its last update, before clipping.", m => m.AgentGradient);
        Gauge("simulator.agent.tanh.slope", "1", "Mean da/dz of an agent's outputs since its last update; for tanh 1 - tanh^2 z.", m => m.AgentSlope);
        Gauge("simulator.top.saturation.ratio", "1", "Share of saturated outputs of the worst agents, by rank.", m => m.TopSaturation);
        Gauge("simulator.top.agent", "1", "Index of the worst agents in their cell, by rank.", m => m.TopAgent);
        Gauge("simulator.top.agent.cell", "1", "Index of the cell of the worst agents of a population, by rank.", m => m.TopAgentCell);
        Gauge("simulator.top.cell.saturation.ratio", "1", "Share of saturated outputs of the worst cells of a population, by rank.", m => m.TopCellSaturation);
        Gauge("simulator.top.cell", "1", "Index of the worst cells of a population, by rank.", m => m.TopCell);
        Gauge("simulator.cell.saturation.ratio", "1", "Share of a cell's outputs beyond a threshold, by side, at the last update.", m => m.CellSaturation);
        UpDown("simulator.agents", "{agent}", "Agents by state at the last update.", m => m.Agents);
        Gauge("simulator.gradient.norm", "1", "L2 norm of the gradient at the last update, before clipping; of actors the root mean square over agents. layer all is the whole network.", m => m.Gradient);
        Gauge("simulator.gradient.asymmetry.ratio", "1", "Root mean square of the actors' gradient norms over the critic's gradient norm, at the last update.", m => m.Asymmetry);
        Gauge("simulator.critic.loss", "1", "Loss of the critic before its last step.", m => m.CriticLoss);
        Gauge("simulator.exploration.epsilon", "1", "Scale of the exploration noise in the last training episode.", m => m.Epsilon);
        Gauge("simulator.episode.reward", "1", "Reward of the last training episode; mean reward of the last evaluation.", m => m.Reward);
        Gauge("simulator.baseline.reward", "1", "Mean reward of a policy without learning on the evaluation episodes.", m => m.Baseline);
        Gauge("simulator.violation.ratio", "1", "Share of clients that violated a constraint in the last training episode.", m => m.Violations);
        UpDown("simulator.cells", "{cell}", "Cells by what they are doing: waiting, running, ended.", m => m.Cells);
        Gauge("simulator.cell.episode", "{episode}", "Training episodes that a cell has finished.", m => m.Episode);
        UpDown("simulator.replay.transitions", "{transition}", "Transitions in the replay memory.", m => m.Transitions);
        Gauge("simulator.device.memory", "By", "Memory that the networks on a device take, with the optimiser's moments.", m => m.DeviceMemory);
        UpDown("simulator.mailbox.messages", "{message}", "Messages that wait in an actor's mailbox.", m => m.Mailboxes);
        Meter.CreateObservableUpDownCounter("simulator.cluster.members", () => ClusterMeasurements.Members, "{member}", "Members of the cluster by status and role, as this node sees it.");
        Meter.CreateObservableUpDownCounter("simulator.cluster.unreachable", () => ClusterMeasurements.Unreachable, "{member}", "Members of the cluster that cannot be reached, as this node sees it.");
        Meter.CreateObservableUpDownCounter("simulator.cluster.cells", () => ClusterMeasurements.Cells, "{cell}", "Cells that this node hosts.");
    }

    /// <summary>Whether anybody reads what populations prepare.</summary>
    public static bool AreMeasurementsRead => Observable.Enabled;

    private static ObservableInstrument<double> Observable { get; set; } = null!;

    /// <summary>Makes the instruments, where nothing has recorded anything yet: exporters show those that are there.</summary>
    public static void Announce() => RuntimeHelpers.RunClassConstructor(typeof(Instruments).TypeHandle);

    /// <summary>Lets the meter read a population's measurements, until <see cref="Remove"/>.</summary>
    internal static void Add(MeasurementFeed feed) => ImmutableInterlocked.Update(ref _feeds, (all, one) => all.Add(one), feed);

    internal static void Remove(MeasurementFeed feed) => ImmutableInterlocked.Update(ref _feeds, (all, one) => all.Remove(one), feed);

    private static Histogram<double> Histogram(string name, string unit, string description, params double[] boundaries) =>
        Meter.CreateHistogram(name, unit, description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = boundaries });

    private static void Gauge(string name, string unit, string description, Func<MeasurementSet, Measurement<double>[]> of) =>
        Observable = Meter.CreateObservableGauge(name, () => Read(of), unit, description);

    private static void UpDown(string name, string unit, string description, Func<MeasurementSet, Measurement<double>[]> of) =>
        Meter.CreateObservableUpDownCounter(name, () => Read(of), unit, description);

    private static IEnumerable<Measurement<double>> Read(Func<MeasurementSet, Measurement<double>[]> of)
    {
        var feeds = _feeds;
        return feeds.Length == 1 ? of(feeds[0].Newest) : feeds.SelectMany(f => of(f.Newest));
    }
}
