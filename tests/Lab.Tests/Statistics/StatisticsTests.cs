using Simulator.Lab.Statistics;

namespace Simulator.Lab.Tests.Statistics;

public sealed class StatisticsTests
{
    // Remission in weeks under 6-mercaptopurine (Freireich et al., Blood 21, 1963), + for censored.
    private const string Remission = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+";

    // Columns: week, at risk, survival, Greenwood's standard error, 95 % log-log interval. Source: Kalbfleisch and Prentice; Kleinbaum and Klein, Survival Analysis, chapter 2.
    [Theory]
    [InlineData(6, 21, 0.8571, 0.0764, 0.6197, 0.9516)]
    [InlineData(7, 17, 0.8067, 0.0869, 0.5631, 0.9228)]
    [InlineData(10, 15, 0.7529, 0.0963, 0.5032, 0.8894)]
    [InlineData(13, 12, 0.6902, 0.1068, 0.4316, 0.8491)]
    [InlineData(16, 11, 0.6275, 0.1141, 0.3675, 0.8049)]
    [InlineData(22, 7, 0.5378, 0.1282, 0.2678, 0.7468)]
    [InlineData(23, 6, 0.4482, 0.1346, 0.1881, 0.6801)]
    public void Survival_of_the_leukaemia_patients_is_as_published(double week, int atRisk, double survival, double error, double low, double high)
    {
        var step = Assert.Single(new KaplanMeier(Patients()).Steps, s => s.Time == week);
        Assert.Equal(atRisk, step.AtRisk);
        Assert.Equal(survival, step.Survival, 4);
        Assert.Equal(error, step.StandardError, 4);
        Assert.Equal(low, step.Low!.Value, 4);
        Assert.Equal(high, step.High!.Value, 4);
    }

    [Fact]
    public void The_median_remission_is_23_weeks()
    {
        var curve = new KaplanMeier(Patients());
        Assert.Equal(7, curve.Steps.Count);
        Assert.Equal(23, curve.Median);
        Assert.Equal(1, curve.At(5.9));
        Assert.Equal(0.8067, curve.At(9), 4);
        Assert.Equal(curve.Steps[^1].Survival, curve.At(1000));
    }

    [Fact]
    public void The_median_does_not_miss_a_half_that_rounding_put_a_little_above()
    {
        var lifetimes = Enumerable.Range(1, 24).Select(i => new Lifetime(i, i <= 12)).ToList();
        Assert.NotEqual(0.5, new KaplanMeier(lifetimes).Steps[^1].Survival);
        Assert.Equal(12, new KaplanMeier(lifetimes).Median);
    }

    [Fact]
    public void Where_all_have_the_event_nobody_survives_and_where_none_has_all_do()
    {
        var all = new KaplanMeier([new(3, true), new(5, true)]);
        Assert.Equal([0.5, 0.0], all.Steps.Select(s => s.Survival));
        Assert.Null(all.Steps[^1].Low);
        var none = new KaplanMeier([new(3, false), new(5, false)]);
        Assert.Empty(none.Steps);
        Assert.Null(none.Median);
    }

    // scipy.stats.trim_mean(x, 0.25) leaves int(n / 4) values out at either end.
    [Theory]
    [InlineData(2.5, 1.0, 2.0, 3.0, 4.0)]
    [InlineData(3.0, 100.0, 1.0, 2.0, 3.0, 4.0)]
    [InlineData(9.5, 19.0, 18.0, 17.0, 16.0, 15.0, 14.0, 13.0, 12.0, 11.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0)]
    [InlineData(4.0, -1000.0, 4.0, 4.0, 4.0, 4.0, 4.0, 1000.0)]
    [InlineData(7.0, 7.0)]
    public void The_interquartile_mean_is_that_of_the_middle_half(double expected, params double[] values) =>
        Assert.Equal(expected, InterquartileMean.Of(values), 12);

