using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Simulator.Compute;
using Simulator.Environment;
using Simulator.Protocol;
using static Simulator.Compute.DeviceProtocol;

namespace Simulator.Master.Tests;

/// <summary>The master between cell, clients and device, all played by probes.</summary>
public sealed class MasterActorTests : TestKit
{
    private const int Epoch = 2;
    private const int Clients = 2;
    private const int Batch = 6;
    private const int Critic = 9;

    private readonly TestProbe _cell;
    private readonly TestProbe _device;
    private readonly TestProbe[] _clients;
    private IActorRef _master = ActorRefs.Nobody;

    public MasterActorTests()
        : base("akka.loglevel = OFF\nakka.stdout-loglevel = OFF")
    {
        _cell = CreateTestProbe();
        _device = CreateTestProbe();
        _clients = [CreateTestProbe(), CreateTestProbe()];
    }

    [Fact]
    public void It_begins_by_writing_its_critic_and_reporting_to_the_cell()
    {
        Sys.ActorOf(MasterActor.Props(Settings(), Links()));

        var written = _device.ExpectMsg<WriteCritic>();
        Assert.Equal(Critic, written.Reservation);
        Assert.Equal(new MasterAgent(Settings()).InitialParameters(), written.Values.ToArray());
        Assert.Equal(new CellProtocol.Ready(Epoch, CellProtocol.Critic), _cell.ExpectMsg<CellProtocol.Ready>());
    }

    [Fact]
    public void Under_contention_the_device_values_the_proposers_before_the_cell_hears()
    {
        var master = Start(Settings(channels: 1));
        var turn = Act(master, 1, 0);

        var asked = _device.ExpectMsg<Evaluate>();
        Assert.Equal((Critic, turn), (asked.Reservation, asked.Turn));
        Assert.Equal([new Candidate(0, 0), new Candidate(0, 1)], asked.Query.Candidates.ToArray());
        Silence();

        master.Tell(new Evaluated(turn, [1, 2]));
        var decision = _cell.ExpectMsg<CellProtocol.Decide>();
        Assert.Equal(turn, decision.Turn);
        Assert.Equal([false, true], decision.Selected);
    }

    [Fact]
    public void The_first_episode_is_stored_and_ends_without_an_update()
    {
        var master = Start(Settings());
        var turn = Play(master, 1);

        var asked = _device.ExpectMsg<Evaluate>();
        Assert.Equal(turn, asked.Turn);
        master.Tell(new Evaluated(turn, PlainCritic.Values(asked.Query, Clients)));

        Assert.Equal(new CellProtocol.EpisodeLearned(turn, null, null), _cell.ExpectMsg<CellProtocol.EpisodeLearned>());
        Silence();
    }

    [Fact]
    public void A_simultaneous_update_asks_all_clients_teaches_the_critic_and_then_all_clients_at_once()
    {
        var master = Start(Settings());
        var turn = ToDifferentiation(master, out var step);

        var question = _device.ExpectMsg<Differentiate>();
        Assert.Equal((Critic, turn), (question.Reservation, question.Turn));
        Assert.Equal(ActionOf(0, 0), question.Question.Joint.Slice(Clients * Observation.Width, ClientAction.Width).ToArray());
        Silence();
        var gradients = Enumerable.Range(0, Clients * Batch * ClientAction.Width).Select(i => (float)i).ToArray();
        master.Tell(new Differentiated(turn, new ActorAnswer(-1.5, gradients)));
        for (var i = 0; i < Clients; i++)
        {
            var taught = _clients[i].ExpectMsg<ClientProtocol.ActionGradient>();
            Assert.Equal(turn, taught.Turn);
            Assert.Equal(gradients.Skip(i * Batch * ClientAction.Width).Take(Batch * ClientAction.Width), taught.Gradient.ToArray());
        }

        master.Tell(new MasterProtocol.PolicyUpdated(turn, 1, Report(4), HostPayload.Empty));
        Silence();
        master.Tell(new MasterProtocol.PolicyUpdated(turn, 0, Report(3), HostPayload.Empty));

        var outputs = _cell.ExpectMsg<MasterActor.ClientOutputs>();
        Assert.Equal(turn, outputs.Turn);
        Assert.Equal([3, 4], outputs.Outputs.Select(o => o.ParameterGradient));
        var learned = _cell.ExpectMsg<CellProtocol.EpisodeLearned>();
        Assert.Equal(turn, learned.Turn);
        Assert.Null(learned.Divergence);
        Assert.NotNull(learned.Update);
        Assert.Equal((step.Loss, step.Outcome.GradientNorm), (learned.Update.Critic.Loss, learned.Update.Critic.GradientNorm));
        Assert.Equal(-1.5, learned.Update.Actors!.Loss);
        Assert.Equal(Math.Sqrt((9 + 16) / 2.0), learned.Update.Actors!.GradientNorm, 1e-12);
        Assert.Equal([3f, 4f], learned.Update.Agents.Select(a => a.GradientNorm));
        Assert.Equal(step.Errors.Average(), learned.Update.MeanError, 1e-12);
        Silence();
    }

