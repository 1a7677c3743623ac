using Simulator.Cells;

namespace Simulator.Lab.Benchmarks;

/// <summary>The research's grid of learning rates, 16 cells of 50 clients: as one population, and one cell after the other.</summary>
internal sealed class GridPart : BenchmarkPart
{
    private const int WarmUp = 25;
    private const double Milli = 1e3;

    private static readonly double[] Rates = [0.0001, 0.001, 0.01, 0.1];

    /// <inheritdoc/>
    public override string Name => "grid";

    /// <inheritdoc/>
    public override string Title => "The grid of 16 cells of 50 clients (actor rates x critic rates, 0.0001 to 0.1)";

    /// <inheritdoc/>
    public override async Task MeasureAsync(BenchmarkContext context, Action<Figure> report, CancellationToken cancellation)
    {
        var episodes = context.Settings.Episodes(20);
        var last = WarmUp + episodes;
        var cell = Cell(MeasuredPopulation.NoEnd);
        var cells = (from actor in Rates from critic in Rates select cell with { Learning = cell.Learning with { ActorRate = actor, CriticRate = critic } }).ToList();
        DeviceMeter? meter = null;
        async Task<double[]> RunAsync(IReadOnlyList<CellOptions> which)
        {
            meter = null;
            var stamps = await MeasuredPopulation.RunAsync(
                which, last, device => meter = meter?.Beside(device) ?? new DeviceMeter(device, cell, last), context.Settings.Configuration, cancellation).ConfigureAwait(false);
            return PopulationTrial.Differences(stamps.AsSpan(WarmUp - 1));
        }

        var together = await RunAsync(cells).ConfigureAwait(false);

        // Cells of different rates ask for different numbers of candidates, but what they ask for does not depend on which run together.
        var ceiling = context.MeasureCeiling().Best;
        var floor = Enumerable.Range(WarmUp + 1, episodes).Sum(meter!.FlopsOf) / ceiling / (cells.Count * episodes);
        var apart = new double[episodes];
        foreach (var one in cells)
        {
            var seconds = await RunAsync([one]).ConfigureAwait(false);
            for (var e = 0; e < episodes; e++)
            {
                apart[e] += seconds[e];
            }
        }

        report(Figure.MedianOf("one population: cell and episode", together.Select(s => s / cells.Count * Milli), "ms"));
        report(Figure.MedianOf("one after the other: cell and episode", apart.Select(s => s / cells.Count * Milli), "ms"));
        report(new Figure("floor: cell and episode", floor * Milli, "ms") { Note = $"{Figure.AtCeiling(ceiling)}; mean over cells and episodes" });
        report(Figure.MedianOf("one population over floor", together.Select(s => s / cells.Count / floor), "x") with { Target = Targets.GridOverFloor });
        report(Figure.MedianOf("one after the other over floor", apart.Select(s => s / cells.Count / floor), "x"));
        report(new Figure("one after the other over one population", apart.Sum() / together.Sum(), "x") { Note = "of the whole times" });
    }
}
