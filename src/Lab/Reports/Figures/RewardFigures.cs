using Simulator.Environment;
using Simulator.Lab.Statistics;

namespace Simulator.Lab.Reports.Figures;

/// <summary>What policies earn, beside policies that never learned.</summary>
internal static class RewardFigures
{
    /// <summary>Episodes that a training reward is averaged over.</summary>
    private const int Recent = 50;

    /// <summary>More names than these along an axis need the width of the page.</summary>
    private const int WideLines = 8;

    internal static Section Of(ReportData data)
    {
        var section = new Section("What do trained policies earn?");
        var measured = data.Learning.Where(c => c.Results is not null).ToList();
        if (measured.Count == 0)
        {
            section.Omit("Each figure of rewards", "no cell has results.json");
            return section;
        }

        if (measured.Any(c => c.EpisodeTable?["reward"] is not null))
        {
            section.Add(Training(data));
        }
        else
        {
            section.Omit("Rewards in training", "the cells' tables are missing");
        }

        if (measured.Any(c => c.Results!.Evaluations.Count > 1))
        {
            section.Add(Evaluation(data));
        }
        else
        {
            section.Omit("Learning curves without exploration", "no cell was evaluated more than once");
        }

        section.Add(Ends(data, measured));
        Violating(data, measured, section);
        return section;
    }

    /// <summary>Whether rewards are all costs: then figures show the cost, which spans decades, on a logarithmic axis.</summary>
    private static bool AreCosts(IEnumerable<double?> rewards) => rewards.All(r => r is null or < 0);

    private static Axis CostAxis(bool costs) => costs ? new Axis("cost of an episode (-reward)", Log: true, Reversed: true) : new Axis("reward of an episode");

    /// <summary>What a line is the mean of, and its band.</summary>
    private static string Means(ReportData data) => !data.Lines.Any(l => l.Cells.Count > 1)
        ? "Each line is one cell."
        : $"Lines are means over {(data.LinesAre == "configuration" ? "seeds" : $"the cells of each {data.LinesAre}")}{(data.Spread is { Length: > 0 } spread ? $", bands {spread}" : "")}; a cell that has ended drops out of the mean{(data.Lines.Any(l => l.Seeds >= Bootstrap.FewestSeeds) ? $", and an interval ends where fewer than {Bootstrap.FewestSeeds} seeds are left" : "")}.";

    private static Figure Training(ReportData data)
    {
        var curves = data.Lines.Select(l => (Line: l, Curve: data.Windows.Mean(l, "reward"))).Where(c => c.Curve.HasValues).ToList();
        var costs = AreCosts(curves.SelectMany(c => c.Curve.Y));
        var plot = Draw(data, new Axis("episode"), curves, costs);
        var better = curves.Count(c => c.Curve.Last > c.Curve.Y.First(y => y is not null));
        return new Figure(
            "learning", "Learning curves, with exploration",
            curves.Count == 1 ? $"Training {(better == 1 ? "ends better" : "ends no better")} than it began." : $"{better} of {curves.Count} curves end better than they began.",
            plot, $"{Means(data)} Up is better.{(data.InPanels ? SmallPanels.Note(data) : "")} {data.Windows.InWords}");
    }

    private static Figure Evaluation(ReportData data)
    {
        var curves = new List<(LineGroup Line, Curve Curve)>();
        foreach (var line in data.Lines)
        {
            var cells = line.Cells.Where(c => c.Results is not null).ToList();
            var episodes = cells.SelectMany(c => c.Results!.Evaluations.Select(e => e.Episode)).Distinct().Order().ToArray();
            var estimates = Bootstrap.MeanCurve([.. line.Configurations.Select(g => (IReadOnlyList<SeedCurve>)[.. g.Cells.Where(c => c.Results is not null)
                .Select(c => new SeedCurve(c.Seed, Array.ConvertAll(episodes, e => c.Results!.Evaluations.FirstOrDefault(v => v.Episode == e)?.Reward)))]).Where(s => s.Count > 0)]);
            var curve = new Curve([.. episodes.Take(estimates.Length).Select(e => (double)e)], [.. estimates.Select(e => e?.Value)], [.. estimates.Select(e => e?.Low)], [.. estimates.Select(e => e?.High)]);
            if (curve.HasValues)
            {
                curves.Add((line, curve));
            }
        }

        var costs = AreCosts(curves.SelectMany(c => c.Curve.Y));
        var plot = Draw(data, new Axis("finished training episodes"), curves, costs);
        var best = curves.MaxBy(c => c.Curve.Last);
        var finding = !data.OneProblem ? NotOneProblem : best.Curve?.Last is { } reward ? $"{best.Line.Label} ends best, with {Numbers.Plain(reward)} an episode without exploration." : "No evaluation has a finite reward.";
        return new Figure("evaluation", "Learning curves, without exploration", finding, plot, $"On the evaluation episodes of each cell. {Means(data)} Up is better.{(data.InPanels ? SmallPanels.Note(data) : "")}");
    }

