namespace Simulator.Lab.Statistics;

/// <summary>
/// Two treatments on the same luck: what one brings more than the other in each pair of runs with equal seed and equal other options. Pairs of one seed at several learning rates share devices,
/// tasks and noise, so what is independent is the seeds: intervals resample them, and the test flips the signs of a seed's pairs together.
/// </summary>
internal sealed class PairedComparison
{
    /// <summary>Up to so many pairs the distribution of the rank sum is enumerated; beyond, it is as good as normal.</summary>
    internal const int MostPairsExact = 200;

    /// <summary>Compares pairs.</summary>
    /// <param name="differences">Of each pair, treatment less reference, with its seed.</param>
    /// <exception cref="ArgumentException">There is no pair.</exception>
    internal PairedComparison(IReadOnlyList<SeedValue> differences)
    {
        Difference = Bootstrap.MeanBySeed(differences);
        Pairs = differences.Count;
        Wins = differences.Count(d => d.Value > 0);
        Losses = differences.Count(d => d.Value < 0);
        Ties = Pairs - Wins - Losses;
        PValue = SignedRankTest([.. differences.Where(d => d.Value != 0)]);
    }

    /// <summary>Mean difference, with its bootstrap interval or range over seeds.</summary>
    internal Estimate Difference { get; }

    /// <summary>Number of pairs.</summary>
    internal int Pairs { get; }

    /// <summary>Pairs in which the treatment is above the reference.</summary>
    internal int Wins { get; }

    /// <summary>Pairs in which it is below.</summary>
    internal int Losses { get; }

    /// <summary>Pairs without a difference.</summary>
    internal int Ties { get; }

    /// <summary>
    /// Two-sided p-value of Wilcoxon's signed-rank test for clustered pairs: of no difference, pairs without one left out. The ranks are those of all pairs, and the signs of a seed's pairs flip
    /// together, so that of n seeds the smallest is 2 / 2^n; with a pair for each seed it is Wilcoxon's own. Exact, with ties, for up to <see cref="MostPairsExact"/> pairs. Null without a
    /// difference. Source: Wilcoxon, Biometrics Bulletin 1 (1945); Hollander and Wolfe, section 3.1; Rosner, Glynn and Lee, Biometrics 62 (2006).
    /// </summary>
    internal double? PValue { get; }

    private static double? SignedRankTest(SeedValue[] differences)
    {
        if (differences.Length == 0)
        {
            return null;
        }

        var ranks = Ranks.Of(Array.ConvertAll(differences, d => Math.Abs(d.Value)));
        var sums = ranks.Zip(differences).GroupBy(p => p.Second.Seed, p => p.First * Math.Sign(p.Second.Value)).Select(g => g.Sum()).ToArray();
        return differences.Length <= MostPairsExact ? Exact(sums) : Normal(sums);
    }

    /// <summary>Two-sided probability of a sum as far from zero, each seed's signed rank sum having either sign.</summary>
    private static double Exact(double[] sums)
    {
        // Twice the rank sums are whole numbers. ways[s]: probability that those with a plus sum to s.
        var doubled = Array.ConvertAll(sums, s => (int)Math.Round(2 * Math.Abs(s)));
        var ways = new double[doubled.Sum() + 1];
        ways[0] = 1;
        var reached = 0;
        foreach (var sum in doubled)
        {
            reached += sum;
            for (var s = reached; s >= 0; s--)
            {
                ways[s] = (ways[s] + (s >= sum ? ways[s - sum] : 0)) / 2;
            }
        }

        var observed = sums.Zip(doubled).Where(s => s.First > 0).Sum(s => s.Second);
        return Math.Min(1, 2 * Math.Min(ways[..(observed + 1)].Sum(), ways[observed..].Sum()));
    }

    private static double Normal(double[] sums)
    {
        // The correction for continuity is that of single pairs: where whole seeds flip it is too small to matter.
        var z = Math.Max(0, Math.Abs(sums.Sum()) - 1) / Math.Sqrt(sums.Sum(s => s * s));
        return double.IsFinite(z) ? 2 * UpperTail(z) : 1;
    }

    /// <summary>P(Z > z) for z &gt;= 0, to 1e-7. Source: Abramowitz and Stegun, 26.2.17.</summary>
    private static double UpperTail(double z)
    {
        var t = 1 / (1 + (0.2316419 * z));
        var polynomial = t * (0.319381530 + (t * (-0.356563782 + (t * (1.781477937 + (t * (-1.821255978 + (t * 1.330274429))))))));
        return Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI) * polynomial;
    }
}
