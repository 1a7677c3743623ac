using Simulator.Lab.Statistics;

namespace Simulator.Lab.Reports.Figures;

/// <summary>Where the gradient goes: norms, their asymmetry, layers, factors.</summary>
internal static class GradientFigures
{
    internal static Section Of(ReportData data)
    {
        var section = new Section("Where does the gradient go?");
        if (!data.Learning.Any(c => c.EpisodeTable?["actor_gradient"] is not null))
        {
            section.Omit("Each figure of gradients", "no cell has episodes.parquet with an update in it");
            return section;
        }

        section.Add(Lines(data, "gradients", "Gradients over time", [("actor_gradient", "actors"), ("critic_gradient", "critic")], "L2 norm", GradientFinding(data), "Of the actors: the root mean square over agents."));
        section.Add(Lines(data, "asymmetry", "Asymmetry of gradients over time", [("asymmetry", "")], "actor gradient / critic gradient", AsymmetryFinding(data), "The actors' gradient norm (root mean square over agents) over the critic's."));
        Stopping(data, section);
        Layers(data, section);
        if (data.Learning.Any(c => c.EpisodeTable?["squash_factor"] is not null))
        {
            section.Add(Lines(
                data, "factors", "Factors of the actors' gradient", [("action_gradient", "critic: |dL/da|"), ("squash_factor", "squash: |dL/dz| / |dL/da|"), ("body_factor", "body: |dL/dθ| / |dL/dz|")], "factor",
                Answer.Why(data) ?? "No cell's gradient vanished, so no factor lost it.", "Their product is the actors' gradient norm. The factor that falls is the one that loses the gradient. Penalties and entropy are added behind the squash, and so count in the body alone."));
        }
        else
        {
            section.Omit("The factors of the gradient (critic, squash, body)", "the runs have no such columns in episodes.parquet");
        }

        return section;
    }

    /// <summary>A panel for each column, a line for each group, on a logarithmic axis.</summary>
    internal static Figure Lines(ReportData data, string id, string title, (string Column, string Name)[] panels, string quantity, string finding, string note, bool log = true, double[]? range = null)
    {
        panels = [.. panels.Where(p => data.Learning.Any(c => c.EpisodeTable?[p.Column] is not null))];
        if (data.InPanels)
        {
            Curve Of(LineGroup line, int s) => (log ? data.Windows.Typical(line.Cells, panels[s].Column) : data.Windows.Mean(line, panels[s].Column)) with { Low = [], High = [] };
            var small = SmallPanels.Of(data, new Axis("episode"), new Axis(quantity, log, range), [.. panels.Select(p => p.Name)], Of);
            return new Figure(id, title, finding, small, $"{note} Lines are {(log ? "medians" : "means")} of the cells.{SmallPanels.Note(data)} {data.Windows.InWords}{(log ? " Zero cannot be drawn on a logarithmic axis: the line ends there." : "")}");
        }

        var columns = panels.Length == 4 ? 2 : 3;
        var plot = new Plot(panels.Length, columns, panels.Length > 1 ? 320 : 0);
        foreach (var (panel, (column, name)) in panels.Index())
        {
            plot.Panel(panel, name, new Axis("episode"), new Axis(panel % columns == 0 ? quantity : "", log, range));
            foreach (var line in data.Lines)
            {
                var curve = log ? data.Windows.Typical(line.Cells, column) : data.Windows.Mean(line, column);
                if (curve.HasValues)
                {
                    plot.Line(panel, line.Label, line.Look, curve.X, curve.Y, curve.Low, curve.High);
                }
            }
        }

        var several = data.Lines.Any(l => l.Cells.Count > 1);
        var bands = !several ? "" : log ? " Lines are medians of the cells, bands their range." : $" Lines are means of the cells{(data.Spread is { Length: > 0 } spread ? $", bands {spread}" : "")}.";
        return new Figure(id, title, finding, plot, $"{note}{bands} {data.Windows.InWords}{(log ? " Zero cannot be drawn on a logarithmic axis: the line ends there." : "")}");
    }

