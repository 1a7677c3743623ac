using Simulator.Environment;
using Simulator.Protocol;

namespace Simulator.Agents;

/// <summary>
/// A policy's outputs on the states of a minibatch, from the actions that the master is told to the gradient that comes back: until its step a policy stays as it is, so the z of the pass is
/// the one to differentiate at. Of a stochastic policy the master is told samples, and the same draws make those after the step.
/// </summary>
/// <param name="client">Index of the client.</param>
/// <param name="settings">What it has in common with the cell's other clients.</param>
internal sealed class MinibatchPass(int client, ClientSettings settings)
{
    private readonly EntropyTemperature? _temperature = settings.Head is GaussianHead ? new EntropyTemperature() : null;
    private HostPayload _sampled = HostPayload.Empty;
    private double[] _draws = [];

    /// <summary>What the last gradient told.</summary>
    internal GradientPath Path { get; } = new(settings.SaturationThreshold);

    /// <summary>z, [B, outputs]; empty outside an update.</summary>
    internal HostPayload PreActivations { get; private set; } = HostPayload.Empty;

    /// <summary>Their noise-free actions, [B, 3].</summary>
    internal HostPayload Actions { get; private set; } = HostPayload.Empty;

    /// <summary>Begins an update.</summary>
    /// <param name="episode">Its episode.</param>
    /// <param name="preActivations">z, [B, outputs].</param>
    /// <returns>What the master is told: the actions, or samples.</returns>
    internal HostPayload Begin(int episode, HostPayload preActivations)
    {
        PreActivations = preActivations;
        Actions = settings.Act(preActivations);
        if (settings.Head is not StochasticHead stochastic)
        {
            return _sampled = Actions;
        }

        var random = new RandomStream(settings.Seed, DrawPurpose.MinibatchSamples, client, episode);
        _draws = new double[Actions.Length];
        foreach (ref var draw in _draws.AsSpan())
        {
            draw = stochastic.Draw(ref random);
        }

        return _sampled = ActionsOf(preActivations);
    }

    /// <summary>What the master is told of pre-activations of the same states: the actions, or samples with the same draws.</summary>
    internal HostPayload ActionsOf(HostPayload preActivations)
    {
        if (settings.Head is not StochasticHead stochastic || preActivations.Length == 0)
        {
            return settings.Act(preActivations);
        }

        var actions = new float[_draws.Length];
        stochastic.Sample(preActivations.Span, _draws, actions);
        return new HostPayload(actions);
    }

    /// <summary>
    /// From the gradient on the actions to that on their pre-activations: clipped, back through the output function, and the penalties added. A Gaussian's entropy counts alpha mean log pi,
    /// without the samples' weights, and alpha takes a step.
    /// </summary>
    /// <param name="actionGradient">dL/da, [B, 3].</param>
    /// <returns>dL/dz, [B, outputs].</returns>
    internal float[] Gradient(ReadOnlySpan<float> actionGradient)
    {
        var head = settings.Head;
        var z = PreActivations.Span;
        var clipped = new float[actionGradient.Length];
        settings.Terms.Clip(actionGradient, clipped);
        var dz = new float[z.Length];
        head.Gradient(z, _sampled.Span, _draws, clipped, dz);

        // Before the penalties and the entropy, which are no gradient of the critic's: between these two lies the output function alone.
        Path.Observe(Actions.Span, clipped, dz);
        if (_temperature is not null)
        {
            _temperature.Step(GaussianHead.AddLogDensity(z, _draws, _temperature.Value * head.Outputs / z.Length, dz));
        }

        settings.Terms.Add(z, head.Outputs, dz);
        return dz;
    }

    /// <summary>Lets go of what only the update needed; the draws stay until the next one.</summary>
    internal void End() => (PreActivations, Actions, _sampled) = (HostPayload.Empty, HostPayload.Empty, HostPayload.Empty);

    /// <summary>Writes what it remembers from one update to the next: a Gaussian's temperature.</summary>
    internal void Save(StateWriter writer) => _temperature?.Save(writer);

    /// <summary>Goes on from what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It did not write that.</exception>
    internal void Load(StateReader reader) => _temperature?.Load(reader);
}
