namespace Simulator.Agents.Tests;

public sealed class BetaHeadTests
{
    private readonly BetaHead _head = new();

    public static TheoryData<int, int, double> Whole() => new()
    {
        { 1, 1, 0.3 }, { 2, 3, 0.1 }, { 2, 3, 0.9 }, { 5, 1, 0.5 }, { 1, 7, 0.999 }, { 4, 4, 1e-6 }, { 40, 25, 0.25 }, { 300, 12, 0.7 }, { 1000, 1000, 0.01 }, { 1000, 1, 0.999999 },
    };

    [Theory]
    [MemberData(nameof(Whole))]
    public void A_quantile_has_its_share_below_it(int alpha, int beta, double share)
    {
        var x = new BetaDistribution(alpha, beta).Quantile(share);
        Assert.Equal(share, Share(alpha, beta, x), 1e-7);
    }

    /// <summary>For whole parameters the regularised incomplete beta function is a binomial tail: I_x(a, b) = P(at least a of a + b - 1 successes).</summary>
    private static double Share(int alpha, int beta, double x)
    {
        var n = alpha + beta - 1;
        var (logChoose, sum) = (0.0, 0.0);
        for (var j = 0; j <= n; j++)
        {
            if (j > 0)
                logChoose += Math.Log(n - j + 1) - Math.Log(j);
            if (j >= alpha)
                sum += Math.Exp(logChoose + (j * Math.Log(x)) + ((n - j) * Math.Log(1 - x)));
        }

        return sum;
    }

    [Theory]
    [InlineData(1.7, 2.2)]
    [InlineData(1.001, 1.5)]
    [InlineData(30, 4)]
    [InlineData(700, 900)]
    public void A_quantiles_gradient_is_that_of_finite_differences(double alpha, double beta)
    {
        foreach (var u in new[] { 1e-3, 0.2, 0.5, 0.93, 0.9999 })
        {
            var x = new BetaDistribution(alpha, beta).Quantile(u);
            var (byAlpha, byBeta) = new BetaDistribution(alpha, beta).QuantileGradient(x);
            var (ha, hb) = (Math.Max(1e-4, 1e-3 * (alpha - 1)), Math.Max(1e-4, 1e-3 * (beta - 1)));
            var expectedAlpha = (new BetaDistribution(alpha + ha, beta).Quantile(u) - new BetaDistribution(alpha - ha, beta).Quantile(u)) / (2 * ha);
            var expectedBeta = (new BetaDistribution(alpha, beta + hb).Quantile(u) - new BetaDistribution(alpha, beta - hb).Quantile(u)) / (2 * hb);
            Assert.Equal(expectedAlpha, byAlpha, 1e-7 + (1e-4 * Math.Abs(expectedAlpha)));
            Assert.Equal(expectedBeta, byBeta, 1e-7 + (1e-4 * Math.Abs(expectedBeta)));
        }
    }

    [Fact]
    public void Samples_have_the_mean_and_the_deviation_of_their_distribution()
    {
        float[] z = [1f, -1f, 3f, 0f, 2f, -2f];
        const int count = 4000;
        for (var k = 0; k < 3; k++)
        {
            var (alpha, beta) = (1 + Softplus(z[k]), 1 + Softplus(z[k + 3]));
            var (sum, squares) = (0.0, 0.0);
            for (var i = 0; i < count; i++)
            {
                // Evenly spaced draws: an integral over u.
                var a = new float[3];
                var draws = new double[3];
                Array.Fill(draws, (i + 0.5) / count);
                _head.Sample(z, draws, a);
                sum += a[k];
                squares += a[k] * (double)a[k];
            }

            var mean = (alpha - beta) / (alpha + beta);
            var deviation = 2 * Math.Sqrt(alpha * beta / ((alpha + beta) * (alpha + beta) * (alpha + beta + 1)));
            Assert.Equal(mean, sum / count, 1e-3);
            Assert.Equal(deviation, Math.Sqrt((squares / count) - (sum / count * (sum / count))), 2e-3);
        }
    }

    [Fact]
    public void The_gradient_goes_through_the_sample_and_through_softplus()
    {
        float[] z = [0.5f, -1f, 8f, -0.3f, 2f, 1200f];
        double[] draws = [0.3, 0.95, 0.5];
        float[] direction = [1f, -2f, 0.5f];
        var (a, dz) = (new float[3], new float[6]);
        _head.Sample(z, draws, a);
        _head.Gradient(z, a, draws, direction, dz);
        for (var i = 0; i < 6; i++)
        {
            const double h = 1e-3;
            var k = i % 3;
            double Loss(double moved)
            {
                var (one, two) = i < 3 ? (moved, (double)z[k + 3]) : (z[k], moved);
                return direction[k] * ((2 * new BetaDistribution(Math.Min(1000, 1 + Softplus(one)), Math.Min(1000, 1 + Softplus(two))).Quantile(draws[k])) - 1);
            }

            Assert.Equal((Loss(z[i] + h) - Loss(z[i] - h)) / (2 * h), dz[i], 1e-5);
        }

        Assert.Equal(0, dz[5]);
    }

    [Fact]
    public void The_noise_free_action_is_the_mean_and_its_slope_is_by_half_the_difference()
    {
        float[] z = [0.5f, -1f, 40f, -0.3f, 2f, -40f];
        var (a, locations, slopes) = (new float[3], new float[3], new double[3]);
        _head.Act(z, a);
        _head.Locations(z, locations);
        _head.Slopes(z, a, slopes);
        for (var k = 0; k < 3; k++)
        {
            var (one, two) = ((double)z[k], (double)z[k + 3]);
            Assert.Equal(Mean(one, two), a[k], 1e-6);
            Assert.Equal((z[k] - z[k + 3]) / 2, locations[k]);
            Assert.Equal((Mean(one + 1e-5, two - 1e-5) - Mean(one - 1e-5, two + 1e-5)) / 2e-5, slopes[k], 1e-6);
        }

        static double Mean(double one, double two) => (Softplus(one) - Softplus(two)) / (2 + Softplus(one) + Softplus(two));
    }

    [Fact]
    public void Parameters_that_are_not_finite_make_actions_that_are_not()
    {
        var a = new float[3];
        _head.Sample([float.NaN, 0, 0, 0, 0, 0], [0.5, 0.5, 0.5], a);
        Assert.True(float.IsNaN(a[0]));
        Assert.True(float.IsFinite(a[1]));
    }

    private static double Softplus(double z) => z > 30 ? z : Math.Log(1 + Math.Exp(z));
}
