namespace Simulator.Lab.Benchmarks;

/// <summary>A part and what it measured.</summary>
/// <param name="Part">The part.</param>
/// <param name="Figures">Its figures, in order.</param>
public sealed record PartFigures(BenchmarkPart Part, IReadOnlyList<Figure> Figures);

/// <summary>All that <c>simulator bench</c> can measure.</summary>
public static class BenchmarkSuite
{
    /// <summary>The parts, in the order in which they are measured.</summary>
    public static IReadOnlyList<BenchmarkPart> Parts { get; } =
        [new GemmPart(), new EpisodePart(), new ActorPart(), new GridPart(), new PhysicsPart(), new PopulationPart(), new CellSizePart()];

    /// <summary>Measures parts one after the other, so that none takes another's time. A part that cannot be measured says so in its figures, and the others go on.</summary>
    /// <param name="parts">What to measure.</param>
    /// <param name="context">Settings, and what parts share.</param>
    /// <param name="begun">Told each part before it is measured.</param>
    /// <param name="done">Told the figures of each part as soon as it is measured; those that were there, where it was interrupted.</param>
    /// <param name="cancellation">Ends the measurement early.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static async Task RunAsync(
        IEnumerable<BenchmarkPart> parts, BenchmarkContext context, Action<BenchmarkPart> begun, Action<PartFigures> done, CancellationToken cancellation)
    {
        foreach (var part in parts)
        {
            cancellation.ThrowIfCancellationRequested();
            begun(part);
            var figures = new List<Figure>();
            try
            {
                await part.MeasureAsync(context, figures.Add, cancellation).ConfigureAwait(false);
            }
            catch (MeasurementException error)
            {
                figures.Add(Figure.Missing(part.Title, "-", error.Message));
            }
            finally
            {
                if (figures.Count > 0)
                {
                    done(new PartFigures(part, figures));
                }
            }
        }
    }
}