    private static string GradientFinding(ReportData data)
    {
        var cells = data.Learning.Where(c => c.EpisodeTable?["actor_gradient"] is not null).ToList();
        var dead = cells.Count(c => c.Facts!.ActorsDead == true);
        var criticDead = cells.Count(c => c.Facts!.CriticDead == true);
        return $"In {dead} of {Numbers.Count(cells.Count, "cell")} the gradient of every actor is exactly zero at the end; the critic's is in {criticDead}.";
    }

    private static string AsymmetryFinding(ReportData data)
    {
        var medians = data.Learning.Select(c => c.Facts?.MedianAsymmetry).OfType<double>().ToList();
        if (medians.Count == 0)
        {
            return "No critic had a gradient to compare with.";
        }

        var low = medians.Count(m => m < 1e-4);
        return $"The median asymmetry of a cell lies between {Numbers.Short(medians.Min())} and {Numbers.Short(medians.Max())}; in {low} of {Numbers.Count(medians.Count, "cell")} the actors' gradients are under 1e-4 of the critic's half of the time or more.";
    }

    private static void Stopping(ReportData data, Section section)
    {
        const string Title = "Asymmetry against stopping";
        var cells = data.Learning.Select(c => (Cell: c, Asymmetry: c.Facts?.EarlyAsymmetry)).Where(c => c.Cell.IsFinished && c.Asymmetry is > 0).ToList();
        if (cells.Count < 3)
        {
            section.Omit(Title, "fewer than three finished cells have an asymmetry to compare");
            return;
        }

        var plot = new Plot();
        plot.Panel(0, "", new Axis("mean asymmetry of the first 100 episodes", Log: true), new Axis("episode"));
        Scatter(data, plot, [.. cells.Select(c => (c.Cell, c.Asymmetry!.Value))]);
        var rho = Ranks.Correlation([.. cells.Select(c => c.Asymmetry!.Value)], [.. cells.Select(c => (double)Life(c.Cell))]);
        section.Add(new Figure("asymmetry-stopping", Title, Correlation("the asymmetry of the first 100 episodes", rho, cells.Count), plot, ScatterNote));
    }

    internal const string ScatterNote = "Filled: stopped, at its stopping episode. Open: did not stop, at its last episode; in the correlation it counts as later than every stop. Cells that diverged or did not come to their end are left out.";

    /// <summary>A point for each cell: filled where it stopped.</summary>
    internal static void Scatter(ReportData data, Plot plot, IReadOnlyList<(RecordedCell Cell, double Value)> cells)
    {
        foreach (var (label, look, group) in Groups(data))
        {
            foreach (var stopped in (bool[])[true, false])
            {
                var chosen = cells.Where(c => group.ContainsKey(c.Cell) && c.Cell.StoppingEpisode is not null == stopped).ToList();
                if (chosen.Count > 0)
                {
                    plot.Points(
                        0, label, look with { Symbol = stopped ? "circle" : "circle-open" }, [.. chosen.Select(c => (object)c.Value)],
                        [.. chosen.Select(c => (object)(double)(c.Cell.StoppingEpisode ?? c.Cell.Episodes))], namesInTable: [.. chosen.Select(c => group[c.Cell])]);
                }
            }
        }
    }

    /// <summary>Groups of cells that points of one look stand for, with the line of each cell: the lines, or where treatments are very many the first of them and all others.</summary>
    internal static IEnumerable<(string Label, Look Look, Dictionary<RecordedCell, string> Cells)> Groups(ReportData data)
    {
        static Dictionary<RecordedCell, string> Of(IEnumerable<LineGroup> lines) =>
            lines.SelectMany(l => l.Cells.Select(c => (Cell: c, l.Label))).ToDictionary(c => c.Cell, c => c.Label, (IEqualityComparer<RecordedCell>)ReferenceEqualityComparer.Instance);
        return data.InPanels
            ? [(data.Lines[0].Label, new Look("#000000"), Of(data.Lines.Take(1))), ("the other treatments", new Look("#0072B2"), Of(data.Lines.Skip(1)))]
            : data.Lines.Select(l => (l.Label, l.Look, Of([l])));
    }

    /// <summary>Stopping episode for ranks: cells that never stopped are behind all others.</summary>
    internal static int Life(RecordedCell cell) => cell.StoppingEpisode ?? int.MaxValue;

