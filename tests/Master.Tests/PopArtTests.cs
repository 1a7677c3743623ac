using Simulator.Protocol;

namespace Simulator.Master.Tests;

public sealed class PopArtTests
{
    private const double Rate = 0.01;

    [Fact]
    public void The_moments_are_means_over_all_updates_with_weights_that_decay()
    {
        var popArt = new PopArt(Rate);
        var random = new Random(4);
        var batches = new List<double[]>();
        for (var update = 0; update < 50; update++)
        {
            batches.Add([.. Enumerable.Range(0, 16).Select(_ => -50_000 + (4_000 * random.NextDouble()) + (100 * update))]);
            popArt.Observe(batches[^1]);

            // The same, written as one weighted mean instead of step by step.
            var weights = Enumerable.Range(0, batches.Count).Select(i => Math.Pow(1 - Rate, batches.Count - 1 - i)).ToList();
            var mean = batches.Zip(weights, (b, w) => w * b.Average()).Sum() / weights.Sum();
            var variance = batches.Zip(weights, (b, w) => w * b.Average(y => (y - mean) * (y - mean))).Sum() / weights.Sum();
            Assert.Equal(1, popArt.Scale.Mean / mean, 1e-12);
            Assert.Equal(1, popArt.Scale.Deviation / Math.Sqrt(variance), 1e-6);
        }
    }

    [Fact]
    public void Rescaled_outputs_have_the_values_that_they_had()
    {
        var popArt = new PopArt(Rate);
        Assert.Equal(0.25, popArt.Scale.Restore(0.25f));
        for (var update = 0; update < 5; update++)
        {
            var before = popArt.Scale;
            var rescaling = popArt.Observe([-100 - update, 20 * update, 1e3]);
            foreach (var output in new[] { -2f, 0, 0.5f, 7 })
            {
                var after = (output * rescaling.Factor) + rescaling.Shift;
                Assert.Equal(before.Restore(output), popArt.Scale.Mean + (popArt.Scale.Deviation * after), 1e-9);
            }
        }

        Assert.Equal(33, popArt.Scale.Restore((float)popArt.Scale.Normalise(33)), 1e-3);
    }

    [Fact]
    public void Targets_that_are_all_equal_keep_a_deviation()
    {
        var popArt = new PopArt(Rate);
        popArt.Observe([3, 3, 3]);
        Assert.Equal((3, 1e-4), (popArt.Scale.Mean, popArt.Scale.Deviation));
    }

    [Fact]
    public void A_saved_state_goes_on_as_the_one_that_was_saved()
    {
        var (one, other) = (new PopArt(Rate), new PopArt(Rate));
        one.Observe([1, 2, 7]);
        var writer = new StateWriter();
        one.Save(writer);
        var reader = new StateReader(writer.ToArray());
        other.Load(reader);
        Assert.True(reader.AtEnd);
        Assert.Equal(one.Scale, other.Scale);
        Assert.Equal(one.Observe([4, 9, -3]), other.Observe([4, 9, -3]));
        Assert.Equal(one.Scale, other.Scale);
    }
}
