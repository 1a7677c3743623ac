using Simulator.Lab.Statistics;

namespace Simulator.Lab.Reports;

/// <summary>A curve with its interval at each window; null where there is nothing.</summary>
internal sealed record Curve(double[] X, double?[] Y, double?[] Low, double?[] High)
{
    /// <summary>Whether there is any value.</summary>
    internal bool HasValues => Array.Exists(Y, y => y is not null);

    /// <summary>The last value; null without any.</summary>
    internal double? Last => Array.FindLast(Y, y => y is not null);
}

/// <summary>
/// Episodes cut in windows of one length, so that a curve has at most <see cref="Most"/> points however long a run is, or <see cref="MostOfMany"/> where there are many cells. Shares and rewards are averaged within a window; norms, which
/// span decades, are represented by their median.
/// </summary>
internal sealed class Windows
{
    /// <summary>The most points of a curve.</summary>
    internal const int Most = 200;

    /// <summary>The most points where there are more than <see cref="ManyCells"/> cells: each cell's tables are held in memory as its windows, and each treatment's curves are in the page.</summary>
    internal const int MostOfMany = 60;

    /// <summary>More cells than these are many.</summary>
    internal const int ManyCells = 200;

    /// <summary>Cuts episodes 1 to a last one.</summary>
    internal Windows(int episodes, int most = Most)
    {
        Width = Math.Max(1, (episodes + most - 1) / most);
        Ends = [.. Enumerable.Range(1, (episodes + Width - 1) / Width).Select(i => (double)Math.Min(i * Width, episodes))];
    }

    /// <summary>The windows for cells, of which those count that learn and have begun.</summary>
    internal static Windows Of(IEnumerable<RecordedCell> cells)
    {
        var episodes = cells.Where(c => c.Learns && c.Episodes > 0).Select(c => c.Episodes).ToList();
        return new Windows(episodes.DefaultIfEmpty(1).Max(), episodes.Count > ManyCells ? MostOfMany : Most);
    }

    /// <summary>Whether a column of episodes.parquet holds shares, counts or rewards: what is averaged.</summary>
    internal static bool IsAveraged(string column) => column is "reward" or "saturation" or "dormant_units" || column.StartsWith("agents_", StringComparison.Ordinal);

    /// <summary>Episodes in a window.</summary>
    internal int Width { get; }

    /// <summary>Last episode of each window.</summary>
    internal double[] Ends { get; }

    /// <summary>How figures say it.</summary>
    internal string InWords => Width == 1 ? "" : $"Each point stands for {Width} episodes: the mean of rewards and shares, the median of norms.";

    /// <summary>The mean of a line's cells, with its interval or range over seeds.</summary>
    internal Curve Mean(LineGroup line, string column)
    {
        var estimates = Bootstrap.MeanCurve([.. line.Configurations.Select(g => (IReadOnlyList<SeedCurve>)[.. g.Cells.Select(c => new SeedCurve(c.Seed, Reduce(c.EpisodeTable, column, values => values.Average())))])]);
        return new Curve(Ends[..estimates.Length], [.. estimates.Select(e => e?.Value)], [.. estimates.Select(e => e?.Low)], [.. estimates.Select(e => e?.High)]);
    }

    /// <summary>The median of cells, and their range.</summary>
    internal Curve Typical(IReadOnlyList<RecordedCell> cells, string column) => Middle([.. cells.Select(c => Reduce(c.EpisodeTable, column, Numbers.Median))]);

    /// <summary>The median of curves at each window, and their range where there are several.</summary>
    internal Curve Middle(IReadOnlyList<double?[]> curves)
    {
        var (middle, low, high) = (new double?[Ends.Length], new double?[Ends.Length], new double?[Ends.Length]);
        for (var i = 0; i < Ends.Length; i++)
        {
            var values = curves.Select(c => i < c.Length ? c[i] : null).OfType<double>().ToList();
            if (values.Count > 0)
            {
                middle[i] = Numbers.Median(values);
                if (values.Count > 1)
                {
                    (low[i], high[i]) = (values.Min(), values.Max());
                }
            }
        }

        return new Curve(Ends, middle, low, high);
    }

    /// <summary>A column of a table with a row for each episode, by window.</summary>
    internal double?[] Reduce(ColumnTable? table, string column, Func<IEnumerable<double>, double> statistic)
    {
        var reduced = new double?[Ends.Length];
        if (table?[column] is not { } values || table["episode"] is not { } episodes)
        {
            return reduced;
        }

        var windows = Enumerable.Range(0, table.Rows).Where(i => float.IsFinite(values[i])).GroupBy(i => WindowOf(episodes[i]));
        foreach (var window in windows.Where(w => w.Key >= 0 && w.Key < reduced.Length))
        {
            reduced[window.Key] = statistic(window.Select(i => (double)values[i]));
        }

        return reduced;
    }

    /// <summary>The window that an episode lies in.</summary>
    internal int WindowOf(double episode) => ((int)episode - 1) / Width;
}
