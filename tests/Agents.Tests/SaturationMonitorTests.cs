using Simulator.Protocol;

namespace Simulator.Agents.Tests;

public sealed class SaturationMonitorTests
{
    private static readonly float[] PreActivations = [-3f, -1.5f, -0.2f, 0f, 0.4f, 1f, 1.48f, 2.5f, -0.99f];

    public static TheoryData<OutputFunction> Outputs() => new(OutputFunction.Tanh, OutputFunction.Inverting);

    [Theory]
    [MemberData(nameof(Outputs))]
    public void Moments_are_those_of_everything_seen_since_the_last_update(OutputFunction output)
    {
        var monitor = new SaturationMonitor(OutputHead.Of(output), 0.9);
        monitor.Observe([5f, 5f, 5f], [1f, 1f, 1f]);
        monitor.Take();
        var actions = Array.ConvertAll(PreActivations, z => Squash(output, z));
        monitor.Observe(PreActivations.AsSpan(0, 3), actions.AsSpan(0, 3));
        monitor.Observe(PreActivations.AsSpan(3), actions.AsSpan(3));

        var summary = monitor.Take().All;

        var mean = PreActivations.Average(z => (double)z);
        Assert.Equal(PreActivations.Length, summary.Outputs);
        Assert.Equal(actions.Count(a => Math.Abs(a) > 0.9) / 9.0, summary.SaturationRatio);
        Assert.Equal(PreActivations.Average(z => Slope(output, z)), summary.Slope, 1e-6);
        Assert.Equal(mean, summary.PreActivationMean, 1e-12);
        Assert.Equal(Math.Sqrt(PreActivations.Average(z => (z - mean) * (z - mean))), summary.PreActivationDeviation, 1e-12);
        Assert.Equal(-3, summary.PreActivationMin);
        Assert.Equal(2.5, summary.PreActivationMax);
        Assert.Equal(actions.Average(a => (double)a), summary.ActionMean, 1e-12);
        Assert.Equal(actions.Min(), summary.ActionMin);
        Assert.Equal(actions.Max(), summary.ActionMax);
    }

    [Fact]
    public void An_output_at_the_threshold_is_not_saturated()
    {
        var monitor = new SaturationMonitor(OutputHead.Of(OutputFunction.Tanh), 0.5);
        monitor.Observe(new float[6], [0.5f, -0.5f, MathF.BitIncrement(0.5f), -MathF.BitIncrement(0.5f), 0.5f, 0.6f]);

        Assert.Equal(0.5, monitor.Take().All.SaturationRatio);
    }

    [Fact]
    public void Equal_pre_activations_have_no_deviation()
    {
        // The difference of two nearly equal sums may be rounded below zero.
        var monitor = new SaturationMonitor(OutputHead.Of(OutputFunction.Tanh), 0.9);
        var z = Enumerable.Repeat(0.1f, 1002).ToArray();
        monitor.Observe(z, z);

        Assert.InRange(monitor.Take().All.PreActivationDeviation, 0, 1e-7);
    }

    [Fact]
    public void Nothing_seen_since_the_last_update_is_an_error()
    {
        var monitor = new SaturationMonitor(OutputHead.Of(OutputFunction.Tanh), 0.9);
        Assert.Throws<InvalidOperationException>(() => monitor.Take());
        monitor.Observe([1f, 1f, 1f], [1f, 1f, 1f]);
        monitor.Take();
        Assert.Throws<InvalidOperationException>(() => monitor.Take());
    }

    private static float Squash(OutputFunction output, float z) => output == OutputFunction.Tanh ? MathF.Tanh(z) : Math.Clamp(z, -1, 1);

    private static double Slope(OutputFunction output, float z)
    {
        if (output == OutputFunction.Inverting)
            return z is > -1 and < 1 ? 1 : 0;
        return 1 / (Math.Cosh(z) * Math.Cosh(z));
    }

    [Fact]
    public void One_that_was_saved_between_two_updates_tells_what_the_one_that_was_not_tells()
    {
        var (through, before, after) = (New(), New(), New());
        float[] z = [0.5f, -3, 2.5f];
        float[] other = [float.Epsilon, 7, -0.25f];
        through.Observe(z, Tanh(z));
        through.Observe(other, Tanh(other));
        before.Observe(z, Tanh(z));
        var writer = new StateWriter();
        before.Save(writer);
        var reader = new StateReader(writer.ToArray());
        after.Load(reader);
        Assert.True(reader.AtEnd);
        after.Observe(other, Tanh(other));
        Assert.Equal(through.Take(), after.Take());

        static SaturationMonitor New() => new(OutputHead.Of(OutputFunction.Tanh), 0.9);
        static float[] Tanh(float[] values) => Array.ConvertAll(values, MathF.Tanh);
    }
}