    [Fact]
    public void An_update_whose_number_the_delay_does_not_divide_is_the_critics_alone()
    {
        var master = Start(Settings() with { ActorDelay = 3 });
        var turn = ToDifferentiation(master, out var step);

        var learned = _cell.ExpectMsg<CellProtocol.EpisodeLearned>();
        Assert.Equal(turn, learned.Turn);
        Assert.Equal((step.Loss, step.Errors.Average()), (learned.Update!.Critic.Loss, learned.Update.MeanError));
        Assert.Null(learned.Update.Actors);
        Assert.Null(learned.Update.Activations);
        Assert.Null(learned.Update.Asymmetry);
        Assert.Empty(learned.Update.Agents);
        Silence();
    }

    [Fact]
    public void The_actors_rate_follows_the_asymmetry_of_the_updates_before()
    {
        var master = Start(Settings() with { Asymmetry = AsymmetryScaling.Proportional, AsymmetryBounds = new Interval(0, 100) });
        var turn = ToDifferentiation(master, out _);
        Assert.Equal(1, Teach(turn));
        _cell.ExpectMsg<MasterActor.ClientOutputs>();
        Assert.Equal(1, _cell.ExpectMsg<CellProtocol.EpisodeLearned>().Update!.ActorRateFactor);

        // The critic's gradient has the norm 7, the actors' 3 and 4.
        turn = ToDifferentiation(master, out _, from: 3);
        var factor = Teach(turn);
        Assert.Equal(Math.Sqrt(12.5) / 7, factor, 1e-12);
        _cell.ExpectMsg<MasterActor.ClientOutputs>();
        Assert.Equal(factor, _cell.ExpectMsg<CellProtocol.EpisodeLearned>().Update!.ActorRateFactor);

        double Teach(Turn update)
        {
            _device.ExpectMsg<Differentiate>();
            master.Tell(new Differentiated(update, new ActorAnswer(-1, new float[Clients * Batch * ClientAction.Width])));
            var factors = _clients.Select(c => c.ExpectMsg<ClientProtocol.ActionGradient>().RateFactor).Distinct().ToList();
            for (var i = 0; i < Clients; i++)
                master.Tell(new MasterProtocol.PolicyUpdated(update, i, Report(3 + i), HostPayload.Empty));
            return Assert.Single(factors);
        }
    }

    [Fact]
    public void A_sequential_update_teaches_one_client_after_the_other_from_the_newest_actions()
    {
        var master = Start(Settings(UpdateMode.Sequential));
        var turn = ToDifferentiation(master, out _);
        for (var i = 0; i < Clients; i++)
        {
            var question = _device.ExpectMsg<Differentiate>().Question;
            Assert.Equal(i, question.Turn!.Client);
            var joint = question.Joint;
            for (var k = 0; k < Clients; k++)
            {
                // Those before this client have stepped.
                var expected = k < i ? After(k) : ActionOf(k, 0);
                Assert.Equal(expected, joint.Slice((Clients * Observation.Width) + (k * ClientAction.Width), ClientAction.Width).ToArray());
            }

            var gradient = Enumerable.Range(0, Batch * ClientAction.Width).Select(g => (float)(g + (1000 * i))).ToArray();
            master.Tell(new Differentiated(turn, new ActorAnswer(-1 - i, gradient)));
            Assert.Equal(gradient, _clients[i].ExpectMsg<ClientProtocol.ActionGradient>().Gradient.ToArray());
            Silence();
            var after = Enumerable.Range(0, Batch).SelectMany(_ => After(i)).ToArray();
            master.Tell(new MasterProtocol.PolicyUpdated(turn, i, Report(1), new HostPayload(after)));
        }

        _cell.ExpectMsg<MasterActor.ClientOutputs>();
        var learned = _cell.ExpectMsg<CellProtocol.EpisodeLearned>();
        Assert.Null(learned.Divergence);
        Assert.Equal(-1.5, learned.Update!.Actors!.Loss);
        Silence();
    }

    [Fact]
    public void A_stored_value_that_is_not_finite_ends_the_update_with_the_reason()
    {
        var master = Start(Settings());
        var turn = Play(master, 1);
        var asked = _device.ExpectMsg<Evaluate>();
        master.Tell(new Evaluated(turn, Enumerable.Repeat(float.NaN, asked.Query.Candidates.Length).ToArray()));

        Diverged(turn, "stored transition");
    }

