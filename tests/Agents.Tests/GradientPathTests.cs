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

    [Fact]
    public void Factors_without_a_gradient_to_divide_by_are_zero()
    {
        var outputs = new OutputDiagnostics(0, 0, 0, 0, default, default, default);
        Assert.Equal((0, 0), (outputs.SquashFactor, outputs.BodyFactor));
    }

    private static GradientPath Observed()
    {
        var path = new GradientPath(0.9);
        path.Observe(A, Da, [3f, 0f, -4f]);
        return path;
    }
}
