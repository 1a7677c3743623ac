using Simulator.Compute;
using Simulator.Environment;
using Simulator.Protocol;

namespace Simulator.Agents;

/// <summary>What one client is, apart from the policy's parameters, which the device holds.</summary>
/// <param name="Client">Index in the cell.</param>
/// <param name="Seed">Seed of the cell.</param>
/// <param name="Policy">Architecture of the policy.</param>
/// <param name="SmallLastLayer">Whether the policy's last layer starts within 3e-3.</param>
/// <param name="Exploration">Exploration noise.</param>
/// <param name="Scaling">Scaling of observations; null for raw ones.</param>
/// <param name="SaturationThreshold">|a| over which an output counts as saturated.</param>
/// <param name="Window">Updates in a row that make a gradient death or a freeze.</param>
public sealed record ClientSettings(
    int Client,
    ulong Seed,
    NetworkArchitecture Policy,
    bool SmallLastLayer,
    ExplorationOptions Exploration,
    ObservationScaling? Scaling,
    double SaturationThreshold,
    int Window);

/// <summary>
/// A client without its mailbox: what it sees, how it explores, what it notices about its own learning. Each random draw is a function of seed, client, episode and step.
/// </summary>
public sealed class ClientAgent
{
    private readonly ClientSettings _settings;
    private readonly SaturationMonitor _monitor;
    private readonly LearningTracker _tracker;

    /// <summary>Makes a client that has not acted yet.</summary>
    public ClientAgent(ClientSettings settings)
    {
        _settings = settings;
        _monitor = new SaturationMonitor(settings.Policy.Output!.Value, settings.SaturationThreshold);
        _tracker = new LearningTracker(settings.Window);
    }

    /// <summary>The policy's initial parameters, in the order of its layout.</summary>
    public float[] InitialParameters()
    {
        var random = new RandomStream(_settings.Seed, DrawPurpose.PolicyWeights, _settings.Client);
        return InitialWeights.Draw(_settings.Policy.Layout, _settings.SmallLastLayer, bound => random.NextUniformSingle(-bound, bound));
    }

    /// <summary>What the policy sees of raw observations: the same, or scaled.</summary>
    /// <param name="observations">Raw, one after the other, [7] each.</param>
    /// <returns>What to evaluate the policy on, in the same order.</returns>
    public HostPayload See(params ReadOnlySpan<IPayload> observations)
    {
        var length = 0;
        foreach (var part in observations)
        {
            length += part.Length;
        }

        var seen = new float[length];
        var offset = 0;
        foreach (var part in observations)
        {
            part.CopyTo(seen.AsSpan(offset));
            offset += part.Length;
        }

        _settings.Scaling?.Apply(seen);
        return new HostPayload(seen);
    }

    /// <summary>
    /// From the policy's action to what the client does: in training clip(a + eps_n N(0, 1), -1, 1), n the finished episodes, and the output is monitored; in evaluation the action itself.
    /// </summary>
    /// <param name="turn">The step.</param>
    /// <param name="preActivation">z, [3].</param>
    /// <param name="action">a, [3].</param>
    /// <returns>The action with exploration.</returns>
    public ClientAction Act(Turn turn, ReadOnlySpan<float> preActivation, ReadOnlySpan<float> action)
    {
        if (turn.Phase == Phase.Evaluation)
        {
            return ClientAction.From(action);
        }

        _monitor.Observe(preActivation, action);
        var epsilon = _settings.Exploration.Epsilon(turn.Episode - 1);
        var random = new RandomStream(_settings.Seed, DrawPurpose.Noise, _settings.Client, turn.Episode, turn.Step);
        Span<float> explored = stackalloc float[ClientAction.Width];
        for (var i = 0; i < explored.Length; i++)
        {
            explored[i] = (float)Math.Clamp(action[i] + (epsilon * random.NextNormal()), -1, 1);
        }

        return ClientAction.From(explored);
    }

    /// <summary>Monitors the policy's pass over the minibatch.</summary>
    public void ObserveMinibatch(ReadOnlySpan<float> preActivations, ReadOnlySpan<float> actions) => _monitor.Observe(preActivations, actions);

    /// <summary>Takes in an update, and reports on it.</summary>
    public AgentReport Learned(Turn turn, StepOutcome outcome)
    {
        var activations = _monitor.Take();
        _tracker.Update(turn.Episode, outcome.GradientNorm, activations.SaturationRatio, outcome.Frozen);
        return new AgentReport(
            _tracker.State, outcome.GradientNorm, outcome.LayerNorms, outcome.Clipped, outcome.Frozen, outcome.Finite, activations, _tracker.Outcomes);
    }
}
