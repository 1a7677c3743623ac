using Simulator.Compute;
using Simulator.Environment;
using Simulator.Protocol;

namespace Simulator.Master.Tests;

public sealed class MasterAgentTests
{
    internal const int Clients = 3;
    private const int Steps = 4;
    private const int Batch = 6;

    [Fact]
    public void A_decision_takes_all_observations_and_every_proposal_in_any_order()
    {
        var master = new MasterAgent(Settings());
        var turn = new Turn(0, Phase.Training, 1, 0);
        Assert.False(master.Propose(2, new ClientAction(0.5f, 1, 1), new ClientAction(0.25f, 2, 3)));
        Assert.False(master.Begin(new HostPayload(new float[Clients * Observation.Width]), HostPayload.Empty));
        Assert.False(master.Propose(0, new ClientAction(0.5f, 1, 1), new ClientAction(-0.5f, 4, 5)));
        Assert.True(master.Propose(1, new ClientAction(-0.5f, 1, 1), new ClientAction(0, 6, 7)));

        var decision = master.Decide(turn, out var query);

        // What happens is the action with exploration.
        Assert.NotNull(decision);
        Assert.Null(query);
        Assert.Equal(turn, decision.Turn);
        Assert.Equal([false, true, true], decision.Selected);
        Assert.Equal([-0.5f, 4, 5, 0, 6, 7, 0.25f, 2, 3], decision.Actions.ToArray());
    }

    [Fact]
    public void Under_contention_the_proposers_are_valued_on_what_all_do()
    {
        var master = new MasterAgent(Settings(channels: 1));
        var states = PlainCritic.Random(new Random(1), Clients * Observation.Width);
        var turn = new Turn(0, Phase.Evaluation, 0, 0);
        master.Begin(new HostPayload(states), HostPayload.Empty);
        for (var i = 0; i < Clients; i++)
            master.Propose(i, new ClientAction(1, 1, 1), new ClientAction(i == 1 ? -1 : 1, i, i));

        Assert.Null(master.Decide(turn, out var query));
        Assert.NotNull(query);
        Assert.Equal([new Candidate(0, 0), new Candidate(0, 2)], query.Candidates.ToArray());
        Assert.Equal([.. states, 1f, 0, 0, -1, 1, 1, 1, 2, 2], query.Joint.ToArray());
        Assert.Equal([false, false, true], master.Decide(turn, query, [1, 2]).Selected);
    }

