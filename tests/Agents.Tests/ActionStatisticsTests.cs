using Simulator.Protocol;

namespace Simulator.Agents.Tests;

public sealed class ActionStatisticsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(10)]
    [InlineData(74)]
    [InlineData(129)]
    [InlineData(1000)]
    public void Quantiles_are_the_smallest_values_that_their_share_does_not_exceed(int count)
    {
        var random = new Random(count);
        var statistics = new ActionStatistics();
        for (var round = 0; round < 5; round++)
        {
            // Few values in the even rounds: many are equal.
            var z = Enumerable.Range(0, count).Select(_ => round % 2 == 0 ? random.Next(-3, 4) : (float)(random.NextDouble() - 0.5)).ToArray();
            foreach (var value in z)
                statistics.Add([value], [0], [0]);
            var sorted = z.Select(Math.Abs).Order().ToArray();
            var taken = statistics.Take();
            Assert.Equal((Rank(0.5), Rank(0.9), Rank(0.99)), (taken.Z50, taken.Z90, taken.Z99));

            float Rank(double q) => sorted.First(v => sorted.Count(w => w <= v) >= q * count);
        }
    }

    [Fact]
    public void Shares_are_by_side_and_threshold_and_begin_anew()
    {
        var statistics = new ActionStatistics();
        statistics.Add([0], [1], [1]);
        statistics.Take();
        float[] actions = [-1, -0.995f, -0.99f, -0.9f, -0.91f, 0.5f, 0.9f, 0.95f, 0.999f, 0];
        foreach (var a in actions)
            statistics.Add([0], [a], [a * a]);

        var taken = statistics.Take();

        Assert.Equal((0.4f, 0.2f, 0.2f, 0.1f), (taken.Low90, taken.High90, taken.Low99, taken.High99));
        Assert.Equal(actions.Average(a => a * a), taken.Slope, 1e-6);
    }

    [Fact]
    public void Values_that_are_no_numbers_stand_behind_all_others()
    {
        var statistics = new ActionStatistics();
        for (var i = 0; i < 50; i++)
            statistics.Add([i % 3 == 0 ? float.NaN : i], [float.NaN], [0]);
        var taken = statistics.Take();
        Assert.Equal(0, taken.High90);
        Assert.Equal(37, taken.Z50); // The 25th of 1, 2, 4, 5, 7, ...
        Assert.True(float.IsNaN(taken.Z90) && float.IsNaN(taken.Z99));
    }

    [Fact]
    public void A_monitor_goes_on_from_its_saved_state()
    {
        var head = OutputHead.Of(OutputFunction.Tanh);
        var (one, other) = (new SaturationMonitor(head, 0.9), new SaturationMonitor(head, 0.9));
        one.Observe([0.1f, 2f, -3f, 1f, 1.5f, -1f], [0.1f, 0.96f, -0.995f, 0.76f, 0.9f, -0.76f]);
        var writer = new StateWriter();
        one.Save(writer);
        var reader = new StateReader(writer.ToArray());
        other.Load(reader);
        Assert.True(reader.AtEnd);
        foreach (var monitor in new[] { one, other })
            monitor.Observe([0.7f, -2f, 3.5f], [0.6f, -0.96f, 0.998f]);
        Assert.Equal(one.Take(), other.Take());
    }

    [Fact]
    public void A_monitor_tells_the_actions_apart_whatever_the_heads_width()
    {
        foreach (var output in new[] { OutputFunction.Tanh, OutputFunction.Gaussian })
        {
            var head = OutputHead.Of(output);
            var monitor = new SaturationMonitor(head, 0.9);

            // Many rows, then fewer.
            foreach (var rows in new[] { 4, 1 })
            {
                var z = Enumerable.Range(0, rows * head.Outputs).Select(i => (i % head.Outputs) switch { 0 => 0.25f, 1 => -4f, 2 => 1.5f, _ => -1f }).ToArray();
                var a = new float[rows * 3];
                head.Act(z, a);
                monitor.Observe(z, a);
            }

            var (all, offload, cpu, power) = monitor.Take();
            Assert.Equal(15, all.Outputs);
            Assert.Equal((0.25f, 4f, 1.5f), (offload.Z50, cpu.Z90, power.Z99));
            Assert.Equal((0f, 1f, 1f), (offload.Low90, cpu.Low90, cpu.Low99));
            Assert.Equal((1f, 0f), (power.High90, power.High99));
            Assert.Equal(1 - Math.Pow(Math.Tanh(0.25), 2), offload.Slope, 1e-6);
        }
    }
}
