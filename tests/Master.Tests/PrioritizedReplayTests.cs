using CsCheck;
using Simulator.Environment;

namespace Simulator.Master.Tests;

public sealed class PrioritizedReplayTests
{
    private const int Clients = 2;

    [Fact]
    public void It_holds_what_a_list_of_whole_transitions_holds()
    {
        // Episodes of every length against capacities around them, so that the memory wraps inside episodes, between them and often.
        Gen.Select(Gen.Int[1, 12], Gen.Int[1, 7].Array[1, 15]).Sample((capacity, episodes) =>
        {
            var replay = new PrioritizedReplay(capacity, Clients);
            var model = new Model(capacity);
            var stamp = 0;
            foreach (var steps in episodes)
            {
                var state = Row(Observation.Width, stamp++);
                replay.BeginEpisode(state);
                AssertSame(model, replay);
                for (var step = 1; step <= steps; step++)
                {
                    var transition = new Transition(
                        state, Row(RawAction.Width, stamp), [stamp % 2 == 0, stamp % 3 == 0], stamp, Row(Observation.Width, ++stamp), step == steps);
                    var slot = replay.Add(
                        transition.Actions, transition.Selected, transition.Reward, transition.NextState, transition.Done, error: stamp);
                    Assert.Equal(model.Add(transition), slot);
                    AssertSame(model, replay);
                    state = transition.NextState;
                }
            }
        });
    }

    [Fact]
    public void A_memory_refilled_from_another_draws_the_same()
    {
        Gen.Select(Gen.Int[1, 12], Gen.Int[1, 7].Array[1, 15], Gen.Double[0, 0.999].Array[1, 20]).Sample((capacity, episodes, uniforms) =>
        {
            var first = Fill(capacity, episodes);
            Sample(first, uniforms);

            var second = new PrioritizedReplay(capacity, Clients, first.Added - first.Count, first.Beta);
            for (var number = first.Added - first.Count; number < first.Added; number++)
            {
                var slot = (int)(number % capacity);
                if (first.BeginsStates(slot))
                    second.BeginEpisode(first.State(slot));
                Assert.Equal(slot, second.Add(first.Actions(slot), first.Selected(slot), first.Reward(slot), first.NextState(slot), first.Done(slot), 0));
                second.SetPriority(slot, first.Priority(slot));
            }

            Assert.Equal(first.Total, second.Total);
            Assert.Equal(first.Added, second.Added);
            var (slots, weights) = Sample(first, uniforms);
            var (sameSlots, sameWeights) = Sample(second, uniforms);
            Assert.Equal(slots, sameSlots);
            Assert.Equal(weights, sameWeights);
            foreach (var slot in slots)
            {
                Assert.Equal(first.State(slot), second.State(slot));
                Assert.Equal(first.NextState(slot), second.NextState(slot));
            }
        });
    }

