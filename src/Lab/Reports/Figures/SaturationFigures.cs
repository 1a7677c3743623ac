using Simulator.Lab.Statistics;

namespace Simulator.Lab.Reports.Figures;

/// <summary>How outputs saturate, and what comes first: saturation or freezing.</summary>
internal static class SaturationFigures
{
    /// <summary>Maps of agents over time; more would be too small to read.</summary>
    private const int MostMaps = 16;

    /// <summary>The most agents of a map's rows; of larger cells each k-th is drawn.</summary>
    private const int MostAgents = 100;

    internal static Section Of(ReportData data)
    {
        var section = new Section("Do outputs saturate, and does that come before freezing?");
        if (!data.Learning.Any(c => c.EpisodeTable?["saturation"] is not null))
        {
            section.Omit("Each figure of saturation over time", "no cell has episodes.parquet with an update in it");
        }
        else
        {
            section.Add(GradientFigures.Lines(data, "saturation", "Saturation over time", [("saturation", "")], $"share of outputs with |a| > {data.Threshold}", SaturationFinding(data), "Outputs without noise.", log: false, range: [0, 1.02]));
            PreActivations(data, section);
            section.Add(GradientFigures.Lines(data, "slope", "Slope of the output function over time", [("output_slope", "")], "mean da/dz", SlopeFinding(data), "For tanh 1 - a². Where gradients are inverted it is 0 at the bound, and the gradient passes all the same: the factors of the gradient below say what does.", log: true));
        }

        Maps(data, section);
        Stopping(data, section);
        Freezing(data, section);
        return section;
    }

    private static string SaturationFinding(ReportData data)
    {
        var last = data.Learning.Select(c => c.Saturation ?? c.Facts?.Last("saturation")).OfType<double>().ToList();
        var peak = data.Learning.Count(c => c.Facts?.PeakSaturation > 0.9f);
        return $"More than 0.9 of the outputs were saturated at some time in {peak} of {Numbers.Count(data.Learning.Count, "cell")}, and are at the end in {last.Count(s => s > 0.9)}.";
    }

    private static string SlopeFinding(ReportData data)
    {
        var last = data.Learning.Select(c => c.Facts?.Last("output_slope")).OfType<double>().ToList();
        if (last.Count == 0)
        {
            return "No slope was measured.";
        }

        // What passes is |dL/dz| / |dL/da|, of cells whose critic says anything: the slope alone does not tell where gradients are inverted.
        var passed = data.Learning.Select(c => c.Facts?.Squash).OfType<double>().ToList();
        return $"At the end the mean slope of a cell lies between {Numbers.Short(last.Min())} and {Numbers.Short(last.Max())}"
            + (passed.Count == 0 ? "." : $"; {passed.Count(s => s < 0.1)} of {Numbers.Count(passed.Count, "cell")} pass on less than a tenth of the critic's gradient (|dL/dz| / |dL/da|).");
    }

    private static void PreActivations(ReportData data, Section section)
    {
        var quantiles = Diagnostics.Actions.SelectMany(a => new[] { ($"{a}_z_50", $"{a}: median of |z|"), ($"{a}_z_99", $"{a}: 99 % quantile of |z|") })
            .Where(p => data.Learning.Any(c => c.EpisodeTable?[p.Item1] is not null)).ToArray();
        if (quantiles.Length > 0)
        {
            var ordered = quantiles.Where((_, i) => i % 2 == 0).Concat(quantiles.Where((_, i) => i % 2 == 1)).ToArray();
            section.Add(GradientFigures.Lines(data, "preactivations", "Pre-activations over time", ordered, "|z|", RangeFinding(data), "Quantiles over an agent's outputs, averaged over agents."));
            return;
        }

        if (!data.Learning.Any(c => c.EpisodeTable?["preactivation_deviation"] is not null))
        {
            section.Omit("Pre-activations over time", "the runs have no such columns in episodes.parquet");
            return;
        }

        section.Add(GradientFigures.Lines(data, "preactivations", "Deviation of pre-activations over time", [("preactivation_deviation", "")], "standard deviation of z", RangeFinding(data), "Over all outputs of all agents."));
    }

    private static string RangeFinding(ReportData data)
    {
        var largest = data.Learning.Select(c => (c.Name, Range: c.Facts?.LargestPreActivation ?? 0)).Where(c => c.Range > 0).OrderBy(c => c.Range).ToList();
        return largest.Count == 0
            ? "No pre-activation was measured."
            : $"The largest |z| of a cell lies between {Numbers.Short(largest[0].Range)} ({largest[0].Name}) and {Numbers.Short(largest[^1].Range)} ({largest[^1].Name}).";
    }

