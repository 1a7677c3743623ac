using Simulator.Environment;
using Simulator.Protocol;

namespace Simulator.Master.Tests;

public sealed class AsymmetryScaleTests
{
    [Theory]
    [InlineData(AsymmetryScaling.Proportional)]
    [InlineData(AsymmetryScaling.Inverse)]
    public void The_factor_is_the_running_asymmetry_or_its_reciprocal_within_bounds(AsymmetryScaling scaling)
    {
        var scale = new AsymmetryScale(scaling, new Interval(0.2, 3));
        Assert.Equal(1, scale.Factor);
        var random = new Random(1);
        var ratios = new List<double>();
        var (low, high, between) = (0, 0, 0);
        for (var update = 0; update < 800; update++)
        {
            ratios.Add(Math.Exp(update / 100.0 - 4) * random.NextDouble());
            scale.Observe(ratios[^1]);
            scale.Observe(null);

            // The first ratio counts as all that came before it.
            var mean = ratios.Select((r, i) => r * Math.Pow(0.99, ratios.Count - 1 - i) * (i == 0 ? 1 : 0.01)).Sum();
            var expected = scaling == AsymmetryScaling.Proportional ? mean : 1 / mean;
            Assert.Equal(Math.Min(3, Math.Max(0.2, expected)), scale.Factor, 1e-9);
            low += scale.Factor == 0.2 ? 1 : 0;
            high += scale.Factor == 3 ? 1 : 0;
            between += scale.Factor is > 0.2 and < 3 ? 1 : 0;
        }

        Assert.True(low > 0 && high > 0 && between > 0);
    }

    [Fact]
    public void Actors_without_gradient_take_the_nearest_bound()
    {
        var (one, other) = (new AsymmetryScale(AsymmetryScaling.Proportional, new Interval(0.1, 10)), new AsymmetryScale(AsymmetryScaling.Inverse, new Interval(0.1, 10)));
        one.Observe(0);
        other.Observe(0);
        Assert.Equal((0.1, 10), (one.Factor, other.Factor));
    }

    [Fact]
    public void Without_scaling_the_rate_stays()
    {
        var scale = new AsymmetryScale(AsymmetryScaling.None, default);
        scale.Observe(1e-4);
        Assert.Equal(1, scale.Factor);
    }

    [Fact]
    public void A_saved_state_goes_on_as_the_one_that_was_saved()
    {
        var (one, other) = (new AsymmetryScale(AsymmetryScaling.Proportional, new Interval(0, 10)), new AsymmetryScale(AsymmetryScaling.Proportional, new Interval(0, 10)));
        one.Observe(0.5);
        one.Observe(0.25);
        var writer = new StateWriter();
        one.Save(writer);
        var reader = new StateReader(writer.ToArray());
        other.Load(reader);
        Assert.True(reader.AtEnd);
        one.Observe(2);
        other.Observe(2);
        Assert.Equal(one.Factor, other.Factor);
        Assert.InRange(other.Factor, 0.5, 0.53);
    }
}
