using Akka.Actor;
using Simulator.Agents;
using Simulator.Compute;
using Simulator.Master;
using Simulator.Protocol;

namespace Simulator.Cells.Tests;

/// <summary>What the mitigations change in the master's part of learning: actors and plain loop compute the same bits, alone and among others.</summary>
public sealed class MitigationTests
{
    private static readonly Dictionary<string, MitigationOptions> Mitigations = new(StringComparer.Ordinal)
    {
        ["none"] = new(),
        ["running observations"] = new() { Observations = ObservationScale.Running },
        ["delayed actors"] = new() { ActorDelay = 2 },
        ["smoothed targets"] = new() { TargetNoise = 0.2 },
        ["rate times asymmetry"] = new() { AsymmetryScaling = AsymmetryScaling.Proportional, AsymmetryBounds = new(1e-6, 0.5) },
        ["rate over asymmetry"] = new() { AsymmetryScaling = AsymmetryScaling.Inverse },
        ["PopArt"] = new() { Popart = true, PopartRate = 0.1 },
        ["with what changes networks"] = new()
        {
            Popart = true,
            AsymmetryScaling = AsymmetryScaling.Proportional,
            WeightDecay = 0.01,
            InitialL2 = 1e-3,
            RecycleEvery = 2,
            RecycleThreshold = 0.5,
            ActorLayerNorm = BodyNorm.Affine,
            CriticLayerNorm = BodyNorm.Affine,
        },
        ["with a policy that samples"] = new() { Output = OutputFunction.Gaussian, TargetNoise = 0.2, ActorDelay = 2, PreactivationPenalty = 1e-3 },
        ["all"] = new()
        {
            Observations = ObservationScale.Running,
            Rewards = RewardScale.Scaled,
            ActorDelay = 3,
            TargetNoise = 0.5,
            AsymmetryScaling = AsymmetryScaling.Proportional,
            Popart = true,
        },
    };