    private static void Maps(ReportData data, Section section)
    {
        const string Title = "Saturation of each agent over time";
        var cells = data.Configurations.Select(c => c.Cells.FirstOrDefault(cell => cell.AgentTable?["saturation"] is not null)).OfType<RecordedCell>().ToList();
        if (cells.Count == 0)
        {
            section.Omit(Title, "no cell has agents.parquet");
            return;
        }

        var drawn = cells.Take(MostMaps).ToList();
        var windows = new Windows(drawn.Max(c => (int)c.AgentTable!["episode"]!.Max()));
        object[] x = [.. windows.Ends.Select(e => (object)e)];
        var table = new CsvTable([.. new object[] { "cell", "agent" }.Concat(x)]);
        var plot = new Plot(drawn.Count, 4, 230, table);
        foreach (var (panel, cell) in drawn.Index())
        {
            var (agents, values) = ByAgent(cell.AgentTable!, windows);
            foreach (var (agent, row) in agents.Zip(values))
            {
                table.Add([.. new object?[] { cell.Name, agent }.Concat(row.Select(v => (object?)v))]);
            }

            var label = data.Configurations.First(c => c.Cells.Contains(cell)).Label;
            plot.Panel(panel, label, new Axis("episode"), new Axis(panel % 4 == 0 ? "agent" : ""))
                .Map(panel, x, [.. agents.Select(a => (object)a)], values, new MapLook("saturated share", 0, 1, "Cividis"));
        }

        var atEnd = drawn.Select(c => (c.Name, Share: Late(c.AgentTable!))).OrderBy(c => c.Share).ToList();
        section.Add(new Figure(
            "saturation-map", Title,
            drawn.Count == 1
                ? $"At the end {Numbers.Percent(atEnd[0].Share)} of the agents of {atEnd[0].Name} have more than 0.9 of their outputs saturated."
                : $"At the end the share of agents with more than 0.9 of their outputs saturated goes from {Numbers.Percent(atEnd[0].Share)} ({atEnd[0].Name}) to {Numbers.Percent(atEnd[^1].Share)} ({atEnd[^1].Name}).",
            plot,
            "A row for each agent, from agents.parquet (each tenth episode, or the actors' first update behind it)." + (drawn.Count < data.Configurations.Count || data.SeveralSeeds ? $" Drawn is the first seed of {(drawn.Count < data.Configurations.Count ? $"{drawn.Count} of {data.Configurations.Count} configurations" : "each configuration")}." : "")));
    }

    private static (double[] Agents, double?[][] Values) ByAgent(ColumnTable table, Windows windows)
    {
        var (episodes, agents, saturation) = (table["episode"]!, table["agent"]!, table["saturation"]!);
        var all = agents.Distinct().Order().ToArray();
        var step = (all.Length + MostAgents - 1) / MostAgents;
        var chosen = all.Where((_, i) => i % step == 0).ToArray();
        var row = chosen.Index().ToDictionary(c => c.Item, c => c.Index);
        var values = Array.ConvertAll(chosen, _ => new double?[windows.Ends.Length]);
        for (var i = 0; i < table.Rows; i++)
        {
            if (row.TryGetValue(agents[i], out var at) && float.IsFinite(saturation[i]) && windows.WindowOf(episodes[i]) is >= 0 and var window && window < windows.Ends.Length)
            {
                values[at][window] = Math.Round(saturation[i], 2);
            }
        }

        // A row each tenth episode, or less often, and windows narrower than that would leave gaps: a value holds until the next.
        foreach (var line in values)
        {
            var last = Array.FindLastIndex(line, v => v is not null);
            for (var i = 1; i < last; i++)
            {
                line[i] ??= line[i - 1];
            }
        }

        return (Array.ConvertAll(chosen, c => (double)c), values);
    }

    private static double Late(ColumnTable table)
    {
        var last = table["episode"]!.Max();
        var rows = Enumerable.Range(0, table.Rows).Where(i => table["episode"]![i] == last).ToList();
        return rows.Count(i => table["saturation"]![i] > 0.9f) / (double)rows.Count;
    }

    private static void Stopping(ReportData data, Section section)
    {
        const string Title = "Saturation against stopping";
        var cells = data.Learning.Select(c => (Cell: c, Value: c.Facts?.EarlySaturation)).Where(c => c.Cell.IsFinished && c.Value is not null).ToList();
        if (cells.Count < 3)
        {
            section.Omit(Title, "fewer than three finished cells have a saturation at episode 10 to compare");
            return;
        }

        var plot = new Plot();
        plot.Panel(0, "", new Axis("share of saturated outputs about episode 10", Range: [-0.02, 1.02]), new Axis("episode"));
        GradientFigures.Scatter(data, plot, [.. cells.Select(c => (c.Cell, c.Value!.Value))]);
        var rho = Ranks.Correlation([.. cells.Select(c => c.Value!.Value)], [.. cells.Select(c => (double)GradientFigures.Life(c.Cell))]);
        section.Add(new Figure("saturation-stopping", Title, GradientFigures.Correlation("the saturation about episode 10", rho, cells.Count), plot, GradientFigures.ScatterNote));
    }

    private static void Freezing(ReportData data, Section section)
    {
        const string Title = "Saturation before freezing";
        var pairs = data.Learning.Where(c => c.Results is not null)
            .SelectMany(c => c.Results!.Onset.Zip(c.Results.Freeze).Where(p => p.First is not null && p.Second is not null).Select(p => (Cell: c, Onset: (double)p.First!.Value, Freeze: (double)p.Second!.Value))).ToList();
        if (pairs.Count == 0)
        {
            section.Omit(Title, "no agent both saturated and froze");
            return;
        }

        var plot = new Plot();
        var step = Thinning.Step(pairs.Count);
        plot.Panel(0, "", new Axis("episode of saturation onset", Log: true), new Axis("episode of freeze", Log: true));
        foreach (var (label, look, group) in GradientFigures.Groups(data))
        {
            var chosen = Thinning.Each(pairs.Where(p => group.ContainsKey(p.Cell)), step).ToList();
            if (chosen.Count > 0)
            {
                plot.Points(0, label, look, [.. chosen.Select(p => (object)p.Onset)], [.. chosen.Select(p => (object)p.Freeze)], namesInTable: [.. chosen.Select(p => group[p.Cell])]);
            }
        }

        plot.Diagonal(0, 1, pairs.Max(p => p.Freeze));
        section.Add(new Figure("saturation-freezing", Title, Answer.Order(data) ?? "", plot, "Each point is an agent. Above the dotted diagonal saturation came first, on it both at one update. Agents that never froze, or froze without having been saturated, are not drawn." + Thinning.InWords(step)));
    }
}
