using Simulator.Compute;
using Simulator.Environment;
using Simulator.Protocol;

namespace Simulator.Master.Tests;

public sealed class UpdateRoundTests
{
    private const int Clients = 3;
    private const int Size = 4;
    private const int Limit = 2;
    private const double Gamma = 0.9;
    private const int Joint = Clients * (Observation.Width + ClientAction.Width);

    private readonly Minibatch _batch;
    private readonly float[][] _actions;
    private readonly float[][] _next;

    public UpdateRoundTests()
    {
        var random = new Random(3);
        _batch = new Minibatch(
            Clients,
            PlainCritic.Random(random, Size * Clients * Observation.Width),
            PlainCritic.Random(random, Size * Clients * Observation.Width),
            PlainCritic.Random(random, Size * Clients * ClientAction.Width),
            [true, false, true, false, false, false, false, true, false, false, true, true],
            [-1, -2, -3, -4],
            [false, false, true, false],
            [1, 0.5, 0.25, 0.125]);
        _actions = [.. Enumerable.Range(0, Clients).Select(_ => PlainCritic.Random(random, Size * ClientAction.Width))];
        _next = [.. Enumerable.Range(0, Clients).Select(_ => PlainCritic.Random(random, Size * ClientAction.Width))];

        // In the second S' nobody proposes; in the others the first client does.
        for (var b = 0; b < Size; b++)
        {
            for (var i = 0; i < Clients; i++)
                _next[i][b * ClientAction.Width] = b != 1 && (i == 0 || (i + b) % 2 == 0) ? 0.5f : -0.5f;
        }
    }

    [Fact]
    public void A_client_gets_its_own_raw_observations_transition_by_transition()
    {
        foreach (var round in new[] { Round(), Round(new ObservationScaling(new EnvironmentOptions())) })
        {
            for (var i = 0; i < Clients; i++)
            {
                Assert.Equal(ByClient(_batch.States, i, Observation.Width), round.StatesOf(i).ToArray());
                Assert.Equal(ByClient(_batch.NextStates, i, Observation.Width), round.NextStatesOf(i).ToArray());
            }
        }
    }

    [Fact]
    public void Targets_value_whoever_proposes_in_the_next_state_or_the_zero_candidate()
    {
        var query = Round().TargetQuery();

        var expected = new List<Candidate>();
        for (var b = 0; b < Size; b++)
        {
            var proposers = Enumerable.Range(0, Clients).Where(i => _next[i][b * ClientAction.Width] >= 0).DefaultIfEmpty(Candidate.Zero);
            expected.AddRange(proposers.Select(i => new Candidate(b, i)));
            Assert.Equal(JointRow(_batch.NextStates, b, JoinedActions(_next, b)), query.Joint.Slice(b * Joint, Joint).ToArray());
        }

        Assert.Contains(new Candidate(1, Candidate.Zero), expected);
        Assert.Equal(expected, query.Candidates.ToArray());
    }

    [Fact]
    public void The_critic_learns_from_the_stored_actions_the_pairs_of_the_selected_and_the_targets()
    {
        var round = Round();
        var query = round.TargetQuery();

        var lesson = round.Lesson(query, PlainCritic.Values(query, Clients));

        Assert.Equal([0, 2, Candidate.Zero, Candidate.None, 1, Candidate.None, 1, 2], lesson.Pairs.ToArray());
        Assert.Equal(_batch.Weights, lesson.Weights.ToArray());
        for (var b = 0; b < Size; b++)
        {
            Assert.Equal(JointRow(_batch.States, b, Row(_batch.Actions, b, ClientAction.Width)), lesson.Joint.Slice(b * Joint, Joint).ToArray());
            var y = _batch.Rewards[b] + (_batch.Done[b] ? 0 : Gamma * PlainCritic.Best(Row(_batch.NextStates, b, Observation.Width), JoinedActions(_next, b)));
            Assert.Equal(y, lesson.Targets.Span[b], 1e-12 * Math.Abs(y));
        }
    }

    [Fact]
    public void The_actors_loss_is_asked_on_the_newest_action_of_each_client()
    {
        var round = Round();
        Check();
        var after = PlainCritic.Random(new Random(9), Size * ClientAction.Width);
        round.SetActions(1, new HostPayload(after));
        _actions[1] = after;
        Check();

        void Check()
        {
            var question = round.Question();
            Assert.Equal(_batch.Weights, question.Weights.ToArray());
            for (var b = 0; b < Size; b++)
                Assert.Equal(JointRow(_batch.States, b, JoinedActions(_actions, b)), question.Joint.Slice(b * Joint, Joint).ToArray());
        }
    }