    [Fact]
    public void A_critic_that_is_not_finite_ends_the_update_with_the_reason()
    {
        var master = Start(Settings());
        var turn = ToCriticStep(master);
        _device.ExpectMsg<ImproveCritic>();
        master.Tell(new CriticImproved(turn, new CriticStep(1, new double[Batch], new StepOutcome(double.NaN, [1], false, false, Finite: false))));

        Diverged(turn, "critic");
    }

    [Fact]
    public void An_actors_loss_that_is_not_finite_ends_the_update_with_the_reason()
    {
        var master = Start(Settings());
        var turn = ToDifferentiation(master, out _);
        _device.ExpectMsg<Differentiate>();
        master.Tell(new Differentiated(turn, new ActorAnswer(double.NaN, new float[Clients * Batch * ClientAction.Width])));

        Diverged(turn, "actors' loss");
    }

    [Fact]
    public void A_client_that_is_not_finite_ends_the_update_with_its_number()
    {
        var master = Start(Settings());
        var turn = ToDifferentiation(master, out _);
        _device.ExpectMsg<Differentiate>();
        master.Tell(new Differentiated(turn, new ActorAnswer(-1, new float[Clients * Batch * ClientAction.Width])));
        foreach (var client in _clients)
            client.ExpectMsg<ClientProtocol.ActionGradient>();
        master.Tell(new MasterProtocol.PolicyUpdated(turn, 0, Report(1), HostPayload.Empty));
        master.Tell(new MasterProtocol.PolicyUpdated(turn, 1, Report(1) with { Finite = false }, HostPayload.Empty));

        Diverged(turn, "client 1");
    }

    [Fact]
    public void Messages_of_another_epoch_are_dropped()
    {
        var master = Start(Settings());
        var stale = new Turn(Epoch - 1, Phase.Training, 1, 0);
        master.Tell(new MasterProtocol.Begin(stale, new HostPayload(new float[Clients * Observation.Width])));
        master.Tell(new MasterProtocol.Propose(stale, 0, default, default));
        master.Tell(new MasterProtocol.Propose(stale, 1, default, default));
        master.Tell(new MasterProtocol.Snapshot(stale));

        var turn = Act(master, 1, 0);
        Assert.Equal(turn, _cell.ExpectMsg<CellProtocol.Decide>().Turn);
        Silence();
    }

    [Fact]
    public void A_snapshot_goes_to_the_cell_in_parts()
    {
        var master = Start(Settings());
        var turn = new Turn(Epoch, Phase.Learning, 1, 2);
        master.Tell(new MasterProtocol.Snapshot(turn));
        Assert.Equal(new ReadCritic(Critic, turn), _device.ExpectMsg<ReadCritic>());
        master.Tell(new NetworkRead(turn, new HostPayload(new float[CellProtocol.MaximumPart + 1])));

        var first = _cell.ExpectMsg<CellProtocol.Parameters>();
        Assert.Equal((CellProtocol.Critic, 0, CellProtocol.MaximumPart), (first.Owner, first.Offset, first.Values.Length));
        Assert.Equal(1, _cell.ExpectMsg<CellProtocol.Parameters>().Values.Length);
    }

    [Fact]
    public void A_master_that_acts_leaves_the_critic_alone_that_others_share()
    {
        Sys.ActorOf(MasterActor.Props(Settings() with { Learns = false }, Links()));
        _cell.ExpectMsg<CellProtocol.Ready>();
        _device.ExpectNoMsg(TimeSpan.Zero);
    }

    private static MasterSettings Settings(UpdateMode update = UpdateMode.Simultaneous, int channels = 10) =>
        MasterAgentTests.Settings(channels, update: update, clients: Clients);

    private static float[] ActionOf(int client, int component) => [0.5f - client, 0.25f + component, 0.75f];

    private static float[] After(int client) => [0.1f + client, 0.2f, 0.3f];

    private static AgentReport Report(double norm) => new(
        AgentState.Learning, norm, [norm], false, false, true, new ActivationSummary(1, 0, 1, 0, 0, 0, 0, 0, 0, 0), default, new OutputDiagnostics(norm, norm, norm, 0, default, default, default));

    private MasterLinks Links() => new(Epoch, _cell.Ref, _device.Ref, Critic);

    private IActorRef Start(MasterSettings settings)
    {
        var master = _master = Sys.ActorOf(MasterActor.Props(settings, Links()));
        _device.ExpectMsg<WriteCritic>();
        _cell.ExpectMsg<CellProtocol.Ready>();
        master.Tell(new MasterActor.Introduce([.. _clients.Select(c => c.Ref)]));
        return master;
    }

