using Akka.Actor;
using Simulator.Agents;
using Simulator.Compute;
using Simulator.Master;
using Simulator.Protocol;

namespace Simulator.Cells.Tests;

/// <summary>What somebody does to a cell from outside happens before the episode that it is told for, changes nothing before it, and happens again where a cell goes on from an older checkpoint.</summary>
public sealed class InterventionTests
{
    private const int Agent = 2;

    public static TheoryData<UpdateMode, PolicyVariant, PolicySharing, double> Cells() => new()
    {
        { UpdateMode.Simultaneous, PolicyVariant.Baseline, PolicySharing.Independent, 1 },
        { UpdateMode.Simultaneous, PolicyVariant.Fullnorm, PolicySharing.Independent, 0.1 },
        { UpdateMode.Sequential, PolicyVariant.Baseline, PolicySharing.Independent, 1 },
        { UpdateMode.Simultaneous, PolicyVariant.Baseline, PolicySharing.Shared, 1 },
        { UpdateMode.Simultaneous, PolicyVariant.Baseline, PolicySharing.Shared, 0.1 },
    };

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task A_cell_that_fails_afterwards_repeats_what_was_done_to_its_agents(UpdateMode update, PolicyVariant variant, PolicySharing sharing, double tau)
    {
        var small = TestPopulation.Small(episodes: 10);
        var cell = small with { Learning = small.Learning with { Update = update, Tau = tau }, Policy = new PolicyOptions { Variant = variant, Sharing = sharing } };
        Intervention[] done = [Reset(1, before: 5), Scale(2, before: 6, factor: 0.5)];

        var alone = await TestPopulation.RunAsync(cell);
        var (undisturbed, _) = await RunAsync(cell, done, every: 0);
        var (disturbed, store) = await RunAsync(cell, done, every: 3, failure: 6);

        Assert.Equal(1, disturbed.Recoveries);
        Assert.InRange(Assert.Single(store.Restored), 3, 4); // From before either was done.
        Assert.Equal([(1, 5), (2, 6)], undisturbed.Interventions.Select(i => (i.Number, i.Before)));
        Assert.Equal([(1, 5), (2, 6), (1, 5), (2, 6)], disturbed.Interventions.Select(i => (i.Number, i.Before)));
        Assert.Equal(undisturbed.Fingerprint(), disturbed.Fingerprint());
        Assert.Equal(alone.Episodes.Take(4).Select(Told), undisturbed.Episodes.Take(4).Select(Told));
        Assert.NotEqual(alone.Episodes[4].Reward, undisturbed.Episodes[4].Reward);
    }

    [Fact]
    public async Task A_scaled_rate_outlives_the_checkpoint_that_has_it_in_it()
    {
        var cell = TestPopulation.Small(episodes: 12);
        Intervention[] done = [Scale(1, before: 4, factor: 0)];
        var (undisturbed, _) = await RunAsync(cell, done, every: 0);
        var (disturbed, store) = await RunAsync(cell, done, every: 6, failure: 8);

        Assert.InRange(Assert.Single(store.Restored), 6, 7);
        Assert.Single(disturbed.Interventions);
        Assert.Equal(undisturbed.Fingerprint(), disturbed.Fingerprint());
        Assert.All(undisturbed.Episodes.Skip(3), e => Assert.Equal([Agent], Enumerable.Range(0, cell.Clients).Where(i => e.Update!.Agents[i].Frozen)));
    }

