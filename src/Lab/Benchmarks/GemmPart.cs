using Simulator.Compute;

namespace Simulator.Lab.Benchmarks;

/// <summary>How fast this machine multiplies matrices: the ceiling that floors are taken from.</summary>
internal sealed class GemmPart : BenchmarkPart
{
    private const int Repetitions = 5;
    private const double Giga = 1e9;

    /// <inheritdoc/>
    public override string Name => "gemm";

    /// <inheritdoc/>
    public override string Title => $"Matrix products at their best: {GemmCeiling.Size} x {GemmCeiling.Size}, single precision";

    /// <inheritdoc/>
    public override Task MeasureAsync(BenchmarkContext context, Action<Figure> report, CancellationToken cancellation)
    {
        var processors = global::System.Environment.ProcessorCount;
        report(Best($"libtorch, {processors} threads", context.CeilingRates));
        cancellation.ThrowIfCancellationRequested();
        report(Best("libtorch, 1 thread", GemmCeiling.Measure(1, Repetitions)));

        // PLACE FOR THE OWN PRODUCT: once Simulator.Compute.Kernels.Product is there, GemmCeiling gets a second method that measures it, and its two lines (all threads, one) belong here:
        // report(Best($"own product, {processors} threads", GemmCeiling.MeasureOwn(processors, Repetitions)));
        return Task.CompletedTask;
    }

    private static Figure Best(string name, IEnumerable<double> rates)
    {
        var giga = rates.Select(r => r / Giga).ToList();
        return new Figure(name, giga.Max(), "GFLOP/s") { Interval = new Interval(giga.Min(), giga.Max(), Interval.Range), Note = $"the best of {giga.Count}" };
    }
}
