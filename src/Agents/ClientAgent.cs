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
    /// <summary>What turns the policies' pre-activations into actions.</summary>
    public OutputHead Head { get; init; } = OutputHead.Of(OutputFunction.Tanh);

    /// <summary>Whether policies have target networks of their own; else they are their own targets.</summary>
    public bool Targets { get; init; }

    /// <summary>What is done to the actors' loss at their outputs.</summary>
    public OutputTerms Terms { get; init; } = OutputTerms.None;

    /// <summary>Whether they learn: else nothing about them is monitored.</summary>
    public bool Learns { get; init; } = true;

    /// <summary>Whether they have one policy together, drawn as the first one's.</summary>
    public bool Shared { get; init; }

    /// <summary>Parameters that the policies start with, in the order of the clients; null where they are drawn.</summary>
    public IReadOnlyList<HostPayload>? Policies { get; init; }

    /// <summary>The noise-free actions of pre-activations [rows, outputs], [rows, 3].</summary>
    internal HostPayload Act(HostPayload preActivations)
    {
        var actions = new float[preActivations.Length / Head.Outputs * ClientAction.Width];
        Head.Act(preActivations.Span, actions);
        return new HostPayload(actions);
    }
}

/// <summary>
/// A client without its mailbox: what it sees, how it explores, what it notices about its own learning. Each random draw is a function of seed, client, episode and step.
/// </summary>
public sealed class ClientAgent
{
    private readonly int _client;
    private readonly ClientSettings _settings;
    private readonly Progress? _progress;
    private ObservationScaling? _scaling;
    private double _rateFactor = 1;

    /// <summary>Makes a client that has not acted yet.</summary>
    /// <param name="client">Index in the cell.</param>
    /// <param name="settings">What it has in common with the cell's other clients.</param>
    public ClientAgent(int client, ClientSettings settings)
    {
        _client = client;
        _settings = settings;
        _progress = settings.Learns ? new Progress(client, settings) : null;
        _scaling = settings.Scaling;
    }

    private Progress Learning => _progress ?? throw new InvalidOperationException("a client that only acts does not learn");

    /// <summary>The parameters that the policy starts with: those that were given, or drawn ones.</summary>
    public HostPayload Start() => _settings.Policies is { } given ? given[_settings.Shared ? 0 : _client] : new HostPayload(InitialParameters());

    /// <summary>The policy's parameters as they are drawn, in the order of its layout.</summary>
    public float[] InitialParameters() => Draw(_settings, new RandomStream(_settings.Seed, DrawPurpose.PolicyWeights, _settings.Shared ? 0 : _client));

    /// <summary>A policy as it might have started, in the order of its layout: what dormant units take their new weights from.</summary>
    /// <param name="settings">Settings of the clients.</param>
    /// <param name="client">Index in the cell.</param>
    /// <param name="step">Steps that the policy has made.</param>
    public static float[] FreshParameters(ClientSettings settings, int client, long step) =>
        Draw(settings, new RandomStream(settings.Seed, DrawPurpose.RecycledPolicyWeights, client, checked((int)step)));

