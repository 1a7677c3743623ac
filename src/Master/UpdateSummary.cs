using Simulator.Compute;
using Simulator.Protocol;

namespace Simulator.Master;

/// <summary>From the reports of all clients and the critic's step to the report on a cell's update.</summary>
public static class UpdateSummary
{
    /// <summary>Summarises an update in which the critic learned alone.</summary>
    /// <param name="critic">The critic's step.</param>
    public static UpdateReport Of(CriticStep critic) => new(Gradients(critic), null, null, critic.Errors.Average(), []);

    /// <summary>Summarises an update.</summary>
    /// <param name="critic">The critic's step.</param>
    /// <param name="actorLoss">Mean loss that the actors stepped along.</param>
    /// <param name="agents">Report of each client, [N].</param>
    /// <param name="shared">Whether the clients have one policy together: then each tells of its one step.</param>
    public static UpdateReport Of(CriticStep critic, double actorLoss, IReadOnlyList<AgentReport> agents, bool shared)
    {
        var layers = new double[agents[0].LayerNorms.Length];
        for (var l = 0; l < layers.Length; l++)
        {
            layers[l] = RootMeanSquare(agents, a => a.LayerNorms[l]);
        }

        return new UpdateReport(
            Gradients(critic),
            new GradientReport(actorLoss, RootMeanSquare(agents, a => a.GradientNorm), layers, agents.Take(shared ? 1 : agents.Count).Count(a => a.Clipped)),
            Together(agents),
            critic.Errors.Average(),
            [.. agents.Select(a => new AgentSample(
                a.State, (float)a.Activations.SaturationRatio, (float)a.Activations.Slope, (float)a.GradientNorm, a.Frozen, a.Outcomes))])
        {
            Outputs = Outputs(agents),
        };
    }

    private static GradientReport Gradients(CriticStep critic) =>
        new(critic.Loss, critic.Outcome.GradientNorm, critic.Outcome.LayerNorms, critic.Outcome.Clipped ? 1 : 0);

    private static double RootMeanSquare(IReadOnlyList<AgentReport> agents, Func<AgentReport, double> of) =>
        Math.Sqrt(agents.Sum(a => of(a) * of(a)) / agents.Count);

    /// <summary>Root mean squares of the norms, means of the rest; what an agent does not have, such as directions of saturated outputs without a saturated output, is left out.</summary>
    private static OutputDiagnostics Outputs(IReadOnlyList<AgentReport> agents)
    {
        Span<float> own = stackalloc float[3 * ActionOutputs.Width];
        Span<float> means = stackalloc float[3 * ActionOutputs.Width];
        Span<double> sums = stackalloc double[3 * ActionOutputs.Width];
        Span<int> counts = stackalloc int[3 * ActionOutputs.Width];
        sums.Clear();
        counts.Clear();
        for (var i = 0; i < agents.Count; i++)
        {
            agents[i].Outputs.CopyTo(own);
            for (var k = 0; k < own.Length; k++)
            {
                if (!float.IsNaN(own[k]))
                {
                    sums[k] += own[k];
                    counts[k]++;
                }
            }
        }

        for (var k = 0; k < means.Length; k++)
        {
            means[k] = counts[k] > 0 ? (float)(sums[k] / counts[k]) : float.NaN;
        }

        return new OutputDiagnostics(
            RootMeanSquare(agents, a => a.Outputs.ActionGradient),
            RootMeanSquare(agents, a => a.Outputs.PreActivationGradient),
            RootMeanSquare(agents, a => a.Outputs.ParameterGradient),
            agents.Average(a => a.Outputs.DormantUnits),
            ActionOutputs.From(means),
            ActionOutputs.From(means[ActionOutputs.Width..]),
            ActionOutputs.From(means[(2 * ActionOutputs.Width)..]));
    }

    private static ActivationSummary Together(IReadOnlyList<AgentReport> agents)
    {
        var outputs = agents.Sum(a => a.Activations.Outputs);
        double Mean(Func<ActivationSummary, double> of) => agents.Sum(a => of(a.Activations) * a.Activations.Outputs) / outputs;
        var mean = Mean(s => s.PreActivationMean);
        var squares = Mean(s => (s.PreActivationDeviation * s.PreActivationDeviation) + (s.PreActivationMean * s.PreActivationMean));
        return new ActivationSummary(
            outputs,
            Mean(s => s.SaturationRatio),
            Mean(s => s.Slope),
            mean,
            Math.Sqrt(Math.Max(0, squares - (mean * mean))),
            agents.Min(a => a.Activations.PreActivationMin),
            agents.Max(a => a.Activations.PreActivationMax),
            Mean(s => s.ActionMean),
            agents.Min(a => a.Activations.ActionMin),
            agents.Max(a => a.Activations.ActionMax));
    }
}
