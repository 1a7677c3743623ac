namespace Simulator.Lab.Statistics;

/// <summary>Ranks, and what is computed from them.</summary>
internal static class Ranks
{
    /// <summary>Rank of each value from 1; equal values share the mean of their ranks.</summary>
    internal static double[] Of(IReadOnlyList<double> values)
    {
        var order = Enumerable.Range(0, values.Count).OrderBy(i => values[i]).ToArray();
        var ranks = new double[values.Count];
        for (var first = 0; first < order.Length;)
        {
            var end = first + 1;
            while (end < order.Length && values[order[end]].Equals(values[order[first]]))
            {
                end++;
            }

            foreach (var i in order[first..end])
            {
                ranks[i] = (first + 1 + end) / 2.0;
            }

            first = end;
        }

        return ranks;
    }

    /// <summary>Spearman's correlation: Pearson's of the ranks. Null with fewer than three pairs, or where one side does not vary.</summary>
    internal static double? Correlation(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        if (x.Count != y.Count)
        {
            throw new ArgumentException("a correlation is of pairs", nameof(y));
        }

        if (x.Count < 3)
        {
            return null;
        }

        var (a, b) = (Of(x), Of(y));
        var mean = (x.Count + 1) / 2.0;
        var (ab, aa, bb) = (0.0, 0.0, 0.0);
        for (var i = 0; i < a.Length; i++)
        {
            ab += (a[i] - mean) * (b[i] - mean);
            aa += (a[i] - mean) * (a[i] - mean);
            bb += (b[i] - mean) * (b[i] - mean);
        }

        return aa > 0 && bb > 0 ? ab / Math.Sqrt(aa * bb) : null;
    }
}