    [Fact]
    public void Weights_are_over_the_largest_and_larger_for_rarer_transitions()
    {
        var replay = Fill(capacity: 8, [8]);
        for (var slot = 0; slot < 8; slot++)
            replay.UpdatePriority(slot, slot);
        var (slots, weights) = Sample(replay, [0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
        Assert.Equal(1, weights.Max());
        for (var i = 1; i < slots.Length; i++)
            Assert.Equal(replay.Priority(slots[i]) > replay.Priority(slots[0]), weights[i] < weights[0]);
    }

    [Fact]
    public void Beta_grows_by_a_thousandth_before_each_use_and_stops_at_one()
    {
        var replay = Fill(capacity: 4, [4]);
        Sample(replay, [0.5]);
        Assert.Equal(0.401, replay.Beta, 1e-12);
        for (var i = 0; i < 700; i++)
            Sample(replay, [0.5]);
        Assert.Equal(1, replay.Beta);
    }

    [Fact]
    public void A_draw_that_ends_in_an_unwritten_slot_takes_the_newest_transition()
    {
        // The value is the whole total: by rounding the search can pass the last written slot; here it is made to.
        var replay = Fill(capacity: 5, [3]);
        Gen.Double[1, 1.5].Sample(beyond =>
        {
            var (slots, _) = Sample(replay, [beyond]);
            Assert.InRange(slots[0], 0, 2);
        });
        Assert.Equal(2, Sample(replay, [1.5]).Slots[0]);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void An_error_that_is_not_finite_is_refused_and_leaves_the_memory_as_it_was(double error)
    {
        var replay = Fill(capacity: 5, [3]);
        var total = replay.Total;
        replay.BeginEpisode(Row(Observation.Width, 1));
        Assert.Throws<ArgumentException>(() => replay.Add(Row(RawAction.Width, 0), [true, false], 0, Row(Observation.Width, 2), false, error));
        Assert.Throws<ArgumentException>(() => replay.UpdatePriority(0, error));
        Assert.Throws<ArgumentException>(() => replay.SetPriority(0, error));
        Assert.Equal(total, replay.Total);
        Assert.Equal(3, replay.Count);
    }

    [Fact]
    public void Misuse_is_refused()
    {
        var replay = Fill(capacity: 5, [3]);
        Assert.Throws<InvalidOperationException>(() => replay.Add(Row(RawAction.Width, 0), [true, false], 0, Row(Observation.Width, 2), false, 1));
        replay.BeginEpisode(Row(Observation.Width, 1));
        Assert.Throws<ArgumentException>(() => replay.BeginEpisode(new float[3]));
        Assert.Throws<ArgumentException>(() => replay.Add(new float[5], [true, false], 0, Row(Observation.Width, 2), false, 1));
        Assert.Throws<ArgumentException>(() => replay.Add(Row(RawAction.Width, 0), [true], 0, Row(Observation.Width, 2), false, 1));
        Assert.Throws<ArgumentException>(() => replay.Add(Row(RawAction.Width, 0), [true, false], 0, new float[1], false, 1));
        Assert.Equal(3, replay.Count);
        Assert.Throws<ArgumentOutOfRangeException>(() => replay.Reward(3));
        Assert.Throws<ArgumentOutOfRangeException>(() => replay.UpdatePriority(-1, 1));
        Assert.Throws<ArgumentException>(() => replay.Sample([0.5], new int[2], new double[1]));
        Assert.Throws<InvalidOperationException>(() => new PrioritizedReplay(5, Clients).Sample([0.5], new int[1], new double[1]));
    }

    [Fact]
    public void With_exponent_zero_each_transition_has_an_equal_share_of_the_draws_and_weighs_alike()
    {
        const int Held = 8;
        var replay = new PrioritizedReplay(Held, Clients, priorityExponent: 0);
        for (var i = 0; i < Held; i++)
        {
            replay.BeginEpisode(Row(Observation.Width, i));
            replay.Add(Row(RawAction.Width, i), [true, false], 0, Row(Observation.Width, i), done: true, error: Math.Pow(10, i));
        }

        replay.UpdatePriority(3, 1e9);
        var slots = new int[2 * Held];
        var weights = new double[2 * Held];
        replay.Sample([.. Enumerable.Repeat(0.5, slots.Length)], slots, weights);

        // The order of the slots is the tree's; each comes twice, as its segment is two draws wide.
        Assert.Equal([.. Enumerable.Range(0, Held).SelectMany(i => new[] { i, i })], slots.Order().ToArray());
        Assert.All(weights, w => Assert.Equal(1, w));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PrioritizedReplay(Held, Clients, priorityExponent: 1.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PrioritizedReplay(Held, Clients, priorityExponent: double.NaN));
    }

    [Fact]
    public void Memory_grows_with_use_and_then_stays()
    {
        const int Capacity = 10_000;
        const int Many = 50;
        var replay = new PrioritizedReplay(Capacity, Many);
        Assert.Equal(0, replay.AllocatedValues);
        AddEpisodes(1);
        Assert.InRange(replay.AllocatedValues, 1, 200_000);
        AddEpisodes(1_200);
        var full = replay.AllocatedValues;

        // 10,000 transitions of 150 + 50 + 1 values, 11,000 states of 350, and a chunk or two of slack for each.
        Assert.InRange(full, 5_860_000, 6_000_000 + 200_000);
        AddEpisodes(3_000);
        Assert.InRange(replay.AllocatedValues, full - 100_000, full + 100_000);

        void AddEpisodes(int episodes)
        {
            var state = new float[Many * Observation.Width];
            var actions = new float[Many * RawAction.Width];
            var selected = new bool[Many];
            for (var episode = 0; episode < episodes; episode++)
            {
                replay.BeginEpisode(state);
                for (var step = 1; step <= 10; step++)
                    replay.Add(actions, selected, 0, state, step == 10, 1);
            }
        }
    }

    private static PrioritizedReplay Fill(int capacity, int[] episodes)
    {
        var replay = new PrioritizedReplay(capacity, Clients);
        var stamp = 0;
        foreach (var steps in episodes)
        {
            replay.BeginEpisode(Row(Observation.Width, stamp++));
            for (var step = 1; step <= steps; step++)
                replay.Add(Row(RawAction.Width, stamp), [true, false], stamp, Row(Observation.Width, ++stamp), step == steps, stamp * 0.37);
        }

        return replay;
    }

    private static (int[] Slots, double[] Weights) Sample(PrioritizedReplay replay, double[] uniforms)
    {
        var slots = new int[uniforms.Length];
        var weights = new double[uniforms.Length];
        replay.Sample(uniforms, slots, weights);
        return (slots, weights);
    }

    private static float[] Row(int width, int stamp) => [.. Enumerable.Range(0, Clients * width).Select(i => stamp + (i / 100f))];

    private static void AssertSame(Model model, PrioritizedReplay replay)
    {
        Assert.Equal(model.Slots.Count, replay.Count);
        for (var slot = 0; slot < replay.Capacity; slot++)
        {
            Assert.Equal(slot < model.Slots.Count, replay.Holds(slot));
            if (slot >= model.Slots.Count)
                continue;
            var expected = model.Slots[slot];
            Assert.Equal<float>(expected.State, replay.State(slot));
            Assert.Equal<float>(expected.Actions, replay.Actions(slot));
            Assert.Equal<bool>(expected.Selected, replay.Selected(slot));
            Assert.Equal(expected.Reward, replay.Reward(slot));
            Assert.Equal<float>(expected.NextState, replay.NextState(slot));
            Assert.Equal(expected.Done, replay.Done(slot));
        }
    }

    private sealed record Transition(float[] State, float[] Actions, bool[] Selected, double Reward, float[] NextState, bool Done);

    /// <summary>The memory as section 4 says it, with each transition stored whole.</summary>
    private sealed class Model(int capacity)
    {
        private int _next;

        public List<Transition> Slots { get; } = [];

        public int Add(Transition transition)
        {
            var slot = _next;
            if (slot == Slots.Count)
                Slots.Add(transition);
            else
                Slots[slot] = transition;
            _next = (slot + 1) % capacity;
            return slot;
        }
    }
}
