using Simulator.Protocol;

namespace Simulator.Agents.Tests;

public sealed class GradientPathTests
{
    // Rows of offload, cpu, power.
    private static readonly float[] A = [0.95f, 0.1f, -1f, -0.97f, 0.2f, -0.92f, 0.99f, 0.1f, -0.5f, 0.91f, 0.4f, -0.99f];
    private static readonly float[] Da = [1f, 5f, -2f, 3f, -5f, 0f, -0.5f, 1f, 7f, 2f, 0f, 4f];

    [Fact]
    public void Saturated_outputs_are_stuck_where_the_ascent_points_inward_and_at_their_boundary_where_it_points_outward()
    {
        var path = Observed();

        // Offload: -dL/da lowers 0.95 and 0.91 (inward), lowers -0.97 and raises 0.99 (outward).
        var offload = path.Complete(default, 0);
        Assert.Equal((0.5f, 0.5f), (offload.Stuck, offload.Boundary));

        // Cpu is nowhere saturated.
        var cpu = path.Complete(default, 1);
        Assert.True(float.IsNaN(cpu.Stuck) && float.IsNaN(cpu.Boundary));

        // Power: -1 is raised (inward), -0.92 has no gradient, -0.99 is lowered (outward).
        var power = path.Complete(default, 2);
        Assert.Equal((1 / 3f, 1 / 3f), (power.Stuck, power.Boundary));
    }

    [Fact]
    public void The_variance_is_over_the_states_of_the_minibatch()
    {
        var path = Observed();
        for (var k = 0; k < 3; k++)
        {
            var column = A.Where((_, i) => i % 3 == k).ToArray();
            var mean = column.Average(a => (double)a);
            Assert.Equal(column.Average(a => (a - mean) * (a - mean)), path.Complete(default, k).Variance, 1e-6);
        }
    }

    [Fact]
    public void The_norms_are_those_of_the_whole_minibatch()
    {
        var path = Observed();
        Assert.Equal(Math.Sqrt(Da.Sum(g => (double)g * g)), path.ActionGradient, 1e-12);
        Assert.Equal(5, path.PreActivationGradient, 1e-12);
    }

    [Fact]
    public void An_agents_gradient_is_the_product_of_its_factors()
    {
        var agent = ClientAgentTests.Client();
        agent.Minibatch(new Turn(0, Phase.Learning, 2, 10), new HostPayload(new[] { 0.5f, 1f, -2f, 0f, 0f, 0f }));
        var dz = agent.Gradient(new HostPayload(new[] { 0.3f, -0.4f, 2f })).ToArray();
        var outputs = agent.Learned(new Turn(0, Phase.Learning, 2, 10), new Compute.StepOutcome(0.75, [0.75], false, false, true, DormantShare: 0.25)).Outputs;

        Assert.Equal(Math.Sqrt(0.09 + 0.16 + 4), outputs.ActionGradient, 1e-6);
        Assert.Equal(Math.Sqrt(dz.Sum(g => (double)g * g)) / outputs.ActionGradient, outputs.SquashFactor, 1e-12);
        Assert.Equal(0.75, outputs.ActionGradient * outputs.SquashFactor * outputs.BodyFactor, 1e-15);
        Assert.Equal(0.25, outputs.DormantUnits);
        Assert.Equal((1f, 0f), (outputs.Power.Stuck + outputs.Power.Boundary, outputs.Power.Variance));
    }

    [Theory]
    [InlineData(OutputFunction.Tanh, 0.5, 0, 0)]
    [InlineData(OutputFunction.Tanh, 0, 0.5, 0)]
    [InlineData(OutputFunction.Tanh, 0, 0, 0.1)]
    [InlineData(OutputFunction.Gaussian, 0, 0, 0)]
    public void The_squash_is_what_the_output_function_leaves_of_the_clipped_gradient_whatever_is_added_behind_it(OutputFunction function, double penalty, double bound, double clip)
    {
        var head = OutputHead.Of(function);
        float[] z = [.. new[] { 2f, -1.5f, 3f, -1f, -2f, -0.5f }.Take(head.Outputs)];
        float[] da = [0.3f, -0.4f, 0.05f];
        var terms = new OutputTerms(penalty, bound, clip);
        var settings = ClientAgentTests.Settings() with { Head = head, Terms = terms };
        var pass = new MinibatchPass(3, settings);
        pass.Begin(10, new HostPayload(z));
        var whole = pass.Gradient(da);

        var clipped = new float[3];
        terms.Clip(da, clipped);
        Assert.Equal(Norm(clipped), pass.Path.ActionGradient, 1e-9);
        if (function == OutputFunction.Tanh)
        {
            Assert.Equal(Norm([.. clipped.Select((g, i) => g * (1 - MathF.Pow(MathF.Tanh(z[i]), 2)))]), pass.Path.PreActivationGradient, 1e-6);
        }

        // |tanh'| <= 1, and a Gaussian's sigma e is small here: only the entropy could make more of the gradient than there was.
        Assert.InRange(pass.Path.PreActivationGradient, 0, 1.2 * pass.Path.ActionGradient);
        Assert.Equal(clip > 0, Math.Abs(Norm(whole) - pass.Path.PreActivationGradient) < 1e-9);
    }

    [Fact]
    public void Factors_without_a_gradient_to_divide_by_are_zero()
    {
        var outputs = new OutputDiagnostics(0, 0, 0, 0, default, default, default);
        Assert.Equal((0, 0), (outputs.SquashFactor, outputs.BodyFactor));
    }

    private static double Norm(float[] values) => Math.Sqrt(values.Sum(v => (double)v * v));

    private static GradientPath Observed()
    {
        var path = new GradientPath(0.9);
        path.Observe(A, Da, [3f, 0f, -4f]);
        return path;
    }
}
