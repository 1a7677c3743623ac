using System.Globalization;
using Simulator.Compute;
using Simulator.Environment;
using Simulator.Master;
using Simulator.Protocol;

namespace Simulator.Parity;

/// <summary>
/// Kind selection: raw actions, who is selected, the mapped actions, and the priority errors of the transitions, without exploration, through <see cref="MasterAgent"/>.
/// </summary>
internal static class SelectionParity
{
    private const double Tolerance = 1e-4;

    internal static void Check(SafetensorsFile fixture, ComputeDevice device)
    {
        var clients = int.Parse(fixture.Required("agents"), CultureInfo.InvariantCulture);
        var gamma = double.Parse(fixture.Required("gamma"), CultureInfo.InvariantCulture);
        var environment = new EnvironmentOptions
        {
            Channels = int.Parse(fixture.Required("channels"), CultureInfo.InvariantCulture),
            StorageMb = double.Parse(fixture.Required("storage_mb"), CultureInfo.InvariantCulture),
        };
        using var actors = PolicyBank.Create(
            device, NetworkArchitecture.Actor(PolicyVariant.Baseline, Observation.Width, ClientAction.Width));
        using var targets = PolicyBank.Create(device, actors.Architecture);
        using var critic = CriticBank.Create(
            device,
            NetworkArchitecture.Critic(PolicyVariant.Baseline, CriticBank.InputWidth(clients, Observation.Width, ClientAction.Width)),
            clients,
            Observation.Width,
            ClientAction.Width);
        actors.Allocate(clients, 0.001, 0);
        critic.Allocate(1, 0.001, 0);
        Networks.Load(actors, fixture, "init.actor.", clients);
        targets.Allocate(clients, 0.001, 0);
        Networks.Load(targets, fixture, "init.actor.", clients);
        UndoShift(targets, clients);
        Networks.Load(critic, fixture, "init.critic.", 1);
        var master = new MasterAgent(new MasterSettings(
            clients, 0, critic.Architecture, environment, new SelectionOptions(), new LearningOptions { Gamma = gamma }, _ => 0, null, ScaleRewards: false));

        var states = fixture.Floats("state");
        var nextStates = fixture.Floats("next_state");
        var done = fixture.Doubles("done");
        var rewards = fixture.Doubles("reward");
        var errors = fixture.Doubles("td_error");
        var width = clients * Observation.Width;
        var first = 0;
        for (var t = 0; t < done.Length; t++)
        {
            CheckStep(fixture, t, clients, master, actors, targets, critic, states.AsSpan(t * width, width).ToArray());
            master.Outcome(rewards[t], new HostPayload(nextStates.AsMemory(t * width, width)), done[t] > 0);
            if (done[t] > 0)
            {
                var query = master.ErrorQuery();
                var actual = master.Errors(query, critic.Evaluate(0, [query])[0]);
                Close.NormWise(errors.AsSpan(first, t + 1 - first), actual, Tolerance, $"steps {first} to {t}, priority errors");
                Assert.True(master.Store(actual));
                first = t + 1;
            }
        }

        Assert.Equal(done.Length, first);
        Assert.Equal(done.Length, master.Stored);
    }

    private static void CheckStep(SafetensorsFile fixture, int t, int clients, MasterAgent master, PolicyBank actors, PolicyBank targets, CriticBank critic, float[] states)
    {
        var turn = new Turn(0, Phase.Training, 1, t);
        var actions = Networks.Act(actors, 0, clients, 1, states).Actions;
        var expected = fixture.Doubles("actor_action").AsSpan(t * actions.Length, actions.Length);
        Close.NormWise(expected, Array.ConvertAll(actions, a => (double)a), Tolerance, $"step {t}, raw actions");
        var targetActions = Networks.Act(targets, 0, clients, 1, states).Actions;

        Assert.False(master.Begin(new HostPayload(states), HostPayload.Empty));
        var complete = false;
        for (var i = 0; i < clients; i++)
        {
            complete = master.Propose(
                i, ClientAction.From(targetActions.AsSpan(i * ClientAction.Width)), ClientAction.From(actions.AsSpan(i * ClientAction.Width)));
        }

        Assert.True(complete);
        var decision = master.Decide(turn, out var query) ?? master.Decide(turn, query!, critic.Evaluate(0, [query!])[0]);
        var selected = fixture.Doubles("selected").AsSpan(t * clients, clients);
        var hybrid = fixture.Doubles("hybrid_action").AsSpan(t * actions.Length, actions.Length);
        for (var i = 0; i < clients; i++)
        {
            Assert.True(selected[i] > 0 == decision.Selected[i], $"step {t}, client {i}: selected {selected[i]}, got {decision.Selected[i]}.");
            var mapped = OffloadingAction.FromRaw(actions.AsSpan(i * ClientAction.Width, ClientAction.Width), decision.Selected[i]);
            Assert.Equal(hybrid[i * ClientAction.Width], (double)mapped.Placement);
            Close.Relative(hybrid[(i * ClientAction.Width) + 1], mapped.CpuShare, Tolerance, $"step {t}, client {i}, processor share");
            Close.Relative(hybrid[(i * ClientAction.Width) + 2], mapped.PowerShare, Tolerance, $"step {t}, client {i}, power share");
        }
    }

    /// <summary>
    /// Two of the recordings shift the offloading bias of all actors by 5 or -5, so that all or none propose, after the target networks were copied: the recorded errors are those of
    /// targets without the shift. Initial biases lie within 3e-3, so the shift is what rounds to an integer.
    /// </summary>
    private static void UndoShift(PolicyBank targets, int clients)
    {
        var bias = targets.Layout["fc3.bias"];
        var values = new float[bias.Length];
        for (var i = 0; i < clients; i++)
        {
            targets.Read(i, bias.Offset, values);
            values[0] -= MathF.Round(values[0]);
            targets.Write(i, bias.Offset, values);
        }
    }
}
