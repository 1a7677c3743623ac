using Simulator.Lab.Statistics;

namespace Simulator.Lab.Reports.Figures;

/// <summary>Which configurations stop, and when.</summary>
internal static class StoppingFigures
{
    private const int MapsOfAFigure = 12;
    private const int Columns = 3;

    /// <summary>Colour of what is not known because a cell ended early.</summary>
    private const string Unknown = "#c8c8c8";

    internal static Section Of(ReportData data)
    {
        var section = new Section("Which configurations stop, and when?");
        if (data.RatesDiffer)
        {
            foreach (var figure in Maps(data).Concat(Bubbles(data)))
            {
                section.Add(figure);
            }
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
        var early = EarlyEnds(data);
        if (stopped.Count == 0)
        {
            return $"None of {Numbers.Count(data.Learning.Count, "cell")} stopped within {Numbers.Count(data.Learning.Max(c => c.Episodes), "episode")}{early}.";
        }

        var episodes = stopped.Select(c => (double)c.StoppingEpisode!.Value).ToList();
        var when = episodes.Max() == episodes.Min() ? $"at episode {episodes[0]}{(stopped.Count > 1 ? " each" : "")}" : $"between episode {episodes.Min()} and {episodes.Max()} (median {Numbers.Episode(Numbers.Median(episodes))})";
        return $"{stopped.Count} of {Numbers.Count(data.Learning.Count, "cell")} stopped, {when}{ByRate(data)}{early}.";
    }

    /// <summary>How many cells ended before they had stopped, in words; nothing where none did.</summary>
    internal static string EarlyEnds(ReportData data) =>
        data.Learning.Where(c => c.EndedOpen).GroupBy(c => c.EarlyEnd, StringComparer.Ordinal).Select(g => $"{g.Count()} {(g.Key == "cut off" ? g.Count() == 1 ? "was cut off" : "were cut off" : g.Key)}").ToList() is { Count: > 0 } ends
            ? $"; {string.Join(", ", ends)} before having stopped" : "";

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

    /// <summary>A map for each treatment, <see cref="MapsOfAFigure"/> to a figure.</summary>
    private static IEnumerable<Figure> Maps(ReportData data)
    {
        var pages = data.TreatmentNames.Chunk(MapsOfAFigure).ToList();
        return pages.Select((treatments, page) => Map(data, treatments, page, pages.Count));
    }

    private static string Page(int page, int pages) => pages > 1 ? $" ({page + 1} of {pages})" : "";

    private static string Id(string id, int page) => page == 0 ? id : $"{id}-{page + 1}";

    private static Figure Map(ReportData data, string[] treatments, int page, int pages)
    {
        var longest = data.Learning.Max(c => c.Episodes);
        var table = new CsvTable("treatment", "actor_rate", "critic_rate", "cells", "stopped", "ended_early", "median_stopping_episode");
        var plot = new Plot(treatments.Length, Columns, treatments.Length == 1 ? 400 : 300, table);
        object[] x = [.. data.CriticRates.Select(ReferenceLayout.Rate)];
        object[] y = [.. data.ActorRates.Select(ReferenceLayout.Rate)];
        foreach (var (panel, treatment) in treatments.Index())
        {
            double?[][] Values() => [.. y.Select(_ => new double?[x.Length])];
            string[][] Texts() => [.. y.Select(_ => Enumerable.Repeat("", x.Length).ToArray())];
            var (values, texts, open, words) = (Values(), Texts(), Values(), Texts());
            foreach (var configuration in data.Configurations.Where(c => c.Treatment == treatment))
            {
                var (i, j) = (data.ActorRates.Index().First(r => r.Item == configuration.ActorRate).Index, data.CriticRates.Index().First(r => r.Item == configuration.CriticRate).Index);
                var (median, text) = Of(configuration);
                if (text is null)
                {
                    (open[i][j], words[i][j]) = (0, Early(configuration));
                }
                else
                {
                    (values[i][j], texts[i][j]) = (median ?? longest, text);
                }

                table.Add(treatment, configuration.ActorRate, configuration.CriticRate, configuration.Cells.Count, configuration.Cells.Count(c => c.StoppingEpisode is not null), configuration.Cells.Count(c => c.EndedOpen), median);
            }

            plot.Panel(panel, data.TreatmentNames.Count > 1 ? treatment : "", Rates("critic's learning rate", data.CriticRates), Rates(panel % Columns == 0 ? "actors' learning rate" : "", data.ActorRates))
                .Map(panel, x, y, values, new MapLook("episode", 0, longest), texts);
            if (Array.Exists(open, row => Array.Exists(row, v => v is not null)))
            {
                plot.Map(panel, x, y, open, new MapLook("", 0, 1) { Colour = Unknown }, words);
            }
        }

        return new Figure(
            Id("stopping-map", page), "Stopping episode over learning rates" + Page(page, pages), page == 0 ? Finding(data) : $"Stopping episodes with {string.Join("; ", treatments)}.", plot,
            "First episode by which every actor has stood still at one update at least. none: fewer than half of the cells stopped. Of several seeds: the median stopping episode, cells that did not stop counted as censored."
            + " Grey: so many cells diverged, failed or were cut off before they had stopped that it is not known whether half would have.");
    }

    /// <summary>
    /// The median stopping episode (half of the seeds decide, under censoring), and its words. Without words where cells that ended early could have made it another: it is not known then.
    /// </summary>
    private static (double? Median, string? Text) Of(Configuration configuration)
    {
        var cells = configuration.Cells;
        var (stopped, open) = (cells.Count(c => c.StoppingEpisode is not null), cells.Count(c => c.EndedOpen));
        var median = new KaplanMeier([.. cells.Select(c => new Lifetime(c.StoppingEpisode ?? c.Episodes, c.StoppingEpisode is not null))]).Median;
        var of = cells.Count > 1 ? $"<br>{stopped} of {cells.Count}{(open > 0 ? $", {open} early" : "")}" : "";
        return median is { } m ? (m, Numbers.Plain(m) + of) : (null, open > 0 && 2 * (stopped + open) >= cells.Count ? null : "none" + of);
    }

    /// <summary>How the cells of a configuration ended that did not come to their end: diverged @12.</summary>
    private static string Early(Configuration configuration)
    {
        var open = configuration.Cells.Where(c => c.EndedOpen).ToList();
        return configuration.Cells.Count == 1
            ? $"{open[0].EarlyEnd}<br>@{open[0].Episodes}"
            : string.Join("<br>", open.GroupBy(c => c.EarlyEnd, StringComparer.Ordinal).Select(g => $"{g.Count()} {g.Key}")) + $"<br>of {configuration.Cells.Count}";
    }

    private static Axis Rates(string title, IReadOnlyList<double> rates) => new(title) { Categories = [.. rates.Select(ReferenceLayout.Rate)] };

    private static IEnumerable<Figure> Bubbles(ReportData data)
    {
        var pages = data.TreatmentNames.Chunk(MapsOfAFigure).ToList();
        return pages.Select((treatments, page) => Bubbles(data, treatments, page, pages.Count));
    }

    private static Figure Bubbles(ReportData data, string[] treatments, int page, int pages)
    {
        var plot = new Plot(treatments.Length, Columns, treatments.Length == 1 ? 400 : 300);
        var longest = data.Learning.Max(c => c.Episodes);
        var cells = data.Learning.OrderByDescending(c => c.StoppingEpisode ?? c.Episodes).ToList();
        var groups = new (string Name, Look Look, Func<RecordedCell, bool> Holds)[]
        {
            ("did not stop (size: episodes done)", new Look("#0072B2", Symbol: "circle-open"), c => c.StoppingEpisode is null && c.IsFinished),
            ("stopped (size: stopping episode)", new Look("#D55E00"), c => c.StoppingEpisode is not null),
            ("diverged, failed or cut off before (size: episodes done)", new Look("#8a8a8a", Symbol: "circle-x-open"), c => c.EndedOpen),
        };
        foreach (var (panel, treatment) in treatments.Index())
        {
            plot.Panel(panel, data.TreatmentNames.Count > 1 ? treatment : "", Rates("critic's learning rate", data.CriticRates), Rates(panel % Columns == 0 ? "actors' learning rate" : "", data.ActorRates));
            var own = data.Configurations.Where(c => c.Treatment == treatment).SelectMany(c => c.Cells).ToHashSet();
            foreach (var (name, look, holds) in groups)
            {
                var chosen = cells.Where(c => own.Contains(c) && holds(c)).ToList();
                if (chosen.Count > 0)
                {
                    plot.Bubbles(
                        panel, name, look, [.. chosen.Select(c => ReferenceLayout.Rate(c.CriticRate))], [.. chosen.Select(c => ReferenceLayout.Rate(c.ActorRate))],
                        [.. chosen.Select(c => Math.Sqrt((double)(c.StoppingEpisode ?? c.Episodes) / longest))]);
                }
            }
        }

        var early = cells.Where(c => c.StoppingEpisode is not null).ToList();
        var finding = early.Count == 0
            ? "No cell stopped."
            : $"The earliest stop, at episode {early[^1].StoppingEpisode}, is that of {early[^1].Name}; the latest, at {early[0].StoppingEpisode}, that of {early[0].Name}.";
        return new Figure(
            Id("stopping-bubbles", page), "Life of each cell" + Page(page, pages), page == 0 ? finding : $"The cells with {string.Join("; ", treatments)}.", plot,
            "The area of a bubble grows with the episode at which the cell stopped, or with all its episodes where it did not. Seeds of one configuration lie on one another.");
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

        var never = all.Count - stopped.Count;
        return new Figure(
            "agent-stopping", "Stopping by agent",
            $"{Numbers.Plain(stopped.Count)} of {Numbers.Count(all.Count, "agent")} stood still at one update at least, half of them by episode {Numbers.Episode(Numbers.Median(stopped))}; {Numbers.Plain(never)} never did.",
            plot, "Each point is an agent; the box holds the middle half. Agents that never stood still are not drawn." + Thinning.InWords(step));
    }
}