    [Fact]
    public async Task A_reset_renews_the_output_layer_of_one_agent_and_nothing_else()
    {
        var small = TestPopulation.Small(episodes: 3);
        var cell = small with { Learning = small.Learning with { ActorRate = 1e-9, CriticRate = 1e-9 } };
        var alone = await TestPopulation.RunAsync(cell);
        var (reset, _) = await RunAsync(cell, [Reset(1, before: 3)], every: 0);
        var layout = CellMembers.PolicyOf(cell).Layout;
        for (var client = 0; client < cell.Clients; client++)
        {
            foreach (var tensor in layout.Tensors)
            {
                var (before, after) = (Values(alone, client, tensor), Values(reset, client, tensor));
                var far = before.Zip(after).Count(v => Math.Abs(v.First - v.Second) > 1e-6);
                Assert.True(client == Agent && tensor.IsLastLayer ? far > tensor.Length / 2 : far == 0, $"client {client}, {tensor.Name}: {far} of {tensor.Length} differ");
            }
        }

        static IEnumerable<float> Values(CellLog log, int client, ParameterTensor tensor) => log.Parameters[client].Skip(tensor.Offset).Take(tensor.Length);
    }

    [Fact]
    public async Task A_paused_cell_waits_while_others_go_on_and_then_tells_the_same()
    {
        CellOptions[] cells = [TestPopulation.Small(seed: 1, episodes: 8), TestPopulation.Small(seed: 2, episodes: 8)];
        var undisturbed = await TestPopulation.RunAsync(cells);
        var store = new MemoryStore(2, every: 0) { Interventions = { new Intervention(1, 0, InterventionKind.Pause) { Before = 3 } } };
        var whilePaused = new List<int>();
        var paused = await TestPopulation.RunAsync(cells, checkpoints: store, batching: new BatchingOptions(TimeSpan.Zero, CellsAtOnce: 1), afterEpisode: (population, episode) =>
        {
            if (episode.Cell == 1 && episode.Episode == 8)
            {
                whilePaused.Add(store.Logs[0].Episodes.Count);
                population.Tell(new CellProtocol.Intervene(new Intervention(2, 0, InterventionKind.Resume)));
            }
        });

        Assert.Equal([2], whilePaused);
        Assert.Equal([(1, 3), (2, 3)], paused[0].Interventions.Select(i => (i.Number, i.Before)));
        Assert.Equal(undisturbed.Select(l => l.Fingerprint()), paused.Select(l => l.Fingerprint()));
    }

    [Theory]
    [InlineData(CellMode.Learn)]
    [InlineData(CellMode.Act)]
    public async Task A_stopped_cell_ends_before_the_episode(CellMode mode)
    {
        var (log, _) = await RunAsync(TestPopulation.Small() with { Mode = mode }, [new Intervention(1, 0, InterventionKind.Stop) { Before = 4 }], every: 0);
        Assert.Equal((CellStatus.Interrupted, 3, "stopped from outside before episode 4"), (log.End!.Status, log.End.Episodes, log.End.Detail));
        Assert.Equal(3, log.Episodes.Count);
        Assert.Equal(mode == CellMode.Learn, log.Parameters.Count > 0);
    }

    [Fact]
    public async Task A_paused_cell_can_be_stopped_and_the_population_can_end()
    {
        Intervention[] paused = [new Intervention(1, 0, InterventionKind.Pause) { Before = 2 }, new Intervention(2, 1, InterventionKind.Pause) { Before = 2 }];
        var store = new MemoryStore(3, every: 0);
        store.Interventions.AddRange(paused);
        CellOptions[] cells = [.. Enumerable.Range(1, 3).Select(i => TestPopulation.Small(seed: (ulong)i))];
        var logs = await TestPopulation.RunAsync(cells, checkpoints: store, afterEpisode: (population, episode) =>
        {
            if (episode is { Cell: 2, Episode: 4 })
            {
                population.Tell(new CellProtocol.Intervene(new Intervention(3, 0, InterventionKind.Stop)));
            }
            else if (episode is { Cell: 2, Episode: 5 })
            {
                population.Tell(CellProtocol.Stop.Instance);
            }
        });
        Assert.All(logs.Take(2), l => Assert.Equal((CellStatus.Interrupted, 1), (l.End!.Status, l.End.Episodes)));
    }

