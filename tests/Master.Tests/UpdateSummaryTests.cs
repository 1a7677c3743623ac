using Simulator.Compute;
using Simulator.Protocol;

namespace Simulator.Master.Tests;

public sealed class UpdateSummaryTests
{
    [Fact]
    public void A_cells_factors_multiply_to_the_root_mean_square_of_its_actors_gradients()
    {
        double[] actions = [3, 0.5, 8];
        double[] preActivations = [1, 0.4, 0];
        double[] parameters = [2, 7, 0];
        var outputs = Of([.. Enumerable.Range(0, 3).Select(i => Report(actions[i], preActivations[i], parameters[i], default))], out var report);

        Assert.Equal(Math.Sqrt(actions.Sum(g => g * g) / 3), outputs.ActionGradient, 1e-12);
        Assert.Equal(Math.Sqrt(preActivations.Sum(g => g * g) / actions.Sum(g => g * g)), outputs.SquashFactor, 1e-12);
        Assert.Equal(Math.Sqrt(parameters.Sum(g => g * g) / preActivations.Sum(g => g * g)), outputs.BodyFactor, 1e-12);
        Assert.Equal(report.Actors!.GradientNorm, outputs.ActionGradient * outputs.SquashFactor * outputs.BodyFactor, 1e-12);
    }

    [Fact]
    public void Means_over_the_agents_leave_out_what_an_agent_does_not_have()
    {
        var own = new ActionOutputs(0.5f, 0.25f, 0.5f, 0.25f, 0.1f, 1, 2, 3, 1, 0, 0.5f);
        var other = new ActionOutputs(0, 0.75f, 0, 0.75f, 0.3f, 3, 4, 5, float.NaN, float.NaN, 0);
        var outputs = Of([Report(1, 1, 1, own), Report(1, 1, 1, other)], out _);

        Assert.Equal(new ActionOutputs(0.25f, 0.5f, 0.25f, 0.5f, 0.2f, 2, 3, 4, 1, 0, 0.25f), outputs.Cpu);
        Assert.True(float.IsNaN(outputs.Offload.Stuck));
        Assert.Equal(0.2, outputs.DormantUnits, 1e-12);
    }

    private static OutputDiagnostics Of(AgentReport[] agents, out UpdateReport report)
    {
        report = UpdateSummary.Of(new CriticStep(1, [1.0], new StepOutcome(1, [1], false, false, true)), -1, agents, shared: false);
        return report.Outputs!;
    }

    private static AgentReport Report(double action, double preActivation, double parameter, ActionOutputs cpu)
    {
        var none = default(ActionOutputs) with { Stuck = float.NaN, Boundary = float.NaN };
        return new AgentReport(
            AgentState.Learning, parameter, [parameter], false, false, true, new ActivationSummary(1, 0, 1, 0, 0, 0, 0, 0, 0, 0), default, new OutputDiagnostics(action, preActivation, parameter, 0.2, none, cpu, none));
    }
}
