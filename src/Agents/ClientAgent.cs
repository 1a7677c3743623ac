using Simulator.Compute;
using Simulator.Environment;
using Simulator.Protocol;

namespace Simulator.Agents;

/// <summary>What the clients of a cell are, apart from their indices and their policies' parameters, which the device holds: one record for all of them.</summary>
/// <param name="Seed">Seed of the cell.</param>
/// <param name="Policy">Architecture of the policy.</param>
/// <param name="LastLayerBound">Bound of the policy's last layer at the start; null where it starts as every other.</param>
/// <param name="Exploration">Exploration noise.</param>
/// <param name="Scaling">Scaling of observations; null for raw ones.</param>
/// <param name="SaturationThreshold">|a| over which an output counts as saturated.</param>
/// <param name="Window">Updates in a row that make a gradient death or a freeze.</param>
public sealed record ClientSettings(
    ulong Seed,
    NetworkArchitecture Policy,
    float? LastLayerBound,
    ExplorationOptions Exploration,
    ObservationScaling? Scaling,
    double SaturationThreshold,
    int Window)
{
    /// <summary>Whether they learn: else nothing about them is monitored.</summary>
    public bool Learns { get; init; } = true;

    /// <summary>Whether they have one policy together, drawn as the first one's.</summary>
    public bool Shared { get; init; }

    /// <summary>Parameters that the policies start with, in the order of the clients; null where they are drawn.</summary>
    public IReadOnlyList<HostPayload>? Policies { get; init; }
}

/// <summary>
/// A client without its mailbox: what it sees, how it explores, what it notices about its own learning. Each random draw is a function of seed, client, episode and step.
/// </summary>
public sealed class ClientAgent
{
    private readonly int _client;
    private readonly ClientSettings _settings;
    private readonly Progress? _progress;

    /// <summary>Makes a client that has not acted yet.</summary>
    /// <param name="client">Index in the cell.</param>
    /// <param name="settings">What it has in common with the cell's other clients.</param>
    public ClientAgent(int client, ClientSettings settings)
    {
        _client = client;
        _settings = settings;
        _progress = settings.Learns ? new Progress(settings) : null;
    }

    private Progress Learning => _progress ?? throw new InvalidOperationException("a client that only acts does not learn");

    /// <summary>The parameters that the policy starts with: those that were given, or drawn ones.</summary>
    public HostPayload Start() => _settings.Policies is { } given ? given[_settings.Shared ? 0 : _client] : new HostPayload(InitialParameters());

    /// <summary>The policy's parameters as they are drawn, in the order of its layout.</summary>
    public float[] InitialParameters()
    {
        var random = new RandomStream(_settings.Seed, DrawPurpose.PolicyWeights, _settings.Shared ? 0 : _client);
        return InitialWeights.Draw(_settings.Policy.Layout, _settings.LastLayerBound, bound => random.NextUniformSingle(-bound, bound));
    }

    /// <summary>What the policy sees of a raw observation: the same, or a scaled copy.</summary>
    public IPayload See(IPayload observation) => _settings.Scaling is null ? observation : See([observation]);

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
    /// From the policy's action to what the client does: in training clip(a + eps_n N(0, 1), -1, 1), n the finished episodes, and the output is monitored; otherwise the action itself.
    /// </summary>
    /// <param name="turn">The step.</param>
    /// <param name="preActivation">z, [3].</param>
    /// <param name="action">a, [3].</param>
    /// <returns>The action with exploration.</returns>
    public ClientAction Act(Turn turn, ReadOnlySpan<float> preActivation, ReadOnlySpan<float> action)
    {
        if (turn.Phase != Phase.Training)
        {
            return ClientAction.From(action);
        }

        Learning.Monitor.Observe(preActivation, action);
        var epsilon = _settings.Exploration.Epsilon(turn.Episode - 1);
        var random = new RandomStream(_settings.Seed, DrawPurpose.Noise, _client, turn.Episode, turn.Step);
        Span<float> explored = stackalloc float[ClientAction.Width];
        for (var i = 0; i < explored.Length; i++)
        {
            explored[i] = (float)Math.Clamp(action[i] + (epsilon * random.NextNormal()), -1, 1);
        }

        return ClientAction.From(explored);
    }

    /// <summary>Monitors the policy's pass over the minibatch.</summary>
    public void ObserveMinibatch(ReadOnlySpan<float> preActivations, ReadOnlySpan<float> actions) => Learning.Monitor.Observe(preActivations, actions);

    /// <summary>Takes in an update, and reports on it.</summary>
    public AgentReport Learned(Turn turn, StepOutcome outcome)
    {
        var (monitor, tracker) = (Learning.Monitor, Learning.Tracker);
        var activations = monitor.Take();
        tracker.Update(turn.Episode, outcome.GradientNorm, activations.SaturationRatio, outcome.Frozen);
        return new AgentReport(
            tracker.State, outcome.GradientNorm, outcome.LayerNorms, outcome.Clipped, outcome.Frozen, outcome.Finite, activations, tracker.Outcomes);
    }

    /// <summary>Writes what it remembers from one episode to the next, apart from its policy.</summary>
    public void Save(StateWriter writer)
    {
        Learning.Monitor.Save(writer);
        Learning.Tracker.Save(writer);
    }

    /// <summary>Goes on from what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It did not write that.</exception>
    public void Load(StateReader reader)
    {
        Learning.Monitor.Load(reader);
        Learning.Tracker.Load(reader);
    }

    /// <summary>What is watched of a client that learns.</summary>
    private sealed class Progress(ClientSettings settings)
    {
        internal SaturationMonitor Monitor { get; } = new(settings.Policy.Output!.Value, settings.SaturationThreshold);

        internal LearningTracker Tracker { get; } = new(settings.Window);
    }
}
