namespace Simulator.Agents.Tests;

public sealed class OutputTermsTests
{
    private static readonly float[] Z = [0.5f, -1.3f, 2f, 1.1f, -1.1f, 0f, 3f, -0.2f, -4f, 1.2f, 0.9f, -1.15f];

    [Theory]
    [InlineData(3)]
    [InlineData(6)]
    public void The_pre_activation_penalty_is_a_mean_over_the_minibatch_and_all_outputs(int outputs)
    {
        var dz = Added(new OutputTerms(0.3, 0, 0), outputs);
        Check(dz, z => 0.3 * z.Sum(v => v * v) / z.Length);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(6)]
    public void The_bound_penalty_is_a_sum_over_the_three_actions_and_a_mean_over_the_minibatch(int outputs)
    {
        var dz = Added(new OutputTerms(0, 0.3, 0), outputs);
        var rows = Z.Length / outputs;
        Check(dz, z => 0.3 * Enumerable.Range(0, z.Length).Where(i => i % outputs < 3).Sum(i => Math.Pow(Math.Max(0, Math.Abs(z[i]) - 1.1), 2)) / rows);
    }

    [Fact]
    public void The_clip_is_on_each_samples_own_gradient()
    {
        // Two rows: dL/da is half of a sample's own gradient.
        float[] da = [0.1f, -0.4f, 3f, -9f, 0.25f, 0f];
        var clipped = new float[6];
        new OutputTerms(0, 0, 0.5).Clip(da, clipped);
        Assert.Equal([0.1f, -0.25f, 0.25f, -0.25f, 0.25f, 0f], clipped);
        OutputTerms.None.Clip(da, clipped);
        Assert.Equal(da, clipped);
    }

    private static float[] Added(OutputTerms terms, int outputs)
    {
        var dz = Enumerable.Repeat(1f, Z.Length).ToArray();
        terms.Add(Z, outputs, dz);
        return dz;
    }

    private static void Check(float[] dz, Func<double[], double> loss)
    {
        const double h = 1e-5;
        for (var i = 0; i < Z.Length; i++)
        {
            var (up, down) = (Array.ConvertAll(Z, v => (double)v), Array.ConvertAll(Z, v => (double)v));
            up[i] += h;
            down[i] -= h;
            Assert.Equal(1 + ((loss(up) - loss(down)) / (2 * h)), dz[i], 1e-5);
        }
    }
}
