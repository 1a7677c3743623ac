using Simulator.Lab.Statistics;

namespace Simulator.Lab.Reports.Figures;

/// <summary>How long agents go on learning, under censoring at the last episode of their cell.</summary>
internal static class SurvivalFigures
{
    /// <summary>Beyond so many lines their intervals would hide one another.</summary>
    private const int MostBands = 4;

    internal static Section Of(ReportData data)
    {
        var section = new Section("How long do agents go on learning?");
        var measured = data.Learning.Where(c => c.Results is { Freeze.Length: > 0 }).ToList();
        if (measured.Count == 0)
        {
            section.Omit("Survival curves", "no cell has results.json with outcomes of its agents");
        }
        else
        {
            section.Add(Agents(data));
            if (data.Configurations.Any(c => c.Cells.Count > 2) || data.Lines.Any(l => l.Cells.Count > 2))
            {
                section.Add(Stops(data));
            }
            else
            {
                section.Omit("Survival of cells", "no line stands for more than two cells");
            }
        }

        States(data, section);
        return section;
    }

    /// <summary>The lifetimes of agents: the event's episode, or censored at the last episode of their cell at which it could be seen to begin.</summary>
    /// <param name="cells">The cells.</param>
    /// <param name="of">The event.</param>
    /// <param name="takesWindow">Whether the event is dated to the first of W updates, and so cannot be seen to begin in the last W - 1.</param>
    internal static List<Lifetime> Lifetimes(IEnumerable<RecordedCell> cells, Func<CellResults, int?[]> of, bool takesWindow = false) =>
        [.. cells.Where(c => c.Results is not null).SelectMany(c => of(c.Results!).Select(e => new Lifetime(e ?? Math.Max(0, c.Episodes - (takesWindow ? c.Unseen : 0)), e is not null)))];

    private static Figure Agents(ReportData data)
    {
        var outcomes = new (string Name, Func<CellResults, int?[]> Of, bool TakesWindow)[] { ("without saturation", r => r.Onset, false), ("without gradient death", r => r.GradientDeath, true), ("without freeze", r => r.Freeze, true) };
        var plot = new Plot(3, 3, 340);
        var parts = new List<string>();
        foreach (var (panel, (name, of, takesWindow)) in outcomes.Index())
        {
            plot.Panel(panel, name, new Axis("episode"), new Axis(panel == 0 ? "share of agents" : "", Range: [-0.02, 1.02]));
            foreach (var line in data.Lines)
            {
                Draw(plot, panel, line, Lifetimes(line.Cells, of, takesWindow), data.Lines.Count <= MostBands);
            }

            var all = new KaplanMeier(Lifetimes(data.Learning, of, takesWindow));
            parts.Add($"{Numbers.Percent(all.Steps.Count > 0 ? all.Steps[^1].Survival : 1)} {name}");
        }

        return new Figure("survival", "Survival of agents", $"Of all agents together the estimated shares at the end are {string.Join(", ", parts)}.", plot,
            $"Kaplan-Meier estimates; an agent without the event is censored at the last episode of its cell, or, as gradient death and freeze are dated to the first of W updates, at the last at which these could be seen to begin. Early stopping ends a cell because its agents froze, so this censoring is not independent of what is measured. {(data.Lines.Count <= MostBands ? "Bands are 95 % log-log intervals. They" : "The table has 95 % log-log intervals, which")} take agents as independent, which those of one cell are not: read them as the least uncertainty.");
    }

    private static Figure Stops(ReportData data)
    {
        var plot = new Plot();
        plot.Panel(0, "", new Axis("episode"), new Axis("share of cells that have not stopped", Range: [-0.02, 1.02]));
        foreach (var line in data.Lines)
        {
            Draw(plot, 0, line, [.. line.Cells.Select(c => new Lifetime(c.StoppingEpisode ?? c.Episodes, c.StoppingEpisode is not null))], data.Lines.Count <= MostBands);
        }

        var stopped = data.Learning.Count(c => c.StoppingEpisode is not null);
        return new Figure("survival-cells", "Survival of cells", $"{stopped} of {Numbers.Count(data.Learning.Count, "cell")} stopped; the others are censored at their last episode.", plot,
            "Kaplan-Meier estimates of the reference stopping episode over seeds, with 95 % log-log intervals in the table.");
    }

    private static void Draw(Plot plot, int panel, LineGroup line, List<Lifetime> lifetimes, bool bands)
    {
        if (lifetimes.Count == 0)
        {
            return;
        }

        var steps = new KaplanMeier(lifetimes).Steps;
        var last = lifetimes.Max(l => l.Time);
        double[] x = [0, .. steps.Select(s => s.Time), .. steps.Count > 0 && steps[^1].Time >= last ? Array.Empty<double>() : [last]];
        double?[] Padded(Func<SurvivalStep, double?> of, double? first) => [first, .. steps.Select(of), .. x.Length > steps.Count + 1 ? [steps.Count > 0 ? of(steps[^1]) : first] : Array.Empty<double?>()];
        var (y, low, high) = (Padded(s => s.Survival, 1), Padded(s => s.Low, null), Padded(s => s.High, null));
        plot.Line(panel, line.Label, line.Look, x, y, low, high, shape: Plot.Steps, band: bands);
    }

    private static void States(ReportData data, Section section)
    {
        const string Title = "States of agents over time";
        var states = new (string Column, string Name)[] { ("agents_learning", "learning"), ("agents_saturated", "saturated"), ("agents_dead", "without gradient"), ("agents_frozen", "frozen") };
        if (!data.Learning.Any(c => c.EpisodeTable?["agents_learning"] is not null))
        {
            section.Omit(Title, "the cells' tables are missing, or there are too many cells");
            return;
        }

        var last = states.Select(s => (s.Name, Agents: data.Learning.Sum(c => c.EpisodeTable?[s.Column] is { } v ? (double)v[^1] : 0))).ToList();
        var all = last.Sum(s => s.Agents);
        section.Add(GradientFigures.Lines(data, "states", Title, states, "agents of a cell", $"At the end of their cells, of {Numbers.Plain(all)} agents: {string.Join(", ", last.Select(s => $"{Numbers.Percent(all > 0 ? s.Agents / all : 0)} {s.Name}"))}.",
            "Each agent is in the first state that holds of frozen, without gradient, saturated, learning.", log: false));
    }
}