    /// <summary>The curves beside the best constant policy.</summary>
    private static Plot Draw(ReportData data, Axis x, List<(LineGroup Line, Curve Curve)> curves, bool costs)
    {
        Curve Shown(Curve curve) => costs ? new Curve(curve.X, Negated(curve.Y), Negated(curve.High), Negated(curve.Low)) : curve;
        var constants = data.OneProblem ? data.Learning.Select(c => c.BestConstant).OfType<double>().ToList() : [];
        (double, string)? best = constants.Count > 0 && (!costs || constants.Max() < 0) ? (constants.Average() * (costs ? -1 : 1), $"best constant policy ({Numbers.Plain(constants.Average())})") : null;
        if (data.InPanels)
        {
            return SmallPanels.Of(data, x, CostAxis(costs), ["reward"], (line, _) => curves.Find(c => ReferenceEquals(c.Line, line)).Curve is { } curve ? Shown(curve) : new Curve([], [], [], []), level: best);
        }

        var plot = new Plot();
        plot.Panel(0, "", x, CostAxis(costs));
        foreach (var (line, curve) in curves)
        {
            var shown = Shown(curve);
            plot.Line(0, line.Label, line.Look, shown.X, shown.Y, shown.Low, shown.High);
        }

        return best is var (level, text) ? plot.Level(0, level, text) : plot;
    }

    private const string NotOneProblem = "The cells' environments, clients or evaluation episodes differ, so their rewards are not compared.";

    private static double?[] Negated(double?[] values) => Array.ConvertAll(values, v => -v);

    private static Figure Ends(ReportData data, IReadOnlyList<RecordedCell> measured)
    {
        var series = new (string Name, Look Look, Func<RecordedCell, double?> Of)[]
        {
            ($"training, {Recent} episodes before the stop", new Look("#D55E00", Symbol: "x"), c => c.StoppingEpisode is { } e ? CellFacts.RewardBefore(c.Results!, e, Recent) : null),
            ($"training, last {Recent} episodes", new Look("#0072B2"), c => CellFacts.RewardBefore(c.Results!, c.Episodes, Recent)),
            ("last evaluation, without exploration", new Look("#009E73", Symbol: "diamond"), c => c.Evaluation),
            ("best constant policy", new Look("#000000", Symbol: "line-ns-open"), c => c.BestConstant),
            ("greedy rule", new Look("#CC79A7", Symbol: "line-ns-open"), c => c.Results!.Baselines.Where(b => !Baselines.IsConstant(b.Key)).Select(b => (double?)b.Value).Max()),
        };
        var costs = AreCosts(measured.SelectMany(c => series.Select(s => s.Of(c))));
        var labels = data.Configurations.Count <= 48 ? data.Configurations.Select(c => new LineGroup(c.Label, new Look("#000000"), [c])).ToList() : data.Lines;
        var plot = new Plot(height: 140 + (22 * labels.Count));
        plot.Panel(0, "", costs ? new Axis("cost of an episode (-reward)", Log: true, Reversed: true) : new Axis("reward of an episode"), new Axis("") { Categories = [.. labels.Select(l => l.Label).Reverse()] });
        foreach (var (name, look, of) in series)
        {
            var estimates = labels.Select(l => (l.Label, Rewards: l.Strata(c => c.Results is null ? null : of(c)))).Where(l => l.Rewards.Count > 0)
                .Select(l => (l.Label, Estimate: Bootstrap.Mean(l.Rewards))).ToList();
            if (estimates.Count > 0)
            {
                plot.Points(
                    0, name, look, [.. estimates.Select(e => (object)(costs ? -e.Estimate.Value : e.Estimate.Value))], [.. estimates.Select(e => (object)e.Label)],
                    new Interval(
                        [.. estimates.Select(e => costs ? e.Estimate.High - e.Estimate.Value : e.Estimate.Value - e.Estimate.Low)],
                        [.. estimates.Select(e => costs ? e.Estimate.Value - e.Estimate.Low : e.Estimate.High - e.Estimate.Value)], AlongX: true));
            }
        }

        return new Figure("reward-ends", "Reward at the stop and at the end, beside policies that never learned", Answer.Earning(data) ?? "No cell was evaluated without exploration.", plot,
            $"Points further right are better.{(labels.Any(l => l.Cells.Count > 1) ? $" They are means over {(data.SeveralSeeds && labels.Count == data.Configurations.Count ? "seeds" : "cells")}{(ReportData.SpreadOf(labels.Select(l => l.Seeds)) is { Length: > 0 } spread ? $", bars {spread}" : "")}." : "")} Constant policies and the greedy rule are those of each cell's own evaluation episodes.");
    }