    [Fact]
    public async Task A_reset_of_a_paused_cell_waits_for_it_and_is_no_part_of_a_checkpoint_taken_meanwhile()
    {
        var cell = TestPopulation.Small(episodes: 8);
        var other = TestPopulation.Small(seed: 2, episodes: 8);
        var reset = Reset(1, before: 3);
        var (undisturbed, _) = await RunAsync(cell, [reset], every: 0);

        var store = new MemoryStore(2, every: 0) { Interventions = { reset, new Intervention(2, 0, InterventionKind.Pause) { Before = 3 } } };
        var stopped = await TestPopulation.RunAsync([cell, other], checkpoints: store, batching: new BatchingOptions(TimeSpan.Zero, CellsAtOnce: 1), afterEpisode: (population, episode) =>
        {
            if (episode is { Cell: 1, Episode: 6 })
            {
                population.Tell(CellProtocol.Stop.Instance);
            }
        });
        Assert.Equal([(2, 3)], stopped[0].Interventions.Select(i => (i.Number, i.Before)));
        Assert.Equal(2, store.Received.Single(c => c.Cell == 0).Episode);

        store.Interventions.RemoveAt(1);
        var resumed = await TestPopulation.RunAsync([cell, other], checkpoints: store);
        Assert.Equal(undisturbed.Fingerprint(), resumed[0].Fingerprint());
    }

    [Fact]
    public async Task A_resumption_ends_a_pause_that_has_not_begun()
    {
        var cell = TestPopulation.Small();
        Intervention[] done = [new Intervention(1, 0, InterventionKind.Pause) { Before = 5 }, new Intervention(2, 0, InterventionKind.Resume) { Before = 2 }];
        var (log, _) = await RunAsync(cell, done, every: 0);
        Assert.Equal([(2, 2)], log.Interventions.Select(i => (i.Number, i.Before)));
        Assert.Equal((await TestPopulation.RunAsync(cell)).Fingerprint(), log.Fingerprint());
    }

    [Fact]
    public async Task What_is_asked_for_twice_is_done_once_and_what_comes_late_before_the_next_episode()
    {
        var cell = TestPopulation.Small();
        var log = (await TestPopulation.RunAsync([cell], afterEpisode: (population, episode) =>
        {
            if (episode.Episode == 2)
            {
                population.Tell(new CellProtocol.Intervene(Reset(1, before: 1)));
                population.Tell(new CellProtocol.Intervene(Reset(1, before: 1)));
            }
        }))[0];
        var done = Assert.Single(log.Interventions);
        Assert.InRange(done.Before, 3, cell.Episodes);
    }

    [Fact]
    public async Task Interventions_cross_the_serializer_unharmed()
    {
        var cell = TestPopulation.Small();
        Intervention[] done = [Reset(1, before: 3), Scale(2, before: 3, factor: 0.25)];
        var (log, _) = await RunAsync(cell, done, every: 0);
        var (serialized, _) = await RunAsync(cell, done, every: 0, hocon: "akka.actor.serialize-messages = on");
        Assert.Equal(log.Fingerprint(), serialized.Fingerprint());
    }

    private static Intervention Reset(int number, int before) => new(number, 0, InterventionKind.ResetOutput) { Agent = Agent, Before = before };

    private static Intervention Scale(int number, int before, double factor) => new(number, 0, InterventionKind.ScaleRate) { Agent = Agent, Before = before, Factor = factor };

    private static (double, string) Told(PopulationProtocol.EpisodeFinished episode) => (episode.Reward, CellLog.Text(episode.Update));

    private static async Task<(CellLog Log, MemoryStore Store)> RunAsync(CellOptions cell, Intervention[] done, int every, int? failure = null, string hocon = "")
    {
        var store = new MemoryStore(1, every);
        store.Interventions.AddRange(done);
        var logs = await TestPopulation.RunAsync(
            [cell], hocon, checkpoints: store, between: failure is { } after ? device => Props.Create(() => new FailingOnce(device, after)) : null);
        return (logs[0], store);
    }
}
