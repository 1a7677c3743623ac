namespace Simulator.Lab.Statistics;

/// <summary>
/// The mean of the middle half of a sample: less at the mercy of outliers than the mean, less wasteful than the median. Source: Agarwal et al., NeurIPS 2021 (rliable), as
/// scipy.stats.trim_mean(x, 0.25) has it: a quarter of the values, rounded down, is left out at either end.
/// </summary>
internal static class InterquartileMean
{
    /// <summary>The interquartile mean.</summary>
    /// <exception cref="ArgumentException">There is no value.</exception>
    internal static double Of(IReadOnlyList<double> values)
    {
        if (values.Count == 0)
        {
            throw new ArgumentException("without a value there is no mean", nameof(values));
        }

        var left = values.Count / 4;
        return values.Order().Skip(left).Take(values.Count - (2 * left)).Average();
    }
}
