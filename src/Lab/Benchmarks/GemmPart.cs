using Simulator.Compute;

namespace Simulator.Lab.Benchmarks;

/// <summary>How fast libtorch multiplies matrices on this machine, which floors are taken over, and how fast our own product does.</summary>
internal sealed class GemmPart : BenchmarkPart
{
    private const int Repetitions = 10;

    /// <summary>Below this share of the best, the measurement in the middle tells that something else took the processors.</summary>
    private const double Steady = 0.85;

    private const double Giga = 1e9;

    /// <inheritdoc/>
    public override string Name => "gemm";

    /// <inheritdoc/>
    public override string Title => $"Matrix products at their best, single precision: libtorch's, and our own ({GemmCeiling.OwnRows} x 512 by 512 x 128, as a critic's second layer has them)";

    /// <inheritdoc/>
    public override Task MeasureAsync(BenchmarkContext context, Action<Figure> report, CancellationToken cancellation)
    {
        var processors = global::System.Environment.ProcessorCount;
        report(Best($"libtorch, {GemmCeiling.Size} x {GemmCeiling.Size}, {processors} threads", context.MeasureCeiling().Rates));
        cancellation.ThrowIfCancellationRequested();
        report(Best($"libtorch, {GemmCeiling.Size} x {GemmCeiling.Size}, 1 thread", GemmCeiling.Measure(1, Repetitions)));
        report(Best($"libtorch, critic's layer, {processors} threads", GemmCeiling.MeasureAtOwnShape(processors, 10 * Repetitions)));
        report(Best("libtorch, critic's layer, 1 thread", GemmCeiling.MeasureAtOwnShape(1, 10 * Repetitions)));

        cancellation.ThrowIfCancellationRequested();
        report(Best($"own product, critic's layer, {processors} threads", GemmCeiling.MeasureOwn(processors, 10 * Repetitions)));
        report(Best("own product, critic's layer, 1 thread", GemmCeiling.MeasureOwn(1, 10 * Repetitions)));
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
