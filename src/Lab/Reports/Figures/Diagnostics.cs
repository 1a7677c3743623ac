namespace Simulator.Lab.Reports.Figures;

/// <summary>What the outputs do, action by action: sides, stuck and boundary outputs, variance, dormant units.</summary>
internal static class Diagnostics
{
    /// <summary>Names of the three outputs of a policy.</summary>
    internal static readonly string[] Actions = ["offload", "cpu", "power"];

    /// <summary>More groups of bars than these need the width of the page.</summary>
    private const int WideLines = 8;

    internal static Section Of(ReportData data)
    {
        var section = new Section("What do saturated policies do?");
        Over(section, data, "variance", "Variance of actions across states", "{0}_variance", "variance of a", VarianceFinding, "How much an action still depends on what the policy observes.", log: true);
        Stuck(section, data);
        Sides(section, data);
        if (Has(data, "dormant_units"))
        {
            section.Add(GradientFigures.Lines(
                data, "dormant", "Dormant hidden units of actors", [("dormant_units", "")], "share of hidden units", DormantFinding(data), "A unit is dormant where its mean activation is at most 0.025 of its layer's. Source: Sokar et al., ICML 2023.", log: false, range: [0, 1.02]));
        }
        else
        {
            section.Omit("Dormant hidden units", Absent);
        }

        return section;
    }

    private const string Absent = "the runs have no such columns in episodes.parquet";

    private static bool Has(ReportData data, string column) => data.Learning.Any(c => c.EpisodeTable?[column] is not null);

    private static double? Late(RecordedCell cell, string column) => cell.Facts?.Late(column);

    private static void Over(Section section, ReportData data, string id, string title, string pattern, string quantity, Func<ReportData, string> finding, string note, bool log)
    {
        var panels = Actions.Select(a => (string.Format(System.Globalization.CultureInfo.InvariantCulture, pattern, a), a)).Where(p => Has(data, p.Item1)).ToArray();
        if (panels.Length == 0)
        {
            section.Omit(title, Absent);
        }
        else
        {
            section.Add(GradientFigures.Lines(data, id, title, panels, quantity, finding(data), note, log));
        }
    }

    private static string VarianceFinding(ReportData data)
    {
        var late = data.Learning.Select(c => Actions.Select(a => Late(c, $"{a}_variance")).OfType<double>().DefaultIfEmpty(double.NaN).Max()).Where(double.IsFinite).ToList();
        return $"In {late.Count(v => v < 1e-4)} of {Numbers.Count(late.Count, "cell")} no action varies by more than 0.01 (standard deviation) between the states of the last 50 episodes: their policies no longer look at what they observe.";
    }

    private static string DormantFinding(ReportData data)
    {
        var late = data.Learning.Select(c => (Cell: c, Share: Late(c, "dormant_units"))).Where(c => c.Share is not null).OrderBy(c => c.Share).ToList();
        return late.Count == 1
            ? $"At the end {Numbers.Percent(late[0].Share!.Value)} of the hidden units are dormant."
            : $"At the end the share of dormant units goes from {Numbers.Percent(late[0].Share!.Value)} ({late[0].Cell.Name}) to {Numbers.Percent(late[^1].Share!.Value)} ({late[^1].Cell.Name}).";
    }

    /// <summary>Bars of the last episodes, a panel for each action.</summary>
    private static Plot Bars(ReportData data, (string Name, string Colour, Func<RecordedCell, string, double?> Of)[] parts, string quantity)
    {
        var plot = new Plot(Actions.Length, data.Lines.Count > WideLines ? 1 : 3, 330);
        foreach (var (panel, action) in Actions.Index())
        {
            plot.Panel(panel, action, new Axis("") { Categories = [.. data.Lines.Select(l => l.Label)] }, new Axis(panel == 0 || data.Lines.Count > WideLines ? quantity : "", Range: [0, 1.02]));
            foreach (var (name, colour, of) in parts)
            {
                plot.Bars(panel, name, new Look(colour), [.. data.Lines.Select(l => l.Label)], [.. data.Lines.Select(l => Average(l.Cells.Select(c => of(c, action))))]);
            }
        }

        return plot;
    }

    private static double? Average(IEnumerable<double?> values) => values.OfType<double>().ToList() is { Count: > 0 } present ? present.Average() : null;

    private static void Stuck(Section section, ReportData data)
    {
        const string Title = "Saturated outputs: stuck, or at the optimum's boundary?";
        if (!Actions.Any(a => Has(data, $"{a}_stuck")))
        {
            section.Omit(Title, Absent);
            return;
        }

        var plot = Bars(
            data,
            [
                ("gradient points inward (stuck)", "#D55E00", (c, a) => Late(c, $"{a}_stuck")),
                ("gradient points outward (boundary)", "#0072B2", (c, a) => Late(c, $"{a}_boundary")),
                ("no gradient", "#BBBBBB", (c, a) => Late(c, $"{a}_stuck") is { } s ? Math.Max(0, 1 - s - (Late(c, $"{a}_boundary") ?? 0)) : null),
            ],
            "share of saturated outputs");
        var stuck = data.Learning.SelectMany(c => Actions.Select(a => Late(c, $"{a}_stuck"))).OfType<double>().ToList();
        var finding = stuck.Count == 0
            ? "In the last 50 episodes no output was saturated."
            : $"Of the saturated outputs of an agent the critic would move {Numbers.Percent(stuck.Average())} inward: they are stuck. That is the mean over agents and updates of the last 50 episodes, actions and cells, each counting the same however many saturated outputs it has.";
        section.Add(new Figure("stuck", Title, finding, plot, $"Of the last 50 episodes of each cell: the mean over updates and agents with saturated outputs (|a| > {data.Threshold}), each counting the same however many it has. Inward: the ascent direction -dL/da leads away from the bound."));
    }

    private static void Sides(Section section, ReportData data)
    {
        const string Title = "Sides of saturation";
        if (!Actions.Any(a => Has(data, $"{a}_low_90")))
        {
            section.Omit(Title, Absent);
            return;
        }

        var plot = Bars(
            data,
            [
                ("a < -0.99", "#0072B2", (c, a) => Late(c, $"{a}_low_99")),
                ("-0.99 to -0.9", "#56B4E9", (c, a) => Late(c, $"{a}_low_90") - Late(c, $"{a}_low_99")),
                ("0.9 to 0.99", "#E69F00", (c, a) => Late(c, $"{a}_high_90") - Late(c, $"{a}_high_99")),
                ("a > 0.99", "#D55E00", (c, a) => Late(c, $"{a}_high_99")),
            ],
            "share of outputs");
        var sides = Actions.Select(a => (Action: a, Low: Average(data.Learning.Select(c => Late(c, $"{a}_low_90"))) ?? 0, High: Average(data.Learning.Select(c => Late(c, $"{a}_high_90"))) ?? 0));
        var words = string.Join(", ", sides.Select(s => $"{s.Action} {Numbers.Percent(s.Low)} low and {Numbers.Percent(s.High)} high"));
        section.Add(new Figure("sides", Title, $"Beyond 0.9 over the last 50 episodes, mean over cells: {words}.", plot, "Of the last 50 episodes of each cell; the rest lies between."));
    }
}
