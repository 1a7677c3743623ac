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
        var parts = outcomes.Select(o => (o.Name, All: new KaplanMeier(Lifetimes(data.Learning, o.Of, o.TakesWindow)))).Select(o => $"{Numbers.Percent(o.All.Steps.Count > 0 ? o.All.Steps[^1].Survival : 1)} {o.Name}");
        var bands = data.Lines.Count <= MostBands;
        Plot plot;
        if (data.InPanels)
        {
            plot = SmallPanels.Of(data, new Axis("episode"), new Axis("share of agents", Range: [-0.02, 1.02]), [.. outcomes.Select(o => o.Name)], (line, s) => Steps(Lifetimes(line.Cells, outcomes[s].Of, outcomes[s].TakesWindow)), Plot.Steps);
        }
        else
        {
            plot = new Plot(3, 3, 340);
            foreach (var (panel, (name, of, takesWindow)) in outcomes.Index())
            {
                plot.Panel(panel, name, new Axis("episode"), new Axis(panel == 0 ? "share of agents" : "", Range: [-0.02, 1.02]));
                foreach (var line in data.Lines)
                {
                    Draw(plot, panel, line, Lifetimes(line.Cells, of, takesWindow), bands);
                }
            }
        }

        return new Figure("survival", "Survival of agents", $"Of all agents together the estimated shares at the end are {string.Join(", ", parts)}{Early(data)}.", plot,
            $"Kaplan-Meier estimates; an agent without the event is censored at the last episode of its cell, or, as gradient death and freeze are dated to the first of W updates, at the last at which these could be seen to begin. Early stopping ends a cell because its agents froze, so this censoring is not independent of what is measured. {(bands ? "Bands are 95 % log-log intervals. They" : "The table has 95 % log-log intervals, which")} take agents as independent, which those of one cell are not: read them as the least uncertainty.{(data.InPanels ? SmallPanels.Note(data) : "")}");
    }

    private static Figure Stops(ReportData data)
    {
        static List<Lifetime> Lives(LineGroup line) => [.. line.Cells.Select(c => new Lifetime(c.StoppingEpisode ?? c.Episodes, c.StoppingEpisode is not null))];
        var (x, y) = (new Axis("episode"), new Axis("share of cells that have not stopped", Range: [-0.02, 1.02]));
        var plot = data.InPanels ? SmallPanels.Of(data, x, y, ["cells"], (line, _) => Steps(Lives(line)), Plot.Steps) : new Plot().Panel(0, "", x, y);
        foreach (var line in data.InPanels ? [] : data.Lines)
        {
            Draw(plot, 0, line, Lives(line), data.Lines.Count <= MostBands);
        }

        var stopped = data.Learning.Count(c => c.StoppingEpisode is not null);
        return new Figure("survival-cells", "Survival of cells", $"{stopped} of {Numbers.Count(data.Learning.Count, "cell")} stopped; the others are censored at their last episode{Early(data)}.", plot,
            "Kaplan-Meier estimates of the reference stopping episode over seeds, with 95 % log-log intervals in the table." + (data.InPanels ? SmallPanels.Note(data) : ""));
    }

    /// <summary>Which cells are censored without having survived, in words; nothing where there are none.</summary>
    private static string Early(ReportData data) => StoppingFigures.EarlyEnds(data) is { Length: > 0 } early ? $"{early}, which counts as censored here and is no survival" : "";

    private static void Draw(Plot plot, int panel, LineGroup line, List<Lifetime> lifetimes, bool bands)
    {
        if (Steps(lifetimes) is { HasValues: true } curve)
        {
            plot.Line(panel, line.Label, line.Look, curve.X, curve.Y, curve.Low, curve.High, shape: Plot.Steps, band: bands);
        }
    }

    /// <summary>The curve of survival, from 1 at 0 to the last observation; without values where nobody was observed.</summary>
    private static Curve Steps(List<Lifetime> lifetimes)
    {
        if (lifetimes.Count == 0)
        {
            return new Curve([], [], [], []);
        }

        var steps = new KaplanMeier(lifetimes).Steps;
        var last = lifetimes.Max(l => l.Time);
        double[] x = [0, .. steps.Select(s => s.Time), .. steps.Count > 0 && steps[^1].Time >= last ? Array.Empty<double>() : [last]];
        double?[] Padded(Func<SurvivalStep, double?> of, double? first) => [first, .. steps.Select(of), .. x.Length > steps.Count + 1 ? [steps.Count > 0 ? of(steps[^1]) : first] : Array.Empty<double?>()];
        return new Curve(x, Padded(s => s.Survival, 1), Padded(s => s.Low, null), Padded(s => s.High, null));
    }

    private static void States(ReportData data, Section section)
    {
        const string Title = "States of agents over time";
        var states = new (string Column, string Name)[] { ("agents_learning", "learning"), ("agents_saturated", "saturated"), ("agents_dead", "without gradient"), ("agents_frozen", "frozen") };
        if (!data.Learning.Any(c => c.EpisodeTable?["agents_learning"] is not null))
        {
            section.Omit(Title, "the cells' tables are missing");
            return;
        }

        var last = states.Select(s => (s.Name, Agents: data.Learning.Sum(c => c.Facts?.Last(s.Column) ?? 0))).ToList();
        var all = last.Sum(s => s.Agents);
        section.Add(GradientFigures.Lines(data, "states", Title, states, "agents of a cell", $"At the end of their cells, of {Numbers.Plain(all)} agents: {string.Join(", ", last.Select(s => $"{Numbers.Percent(all > 0 ? s.Agents / all : 0)} {s.Name}"))}.",
            "Each agent is in the first state that holds of frozen, without gradient, saturated, learning.", log: false));
    }
}
