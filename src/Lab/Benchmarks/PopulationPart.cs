namespace Simulator.Lab.Benchmarks;

/// <summary>Large populations of cells of 50 clients: steps of clients a second, and memory.</summary>
internal sealed class PopulationPart : BenchmarkPart
{
    private const int Replay = 500;
    private const double GiB = 1L << 30;

    /// <inheritdoc/>
    public override string Name => "population";

    /// <inheritdoc/>
    public override string Title => $"Populations of cells of {PopulationSize.ClientsEach} clients, each in a process of its own (replay memories of {Replay} transitions)";

    /// <inheritdoc/>
    public override async Task MeasureAsync(BenchmarkContext context, Action<Figure> report, CancellationToken cancellation)
    {
        foreach (var size in context.Settings.Sizes)
        {
            var name = $"{size.Clients:#,0} {(size.Acting ? "acting" : "learning")}";
            try
            {
                // Large ones are measured over few episodes: each takes the more time.
                var episodes = context.Settings.Episodes(Math.Clamp(50_000 / size.Clients, 2, 20));
                var answer = await context.Trials(
                    new TrialRequest(
                        size.Clients / PopulationSize.ClientsEach, PopulationSize.ClientsEach, Replay, size.Acting, Math.Clamp(50_000 / size.Clients, 2, 50), episodes, context.Settings.Limit.TotalSeconds),
                    cancellation).ConfigureAwait(false);
                Report(name, size, answer, report);
            }
            catch (MeasurementException error)
            {
                report(Figure.Missing($"{name}: client steps", "1/s", error.Message));
            }
        }
    }

    private static void Report(string name, PopulationSize size, TrialAnswer answer, Action<Figure> report)
    {
        if (answer.Steps == 0)
        {
            report(Figure.Missing($"{name}: client steps", "1/s", "the time was over before an episode was measured"));
            return;
        }

        var note = answer.WarmedUp ? null : $"the time was over before the warm-up was: from the start on{(size.Acting ? string.Empty : ", most cells without having learned")}";
        report(new Figure($"{name}: client steps", answer.Steps / answer.MeasuredSeconds, "1/s")
        {
            Target = answer.WarmedUp && size is { Acting: true, Clients: Targets.ActingClients } ? Targets.ActingSteps : null,
            Note = note,
        });
        var seconds = answer.Seconds.Length > 0
            ? Figure.MedianOf($"{name}: episode", answer.Seconds, "s")
            : new Figure($"{name}: episode", answer.MeasuredSeconds * size.Clients * new Environment.EnvironmentOptions().Steps / answer.Steps, "s") { Note = "from the steps done, none complete in time" };
        report(seconds with { Target = answer.WarmedUp && size is { Acting: false, Clients: Targets.LearningClients } ? Targets.LearningSeconds : null });
        report(new Figure($"{name}: resident for each client", (double)(answer.ResidentAfter - answer.ResidentBefore) / size.Clients, "bytes"));
        report(new Figure($"{name}: resident at most, whole process", answer.ResidentPeak / GiB, "GiB")
        {
            Target = size is { Acting: true, Clients: Targets.ActingClients } or { Acting: false, Clients: Targets.LearningClients } ? Targets.ResidentGiB : null,
        });
    }
}
