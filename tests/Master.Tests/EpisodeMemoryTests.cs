using Simulator.Compute;
using Simulator.Environment;
using Simulator.Protocol;

namespace Simulator.Master.Tests;

public sealed class EpisodeMemoryTests
{
    private const int Clients = 3;
    private const double Gamma = 0.9;

    [Theory]
    [InlineData(1, 1.0)]
    [InlineData(12, 1.0)]
    [InlineData(12, 250.0)]
    public void Priority_errors_are_those_of_a_computation_transition_by_transition(int steps, double rewardScale)
    {
        var random = new Random(steps);
        var memory = new EpisodeMemory(Clients);
        var states = Enumerable.Range(0, steps + 1).Select(_ => PlainCritic.Random(random, Clients * Observation.Width)).ToArray();
        var policies = Enumerable.Range(0, steps).Select(_ => PlainCritic.Random(random, Clients * ClientAction.Width)).ToArray();
        var actions = Enumerable.Range(0, steps).Select(_ => PlainCritic.Random(random, Clients * ClientAction.Width)).ToArray();
        var selected = Enumerable.Range(0, steps).Select(_ => Enumerable.Range(0, Clients).Select(_ => random.Next(2) == 0).ToArray()).ToArray();
        var rewards = Enumerable.Range(0, steps).Select(_ => -100 * random.NextDouble()).ToArray();
        if (steps > 5)
        {
            // A step at which nobody would propose next, and one at which nobody was selected.
            foreach (var i in Enumerable.Range(0, Clients))
                policies[3][i * ClientAction.Width] = -0.5f;
            Array.Clear(selected[4]);
        }

        for (var t = 0; t < steps; t++)
        {
            memory.Begin(states[t], policies[t], actions[t], selected[t]);
            memory.End(rewards[t], states[t + 1], t == steps - 1);
        }

        var query = memory.ErrorQuery(new JointInput(Clients, null));
        var errors = memory.Errors(query, PlainCritic.Values(query, Clients), Gamma, rewardScale, ValueScale.None);
        var normalised = memory.Errors(query, PlainCritic.Values(query, Clients), Gamma, rewardScale, new ValueScale(-40, 2.5));

        Assert.Equal(steps, errors.Length);
        for (var t = 0; t < steps; t++)
        {
            var y = rewards[t] / rewardScale;
            if (t < steps - 1)
                y += Gamma * PlainCritic.Best(states[t + 1], policies[t + 1]);
            var pairs = Enumerable.Range(0, Clients).Where(i => selected[t][i]).DefaultIfEmpty(Candidate.Zero);
            var expected = pairs.Sum(i => Math.Pow(y - PlainCritic.Value(states[t], actions[t], i), 2));
            Assert.Equal(expected, errors[t], expected * 1e-12);

            // Of a critic whose outputs q stand for values 2.5 q - 40.
            y = (rewards[t] / rewardScale) + (t < steps - 1 ? Gamma * ((2.5 * PlainCritic.Best(states[t + 1], policies[t + 1])) - 40) : 0);
            expected = pairs.Sum(i => Math.Pow(y - ((2.5 * PlainCritic.Value(states[t], actions[t], i)) - 40), 2));
            Assert.Equal(expected, normalised[t], expected * 1e-9);
        }
    }

    [Fact]
    public void What_is_stored_is_raw_in_order_and_the_memory_begins_anew()
    {
        var random = new Random(1);
        var memory = new EpisodeMemory(Clients);
        var replay = new PrioritizedReplay(100, Clients);
        var states = Enumerable.Range(0, 4).Select(_ => PlainCritic.Random(random, Clients * Observation.Width)).ToArray();
        var actions = Enumerable.Range(0, 3).Select(_ => PlainCritic.Random(random, Clients * ClientAction.Width)).ToArray();
        for (var t = 0; t < 3; t++)
        {
            memory.Begin(states[t], actions[0], actions[t], [t == 0, t == 1, false]);
            memory.End(t, states[t + 1], t == 2);
        }

        memory.MoveTo(replay, [1, 2, 3]);

        Assert.Equal(0, memory.Count);
        Assert.Equal(3, replay.Count);
        for (var t = 0; t < 3; t++)
        {
            Assert.Equal(states[t], replay.State(t).ToArray());
            Assert.Equal(states[t + 1], replay.NextState(t).ToArray());
            Assert.Equal(actions[t], replay.Actions(t).ToArray());
            Assert.Equal([t == 0, t == 1, false], replay.Selected(t).ToArray());
            Assert.Equal(t, replay.Reward(t));
            Assert.Equal(t == 2, replay.Done(t));
        }

        Assert.Equal(new[] { 1.0, 2, 3 }.Sum(replay.ToPriority), replay.Total, 1e-12);
    }

    [Theory]
    [InlineData(false, 10 + (0.5 * 4))]
    [InlineData(true, 10)]
    public void A_target_is_the_reward_and_what_follows_unless_the_episode_is_over(bool done, double expected) =>
        Assert.Equal(expected, TdTarget.Of(10, 0.5, done, 4));

    [Fact]
    public void At_the_end_of_an_episode_a_value_that_is_not_a_number_does_not_matter() =>
        Assert.Equal(10, TdTarget.Of(10, 0.5, done: true, float.NaN));
}
