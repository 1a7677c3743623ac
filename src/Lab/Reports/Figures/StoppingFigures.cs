using Simulator.Lab.Statistics;

namespace Simulator.Lab.Reports.Figures;

/// <summary>Which configurations stop, and when.</summary>
internal static class StoppingFigures
{
    private const int MostMaps = 12;

    internal static Section Of(ReportData data)
    {
        var section = new Section("Which configurations stop, and when?");
        if (data.RatesDiffer)
        {
            section.Add(Map(data));
            section.Add(Bubbles(data));
        }
        else
        {
            section.Omit("The map of stopping over learning rates", "all cells have the same learning rates");
        }

        if (data.Learning.Any(c => c.Results?.Stopped.Any(e => e is not null) == true))
        {
            section.Add(Agents(data));
        }
        else
        {
            section.Omit("Stopping by agent", "no agent stood still at any update");
        }

        return section;
    }

    /// <summary>Stopped cells by rate, in words.</summary>
    internal static string Finding(ReportData data)
    {
        var stopped = data.Learning.Where(c => c.StoppingEpisode is not null).ToList();
        if (stopped.Count == 0)
        {
            return $"None of {Numbers.Count(data.Learning.Count, "cell")} stopped within {Numbers.Count(data.Learning.Max(c => c.Episodes), "episode")}.";
        }

        var episodes = stopped.Select(c => (double)c.StoppingEpisode!.Value).ToList();
        var when = episodes.Max() == episodes.Min() ? $"at episode {episodes[0]}{(stopped.Count > 1 ? " each" : "")}" : $"between episode {episodes.Min()} and {episodes.Max()} (median {Numbers.Episode(Numbers.Median(episodes))})";
        return $"{stopped.Count} of {Numbers.Count(data.Learning.Count, "cell")} stopped, {when}{ByRate(data)}.";
    }

    private static string ByRate(ReportData data)
    {
        var parts = new List<string>();
        foreach (var (name, rates, of) in new[] { ("actor", data.ActorRates, (Func<RecordedCell, double>)(c => c.ActorRate)), ("critic", data.CriticRates, c => c.CriticRate) })
        {
            if (rates.Count is > 1 and <= 6)
            {
                var cells = rates.Select(r => data.Learning.Where(c => of(c) == r).ToList()).ToList();
                var stopped = cells.ConvertAll(c => c.Count(cell => cell.StoppingEpisode is not null));
                parts.Add(cells.Zip(stopped).All(c => c.Second * cells[0].Count == stopped[0] * c.First.Count)
                    ? $"the same share at every {name} rate"
                    : $"by {name} rate " + string.Join(", ", rates.Select((r, i) => $"{stopped[i]} of {cells[i].Count} at {ReferenceLayout.Rate(r)}")));
            }
        }

        return parts.Count > 0 ? "; " + string.Join("; ", parts) : "";
    }

    private static Figure Map(ReportData data)
    {
        var treatments = data.TreatmentNames.Take(MostMaps).ToList();
        var longest = data.Learning.Max(c => c.Episodes);
        var table = new CsvTable("treatment", "actor_rate", "critic_rate", "cells", "stopped", "median_stopping_episode");
        var plot = new Plot(treatments.Count, 3, treatments.Count == 1 ? 400 : 300, table);
        object[] x = [.. data.CriticRates.Select(ReferenceLayout.Rate)];
        object[] y = [.. data.ActorRates.Select(ReferenceLayout.Rate)];
        foreach (var (panel, treatment) in treatments.Index())
        {
            var values = new double?[y.Length][];
            var texts = new string[y.Length][];
            for (var i = 0; i < y.Length; i++)
            {
                (values[i], texts[i]) = (new double?[x.Length], new string[x.Length]);
                for (var j = 0; j < x.Length; j++)
                {
                    texts[i][j] = "";
                    if (data.Configurations.FirstOrDefault(c => c.Treatment == treatment && c.ActorRate == data.ActorRates[i] && c.CriticRate == data.CriticRates[j]) is not { } configuration)
                    {
                        continue;
                    }

                    // Half of the seeds decide: the median of lifetimes under censoring.
                    var stopped = configuration.Cells.Count(c => c.StoppingEpisode is not null);
                    var median = new KaplanMeier([.. configuration.Cells.Select(c => new Lifetime(c.StoppingEpisode ?? c.Episodes, c.StoppingEpisode is not null))]).Median;
                    values[i][j] = median ?? longest;
                    var of = configuration.Cells.Count > 1 ? $"<br>{stopped} of {configuration.Cells.Count}" : "";
                    texts[i][j] = (median is { } m ? Numbers.Plain(m) : "none") + of;
                    table.Add(treatment, data.ActorRates[i], data.CriticRates[j], configuration.Cells.Count, stopped, median);
                }
            }

            plot.Panel(panel, treatments.Count > 1 ? treatment : "", Rates("critic's learning rate", data.CriticRates), Rates(panel % 3 == 0 ? "actors' learning rate" : "", data.ActorRates))
                .Map(panel, x, y, values, new MapLook("episode", 0, longest), texts);
        }

        var left = data.TreatmentNames.Count - treatments.Count;
        return new Figure(
            "stopping-map", "Stopping episode over learning rates", Finding(data), plot,
            "A run stops at the first episode by which every actor has stood still at one update at least. none: fewer than half of the cells stopped. Of several seeds: the median stopping episode, cells that did not stop counted as censored."
            + (left > 0 ? $" {left} more treatments are not drawn; the table of cells below has them." : ""));
    }