    private static void Violating(ReportData data, IReadOnlyList<RecordedCell> measured, Section section)
    {
        const string Title = "Violated constraints without exploration";
        var cells = measured.Where(c => c.Results!.EvaluationAfter(c.Episodes) is { Violations: var v } && (v.Server ?? v.Deadline ?? v.Energy) is not null).ToList();
        if (cells.Count == 0)
        {
            section.Omit(Title, "the runs have no violation ratios of evaluations");
            return;
        }

        var columns = data.Lines.Count > WideLines ? 1 : 3;
        var plot = new Plot(3, columns, 330);
        var constraints = new (string Name, Func<Violations, double?> Of)[] { ("server", v => v.Server), ("deadline", v => v.Deadline), ("energy", v => v.Energy) };
        foreach (var (panel, (name, of)) in constraints.Index())
        {
            plot.Panel(panel, name, new Axis("") { Categories = [.. data.Lines.Select(l => l.Label)] }, new Axis(panel % columns == 0 ? "share of clients" : "", Range: [-0.02, 1.02]));
            foreach (var (label, look, pick) in new (string, Look, Func<RecordedCell, double?>)[]
            {
                ("last evaluation", new Look("#009E73", Symbol: "diamond"), c => of(c.Results!.Evaluations[^1].Violations)),
                ("best constant policy", new Look("#000000", Symbol: "line-ew-open"), c => Best(c.Results!) is { } best ? of(best) : null),
            })
            {
                var points = data.Lines.Select(l => (l.Label, Values: l.Cells.Where(cells.Contains).Select(pick).OfType<double>().ToList())).Where(p => p.Values.Count > 0).ToList();
                if (points.Count > 0)
                {
                    plot.Points(panel, label, look, [.. points.Select(p => (object)p.Label)], [.. points.Select(p => (object)p.Values.Average())]);
                }
            }
        }

        var means = constraints.Select(k => (k.Name, Values: cells.Select(c => k.Of(c.Results!.Evaluations[^1].Violations)).OfType<double>().ToList())).Where(k => k.Values.Count > 0);
        section.Add(new Figure("violations", Title, $"At the last evaluation, mean over cells: {string.Join(", ", means.Select(k => $"{k.Name} {Numbers.Percent(k.Values.Average())}"))} of the clients.", plot,
            "Server: clients that asked to offload and were not taken. Deadline: tasks that were late. Energy: batteries under their reserve."));
    }

    private static Violations? Best(CellResults results) =>
        results.Baselines.Where(b => Baselines.IsConstant(b.Key)).OrderByDescending(b => b.Value).Select(b => b.Key).FirstOrDefault() is { } name
        && results.BaselineViolations.TryGetValue(name, out var violations) ? violations : null;
}
