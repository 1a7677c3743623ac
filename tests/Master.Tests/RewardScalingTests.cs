using Simulator.Protocol;

namespace Simulator.Master.Tests;

public sealed class RewardScalingTests
{
    [Fact]
    public void The_deviation_is_that_of_all_returns_so_far()
    {
        const double gamma = 0.9;
        var random = new Random(1);
        var scaling = new RewardScaling(gamma);
        var returns = new List<double>();
        var running = 0.0;
        for (var step = 1; step <= 300; step++)
        {
            var reward = -50_000 * random.NextDouble();
            running = (running * gamma) + reward;
            returns.Add(running);
            scaling.Observe(reward, step % 10 == 0);
            running = step % 10 == 0 ? 0 : running;

            // Moments over all returns, and 1e-4 of a sample with mean 0 and variance 1 before them.
            const double prior = 1e-4;
            var count = returns.Count + prior;
            var mean = returns.Sum() / count;
            var variance = (returns.Sum(r => (r - mean) * (r - mean)) + (prior * (1 + (mean * mean)))) / count;
            Assert.Equal(1, scaling.Deviation / Math.Sqrt(variance + 1e-8), 1e-9);
        }
    }

    [Fact]
    public void Before_the_first_reward_nothing_is_scaled() => Assert.Equal(1, new RewardScaling(0.99).Deviation, 1e-7);

    [Fact]
    public void One_that_was_saved_goes_on_as_the_one_that_was_not()
    {
        var (through, after) = (new RewardScaling(0.99), new RewardScaling(0.99));
        for (var i = 0; i < 7; i++)
        {
            through.Observe(-100.5 * i, i == 4);
        }

        var writer = new StateWriter();
        through.Save(writer);
        var reader = new StateReader(writer.ToArray());
        after.Load(reader);
        Assert.True(reader.AtEnd);
        through.Observe(-3, false);
        after.Observe(-3, false);
        Assert.Equal(through.Deviation, after.Deviation);
    }
}
