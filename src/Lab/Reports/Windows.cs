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
/// Episodes cut in windows of one length, so that a curve has at most <see cref="Most"/> points however long a run is. Shares and rewards are averaged within a window; norms, which
/// span decades, are represented by their median.
/// </summary>
internal sealed class Windows
{
    /// <summary>The most points of a curve.</summary>
    internal const int Most = 200;

    /// <summary>Cuts episodes 1 to a last one.</summary>
    internal Windows(int episodes)
    {
        Width = Math.Max(1, (episodes + Most - 1) / Most);
        Ends = [.. Enumerable.Range(1, (episodes + Width - 1) / Width).Select(i => (double)Math.Min(i * Width, episodes))];
    }

    /// <summary>Episodes in a window.</summary>
    internal int Width { get; }

    /// <summary>Last episode of each window.</summary>
    internal double[] Ends { get; }

    /// <summary>How figures say it.</summary>
    internal string InWords => Width == 1 ? "" : $"Each point stands for {Width} episodes: the mean of rewards and shares, the median of norms.";

    /// <summary>The mean of cells with its bootstrap interval over them.</summary>
    internal Curve Mean(IReadOnlyList<RecordedCell> cells, string column)
    {
        var estimates = Bootstrap.MeanCurve([.. cells.Select(c => Reduce(c.EpisodeTable, column, values => values.Average()))]);
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