    [Fact]
    public void Learning_begins_with_the_second_episode()
    {
        var master = new MasterAgent(Settings());
        PlayEpisode(master, 1);
        Assert.Equal(Steps, master.Stored);
        Assert.Null(master.BeginUpdate(1));
        PlayEpisode(master, 2);
        Assert.Equal(2 * Steps, master.Stored);
        Assert.NotNull(master.BeginUpdate(2));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0.1)]
    public void Next_states_are_the_target_critics_where_there_is_one(double tau)
    {
        MasterAgent Master(int channels)
        {
            var settings = Settings(channels);
            return new MasterAgent(settings with { Learning = settings.Learning with { Tau = tau } });
        }

        var master = Master(10);
        PlayEpisode(master, 1);
        PlayEpisode(master, 2, store: false);
        var query = master.ErrorQuery();
        Assert.Equal((2 * Steps, tau < 1 ? Steps : 0), (query.Joint.Length / (Clients * 10), query.TargetRows));
        Assert.True(master.Store(master.Errors(query, PlainCritic.Values(query, Clients))));
        using var round = master.BeginUpdate(2)!;
        for (var i = 0; i < Clients; i++)
            round.SetActions(i, new HostPayload(new float[Batch * 3]), new HostPayload(new float[Batch * 3]));
        Assert.Equal(tau < 1 ? Batch : 0, round.TargetQuery().TargetRows);

        // Who offloads is the critic's own choice.
        master = Master(1);
        master.Begin(new HostPayload(new float[Clients * Observation.Width]), HostPayload.Empty);
        for (var i = 0; i < Clients; i++)
            master.Propose(i, new ClientAction(1, 1, 1), new ClientAction(1, 1, 1));
        Assert.Null(master.Decide(new Turn(0, Phase.Training, 3, 0), out var selection));
        Assert.Equal(0, selection!.TargetRows);
    }

    [Fact]
    public void Joint_inputs_are_scaled_by_the_running_statistics_that_came_last()
    {
        var master = new MasterAgent(Settings(channels: 1));
        var states = PlainCritic.Random(new Random(1), Clients * Observation.Width);
        var statistics = new HostPayload(new float[] { 1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4, 5, 6, 7 });
        master.Begin(new HostPayload(states), statistics);
        for (var i = 0; i < Clients; i++)
            master.Propose(i, new ClientAction(1, 1, 1), new ClientAction(1, i, i));
        Assert.Null(master.Decide(new Turn(0, Phase.Evaluation, 0, 0), out var query));
        for (var i = 0; i < states.Length; i++)
            Assert.Equal((states[i] - (1 + (i % 7))) / (1 + (i % 7)), query!.Joint.Span[i], 1e-5);
    }

    [Fact]
    public void A_minibatch_holds_stored_transitions()
    {
        var master = new MasterAgent(Settings());
        var states = new List<float[]>();
        for (var episode = 1; episode <= 3; episode++)
            states.AddRange(PlayEpisode(master, episode));

        var round = master.BeginUpdate(3);

        Assert.NotNull(round);
        var weights = round.Question().Weights.ToArray();
        Assert.Equal(Batch, weights.Length);
        Assert.Equal(1, weights.Max());
        for (var b = 0; b < Batch; b++)
        {
            var joint = round.Question().Joint.Slice(b * Clients * 10, Clients * Observation.Width).ToArray();
            Assert.Contains(states, s => s.AsSpan().SequenceEqual(joint));
        }
    }

    [Fact]
    public void Draws_belong_to_seed_and_episode()
    {
        float[] Draw(ulong seed, int episode)
        {
            var master = new MasterAgent(Settings(seed: seed));
            PlayEpisode(master, 1);
            PlayEpisode(master, 2);
            return master.BeginUpdate(episode)!.StatesOf(0).ToArray();
        }

        Assert.Equal(Draw(1, 2), Draw(1, 2));
        Assert.NotEqual(Draw(1, 2), Draw(1, 3));
        Assert.NotEqual(Draw(1, 2), Draw(2, 2));
    }

    [Fact]
    public void Evaluation_stores_nothing_and_changes_nothing()
    {
        var (plain, evaluated) = (new MasterAgent(Settings(rewards: true)), new MasterAgent(Settings(rewards: true)));
        for (var episode = 1; episode <= 2; episode++)
        {
            PlayEpisode(plain, episode);
            PlayEpisode(evaluated, episode);
            for (var step = 0; step < Steps; step++)
            {
                evaluated.Begin(new HostPayload(new float[Clients * Observation.Width]), HostPayload.Empty);
                for (var i = 0; i < Clients; i++)
                    evaluated.Propose(i, new ClientAction(1, 1, 1), new ClientAction(1, 1, 1));
                Assert.NotNull(evaluated.Decide(new Turn(0, Phase.Evaluation, episode, step), out _));
            }
        }

        Assert.Equal(plain.Stored, evaluated.Stored);
        var (first, second) = (plain.BeginUpdate(2)!, evaluated.BeginUpdate(2)!);
        for (var i = 0; i < Clients; i++)
            Assert.Equal(first.StatesOf(i).ToArray(), second.StatesOf(i).ToArray());
        Assert.Equal(first.Question().Weights.ToArray(), second.Question().Weights.ToArray());
    }

    [Fact]
    public void An_error_that_is_not_finite_stores_nothing()
    {
        var master = new MasterAgent(Settings());
        PlayEpisode(master, 1, store: false);

        Assert.False(master.Store([0, double.NaN, 0, 0]));
        Assert.Equal(0, master.Stored);
    }

    [Fact]
    public void The_critics_errors_become_priorities()
    {
        // After one transition's error has grown beyond all others, minibatches hold little else.
        var master = new MasterAgent(Settings());
        PlayEpisode(master, 1);
        PlayEpisode(master, 2);
        var round = master.BeginUpdate(2)!;
        var favourite = round.StatesOf(0).ToArray()[..Observation.Width];
        var errors = Enumerable.Range(0, Batch)
            .Select(b => round.StatesOf(0).ToArray()[(b * Observation.Width)..((b + 1) * Observation.Width)].AsSpan().SequenceEqual(favourite) ? 1e12 : 0)
            .ToArray();

        master.Learned(new CriticStep(0, errors, null!));

        var next = master.BeginUpdate(3)!.StatesOf(0).ToArray();
        for (var b = 0; b < Batch; b++)
            Assert.Equal(favourite, next[(b * Observation.Width)..((b + 1) * Observation.Width)]);
    }

    [Fact]
    public void The_critics_last_layer_starts_small_in_every_variant()
    {
        foreach (var variant in Enum.GetValues<PolicyVariant>())
        {
            var architecture = NetworkArchitecture.Critic(variant, CriticBank.InputWidth(Clients, Observation.Width, ClientAction.Width));
            var parameters = new MasterAgent(Settings() with { Critic = architecture }).InitialParameters();
            var last = architecture.Layout["fc3.weight"];
            var values = parameters.AsSpan(last.Offset, last.Length).ToArray();
            Assert.All(values, v => Assert.InRange(v, -3e-3f, 3e-3f));
            Assert.True(values.Max() > 2.5e-3);
            var second = architecture.Layout["fc2.weight"];
            Assert.True(parameters.AsSpan(second.Offset, second.Length).ToArray().Max() > 0.9 / Math.Sqrt(512));
        }
    }

    [Fact]
    public void A_master_that_acts_selects_by_value_and_stores_nothing()
    {
        // With epsilon 1 a master that trains would always draw under contention.
        var master = new MasterAgent(Settings(channels: 1) with { Learns = false, Epsilon = _ => 1 });
        var turn = new Turn(0, Phase.Acting, 1, 0);
        Assert.False(master.Begin(new HostPayload(new float[Clients * Observation.Width]), HostPayload.Empty));
        for (var i = 0; i < Clients; i++)
            master.Propose(i, new ClientAction(1, 0, 0), new ClientAction(1, 0, 0));
        Assert.Null(master.Decide(turn, out var query));
        var decision = master.Decide(turn, query!, [.. Enumerable.Range(0, Clients).Select(i => (float)i)]);
        Assert.True(decision.Selected[Clients - 1]);
        Assert.Equal(0, master.Stored);
        Assert.Throws<InvalidOperationException>(() => master.Store([]));
    }

    [Fact]
    public void A_critic_starts_as_it_was_given()
    {
        var given = new HostPayload(new float[3]);
        Assert.Same(given, new MasterAgent(Settings() with { Start = given }).Start());
    }

    internal static MasterSettings Settings(
        int channels = 10, ulong seed = 1, bool rewards = false, UpdateMode update = UpdateMode.Simultaneous, int clients = Clients) => new(
        clients,
        seed,
        NetworkArchitecture.Critic(PolicyVariant.Baseline, CriticBank.InputWidth(clients, Observation.Width, ClientAction.Width)),
        new EnvironmentOptions { Channels = channels },
        new SelectionOptions(),
        new LearningOptions { Batch = Batch, Update = update },
        _ => 0,
        null,
        rewards);

    /// <summary>Plays an episode of random states without contention, stores it, and returns its states but the last.</summary>
    private static List<float[]> PlayEpisode(MasterAgent master, int episode, bool store = true)
    {
        var random = new Random(episode);
        var states = Enumerable.Range(0, Steps + 1).Select(_ => PlainCritic.Random(random, Clients * Observation.Width)).ToList();
        for (var step = 0; step < Steps; step++)
        {
            master.Begin(new HostPayload(states[step]), HostPayload.Empty);
            for (var i = 0; i < Clients; i++)
                master.Propose(i, ClientAction.From(PlainCritic.Random(random, 3)), ClientAction.From(PlainCritic.Random(random, 3)));
            Assert.NotNull(master.Decide(new Turn(0, Phase.Training, episode, step), out _));
            master.Outcome(-random.NextDouble() * 1000, new HostPayload(states[step + 1]), step == Steps - 1);
        }

        if (store)
        {
            var query = master.ErrorQuery();
            Assert.True(master.Store(master.Errors(query, PlainCritic.Values(query, Clients))));
        }

        states.RemoveAt(Steps);
        return states;
    }
}
