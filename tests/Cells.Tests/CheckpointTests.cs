using Akka.Actor;
using Simulator.Agents;
using Simulator.Compute;
using Simulator.Master;
using Simulator.Protocol;

namespace Simulator.Cells.Tests;

/// <summary>A cell that goes on from a checkpoint tells what it would have told undisturbed, bit for bit.</summary>
public sealed class CheckpointTests
{
    public static TheoryData<UpdateMode, PolicyVariant, PolicySharing, bool> Cells()
    {
        var data = new TheoryData<UpdateMode, PolicyVariant, PolicySharing, bool>();
        foreach (var variant in Enum.GetValues<PolicyVariant>())
        {
            data.Add(UpdateMode.Simultaneous, variant, PolicySharing.Independent, false);
        }

        data.Add(UpdateMode.Sequential, PolicyVariant.Baseline, PolicySharing.Independent, true);
        data.Add(UpdateMode.Sequential, PolicyVariant.Fullnorm, PolicySharing.Independent, true);
        data.Add(UpdateMode.Simultaneous, PolicyVariant.Baseline, PolicySharing.Shared, true);
        return data;
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task A_population_that_is_stopped_and_begun_anew_tells_the_same(UpdateMode update, PolicyVariant variant, PolicySharing sharing, bool mitigated)
    {
        await ComparesAsync(Cell(update, variant, sharing, mitigated));
    }

    public static TheoryData<string> Mitigations() => ["targets", "delayed", "popart", "asymmetry", "gaussian", "beta", "shared targets"];

    [Theory]
    [MemberData(nameof(Mitigations))]
    public async Task Mitigations_that_remember_something_go_on_with_it(string mitigation)
    {
        var small = TestPopulation.Small(episodes: 60);
        await ComparesAsync(mitigation switch
        {
            "targets" => small with { Learning = small.Learning with { Tau = 0.1 }, Policy = new PolicyOptions { Variant = PolicyVariant.Fullnorm } },
            "shared targets" => small with { Learning = small.Learning with { Tau = 0.1 }, Policy = new PolicyOptions { Sharing = PolicySharing.Shared } },
            "delayed" => small with { Mitigation = new MitigationOptions { ActorDelay = 3, TargetNoise = 0.2 } },
            "popart" => small with { Mitigation = new MitigationOptions { Popart = true, PopartRate = 0.1 } },
            "asymmetry" => small with { Mitigation = new MitigationOptions { AsymmetryScaling = AsymmetryScaling.Inverse } },
            "gaussian" => small with { Mitigation = new MitigationOptions { Output = OutputFunction.Gaussian } },
            "beta" => small with { Mitigation = new MitigationOptions { Output = OutputFunction.Beta } },
            _ => throw new ArgumentException(mitigation, nameof(mitigation)),
        });
    }

    [Fact]
    public async Task A_failed_cell_goes_on_from_its_newest_checkpoint()
    {
        CellOptions[] cells = [TestPopulation.Small(seed: 1, episodes: 12), TestPopulation.Small(seed: 2, episodes: 12)];
        var undisturbed = await TestPopulation.RunAsync(cells);
        var store = new MemoryStore(2, every: 3);
        var disturbed = await TestPopulation.RunAsync(cells, between: device => Props.Create(() => new FailingOnce(device, 9)), checkpoints: store);

        Assert.Equal(1, disturbed.Sum(l => l.Recoveries));
        Assert.InRange(Assert.Single(store.Restored), 3, 8);
        Assert.Equal(undisturbed.Select(l => l.Fingerprint()), disturbed.Select(l => l.Fingerprint()));
    }

    [Fact]
    public async Task A_cell_that_fails_before_its_first_checkpoint_begins_anew()
    {
        var cell = TestPopulation.Small(seed: 1);
        var store = new MemoryStore(1, every: 100);
        var disturbed = await TestPopulation.RunAsync([cell], between: device => Props.Create(() => new FailingOnce(device, 4)), checkpoints: store);
        Assert.Empty(store.Restored);
        Assert.Equal((await TestPopulation.RunAsync(cell)).Fingerprint(), disturbed[0].Fingerprint());
    }

    [Fact]
    public async Task A_checkpoint_holds_of_the_replay_memory_what_was_added_since_the_last_one_and_all_priorities()
    {
        var cell = TestPopulation.Small(episodes: 12);
        var store = new MemoryStore(1, every: 3);
        var with = await TestPopulation.RunAsync([cell], checkpoints: store);
        Assert.Equal((await TestPopulation.RunAsync(cell)).Fingerprint(), with[0].Fingerprint());
        Assert.True(store.Received.Count > 1);
        for (var i = 1; i < store.Received.Count; i++)
        {
            var (before, after) = (store.Received[i - 1].Master, store.Received[i].Master);
            Assert.Equal(before.Added, Assert.Single(after.Replay).First);
            Assert.Equal(after.Added, after.Replay[0].End);
            Assert.Equal(Math.Min(cell.Learning.Replay, after.Added), after.Priorities.Length);
        }
    }

    [Fact]
    public async Task Checkpoints_cross_the_serializer_unharmed()
    {
        var cell = TestPopulation.Small(episodes: 9);
        var store = new MemoryStore(1, every: 2);
        var logs = await TestPopulation.RunAsync(
            [cell], "akka.actor.serialize-messages = on", between: device => Props.Create(() => new FailingOnce(device, 6)), checkpoints: store);
        Assert.NotEmpty(store.Restored);
        Assert.Equal((await TestPopulation.RunAsync(cell)).Fingerprint(), logs[0].Fingerprint());
    }

    [Fact]
    public async Task Cells_that_act_are_asked_for_no_checkpoint()
    {
        var cell = TestPopulation.Small() with { Mode = CellMode.Act };
        var store = new MemoryStore(1, every: 1);
        await TestPopulation.RunAsync([cell], checkpoints: store);
        Assert.Empty(store.Received);
    }

    private static async Task ComparesAsync(CellOptions cell)
    {
        var undisturbed = await TestPopulation.RunAsync(cell);
        var store = new MemoryStore(1, every: 0);
        foreach (var stop in (int[])[1, 2, 7, 12])
        {
            var stopped = await TestPopulation.RunAsync([cell], checkpoints: store, afterEpisode: (population, episode) =>
            {
                if (episode.Episode >= stop)
                {
                    population.Tell(CellProtocol.Stop.Instance);
                }
            });
            Assert.Equal(CellStatus.Interrupted, stopped[0].End!.Status);
            Assert.Equal(stopped[0].End!.Episodes, store.Received[^1].Episode);
        }

        var resumed = await TestPopulation.RunAsync([cell], checkpoints: store);
        Assert.Equal(4, store.Restored.Count);
        Assert.True(store.Restored[^1] >= 12);
        Assert.Equal(undisturbed.Fingerprint(), resumed[0].Fingerprint());
    }

    private static CellOptions Cell(UpdateMode update, PolicyVariant variant, PolicySharing sharing, bool mitigated)
    {
        var small = TestPopulation.Small(episodes: 60);
        return small with
        {
            Learning = small.Learning with { Update = update, PriorityExponent = mitigated ? 0.3 : PrioritizedReplay.Alpha },
            Policy = new PolicyOptions { Variant = variant, Sharing = sharing },
            Mitigation = mitigated
                ? new MitigationOptions { InitialL2 = 0.01, WeightDecay = 0.01, RecycleEvery = 3, RecycleThreshold = 0.3, Output = OutputFunction.Inverting, Observations = ObservationScale.Running, Rewards = RewardScale.Scaled }
                : new MitigationOptions(),
        };
    }
}
