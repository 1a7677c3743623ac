using System.Diagnostics;
using Simulator.Master;

namespace Simulator.Lab.Benchmarks;

/// <summary>An episode of one cell of 50 clients in both modes, through the actors of a run: acting and learning, over its floor and under the original's.</summary>
internal sealed class EpisodePart : BenchmarkPart
{
    private const double Milli = 1e3;
    private const double Mega = 1e6;

    /// <inheritdoc/>
    public override string Name => "episode";

    /// <inheritdoc/>
    public override string Title => "An episode of one cell of 50 clients";

    /// <inheritdoc/>
    public override async Task MeasureAsync(BenchmarkContext context, Action<Figure> report, CancellationToken cancellation)
    {
        await MeasureAsync(context, UpdateMode.Simultaneous, warmUp: 200, context.Settings.Episodes(150), report, cancellation).ConfigureAwait(false);
        await MeasureAsync(context, UpdateMode.Sequential, warmUp: 20, context.Settings.Episodes(30), report, cancellation).ConfigureAwait(false);
    }

    private static async Task MeasureAsync(
        BenchmarkContext context, UpdateMode mode, int warmUp, int episodes, Action<Figure> report, CancellationToken cancellation)
    {
        var cell = Cell(MeasuredPopulation.NoEnd, mode);
        DeviceMeter meter = null!;
        var stamps = await MeasuredPopulation.RunAsync(
            [cell], warmUp + episodes, device => meter = new DeviceMeter(device, cell, warmUp + episodes), context.Settings.Configuration, cancellation).ConfigureAwait(false);

        var ceiling = context.MeasureCeiling().Best;

        // Episodes count from 1: stamps[e - 1] is the end of episode e, and with it the beginning of the next.
        var numbers = Enumerable.Range(warmUp + 1, episodes).ToList();
        double Whole(int e) => Stopwatch.GetElapsedTime(stamps[e - 2], stamps[e - 1]).TotalSeconds;
        double Acting(int e) => Stopwatch.GetElapsedTime(stamps[e - 2], meter.LearningBegan(e)).TotalSeconds;
        double Learning(int e) => Stopwatch.GetElapsedTime(meter.LearningBegan(e), stamps[e - 1]).TotalSeconds;
        double Floor(int e) => meter.FlopsOf(e) / ceiling;

        var simultaneous = mode == UpdateMode.Simultaneous;
        var name = simultaneous ? "simultaneous" : "sequential";
        report(Figure.MedianOf($"{name}: episode", numbers.Select(e => Whole(e) * Milli), "ms") with { Target = simultaneous ? Targets.SimultaneousMs : Targets.SequentialMs });
        report(Figure.MedianOf($"{name}: of it acting", numbers.Select(e => Acting(e) * Milli), "ms"));
        report(Figure.MedianOf($"{name}: of it learning", numbers.Select(e => Learning(e) * Milli), "ms"));
        report(Figure.MedianOf($"{name}: matrix products", numbers.Select(e => meter.FlopsOf(e) / Mega), "MFLOP"));
        report(Figure.MedianOf($"{name}: floor", numbers.Select(e => Floor(e) * Milli), "ms") with { Note = Figure.AtCeiling(ceiling) });
        report(Figure.MedianOf($"{name}: episode over floor", numbers.Select(e => Whole(e) / Floor(e)), "x") with { Target = simultaneous ? Targets.SimultaneousOverFloor : null });
        report(Figure.MedianOf($"{name}: original over episode", numbers.Select(e => Targets.OriginalSeconds / Whole(e)), "x") with
        {
            Note = simultaneous
                ? $"the original took {Targets.OriginalSeconds} s on a machine of two cores; it computes what sequential computes, and simultaneous computes less: see both"
                : $"the original took {Targets.OriginalSeconds} s on a machine of two cores; sequential is its computation",
        });
    }
}
