namespace Simulator.Lab.Benchmarks;

/// <summary>One cell of more and more clients: how time and memory grow with what the critic sees.</summary>
internal sealed class CellSizePart : BenchmarkPart
{
    private const int UsualReplay = 10_000;

    /// <summary>Cells from this size on get a smaller replay memory: 10,000 transitions of 5,000 clients would be 2 GB.</summary>
    private const int ReducedFrom = 1_000;

    private const int ReducedReplay = 1_000;
    private const double GiB = 1L << 30;

    private static readonly int[] Sizes = [50, 200, Targets.LargeCell, 5_000];

    /// <inheritdoc/>
    public override string Name => "cell-size";

    /// <inheritdoc/>
    public override string Title => "One cell of many clients, each in a process of its own";

    /// <inheritdoc/>
    public override async Task MeasureAsync(BenchmarkContext context, Action<Figure> report, CancellationToken cancellation)
    {
        double? smallest = null;
        foreach (var clients in Sizes)
        {
            var name = $"{clients:#,0} clients";
            var replay = clients < ReducedFrom ? UsualReplay : ReducedReplay;
            try
            {
                var episodes = context.Settings.Episodes(Math.Clamp(5_000 / clients, 4, 60));
                var answer = await context.Trials(
                    new TrialRequest(1, clients, replay, Acting: false, Math.Clamp(10_000 / clients, 3, 200), episodes, context.Settings.Limit.TotalSeconds), cancellation).ConfigureAwait(false);
                if (answer.Seconds.Length == 0)
                {
                    throw new MeasurementException("the time was over before an episode was measured");
                }

                var episode = Figure.MedianOf($"{name}: episode", answer.Seconds, "s");
                smallest ??= clients == Sizes[0] ? episode.Value : null;
                report(episode with { Note = replay == UsualReplay ? null : $"replay memory of {replay:#,0} transitions in place of {UsualReplay:#,0}" });
                report(new Figure($"{name}: resident at most, whole process", answer.ResidentPeak / GiB, "GiB"));
                if (smallest is { } one && clients != Sizes[0])
                {
                    report(new Figure($"{name}: episode over one of {Sizes[0]}", episode.Value / one, "x") { Target = clients == Targets.LargeCell ? Targets.LargeCellOverSmall : null });
                }
            }
            catch (MeasurementException error)
            {
                report(Figure.Missing($"{name}: episode", "s", error.Message));
            }
        }
    }
}