    /// <summary>What the learning rate is multiplied by in each step, beside what the master says; 1 until somebody intervenes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is set to no finite number from 0 on.</exception>
    public double RateFactor
    {
        get => _rateFactor;
        set => _rateFactor = double.IsFinite(value) && value >= 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "a learning rate is multiplied by a finite number from 0 on");
    }

    /// <summary>A policy as it might have started, in the order of its layout: where its output layer is reset, that takes its new weights from it.</summary>
    /// <param name="episode">The episode that is about to begin.</param>
    public float[] ResetParameters(int episode) => Draw(_settings, new RandomStream(_settings.Seed, DrawPurpose.ResetOutputWeights, _settings.Shared ? 0 : _client, episode));

    /// <summary>Takes the running statistics that observations are scaled by from now on.</summary>
    /// <param name="statistics">Mean, then deviation of each column, [2, 7]; where it is empty, all stays as it is.</param>
    public void Scale(IPayload statistics)
    {
        if (statistics.Length > 0)
        {
            var numbers = statistics is HostPayload host ? host.Span : statistics.ToArray();
            _scaling = new ObservationScaling(numbers[..Observation.Width], numbers[Observation.Width..]);
        }
    }

    /// <summary>What the policy sees of a raw observation: the same, or a scaled copy.</summary>
    public IPayload See(IPayload observation) => _scaling is null ? observation : See([observation]);

    /// <summary>What policy and target see of a step's raw observation: in training the target sees the same below it, where there is one.</summary>
    /// <returns>What to evaluate them on, and how many rows of it, the last ones, are the target's.</returns>
    public (IPayload Seen, int TargetRows) See(Turn turn, IPayload observation) =>
        _settings.Targets && turn.Phase == Phase.Training ? (See(observation, observation), 1) : (See(observation), 0);

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

        _scaling?.Apply(seen);
        return new HostPayload(seen);
    }

    /// <summary>
    /// From what the policy answers to what the client does: a, and in training clip(a + eps_n N(0, 1), -1, 1), n the finished episodes, or a sample of a stochastic policy, which explores by
    /// itself. In training the output is monitored.
    /// </summary>
    /// <param name="turn">The step.</param>
    /// <param name="preActivations">z, [outputs]; behind it, where there is one, that of the target, [2, outputs].</param>
    /// <returns>The target policy's action, which without a target is the policy's, and the policy's with exploration.</returns>
    public (ClientAction Policy, ClientAction Explored) Act(Turn turn, ReadOnlySpan<float> preActivations)
    {
        var outputs = _settings.Policy.Outputs;
        Span<float> action = stackalloc float[ClientAction.Width];
        _settings.Head.Act(preActivations[^outputs..], action);
        var policy = ClientAction.From(action);
        if (preActivations.Length > outputs)
        {
            preActivations = preActivations[..outputs];
            _settings.Head.Act(preActivations, action);
        }

        if (turn.Phase != Phase.Training)
        {
            return (policy, policy);
        }

        Learning.Monitor.Observe(preActivations, action);
        if (_settings.Head is StochasticHead stochastic)
        {
            Sample(stochastic, turn, preActivations, action);
        }
        else
        {
            AddNoise(turn, action);
        }

        return (policy, ClientAction.From(action));
    }

    /// <summary>What the policy does on the minibatch; the pass over S is monitored.</summary>
    /// <param name="turn">The update.</param>
    /// <param name="preActivations">z of S, then of S', [2B, outputs].</param>
    /// <returns>pi(S), or samples of a stochastic policy, and pi'(S') without noise, [B, 3] each.</returns>
    public (HostPayload Actions, HostPayload NextActions) Minibatch(Turn turn, HostPayload preActivations)
    {
        var half = preActivations.Length / 2;
        var actions = Learning.Pass.Begin(turn.Episode, preActivations.Slice(0, half));
        Learning.Monitor.Observe(Learning.Pass.PreActivations.Span, Learning.Pass.Actions.Span);
        return (actions, _settings.Act(preActivations.Slice(half, half)));
    }

    /// <summary>From the gradient on the minibatch's actions to that on their pre-activations.</summary>
    /// <param name="actionGradient">dL/da, [B, 3].</param>
    /// <returns>dL/dz, [B, outputs].</returns>
    public HostPayload Gradient(IPayload actionGradient)
    {
        var gradient = Learning.Pass.Gradient(actionGradient is HostPayload host ? host.Span : actionGradient.ToArray());
        Learning.Pass.End();
        return new HostPayload(gradient);
    }

    /// <summary>What the policy does on the minibatch's states after its step.</summary>
    /// <param name="preActivations">z, [B, outputs], or none.</param>
    /// <returns>pi(S), [B, 3], or none.</returns>
    public HostPayload ActionsAfter(HostPayload preActivations) => Learning.Pass.ActionsOf(preActivations);

    /// <summary>Takes in an update, and reports on it.</summary>
    public AgentReport Learned(Turn turn, StepOutcome outcome)
    {
        var (tracker, path) = (Learning.Tracker, Learning.Pass.Path);
        var (activations, offload, cpu, power) = Learning.Monitor.Take();
        tracker.Update(turn.Episode, outcome.GradientNorm, activations.SaturationRatio, outcome.Frozen);
        var outputs = new OutputDiagnostics(
            path.ActionGradient,
            path.PreActivationGradient,
            outcome.GradientNorm,
            outcome.DormantShare,
            path.Complete(offload, 0),
            path.Complete(cpu, 1),
            path.Complete(power, 2));
        return new AgentReport(
            tracker.State, outcome.GradientNorm, outcome.LayerNorms, outcome.Clipped, outcome.Frozen, outcome.Finite, activations, tracker.Outcomes, outputs);
    }

    /// <summary>Writes what it remembers from one episode to the next, apart from its policy.</summary>
    public void Save(StateWriter writer)
    {
        Learning.Monitor.Save(writer);
        Learning.Tracker.Save(writer);
        Learning.Pass.Save(writer);
        if (!RateFactor.Equals(1))
        {
            writer.Write(RateFactor); // Only then: what was written before rates could be scaled has none.
        }
    }

    /// <summary>Goes on from what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It did not write that.</exception>
    public void Load(StateReader reader)
    {
        Learning.Monitor.Load(reader);
        Learning.Tracker.Load(reader);
        Learning.Pass.Load(reader);
        RateFactor = reader.AtEnd ? 1 : reader.ReadDouble();
    }

    private static float[] Draw(ClientSettings settings, RandomStream random) =>
        InitialWeights.Draw(settings.Policy.Layout, settings.LastLayerBound, bound => random.NextUniformSingle(-bound, bound));

    private void Sample(StochasticHead head, Turn turn, ReadOnlySpan<float> preActivations, Span<float> action)
    {
        var random = new RandomStream(_settings.Seed, DrawPurpose.PolicySample, _client, turn.Episode, turn.Step);
        Span<double> draws = stackalloc double[ClientAction.Width];
        foreach (ref var draw in draws)
        {
            draw = head.Draw(ref random);
        }

        head.Sample(preActivations, draws, action);
    }

    private void AddNoise(Turn turn, Span<float> action)
    {
        var epsilon = _settings.Exploration.Epsilon(turn.Episode - 1);
        var random = new RandomStream(_settings.Seed, DrawPurpose.Noise, _client, turn.Episode, turn.Step);
        foreach (ref var component in action)
        {
            component = (float)Math.Clamp(component + (epsilon * random.NextNormal()), -1, 1);
        }
    }

    /// <summary>What is remembered of a client that learns.</summary>
    private sealed class Progress(int client, ClientSettings settings)
    {
        internal SaturationMonitor Monitor { get; } = new(settings.Head, settings.SaturationThreshold);

        internal LearningTracker Tracker { get; } = new(settings.Window);

        internal MinibatchPass Pass { get; } = new(client, settings);
    }
}