    private static Turn Act(IActorRef master, int episode, int step)
    {
        var turn = new Turn(Epoch, Phase.Training, episode, step);
        var random = new Random((episode * 100) + step);
        master.Tell(new MasterProtocol.Begin(turn, new HostPayload(PlainCritic.Random(random, Clients * Observation.Width))));
        for (var i = 0; i < Clients; i++)
            master.Tell(new MasterProtocol.Propose(turn, i, new ClientAction(1, 0, 0), new ClientAction(1, 0.5f, 0.5f)));
        return turn;
    }

    /// <summary>Plays an episode of two steps without contention; returns the turn of what follows.</summary>
    private Turn Play(IActorRef master, int episode)
    {
        for (var step = 0; step < 2; step++)
        {
            var turn = Act(master, episode, step);
            Assert.Equal([true, true], _cell.ExpectMsg<CellProtocol.Decide>().Selected);
            master.Tell(new MasterProtocol.Outcome(turn, -1, new HostPayload(new float[Clients * Observation.Width]), Done: step == 1));
        }

        return new Turn(Epoch, Phase.Learning, episode, 1);
    }

    private void Store(IActorRef master, Turn turn)
    {
        var asked = _device.ExpectMsg<Evaluate>();
        Assert.Equal(turn, asked.Turn);
        master.Tell(new Evaluated(turn, PlainCritic.Values(asked.Query, Clients)));
    }

    /// <summary>Two episodes, or a later one, and the last one's update up to the critic's step, each message in its order.</summary>
    private Turn ToCriticStep(IActorRef master, int from = 1)
    {
        if (from == 1)
        {
            Store(master, Play(master, 1));
            _cell.ExpectMsg<CellProtocol.EpisodeLearned>();
        }

        var turn = Play(master, from == 1 ? 2 : from);
        Store(master, turn);
        for (var i = 0; i < Clients; i++)
        {
            var batch = _clients[i].ExpectMsg<ClientProtocol.ObservationBatch>();
            Assert.Equal(turn, batch.Turn);
            Assert.Equal((Batch * Observation.Width, Batch * Observation.Width), (batch.States.Length, batch.NextStates.Length));
        }

        for (var i = Clients - 1; i >= 0; i--)
        {
            Silence();
            var actions = new HostPayload(Enumerable.Range(0, Batch).SelectMany(_ => ActionOf(i, 0)).ToArray());
            var next = new HostPayload(Enumerable.Range(0, Batch).SelectMany(_ => ActionOf(i, 1)).ToArray());
            master.Tell(new MasterProtocol.ActionBatch(turn, i, actions, next));
        }

        // Targets: in each S' the first client proposes, the second does not.
        var targets = _device.ExpectMsg<Evaluate>();
        Assert.Equal(Enumerable.Range(0, Batch).Select(b => new Candidate(b, 0)), targets.Query.Candidates.ToArray());
        Assert.Equal(ActionOf(0, 1), targets.Query.Joint.Slice(Clients * Observation.Width, ClientAction.Width).ToArray());
        master.Tell(new Evaluated(turn, new float[Batch]));
        return turn;
    }

    private Turn ToDifferentiation(IActorRef master, out CriticStep step, int from = 1)
    {
        var turn = ToCriticStep(master, from);
        var lesson = _device.ExpectMsg<ImproveCritic>();
        Assert.Equal((Critic, turn), (lesson.Reservation, lesson.Turn));
        Assert.Equal(Enumerable.Repeat(-1.0, Batch), lesson.Lesson.Targets.ToArray());
        step = new CriticStep(2.5, [.. Enumerable.Range(0, Batch).Select(b => (double)b)], new StepOutcome(7, [7], false, false, true));
        master.Tell(new CriticImproved(turn, step));
        return turn;
    }

    private void Diverged(Turn turn, string reason)
    {
        var learned = _cell.ExpectMsg<CellProtocol.EpisodeLearned>();
        Assert.Equal(turn, learned.Turn);
        Assert.Null(learned.Update);
        Assert.Contains(reason, learned.Divergence, StringComparison.Ordinal);
        Silence();
    }

    /// <summary>Nothing is on its way any more: the master has handled all that it was sent, and told nobody.</summary>
    private void Silence()
    {
        _master.Tell(new Identify(0), TestActor);
        ExpectMsg<ActorIdentity>();
        _device.ExpectNoMsg(TimeSpan.Zero);
        _cell.ExpectNoMsg(TimeSpan.Zero);
        foreach (var client in _clients)
            client.ExpectNoMsg(TimeSpan.Zero);
    }
}
