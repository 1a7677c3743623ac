using Simulator.Environment;
using Simulator.Protocol;

namespace Simulator.Master.Tests;

public sealed class CandidateSelectionTests
{
    private static readonly Turn Step = new(0, Phase.Training, 1, 0);

    [Fact]
    public void Nobody_proposes_and_nobody_offloads()
    {
        var (contenders, selected) = Choose(Selection(3), [10, 10, 10], [-0.1f, -1, float.NaN]);

        Assert.Null(contenders);
        Assert.Equal([false, false, false], selected);
    }

    [Fact]
    public void Few_enough_proposers_all_offload_and_a_sum_at_the_storage_still_fits()
    {
        var (contenders, selected) = Choose(Selection(4), [150, 150, 100, 50], [0.5f, 0, 1, -0.5f]);

        Assert.Null(contenders);
        Assert.Equal([true, true, true, false], selected);
    }

    [Fact]
    public void More_than_the_storage_is_contention_among_the_proposers()
    {
        var (contenders, selected) = Choose(Selection(4), [150, 150, 101, 50], [0.5f, 0, 1, -0.5f]);

        Assert.NotNull(contenders);
        Assert.Equal([0, 1, 2], contenders);
        Assert.Equal([false, false, false, false], selected);
    }

    [Theory]
    [InlineData(ServerMode.H2, 10)]
    [InlineData(ServerMode.TOBM, 8)]
    public void More_than_the_limit_is_contention(ServerMode server, int limit)
    {
        var selection = Selection(20, server: server);
        Assert.Equal(limit, selection.Limit);
        var sizes = Enumerable.Repeat(1f, 20).ToArray();

        var (none, selected) = Choose(selection, sizes, Proposing(20, limit));
        Assert.Null(none);
        Assert.Equal(limit, selected.Count(s => s));
        var (contenders, _) = Choose(selection, sizes, Proposing(20, limit + 1));
        Assert.NotNull(contenders);
        Assert.Equal(Enumerable.Range(0, limit + 1), contenders);
    }

    [Fact]
    public void The_limit_is_no_more_than_there_are_clients() => Assert.Equal(4, Selection(4).Limit);

    [Fact]
    public void By_value_the_best_fill_the_limit()
    {
        var values = Enumerable.Range(0, 12).Select(i => (float)((i * 5) % 12)).ToArray();
        var selected = ChooseByValue(Selection(12), Enumerable.Repeat(1f, 12).ToArray(), [.. Enumerable.Range(0, 12)], values);

        Assert.Equal(values.Select(v => v >= 2), selected);
    }

    [Fact]
    public void By_value_one_that_does_not_fit_is_skipped_and_the_sum_stays_below_the_storage()
    {
        // 300, then 100 would make 400, which is not below it; 99 fits, 1 does not any more.
        var selected = ChooseByValue(Selection(4), [100, 300, 1, 99], [0, 1, 2, 3], [3, 4, 1, 2]);

        Assert.Equal([false, true, false, true], selected);
    }

    [Fact]
    public void In_a_tie_the_lowest_index_wins()
    {
        var selected = ChooseByValue(Selection(14), Enumerable.Repeat(1f, 14).ToArray(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13], new float[13]);

        Assert.Equal(Enumerable.Range(0, 14).Select(i => i is >= 1 and <= 10), selected);
    }

    [Fact]
    public void A_value_of_NaN_is_never_taken_and_does_not_disturb_the_order()
    {
        var selected = ChooseByValue(
            Selection(5, storage: 21), [10, 10, 10, 10, 10], [0, 1, 2, 3, 4], [float.NaN, 1, float.NaN, 3, float.NegativeInfinity]);

        Assert.Equal([false, true, false, true, false], selected);
    }

    [Theory]
    [InlineData(SelectionExploration.All)]
    [InlineData(SelectionExploration.Proposers)]
    public void Exploration_draws_from_those_it_is_told_to(SelectionExploration explore)
    {
        var selection = Selection(30, explore: explore);
        var actions = Proposing(30, 15);
        var times = new int[30];
        const int steps = 3000;
        for (var step = 0; step < steps; step++)
        {
            var (contenders, selected) = Choose(selection, Enumerable.Repeat(1f, 30).ToArray(), actions, 1, Step with { Step = step });
            Assert.Null(contenders);
            Assert.Equal(10, selected.Count(s => s));
            for (var i = 0; i < 30; i++)
                times[i] += selected[i] ? 1 : 0;
        }

        // Each of the pool equally often, within five standard deviations of a binomial.
        var pool = explore == SelectionExploration.All ? 30 : 15;
        var share = 10.0 / pool;
        var deviation = Math.Sqrt(steps * share * (1 - share));
        for (var i = 0; i < 30; i++)
        {
            var expected = i < pool ? steps * share : 0;
            Assert.InRange(times[i], expected - (5 * deviation), i < pool ? expected + (5 * deviation) : 0);
        }
    }