    private static Axis Rates(string title, IReadOnlyList<double> rates) => new(title) { Categories = [.. rates.Select(ReferenceLayout.Rate)] };

    private static Figure Bubbles(ReportData data)
    {
        var treatments = data.TreatmentNames.Take(MostMaps).ToList();
        var plot = new Plot(treatments.Count, 3, treatments.Count == 1 ? 400 : 300);
        var longest = data.Learning.Max(c => c.Episodes);
        var cells = data.Learning.OrderByDescending(c => c.StoppingEpisode ?? c.Episodes).ToList();
        foreach (var (panel, treatment) in treatments.Index())
        {
            plot.Panel(panel, treatments.Count > 1 ? treatment : "", Rates("critic's learning rate", data.CriticRates), Rates(panel % 3 == 0 ? "actors' learning rate" : "", data.ActorRates));
            var own = data.Configurations.Where(c => c.Treatment == treatment).SelectMany(c => c.Cells).ToHashSet();
            foreach (var (name, look, stopped) in ((string, Look, bool)[])[("did not stop (size: episodes done)", new Look("#0072B2", Symbol: "circle-open"), false), ("stopped (size: stopping episode)", new Look("#D55E00"), true)])
            {
                var chosen = cells.Where(c => own.Contains(c) && c.StoppingEpisode is not null == stopped).ToList();
                if (chosen.Count > 0)
                {
                    plot.Points(
                        panel, name, look, [.. chosen.Select(c => (object)ReferenceLayout.Rate(c.CriticRate))], [.. chosen.Select(c => (object)ReferenceLayout.Rate(c.ActorRate))],
                        sizes: [.. chosen.Select(c => Math.Round(8 + ((treatments.Count == 1 ? 52 : 32) * Math.Sqrt((double)(c.StoppingEpisode ?? c.Episodes) / longest)), 1))]);
                }
            }
        }

        var early = cells.Where(c => c.StoppingEpisode is not null).ToList();
        var finding = early.Count == 0
            ? "No cell stopped."
            : $"The earliest stop, at episode {early[^1].StoppingEpisode}, is that of {early[^1].Name}; the latest, at {early[0].StoppingEpisode}, that of {early[0].Name}.";
        return new Figure("stopping-bubbles", "Life of each cell", finding, plot, "The area of a bubble grows with the episode at which the cell stopped, or with all its episodes where it did not. Seeds of one configuration lie on one another.");
    }

    private static Figure Agents(ReportData data)
    {
        var lines = data.Lines.Where(l => l.Cells.Any(c => c.Results?.Stopped.Any(e => e is not null) == true)).ToList();
        var all = data.Learning.Where(c => c.Results is not null).SelectMany(c => c.Results!.Stopped).ToList();
        var stopped = all.OfType<int>().Select(e => (double)e).ToList();
        var step = Thinning.Step(stopped.Count);
        var plot = new Plot();
        plot.Panel(0, "", new Axis(data.LinesAre == "configuration" && data.RatesDiffer ? "configuration (actor / critic rate)" : data.LinesAre) { Categories = [.. lines.Select(l => l.Label)] }, new Axis("episode at which an agent first stood still", Log: true));
        foreach (var line in lines)
        {
            plot.Box(0, line.Label, line.Look, [.. Thinning.Each(line.Cells.SelectMany(c => c.Results?.Stopped ?? []).OfType<int>().Select(e => (double)e), step)]);
        }

        var last = all.Count - stopped.Count;
        return new Figure(
            "agent-stopping", "Stopping by agent",
            $"{Numbers.Plain(stopped.Count)} of {Numbers.Count(all.Count, "agent")} stood still at one update at least, half of them by episode {Numbers.Episode(Numbers.Median(stopped))}; {Numbers.Plain(last)} never did.",
            plot, "Each point is an agent; the box holds the middle half. Agents that never stood still are not drawn." + Thinning.InWords(step));
    }
}