    public static TheoryData<double, UpdateMode, PolicyVariant, PolicySharing, string> Cases()
    {
        var data = new TheoryData<double, UpdateMode, PolicyVariant, PolicySharing, string>();
        foreach (var name in Mitigations.Keys.Where(n => n != "none"))
        {
            data.Add(1, UpdateMode.Simultaneous, PolicyVariant.Baseline, PolicySharing.Independent, name);
        }

        data.Add(1, UpdateMode.Sequential, PolicyVariant.Fullnorm, PolicySharing.Independent, "all");
        data.Add(1, UpdateMode.Simultaneous, PolicyVariant.Baseline, PolicySharing.Shared, "all");

        // Soft targets, which touch everything that is evaluated in an update.
        data.Add(0.1, UpdateMode.Simultaneous, PolicyVariant.Baseline, PolicySharing.Independent, "none");
        data.Add(0.1, UpdateMode.Sequential, PolicyVariant.Baseline, PolicySharing.Independent, "none");
        data.Add(0.1, UpdateMode.Simultaneous, PolicyVariant.Fullnorm, PolicySharing.Independent, "none");
        data.Add(0.1, UpdateMode.Simultaneous, PolicyVariant.Fullnorm, PolicySharing.Shared, "none");
        data.Add(0.1, UpdateMode.Sequential, PolicyVariant.Fullnorm, PolicySharing.Independent, "all");
        data.Add(0.1, UpdateMode.Simultaneous, PolicyVariant.Baseline, PolicySharing.Shared, "all");
        data.Add(0.1, UpdateMode.Simultaneous, PolicyVariant.Baseline, PolicySharing.Independent, "with what changes networks");
        data.Add(0.1, UpdateMode.Simultaneous, PolicyVariant.Baseline, PolicySharing.Independent, "with a policy that samples");
        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_cell_tells_the_same_alone_among_others_and_in_a_plain_loop(double tau, UpdateMode update, PolicyVariant variant, PolicySharing sharing, string name)
    {
        var plain = TestPopulation.Small(episodes: 8) with { Policy = new PolicyOptions { Variant = variant, Sharing = sharing } };
        plain = plain with { Learning = plain.Learning with { Update = update } };
        var options = plain with { Learning = plain.Learning with { Tau = tau }, Mitigation = Mitigations[name] };
        var alone = await TestPopulation.RunAsync(options, "akka.actor.serialize-messages = on");
        var among = await TestPopulation.RunAsync([plain, options with { Seed = 9 }, options, options with { Learning = options.Learning with { ActorRate = 0.1 } }]);

        Assert.Equal(CellStatus.Completed, alone.End!.Status);
        Assert.Equal(alone.Fingerprint(), among[2].Fingerprint());
        Assert.NotEqual(alone.Fingerprint(), among[0].Fingerprint());
        using var loop = new BareCell(options, ComputeDevice.Cpu);
        foreach (var episode in alone.Episodes)
        {
            var (totals, report) = loop.RunEpisode();
            Assert.Equal((totals, CellLog.Text(report)), (new EpisodeTotals(episode.Reward, episode.Violations), CellLog.Text(episode.Update)));
        }

        for (var i = 0; i < (sharing == PolicySharing.Shared ? 1 : options.Clients); i++)
        {
            Assert.Equal(loop.PolicyParameters(i), alone.Parameters[i][..loop.PolicyParameters(i).Length]);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_cell_that_goes_on_from_a_checkpoint_tells_the_same(double tau, UpdateMode update, PolicyVariant variant, PolicySharing sharing, string name)
    {
        var small = TestPopulation.Small(episodes: 60);
        var cell = small with
        {
            Policy = new PolicyOptions { Variant = variant, Sharing = sharing },
            Learning = small.Learning with { Update = update, Tau = tau },
            Mitigation = Mitigations[name],
        };
        var undisturbed = await TestPopulation.RunAsync(cell);
        var store = new MemoryStore(1, every: 0);
        foreach (var stop in (int[])[1, 4, 7])
        {
            await TestPopulation.RunAsync([cell], checkpoints: store, afterEpisode: (population, episode) =>
            {
                if (episode.Episode >= stop)
                {
                    population.Tell(CellProtocol.Stop.Instance);
                }
            });
        }

        var resumed = await TestPopulation.RunAsync([cell], checkpoints: store);
        Assert.Equal(3, store.Restored.Count);
        Assert.True(store.Restored[^1] >= 7);
        Assert.Equal(undisturbed.Fingerprint(), resumed[0].Fingerprint());
    }

    [Fact]
    public async Task Delayed_actors_learn_after_every_second_episode_and_stand_still_between()
    {
        var log = await TestPopulation.RunAsync(TestPopulation.Small(episodes: 8) with { Mitigation = Mitigations["delayed actors"] });
        Assert.Equal([2, 4, 6, 8], log.Episodes.Where(e => e.Update?.Actors is not null).Select(e => e.Episode));
        Assert.Equal([3, 5, 7], log.Episodes.Where(e => e.Update is { Actors: null }).Select(e => e.Episode));
        Assert.All(log.Episodes.Skip(1), e => Assert.True(e.Update!.Critic.GradientNorm > 0));

        // Actors that stood still because it was not their turn are not frozen.
        Assert.All(log.Episodes[^1].Update!.Agents, a => Assert.Equal(0, a.Outcomes.ReferenceStop));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("rate times asymmetry")]
    [InlineData("rate over asymmetry")]
    [InlineData("all")]
    public async Task An_update_tells_what_the_actors_rate_was_multiplied_by(string name)
    {
        var options = Mitigations[name];
        var log = await TestPopulation.RunAsync(TestPopulation.Small(episodes: 12) with { Mitigation = options });
        var scale = new AsymmetryScale(options.AsymmetryScaling, options.AsymmetryBounds);
        foreach (var update in log.Episodes.Select(e => e.Update).OfType<UpdateReport>())
        {
            Assert.Equal(update.Actors is null ? null : scale.Factor, update.ActorRateFactor);
            scale.Observe(update.Asymmetry);
        }

        Assert.Equal(options.AsymmetryScaling != AsymmetryScaling.None, log.Episodes.Any(e => e.Update?.ActorRateFactor is { } factor && factor != 1));
    }

    [Fact]
    public async Task Targets_that_follow_at_once_are_the_networks_themselves()
    {
        // A tau of almost one has targets of their own, in other operations, and almost the same numbers: the first update learns from what both start with.
        var plain = TestPopulation.Small();
        var hard = await TestPopulation.RunAsync(plain);
        var soft = await TestPopulation.RunAsync(plain with { Learning = plain.Learning with { Tau = 1 - 1e-9 } });
        Assert.Equal(CellLog.Text(hard.Episodes[1].Update), CellLog.Text(soft.Episodes[1].Update));
        Assert.Equal(1, soft.Episodes[^1].Update!.Critic.Loss / hard.Episodes[^1].Update!.Critic.Loss, 1e-2);
    }

    [Fact]
    public async Task Slots_with_targets_are_handed_out_again_as_new()
    {
        // Cells of equal size one after the other, on a device that holds few: later ones take the slots of those that ended.
        var cells = Enumerable.Range(0, 40).Select(i => TestPopulation.Small(seed: (ulong)(i % 3), episodes: 3)).Select(c => c with { Learning = c.Learning with { Tau = 0.1 } }).ToList();
        var logs = await TestPopulation.RunAsync(cells);
        for (var i = 3; i < cells.Count; i++)
        {
            Assert.Equal(logs[i % 3].Fingerprint(), logs[i].Fingerprint());
        }
    }

    [Fact]
    public async Task Running_statistics_of_a_cell_are_those_of_its_seed_whatever_is_evaluated()
    {
        var options = TestPopulation.Small() with { Mitigation = Mitigations["running observations"] };
        var with = await TestPopulation.RunAsync(options);
        var without = await TestPopulation.RunAsync(options with { Evaluation = new EvaluationOptions { Episodes = 0 } });
        with.Evaluations.Clear();
        Assert.Equal(without.Fingerprint(), with.Fingerprint());
    }
}