    [Fact]
    public void Joint_inputs_are_scaled_where_the_cell_says_so()
    {
        var scaling = new ObservationScaling(new EnvironmentOptions());
        var round = Round(scaling);
        var query = round.TargetQuery();
        var valued = query.Joint.ToArray();
        var lesson = round.Lesson(query, PlainCritic.Values(query, Clients));
        for (var b = 0; b < Size; b++)
        {
            var states = Row(_batch.States, b, Observation.Width);
            var next = Row(_batch.NextStates, b, Observation.Width);
            scaling.Apply(states);
            scaling.Apply(next);
            Assert.Equal([.. next, .. JoinedActions(_next, b)], valued[(b * Joint)..((b + 1) * Joint)]);
            Assert.Equal([.. states, .. Row(_batch.Actions, b, ClientAction.Width)], lesson.Joint.Slice(b * Joint, Joint).ToArray());
            Assert.Equal([.. states, .. JoinedActions(_actions, b)], round.Question().Joint.Slice(b * Joint, Joint).ToArray());
        }
    }

    [Fact]
    public void A_client_gets_its_own_part_of_the_gradient()
    {
        const int length = Size * ClientAction.Width;
        var all = Enumerable.Range(0, Clients * length).Select(i => (float)i).ToArray();
        var round = Round();
        for (var i = 0; i < Clients; i++)
            Assert.Equal(all[(i * length)..((i + 1) * length)], round.GradientOf(i, new ActorAnswer(0, all)).ToArray());
    }

    [Fact]
    public void Targets_are_smoothed_and_the_actors_own_actions_are_not()
    {
        var smoothing = new TargetSmoothing(3, 0.2, 0.5);
        var query = Round(smoothing: smoothing).TargetQuery();
        float[][] expected = [.. _next.Select(a => (float[])a.Clone())];
        for (var i = 0; i < Clients; i++)
            smoothing.Apply(i, 12, expected[i]);
        for (var b = 0; b < Size; b++)
            Assert.Equal(JointRow(_batch.NextStates, b, JoinedActions(expected, b)), query.Joint.Slice(b * Joint, Joint).ToArray());
        Assert.NotEqual(_next[0], expected[0]);
        Assert.Equal(Round().Question().Joint.ToArray(), Round(smoothing: smoothing).Question().Joint.ToArray());
    }

    [Fact]
    public void Where_targets_are_normalised_the_critic_learns_them_so_and_its_outputs_are_rescaled()
    {
        // Outputs of a critic that has learned before: their values are 100 + 40 q.
        var popArt = new PopArt(1);
        popArt.Observe([60, 140]);
        Assert.Equal(new ValueScale(100, 40), popArt.Scale);
        var plain = Round();
        var query = plain.TargetQuery();
        var outputs = PlainCritic.Values(query, Clients);
        var targets = plain.Lesson(query, [.. outputs.Select(q => 100 + (40 * q))]).Targets.ToArray();

        var round = Round(popArt: popArt);
        var lesson = round.Lesson(round.TargetQuery(), outputs);

        var mean = targets.Average();
        var deviation = Math.Sqrt(targets.Average(y => (y - mean) * (y - mean)));
        for (var b = 0; b < Size; b++)
            Assert.Equal((targets[b] - mean) / deviation, lesson.Targets.Span[b], 1e-4);
        Assert.Equal(40 / deviation, lesson.Rescaling!.Value.Factor, 1e-4);
        Assert.Equal((100 - mean) / deviation, lesson.Rescaling.Value.Shift, 1e-4);
        Assert.Null(plain.Lesson(query, outputs).Rescaling);
    }

    private UpdateRound Round(ObservationScaling? scaling = null, TargetSmoothing? smoothing = null, PopArt? popArt = null)
    {
        var round = new UpdateRound(_batch, scaling, Limit, Gamma) { Episode = 12, Smoothing = smoothing, PopArt = popArt };
        for (var i = 0; i < Clients; i++)
            round.SetActions(i, new HostPayload(_actions[i]), new HostPayload(_next[i]));
        return round;
    }

    private static float[] JointRow(float[] states, int b, float[] actions) => [.. Row(states, b, Observation.Width), .. actions];

    private static float[] Row(float[] values, int b, int width) => values[(b * Clients * width)..((b + 1) * Clients * width)];

    private static float[] JoinedActions(float[][] actions, int b) =>
        [.. actions.SelectMany(own => own[(b * ClientAction.Width)..((b + 1) * ClientAction.Width)])];

    private static float[] ByClient(float[] values, int client, int width) =>
        [.. Enumerable.Range(0, Size).SelectMany(b => values[(((b * Clients) + client) * width)..(((b * Clients) + client + 1) * width)])];
}
