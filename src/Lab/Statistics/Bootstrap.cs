using Simulator.Environment;
using Simulator.Lab.Benchmarks;

namespace Simulator.Lab.Statistics;

/// <summary>
/// Percentile intervals by the bootstrap: the sample is drawn anew with replacement, and 95 % of the statistic's values lie between the ends. Source: Efron and Tibshirani, An
/// Introduction to the Bootstrap (1993), section 13.3; for few runs of several tasks Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice", NeurIPS 2021,
/// who resample the runs of each task (strata). Draws are Philox with a fixed key, so a report of the same results is the same.
/// </summary>
internal static class Bootstrap
{
    /// <summary>Resamples behind each interval, as many as rliable's examples take.</summary>
    internal const int Resamples = 2000;

    private const double Outside = 0.05;
    private const ulong Key = 0;

    /// <summary>The mean, with its interval where there are two values at least.</summary>
    /// <exception cref="ArgumentException">There is no value.</exception>
    internal static Estimate Mean(IReadOnlyList<double> values) => Interval([values], sample => sample.Average());

    /// <summary>The interquartile mean of all values together, its interval by resampling within each stratum.</summary>
    /// <param name="strata">Values by task: one list for each configuration, of its runs.</param>
    /// <exception cref="ArgumentException">There is no value.</exception>
    internal static Estimate InterquartileMean(IReadOnlyList<IReadOnlyList<double>> strata) => Interval(strata, Statistics.InterquartileMean.Of);

    /// <summary>The mean of several curves at each of their points, with intervals; all points share the resamples of curves.</summary>
    /// <param name="curves">Curves of one length; null where a curve has no value.</param>
    /// <returns>An estimate for each point; null where no curve has a value.</returns>
    internal static Estimate?[] MeanCurve(IReadOnlyList<double?[]> curves)
    {
        var estimates = new Estimate?[curves.Count == 0 ? 0 : curves.Max(c => c.Length)];
        if (estimates.Length == 0)
        {
            return estimates;
        }

        var resamples = curves.Count < 2 ? [] : Enumerable.Range(0, Resamples).Select(r => Draw(r, curves.Count)).ToArray();
        var means = new List<double>(resamples.Length);
        for (var i = 0; i < estimates.Length; i++)
        {
            // NaN stands for what is absent: the loop below runs some ten million times for a report.
            var column = curves.Select(c => (i < c.Length ? c[i] : null) ?? double.NaN).ToArray();
            var present = column.Where(v => !double.IsNaN(v)).ToList();
            if (present.Count == 0)
            {
                continue;
            }

            means.Clear();
            foreach (var resample in present.Count < 2 ? [] : resamples)
            {
                var (sum, count) = (0.0, 0);
                foreach (var index in resample)
                {
                    var value = column[index];
                    if (!double.IsNaN(value))
                    {
                        sum += value;
                        count++;
                    }
                }

                if (count > 0)
                {
                    means.Add(sum / count);
                }
            }

            estimates[i] = WithEnds(present.Average(), means, present.Count);
        }

        return estimates;
    }

    private static Estimate Interval(IReadOnlyList<IReadOnlyList<double>> strata, Func<IReadOnlyList<double>, double> statistic)
    {
        var all = strata.SelectMany(s => s).ToArray();
        if (all.Length == 0)
        {
            throw new ArgumentException("without a value there is no statistic", nameof(strata));
        }

        // Where no stratum has two values, a resample is the sample itself: that is no interval.
        var values = new List<double>(Resamples);
        for (var r = 0; r < Resamples && strata.Any(s => s.Count > 1); r++)
        {
            var random = new RandomStream(Key, DrawPurpose.Resampling, episode: r);
            var position = 0;
            foreach (var stratum in strata)
            {
                for (var i = 0; i < stratum.Count; i++)
                {
                    all[position++] = stratum[random.NextInt(stratum.Count)];
                }
            }

            values.Add(statistic(all));
        }

        return WithEnds(statistic([.. strata.SelectMany(s => s)]), values, all.Length);
    }

    private static Estimate WithEnds(double value, List<double> resampled, int count)
    {
        if (resampled.Count == 0)
        {
            return new Estimate(value, null, null, count);
        }

        var order = new OrderStatistics(resampled);
        return new Estimate(value, order.Quantile(Outside / 2), order.Quantile(1 - (Outside / 2)), count);
    }

    private static int[] Draw(int resample, int count)
    {
        var random = new RandomStream(Key, DrawPurpose.Resampling, episode: resample);
        var indices = new int[count];
        for (var i = 0; i < count; i++)
        {
            indices[i] = random.NextInt(count);
        }

        return indices;
    }
}