    internal static string Correlation(string what, double? rho, int cells) => rho is not { } r
        ? $"Stopping does not vary over these {cells} cells, so nothing can be said of how it goes with {what}."
        : $"Over {cells} cells the rank correlation of {what} with the stopping episode is {Numbers.Short(r)}: "
            + (Math.Abs(r) < 0.3 ? "hardly any connection." : $"{(Math.Abs(r) < 0.6 ? "a weak tendency" : "a clear tendency")} that the {(r > 0 ? "lower" : "higher")} it is, the earlier is the stop.");

    private static void Layers(ReportData data, Section section)
    {
        const string Title = "Gradients by layer";
        var rows = data.Learning.SelectMany(c => c.Layers).ToList();
        if (rows.Count == 0)
        {
            section.Omit(Title, "no cell has tracking_data.json with an update in it");
            return;
        }

        var layers = rows.SelectMany(r => r.Actor.Keys).Distinct(StringComparer.Ordinal).Select(l => (Network: "actor", Layer: l))
            .Concat(rows.SelectMany(r => r.Critic.Keys).Distinct(StringComparer.Ordinal).Select(l => (Network: "critic", Layer: l))).ToList();
        var note = "At each tenth episode; of the actors the root mean square over agents. Zero cannot be drawn on a logarithmic axis.";
        if (data.InPanels)
        {
            Curve Of(LineGroup line, int s)
            {
                var curve = data.Windows.Middle([.. line.Cells.Where(c => c.Layers.Count > 0).Select(c => Series(data.Windows, c, layers[s].Network, layers[s].Layer))]);
                return new Curve([.. curve.X.Where((_, i) => curve.Y[i] is not null)], [.. curve.Y.Where(y => y is not null)], [], []);
            }

            section.Add(new Figure("layers", Title, LayerFinding(data), SmallPanels.Of(data, new Axis("episode"), new Axis("L2 norm", Log: true), [.. layers.Select(l => $"{l.Network} {l.Layer}")], Of), note + SmallPanels.Note(data)));
            return;
        }

        var plot = new Plot(layers.Count, 3);
        foreach (var (panel, (network, layer)) in layers.Index())
        {
            plot.Panel(panel, $"{network} {layer}", new Axis("episode"), new Axis(panel % 3 == 0 ? "L2 norm" : "", Log: true));
            foreach (var line in data.Lines)
            {
                var curve = data.Windows.Middle([.. line.Cells.Where(c => c.Layers.Count > 0).Select(c => Series(data.Windows, c, network, layer))]);
                if (curve.HasValues)
                {
                    plot.Line(panel, line.Label, line.Look, [.. curve.X.Where((_, i) => curve.Y[i] is not null)], [.. curve.Y.Where(y => y is not null)]);
                }
            }
        }

        section.Add(new Figure("layers", Title, LayerFinding(data), plot, note));
    }

    private static double?[] Series(Windows windows, RecordedCell cell, string network, string layer)
    {
        var values = new double?[windows.Ends.Length];
        foreach (var row in cell.Layers.Where(r => r.Episode > 0 && windows.WindowOf(r.Episode) < values.Length))
        {
            values[windows.WindowOf(row.Episode)] = (network == "actor" ? row.Actor : row.Critic).TryGetValue(layer, out var norm) ? norm : null;
        }

        return values;
    }

    private static string LayerFinding(ReportData data)
    {
        var ratios = data.Learning.Where(c => c.Layers.Count > 0).Select(c => c.Layers[^1].Actor).Where(l => l.Count > 1 && l.Values.All(v => v > 0))
            .Select(l => Math.Log10(l.Values.First() / l.Values.Last())).ToList();
        var zero = data.Learning.Count(c => c.Layers.Count > 0 && c.Layers[^1].Actor.Values.All(v => v == 0));
        var vanished = $"At their last update {zero} of {Numbers.Count(data.Learning.Count(c => c.Layers.Count > 0), "cell")} have no gradient in any layer of any actor";
        return ratios.Count == 0 ? vanished + "." : $"{vanished}; in the others the first layer's is {Numbers.Short(Math.Pow(10, Numbers.Median(ratios)))} times the last layer's (median).";
    }
}
