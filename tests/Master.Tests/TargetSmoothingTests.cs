using Simulator.Environment;

namespace Simulator.Master.Tests;

public sealed class TargetSmoothingTests
{
    [Fact]
    public void Noise_is_clipped_and_so_is_the_action()
    {
        float[] actions = [.. Enumerable.Range(0, 300).Select(i => (i % 3) - 1f), .. new float[300]];
        var smoothed = (float[])actions.Clone();
        new TargetSmoothing(5, deviation: 0.2, clip: 0.3).Apply(client: 2, episode: 9, smoothed);

        var random = new RandomStream(5, DrawPurpose.TargetNoise, 2, 9);
        for (var i = 0; i < actions.Length; i++)
        {
            var noise = Math.Max(-0.3, Math.Min(0.3, 0.2 * random.NextNormal()));
            Assert.Equal((float)Math.Max(-1, Math.Min(1, actions[i] + noise)), smoothed[i]);
        }

        // Both clips took place, and not everywhere.
        Assert.Contains(0.3f, smoothed);
        Assert.Contains(-0.3f, smoothed);
        Assert.Contains(1f, smoothed);
        Assert.Contains(smoothed, a => a is > 0.7f and < 1);
    }

    [Fact]
    public void Noise_belongs_to_seed_client_and_episode()
    {
        float[] Draw(ulong seed, int client, int episode)
        {
            var actions = new float[30];
            new TargetSmoothing(seed, 0.2, 0.5).Apply(client, episode, actions);
            return actions;
        }

        Assert.Equal(Draw(1, 2, 3), Draw(1, 2, 3));
        Assert.NotEqual(Draw(1, 2, 3), Draw(2, 2, 3));
        Assert.NotEqual(Draw(1, 2, 3), Draw(1, 3, 3));
        Assert.NotEqual(Draw(1, 2, 3), Draw(1, 2, 4));
    }

    [Fact]
    public void The_noise_has_the_deviation_of_a_clipped_normal()
    {
        var actions = new float[200_000];
        new TargetSmoothing(7, deviation: 0.2, clip: 0.25).Apply(0, 1, actions);

        // By the trapezoidal rule over the density of the noise before clipping.
        var variance = 0.0;
        const double step = 1e-4;
        for (var x = -2.0; x < 2; x += step)
        {
            var clipped = Math.Clamp(x, -0.25, 0.25);
            variance += clipped * clipped * Math.Exp(-x * x / 0.08) / Math.Sqrt(Math.PI * 0.08) * step;
        }

        Assert.Equal(0, actions.Average(a => (double)a), 2e-3);
        Assert.Equal(1, actions.Average(a => (double)a * a) / variance, 0.02);
    }
}
