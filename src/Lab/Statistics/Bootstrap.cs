using Simulator.Environment;
using Simulator.Lab.Benchmarks;

namespace Simulator.Lab.Statistics;

/// <summary>
/// Percentile intervals by the bootstrap: the sample is drawn anew with replacement, and 95 % of the statistic's values lie between the ends. Source: Efron and Tibshirani, An
/// Introduction to the Bootstrap (1993), section 13.3; for few runs of several tasks Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice", NeurIPS 2021,
/// who resample the runs of each task (strata). Draws are Philox with a fixed key, so a report of the same results is the same.
/// </summary>
/// <remarks>
/// A percentile interval of n values covers less than it says where n is small: of two values it holds the mean in half of all samples, of three in seven of ten (normal values). With fewer than
/// <see cref="FewestSeeds"/> seeds the ends are therefore the range that the statistic has over the seeds, one by one, and are called that.
/// </remarks>
internal static class Bootstrap
{
    /// <summary>Resamples behind each interval, as many as rliable's examples take.</summary>
    internal const int Resamples = 2000;

    /// <summary>Fewer seeds than these have a range and no interval.</summary>
    internal const int FewestSeeds = 6;

    private const double Outside = 0.05;
    private const ulong Key = 0;

    /// <summary>The mean of values of which each has a seed of its own.</summary>
    /// <exception cref="ArgumentException">There is no value.</exception>
    internal static Estimate Mean(IReadOnlyList<double> values) => Mean([[.. values.Select((v, i) => new SeedValue((ulong)i, v))]]);

    /// <summary>The mean of all values together, its interval by resampling within each stratum.</summary>
    /// <param name="strata">One list for each configuration, of its runs.</param>
    /// <exception cref="ArgumentException">There is no value.</exception>
    internal static Estimate Mean(IReadOnlyList<IReadOnlyList<SeedValue>> strata) => Stratified(strata, sample => sample.Average());

    /// <summary>The interquartile mean of all values together, its interval by resampling within each stratum.</summary>
    /// <param name="strata">Values by task: one list for each configuration, of its runs.</param>
    /// <exception cref="ArgumentException">There is no value.</exception>
    internal static Estimate InterquartileMean(IReadOnlyList<IReadOnlyList<SeedValue>> strata) => Stratified(strata, Statistics.InterquartileMean.Of);

    /// <summary>The mean of values of which those of one seed belong together: seeds are drawn, each with all its values.</summary>
    /// <exception cref="ArgumentException">There is no value.</exception>
    internal static Estimate MeanBySeed(IReadOnlyList<SeedValue> values)
    {
        var seeds = values.GroupBy(v => v.Seed).OrderBy(g => g.Key).Select(g => (Sum: g.Sum(v => v.Value), Count: g.Count())).ToArray();
        var mean = values.Count > 0 ? values.Average(v => v.Value) : throw new ArgumentException("without a value there is no mean", nameof(values));
        if (seeds.Length < FewestSeeds)
        {
            return WithRange(mean, [.. seeds.Select(s => s.Sum / s.Count)]);
        }

        var resampled = new List<double>(Resamples);
        for (var r = 0; r < Resamples; r++)
        {
            var drawn = Draw(r, [seeds.Length]);
            resampled.Add(drawn.Sum(i => seeds[i].Sum) / drawn.Sum(i => seeds[i].Count));
        }

        return WithInterval(mean, resampled, seeds.Length);
    }