    [Fact]
    public void Exploration_drops_the_last_drawn_until_the_sum_fits()
    {
        const int clients = 20;
        var random = new Random(1);
        var dropped = 0;
        for (var step = 0; step < 200; step++)
        {
            var turn = Step with { Step = step };
            var sizes = Enumerable.Range(0, clients).Select(_ => (float)random.Next(1, 51)).ToArray();

            // A limit of k selects the first k drawn: two of them that follow each other tell who was drawn k-th.
            var order = new List<int>();
            for (var k = 1; k <= 10; k++)
            {
                var (_, first) = Choose(Selection(clients, storage: 1e6, channels: k), sizes, Proposing(clients, clients), 1, turn);
                order.Add(Enumerable.Range(0, clients).Single(i => first[i] && !order.Contains(i)));
            }

            var kept = order.Count;
            while (order.Take(kept).Sum(i => sizes[i]) > 150)
                kept--;
            dropped += order.Count - kept;
            var (_, selected) = Choose(Selection(clients, storage: 150), sizes, Proposing(clients, clients), 1, turn);
            Assert.Equal(order.Take(kept).Order(), Enumerable.Range(0, clients).Where(i => selected[i]));
        }

        Assert.True(dropped > 0);
    }

    [Fact]
    public void Exploration_happens_as_often_as_it_is_told_and_never_without_contention()
    {
        var selection = Selection(20);
        var sizes = Enumerable.Repeat(1f, 20).ToArray();
        var explored = Enumerable.Range(0, 4000).Count(s => Choose(selection, sizes, Proposing(20, 20), 0.3, Step with { Step = s }).Contenders is null);
        Assert.InRange(explored, 1200 - 150, 1200 + 150);

        Assert.NotNull(Choose(selection, sizes, Proposing(20, 20), 0).Contenders);
        var (_, selected) = Choose(selection, sizes, Proposing(20, 5), 1);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => i < 5), selected);
    }

    [Fact]
    public void Equal_turns_of_equal_seeds_explore_alike()
    {
        var sizes = Enumerable.Repeat(1f, 20).ToArray();
        var turns = Enumerable.Range(0, 20).Select(s => Step with { Step = s }).ToArray();
        var first = turns.Select(t => Choose(Selection(20), sizes, Proposing(20, 20), 1, t).Selected).ToArray();
        var again = turns.Reverse().Select(t => Choose(Selection(20), sizes, Proposing(20, 20), 1, t with { Epoch = 3 }).Selected).Reverse().ToArray();

        Assert.Equal(first, again);
        Assert.NotEqual(first, turns.Select(t => Choose(Selection(20, seed: 8), sizes, Proposing(20, 20), 1, t).Selected).ToArray());
    }

    private static CandidateSelection Selection(
        int clients,
        SelectionExploration explore = SelectionExploration.All,
        ServerMode server = ServerMode.H2,
        double storage = 400,
        int channels = 10,
        ulong seed = 7) =>
        new(new EnvironmentOptions { Server = server, StorageMb = storage, Channels = channels }, new SelectionOptions { Explore = explore }, clients, seed);

    private static float[] Proposing(int clients, int proposers) => [.. Enumerable.Range(0, clients).Select(i => i < proposers ? 0.5f : -0.5f)];

    private static (int[]? Contenders, bool[] Selected) Choose(CandidateSelection selection, float[] sizes, float[] offload, double epsilon = 0, Turn? turn = null)
    {
        var selected = new bool[sizes.Length];
        Array.Fill(selected, true);
        var actions = offload.SelectMany(o => new[] { o, 0.5f, 0.5f }).ToArray();
        return (selection.Choose(turn ?? Step, States(sizes), actions, epsilon, selected), selected);
    }

    private static bool[] ChooseByValue(CandidateSelection selection, float[] sizes, int[] proposers, float[] values)
    {
        var selected = new bool[sizes.Length];
        Array.Fill(selected, true);
        selection.Choose(States(sizes), proposers, values, selected);
        return selected;
    }

    private static float[] States(float[] sizes)
    {
        var states = new float[sizes.Length * Observation.Width];
        Array.Fill(states, 1000f);
        for (var i = 0; i < sizes.Length; i++)
            states[(i * Observation.Width) + Observation.Size] = sizes[i];
        return states;
    }
}
