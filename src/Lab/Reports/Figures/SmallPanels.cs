namespace Simulator.Lab.Reports.Figures;

/// <summary>
/// A panel for each treatment, where there are too many for lines in one: its curves, and in grey those of the first treatment. Where even panels are too many, a map of treatments and
/// learning rates with where each curve ends.
/// </summary>
internal static class SmallPanels
{
    /// <summary>More panels nobody looks through.</summary>
    private const int Most = 60;

    private const int Columns = 4;
    private const int Height = 230;

    /// <summary>The grey of the first treatment.</summary>
    private const string Grey = "#b5b5b5";

    private static readonly string[] Dashes = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];

    /// <summary>How notes say it; a space before it.</summary>
    internal static string Note(ReportData data) => data.TreatmentNames.Count <= Most
        ? $" A panel for each treatment, over all its learning rates; grey: {data.TreatmentNames[0]}."
        : " A row for each treatment, a column for the learning rates (actor / critic): the last value of each.";

    /// <summary>Draws the curves.</summary>
    /// <param name="data">The data.</param>
    /// <param name="x">Axis along x, the same in all panels.</param>
    /// <param name="y">Axis along y, the same in all panels.</param>
    /// <param name="series">Names of the curves of a panel.</param>
    /// <param name="of">A curve of a line, by its place among the names.</param>
    /// <param name="shape">plotly's word for the shape of lines.</param>
    /// <param name="level">A level in each panel, with its words.</param>
    internal static Plot Of(ReportData data, Axis x, Axis y, IReadOnlyList<string> series, Func<LineGroup, int, Curve> of, string shape = "linear", (double Value, string Text)? level = null)
    {
        if (data.TreatmentNames.Count > Most)
        {
            return Map(data, y, series, of);
        }

        var plot = new Plot(data.Lines.Count, Columns, Height);
        var reference = series.Select((_, s) => of(data.Lines[0], s)).ToList();
        foreach (var (panel, line) in data.Lines.Index())
        {
            plot.Panel(panel, line.Label, (panel + Columns >= data.Lines.Count ? x : x with { Title = "" }) with { Shared = true }, (panel % Columns == 0 ? y : y with { Title = "" }) with { Shared = true });
            if (level is { } at)
            {
                plot.Level(panel, at.Value, panel == 0 ? at.Text : "");
            }

            foreach (var (s, name) in series.Index())
            {
                if (panel > 0 && reference[s].HasValues)
                {
                    plot.Line(panel, $"{data.Lines[0].Label}{(series.Count > 1 ? $", {name}" : "")}", new Look(Grey, Dashes[s % Dashes.Length]), reference[s].X, reference[s].Y, shape: shape, inTable: false);
                }
            }

            foreach (var (s, name) in series.Index())
            {
                var curve = panel == 0 ? reference[s] : of(line, s);
                if (curve.HasValues)
                {
                    plot.Line(panel, series.Count > 1 ? name : "the panel's treatment", new Look(ReportData.Colour(s), Dashes[s % Dashes.Length]), curve.X, curve.Y, Ends(curve.Low), Ends(curve.High), shape, band: series.Count == 1);
                }
            }
        }

        return plot;
    }

    private static double?[]? Ends(double?[] ends) => ends.Length > 0 ? ends : null;

    private static Plot Map(ReportData data, Axis quantity, IReadOnlyList<string> series, Func<LineGroup, int, Curve> of)
    {
        var table = new CsvTable("series", "treatment", "actor_rate", "critic_rate", "last");
        var rates = data.Configurations.Select(c => (c.ActorRate, c.CriticRate)).Distinct().Order().ToList();
        var plot = new Plot(series.Count, 1, 120 + (14 * data.TreatmentNames.Count), table);
        object[] x = [.. rates.Select(r => (object)$"{ReferenceLayout.Rate(r.ActorRate)} / {ReferenceLayout.Rate(r.CriticRate)}")];
        object[] y = [.. data.TreatmentNames.Reverse()];
        foreach (var (panel, name) in series.Index())
        {
            var values = Array.ConvertAll(y, _ => new double?[x.Length]);
            foreach (var c in data.Configurations)
            {
                var last = of(new LineGroup(c.Label, new Look(Grey), [c]), panel).Last;
                table.Add(name, c.Treatment, c.ActorRate, c.CriticRate, last);
                values[Array.IndexOf(y, c.Treatment)][rates.IndexOf((c.ActorRate, c.CriticRate))] = !quantity.Log ? last : last > 0 ? Math.Log10(last.Value) : null;
            }

            var present = values.SelectMany(v => v).OfType<double>().DefaultIfEmpty(0).ToList();
            plot.Panel(panel, name, new Axis("") { Categories = [.. x.Cast<string>()] }, new Axis("") { Categories = [.. y.Cast<string>()] })
                .Map(panel, x, y, values, new MapLook(quantity.Log ? $"log10 of {quantity.Title}" : quantity.Title, present.Min(), present.Max()));
        }

        return plot;
    }
}
