using Simulator.Compute;

namespace Simulator.Lab.Benchmarks;

/// <summary>How fast this machine multiplies matrices: the ceiling that floors are taken from.</summary>
internal sealed class GemmPart : BenchmarkPart
{
    private const int Repetitions = 10;

    /// <summary>Below this share of the best, the measurement in the middle tells that something else took the processors.</summary>
    private const double Steady = 0.85;

    private const double Giga = 1e9;

    /// <inheritdoc/>
    public override string Name => "gemm";

    /// <inheritdoc/>
    public override string Title => $"Matrix products at their best: {GemmCeiling.Size} x {GemmCeiling.Size}, single precision";

    /// <inheritdoc/>
    public override Task MeasureAsync(BenchmarkContext context, Action<Figure> report, CancellationToken cancellation)
    {
        var processors = global::System.Environment.ProcessorCount;
        report(Best($"libtorch, {processors} threads", context.MeasureCeiling().Rates));
        cancellation.ThrowIfCancellationRequested();
        report(Best("libtorch, 1 thread", GemmCeiling.Measure(1, Repetitions)));

        cancellation.ThrowIfCancellationRequested();
        report(Best($"own product, {GemmCeiling.OwnRows} x 512 x 128, {processors} threads", GemmCeiling.MeasureOwn(processors, 10 * Repetitions)));
        report(Best($"own product, {GemmCeiling.OwnRows} x 512 x 128, 1 thread", GemmCeiling.MeasureOwn(1, 10 * Repetitions)));
        return Task.CompletedTask;
    }

    internal static Figure Best(string name, IEnumerable<double> rates)
    {
        var order = new OrderStatistics(rates.Select(r => r / Giga));
        var best = order.Quantile(1);
        return new Figure(name, best, "GFLOP/s")
        {
            Interval = new Interval(order.Quantile(0), best, Interval.Range),
            Note = $"the best of {order.Count}{(order.Median < Steady * best ? $", of which half stay below {order.Median:0}: does something else run?" : string.Empty)}",
        };
    }
}
