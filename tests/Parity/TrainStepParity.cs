using System.Globalization;
using Simulator.Compute;
using Simulator.Environment;
using Simulator.Master;
using Simulator.Protocol;

namespace Simulator.Parity;

/// <summary>
/// Kind train_step: losses, errors, gradients and parameters of a few updates, through the classes that masters and clients use: <see cref="UpdateRound"/>,
/// <see cref="CriticBank"/>, <see cref="PolicyBank"/>.
/// </summary>
internal static class TrainStepParity
{
    private const double Tolerance = 1e-4;
    private const int Selected = 10;

    internal static void Check(SafetensorsFile fixture, ComputeDevice device)
    {
        var clients = Integer("agents");
        var actorRate = Number("actor_lr");
        var criticRate = Number("critic_lr");
        var norm = Number("max_grad_norm");
        var sequential = fixture.Required("update") switch { "sequential" => true, "simultaneous" => false, var other => throw new InvalidDataException($"no update mode {other}") };
        Assert.Equal(1.0, Number("tau"));

        using var actors = PolicyBank.Create(
            device, NetworkArchitecture.Actor(PolicyVariant.Baseline, Observation.Width, ClientAction.Width));
        using var critic = CriticBank.Create(
            device,
            NetworkArchitecture.Critic(PolicyVariant.Baseline, CriticBank.InputWidth(clients, Observation.Width, ClientAction.Width)),
            clients,
            Observation.Width,
            ClientAction.Width);
        actors.Allocate(clients, actorRate, norm);
        critic.Allocate(1, criticRate, norm);
        Networks.Load(actors, fixture, "init.actor.", clients);
        Networks.Load(critic, fixture, "init.critic.", 1);

        var steps = Integer("steps");
        Assert.True(steps > 0, "The fixture holds no step.");
        for (var step = 0; step < steps; step++)
        {
            Update(fixture, step, clients, sequential, Number("gamma"), actors, critic);
        }

        Networks.CheckParameters(fixture, $"step{steps - 1}.actor.", actors, clients, actorRate);
        Networks.CheckParameters(fixture, $"step{steps - 1}.critic.", critic, 1, criticRate);

        double Number(string key) => double.Parse(fixture.Required(key), CultureInfo.InvariantCulture);
        int Integer(string key) => int.Parse(fixture.Required(key), CultureInfo.InvariantCulture);
    }

    private static void Update(SafetensorsFile fixture, int step, int clients, bool sequential, double gamma, PolicyBank actors, CriticBank critic)
    {
        var round = new UpdateRound(Batch(fixture, $"batch{step}", clients), null, Math.Min(Selected, clients), gamma, sequential);
        for (var i = 0; i < clients; i++)
        {
            round.SetActions(i, Act(actors, i, round.StatesOf(i)), Act(actors, i, round.NextStatesOf(i)));
        }

        var query = round.TargetQuery();
        var lesson = round.Lesson(query, critic.Evaluate(0, [query])[0]);
        if (step == 0)
        {
            Networks.CheckGradient(fixture, "step0.grad.critic.", critic.Layout, critic.Gradient(0, [lesson]), 1, Tolerance);
        }

        var criticStep = critic.Improve(0, [lesson])[0];
        Close.Relative(fixture.Doubles($"step{step}.critic_loss")[0], criticStep.Loss, Tolerance, $"step {step}, critic loss");
        Close.NormWise(fixture.Doubles($"step{step}.td_error"), criticStep.Errors, Tolerance, $"step {step}, priority errors");

        var losses = fixture.Doubles($"step{step}.actor_loss");
        var gradients = new float[clients * actors.Layout.Length];
        var answer = critic.Differentiate(0, [round.Question()])[0];
        for (var i = 0; i < clients; i++)
        {
            Close.Relative(losses[i], answer.Loss, Tolerance, $"step {step}, loss of actor {i}");
            var states = round.StatesOf(i);
            var rows = states.Length / Observation.Width;
            var gradient = Networks.OutputGradient(actors, i, rows, states.Span, round.GradientOf(i, answer).Span);
            actors.Gradient(i, 1, rows, states.Span, gradient).CopyTo(gradients, i * actors.Layout.Length);
            actors.Improve(i, 1, rows, states.Span, gradient);
            if (sequential && i + 1 < clients)
            {
                round.SetActions(i, Act(actors, i, states));
                answer = critic.Differentiate(0, [round.Question()])[0];
            }
        }

        if (step == 0)
        {
            Networks.CheckGradient(fixture, "step0.grad.actor.", actors.Layout, gradients, clients, Tolerance);
        }
    }

    private static HostPayload Act(PolicyBank actors, int client, HostPayload states) =>
        new(Networks.Act(actors, client, 1, states.Length / Observation.Width, states.Span).Actions);

    private static Minibatch Batch(SafetensorsFile fixture, string name, int clients) => new(
        clients,
        fixture.Floats($"{name}.state"),
        fixture.Floats($"{name}.next_state"),
        fixture.Floats($"{name}.actor_action"),
        Array.ConvertAll(fixture.Floats($"{name}.selected"), s => s > 0),
        fixture.Doubles($"{name}.reward"),
        Array.ConvertAll(fixture.Floats($"{name}.done"), d => d > 0),
        fixture.Doubles($"{name}.is_weight"));
}
