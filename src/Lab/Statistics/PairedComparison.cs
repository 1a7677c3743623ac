namespace Simulator.Lab.Statistics;

/// <summary>
/// Two treatments on the same luck: what one brings more than the other in each pair of runs with equal seed and equal other options.
/// </summary>
internal sealed class PairedComparison
{
    /// <summary>Up to so many pairs the distribution of the rank sum is enumerated; beyond, it is as good as normal.</summary>
    internal const int MostPairsExact = 200;

    /// <summary>Compares pairs.</summary>
    /// <param name="differences">Of each pair, treatment less reference.</param>
    /// <exception cref="ArgumentException">There is no pair.</exception>
    internal PairedComparison(IReadOnlyList<double> differences)
    {
        Difference = Bootstrap.Mean(differences);
        Wins = differences.Count(d => d > 0);
        Losses = differences.Count(d => d < 0);
        Ties = differences.Count - Wins - Losses;
        PValue = SignedRankTest([.. differences.Where(d => d != 0)]);
    }

    /// <summary>Mean difference with its bootstrap interval.</summary>
    internal Estimate Difference { get; }

    /// <summary>Pairs in which the treatment is above the reference.</summary>
    internal int Wins { get; }

    /// <summary>Pairs in which it is below.</summary>
    internal int Losses { get; }

    /// <summary>Pairs without a difference.</summary>
    internal int Ties { get; }

    /// <summary>
    /// Two-sided p-value of Wilcoxon's signed-rank test: of no difference, pairs without one left out. Exact, with ties (each sign of the ranks that are there equally
    /// likely), for up to <see cref="MostPairsExact"/> pairs. Null without a difference. Source: Wilcoxon, Biometrics Bulletin 1 (1945); Hollander and Wolfe, section 3.1.
    /// </summary>
    internal double? PValue { get; }

    private static double? SignedRankTest(double[] differences)
    {
        if (differences.Length == 0)
        {
            return null;
        }

        var ranks = Ranks.Of(Array.ConvertAll(differences, Math.Abs));
        var positive = ranks.Zip(differences).Where(p => p.Second > 0).Sum(p => p.First);
        return differences.Length <= MostPairsExact ? Exact(ranks, positive) : Normal(ranks, positive);
    }

    private static double Exact(double[] ranks, double positive)
    {
        // Twice the ranks are whole numbers. ways[s]: probability that the positive ones sum to s.
        var doubled = Array.ConvertAll(ranks, r => (int)Math.Round(2 * r));
        var ways = new double[doubled.Sum() + 1];
        ways[0] = 1;
        var reached = 0;
        foreach (var rank in doubled)
        {
            reached += rank;
            for (var sum = reached; sum >= 0; sum--)
            {
                ways[sum] = (ways[sum] + (sum >= rank ? ways[sum - rank] : 0)) / 2;
            }
        }

        var observed = (int)Math.Round(2 * positive);
        return Math.Min(1, 2 * Math.Min(ways[..(observed + 1)].Sum(), ways[observed..].Sum()));
    }

    private static double Normal(double[] ranks, double positive)
    {
        var mean = ranks.Sum() / 2;
        var deviation = Math.Sqrt(ranks.Sum(r => r * r)) / 2;
        var z = Math.Max(0, Math.Abs(positive - mean) - 0.5) / deviation;
        return 2 * UpperTail(z);
    }

    /// <summary>P(Z > z) for z &gt;= 0, to 1e-7. Source: Abramowitz and Stegun, 26.2.17.</summary>
    private static double UpperTail(double z)
    {
        var t = 1 / (1 + (0.2316419 * z));
        var polynomial = t * (0.319381530 + (t * (-0.356563782 + (t * (1.781477937 + (t * (-1.821255978 + (t * 1.330274429))))))));
        return Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI) * polynomial;
    }
}