    /// <summary>The mean of several curves at each of their points; all points share the resamples of curves, which are drawn within each stratum.</summary>
    /// <param name="strata">One list for each configuration, of the curves of its runs, of one length.</param>
    /// <returns>
    /// An estimate for each point; null where no curve has a value. Where curves have ended, fewer seeds are left: with fewer than an interval takes the point has none, though the others have.
    /// </returns>
    internal static Estimate?[] MeanCurve(IReadOnlyList<IReadOnlyList<SeedCurve>> strata)
    {
        var curves = strata.SelectMany(s => s).ToArray();
        var estimates = new Estimate?[curves.Length == 0 ? 0 : curves.Max(c => c.Values.Length)];
        if (estimates.Length == 0)
        {
            return estimates;
        }

        var seeds = CompleteSeeds(strata, c => c.Seed).Count;
        int[][] resamples = seeds < FewestSeeds ? [] : [.. Enumerable.Range(0, Resamples).Select(r => Draw(r, [.. strata.Select(s => s.Count)]))];
        var means = new List<double>(resamples.Length);
        for (var i = 0; i < estimates.Length; i++)
        {
            // NaN stands for what is absent: the loop below runs some ten million times for a report.
            var column = Array.ConvertAll(curves, c => (i < c.Values.Length ? c.Values[i] : null) ?? double.NaN);
            var present = column.Where(v => !double.IsNaN(v)).ToList();
            if (present.Count == 0)
            {
                continue;
            }

            var left = strata.Select(s => s.Where(c => i < c.Values.Length && c.Values[i] is not null).Select(c => new SeedValue(c.Seed, c.Values[i]!.Value)).ToList()).Where(s => s.Count > 0).ToList();
            if (seeds < FewestSeeds)
            {
                estimates[i] = WithRange(present.Average(), BySeed(left, sample => sample.Average()));
                continue;
            }

            var complete = CompleteSeeds(left, v => v.Seed).Count;
            means.Clear();
            foreach (var resample in complete < FewestSeeds ? [] : resamples)
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

            estimates[i] = WithInterval(present.Average(), means, complete);
        }

        return estimates;
    }

    /// <summary>Seeds of which each stratum has a run: only between these a statistic over all strata can be compared.</summary>
    internal static IReadOnlyList<ulong> CompleteSeeds<T>(IReadOnlyList<IReadOnlyList<T>> strata, Func<T, ulong> seedOf) =>
        [.. strata.SelectMany(s => s.Select(seedOf).Distinct()).GroupBy(s => s).Where(g => g.Count() == strata.Count).Select(g => g.Key).Order()];

    private static Estimate Stratified(IReadOnlyList<IReadOnlyList<SeedValue>> strata, Func<IReadOnlyList<double>, double> statistic)
    {
        strata = [.. strata.Where(s => s.Count > 0)];
        var all = strata.SelectMany(s => s.Select(v => v.Value)).ToArray();
        if (all.Length == 0)
        {
            throw new ArgumentException("without a value there is no statistic", nameof(strata));
        }

        var value = statistic(all);
        var seeds = CompleteSeeds(strata, v => v.Seed).Count;
        if (seeds < FewestSeeds)
        {
            return WithRange(value, BySeed(strata, statistic));
        }

        var sizes = strata.Select(s => s.Count).ToArray();
        var resampled = new List<double>(Resamples);
        var sample = new double[all.Length];
        for (var r = 0; r < Resamples; r++)
        {
            var drawn = Draw(r, sizes);
            for (var i = 0; i < sample.Length; i++)
            {
                sample[i] = all[drawn[i]];
            }

            resampled.Add(statistic(sample));
        }

        return WithInterval(value, resampled, seeds);
    }

    /// <summary>The statistic of each complete seed's values.</summary>
    private static List<double> BySeed(IReadOnlyList<IReadOnlyList<SeedValue>> strata, Func<IReadOnlyList<double>, double> statistic) =>
        [.. CompleteSeeds(strata, v => v.Seed).Select(seed => statistic([.. strata.SelectMany(s => s.Where(v => v.Seed == seed).Select(v => v.Value))]))];

    private static Estimate WithRange(double value, List<double> bySeed) =>
        bySeed.Count < 2 ? new Estimate(value, null, null, bySeed.Count) : new Estimate(value, bySeed.Min(), bySeed.Max(), bySeed.Count);

    private static Estimate WithInterval(double value, List<double> resampled, int seeds)
    {
        if (resampled.Count == 0)
        {
            return new Estimate(value, null, null, seeds);
        }

        var order = new OrderStatistics(resampled);
        return new Estimate(value, order.Quantile(Outside / 2), order.Quantile(1 - (Outside / 2)), seeds);
    }

    /// <summary>Indices into all strata laid one behind the other, each stratum drawn anew from itself.</summary>
    private static int[] Draw(int resample, IReadOnlyList<int> sizes)
    {
        var random = new RandomStream(Key, DrawPurpose.Resampling, episode: resample);
        var indices = new int[sizes.Sum()];
        var (position, begin) = (0, 0);
        foreach (var size in sizes)
        {
            for (var i = 0; i < size; i++)
            {
                indices[position++] = begin + random.NextInt(size);
            }

            begin += size;
        }

        return indices;
    }
}