    [Fact]
    public void The_interval_of_a_mean_is_that_of_the_exact_bootstrap_distribution()
    {
        // All 6^6 resamples of six values are equally likely.
        double[] values = [1, 2, 4, 8, 3, 9];
        var means = from a in values from b in values from c in values from d in values from e in values from f in values select (a + b + c + d + e + f) / 6;
        var exact = means.Order().ToArray();
        var estimate = Bootstrap.Mean(values);
        Assert.Equal(4.5, estimate.Value);
        Assert.Equal(6, estimate.Seeds);
        Assert.False(estimate.IsRange);
        Assert.InRange(estimate.Low!.Value, exact[(int)(0.015 * 46656)], exact[(int)(0.035 * 46656)]);
        Assert.InRange(estimate.High!.Value, exact[(int)(0.965 * 46656)], exact[(int)(0.985 * 46656)]);
    }

    [Fact]
    public void Of_a_large_sample_the_interval_is_close_to_the_normal_one()
    {
        var random = new Environment.RandomStream(5, Environment.DrawPurpose.Noise);
        var values = Enumerable.Range(0, 400).Select(_ => 10 + (2 * random.NextNormal())).ToArray();
        var mean = values.Average();
        var width = 1.96 * Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / 400 / 400);
        var estimate = Bootstrap.Mean(values);
        Assert.Equal(mean - width, estimate.Low!.Value, 0.02);
        Assert.Equal(mean + width, estimate.High!.Value, 0.02);
        Assert.Equal(estimate, Bootstrap.Mean(values));
    }

    [Fact]
    public void One_value_has_no_interval() => Assert.Equal(new Estimate(3, null, null, 1), Bootstrap.Mean([3.0]));

    [Fact]
    public void Of_fewer_than_six_seeds_the_ends_are_the_range()
    {
        var five = Bootstrap.Mean([1.0, 2, 4, 8, 5]);
        Assert.Equal(new Estimate(4, 1, 8, 5), five);
        Assert.True(five.IsRange);
        Assert.False(Bootstrap.Mean([1.0, 2, 4, 8, 5, 4]).IsRange);

        // Of several configurations each seed has a mean over all of them; a seed that one of them lacks has none to compare.
        Assert.Equal(new Estimate(58, 51, 57, 2), Bootstrap.Mean([Seeds(1, 2, 9), Seeds(101, 112)]) with { Value = 58 });
        Assert.Equal(new Estimate(51, null, null, 1), Bootstrap.Mean([Seeds(1), Seeds(101)]));
    }

    [Fact]
    public void Resampling_stays_within_its_stratum()
    {
        // Between strata everything differs, within them nothing: the statistic cannot vary.
        static IReadOnlyList<SeedValue> Six(double value) => Seeds(value, value, value, value, value, value);
        var estimate = Bootstrap.InterquartileMean([Six(1), Six(100), Six(1000)]);
        Assert.Equal(new Estimate(260.2, 260.2, 260.2, 6), estimate);
    }

    [Fact]
    public void A_curve_of_means_has_the_intervals_of_its_points()
    {
        double?[][] curves = [[1, 5, null, 1], [2, 5, null, 2], [4, 5, 3, 3], [8, 5, null, 4], [3, 5, null, 5], [9, 5, null, null]];
        var estimates = Bootstrap.MeanCurve([Curves(curves)]);
        Assert.Equal(Bootstrap.Mean([1.0, 2, 4, 8, 3, 9]), estimates[0]);
        Assert.Equal(new Estimate(5, 5, 5, 6), estimates[1]);
        Assert.Equal(new Estimate(3, null, null, 1), estimates[2]);
        Assert.Equal(new Estimate(3, null, null, 5), estimates[3]);
        Assert.Equal(new Estimate(3.75, 1, 8, 4), Bootstrap.MeanCurve([Curves(curves[..4])])[0]);
    }

    [Fact]
    public void A_curve_over_configurations_resamples_the_seeds_of_each()
    {
        // Between the two everything differs, within them nothing.
        double?[][] Six(double value) => [.. Enumerable.Range(0, 6).Select(_ => new double?[] { value })];
        Assert.Equal(new Estimate(500.5, 500.5, 500.5, 6), Bootstrap.MeanCurve([Curves(Six(1)), Curves(Six(1000))])[0]);
        Assert.Equal(new Estimate(502, 501, 503, 2), Bootstrap.MeanCurve([Curves([[1], [3]]), Curves([[1001], [1003]])])[0]);
    }

    [Fact]
    public void The_signed_rank_test_agrees_with_the_depression_scale_of_hollander_and_wolfe()
    {
        // Hollander and Wolfe (1973), pages 29f.; wilcox.test(x, y, paired = TRUE) of R: V = 40, p = 0.03906.
        double[] before = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30];
        double[] after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
        var comparison = new PairedComparison(Seeds([.. before.Zip(after, (x, y) => x - y)]));
        Assert.Equal(0.0390625, comparison.PValue!.Value, 10);
        Assert.Equal((7, 2, 0), (comparison.Wins, comparison.Losses, comparison.Ties));
    }

    [Theory]
    [InlineData(0.03125, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)]
    [InlineData(0.03125, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0)]
    [InlineData(1.0, 1.0, -1.0)]
    [InlineData(0.5, 1.0, 2.0)]
    public void With_few_pairs_the_p_value_counts_signs(double expected, params double[] differences) =>
        Assert.Equal(expected, new PairedComparison(Seeds(differences)).PValue!.Value, 12);

    [Fact]
    public void Without_a_difference_there_is_no_p_value() => Assert.Null(new PairedComparison(Seeds(0.0, 0.0)).PValue);

    [Theory]
    [InlineData(1, 1.0)]
    [InlineData(2, 0.5)]
    [InlineData(6, 0.03125)]
    public void Pairs_of_one_seed_flip_together_so_that_seeds_alone_make_the_smallest_p_value(int seeds, double smallest)
    {
        var pairs = Enumerable.Range(1, seeds).SelectMany(s => Enumerable.Range(1, 16).Select(i => new SeedValue((ulong)s, i + (0.01 * s)))).ToList();
        Assert.Equal(smallest, new PairedComparison(pairs).PValue!.Value, 12);
        Assert.Equal(16 * seeds, new PairedComparison(pairs).Wins);
    }

    [Fact]
    public void Signs_that_disagree_within_a_seed_take_from_one_another()
    {
        // Ranks 1 to 4: seed 1 has 4 - 1 = 3, seed 2 has 2 + 3 = 5. Of the four sums +-3 +-5 two are as far from zero as 8.
        var comparison = new PairedComparison([new(1, 4), new(1, -1), new(2, 2), new(2, 3)]);
        Assert.Equal(0.5, comparison.PValue!.Value, 12);
        Assert.Equal(new Estimate(2, 1.5, 2.5, 2), comparison.Difference);
    }

    [Fact]
    public void Many_pairs_have_the_p_value_of_the_normal_approximation_near_the_exact_one()
    {
        var random = new Environment.RandomStream(9, Environment.DrawPurpose.Noise);
        var differences = Enumerable.Range(0, PairedComparison.MostPairsExact).Select(_ => random.NextNormal() - 0.1).ToList();
        var exact = new PairedComparison(Seeds([.. differences])).PValue!.Value;
        var normal = new PairedComparison(Seeds([.. differences, 1e-9])).PValue!.Value;
        Assert.InRange(exact, 0.001, 0.5);
        Assert.Equal(exact, normal, 0.03 * exact);
    }

    [Fact]
    public void Spearmans_correlation_is_that_of_intelligence_and_television()
    {
        // The textbook's ten pairs (IQ, hours of television): rho = -29 / 165.
        double[] intelligence = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110];
        double[] hours = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17];
        Assert.Equal(-29.0 / 165, Ranks.Correlation(intelligence, hours)!.Value, 12);
        Assert.Null(Ranks.Correlation([1, 2, 3], [4, 4, 4]));
        Assert.Null(Ranks.Correlation([1, 2], [4, 5]));
    }

    [Fact]
    public void Equal_values_share_the_mean_of_their_ranks() => Assert.Equal([1, 3.5, 2, 3.5, 5], Ranks.Of([-1, 4, 0, 4, 9]));

    private static SeedValue[] Seeds(params double[] values) => [.. values.Select((v, i) => new SeedValue((ulong)i, v))];

    private static SeedCurve[] Curves(double?[][] curves) => [.. curves.Select((c, i) => new SeedCurve((ulong)i, c))];

    private static List<Lifetime> Patients() =>
        [.. Remission.Split(' ').Select(w => new Lifetime(double.Parse(w.TrimEnd('+'), System.Globalization.CultureInfo.InvariantCulture), !w.EndsWith('+')))];
}
