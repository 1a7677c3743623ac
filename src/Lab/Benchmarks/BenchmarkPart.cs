using Akka.Configuration;
using Simulator.Cells;
using Simulator.Compute;
using Simulator.Master;

namespace Simulator.Lab.Benchmarks;

/// <summary>Figures that belong together, and how they are measured.</summary>
public abstract class BenchmarkPart
{
    /// <summary>What the command line calls it.</summary>
    public abstract string Name { get; }

    /// <summary>What it measures, in a line.</summary>
    public abstract string Title { get; }

    /// <summary>Measures.</summary>
    /// <param name="context">Settings, and what parts share.</param>
    /// <param name="report">Told each figure as soon as it is there.</param>
    /// <param name="cancellation">Ends the measurement early.</param>
    /// <exception cref="MeasurementException">Something could not be measured.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public abstract Task MeasureAsync(BenchmarkContext context, Action<Figure> report, CancellationToken cancellation);

    /// <summary>The scenario's defaults, without evaluation, and with no end before the last episode.</summary>
    private protected static CellOptions Cell(int episodes, UpdateMode update = UpdateMode.Simultaneous) => new()
    {
        Episodes = episodes,
        Learning = new LearningOptions { Update = update },
        Evaluation = new EvaluationOptions { Episodes = 0 },
        Tracking = new TrackingOptions { EarlyStop = false },
    };
}

/// <summary>How much to measure.</summary>
public sealed record BenchmarkSettings
{
    /// <summary>Populations to measure.</summary>
    public IReadOnlyList<PopulationSize> Sizes { get; init; } = PopulationSize.Default;

    /// <summary>How long one population may take, its start included; then it reports what it has.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>Multiplies the number of episodes of each measurement; below 1 for a quick look.</summary>
    public double Effort { get; init; } = 1;

    /// <summary>Configuration of actor systems that goes before the simulator's own.</summary>
    public Config Configuration { get; init; } = Config.Empty;

    /// <summary>Episodes of a measurement, at least two.</summary>
    internal int Episodes(int usual) => Math.Max(2, (int)Math.Round(usual * Effort));
}

/// <summary>What the parts of a benchmark share.</summary>
/// <param name="settings">How much to measure.</param>
/// <param name="trials">Measures a population in a process of its own.</param>
public sealed class BenchmarkContext(BenchmarkSettings settings, TrialRunner trials)
{
    /// <summary>Some two seconds of products: long enough that other work on the machine does not take a core from all of them.</summary>
    private const int Repetitions = 20;

    private double _ceiling;

    /// <summary>How much to measure.</summary>
    public BenchmarkSettings Settings => settings;

    /// <summary>Measures a population in a process of its own, so that its memory is its own.</summary>
    public TrialRunner Trials => trials;

    /// <summary>
    /// Measures libtorch's products with as many threads as there are processors: what floors are taken over. Each part that has a floor measures anew, and the best of the
    /// whole run so far counts, since whatever else runs on the machine can only make products slower, and floors higher than they are.
    /// </summary>
    /// <returns>Floating-point operations a second: the best so far, and all of this measurement.</returns>
    internal (double Best, IReadOnlyList<double> Rates) MeasureCeiling()
    {
        var rates = GemmCeiling.Measure(global::System.Environment.ProcessorCount, Repetitions);
        _ceiling = Math.Max(_ceiling, rates.Max());
        return (_ceiling, rates);
    }
}
