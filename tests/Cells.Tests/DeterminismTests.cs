using Simulator.Agents;
using Simulator.Compute;
using Simulator.Master;
using Simulator.Protocol;

namespace Simulator.Cells.Tests;

public sealed class DeterminismTests
{
    public static TheoryData<UpdateMode, PolicyVariant, OutputFunction> Networks()
    {
        var data = new TheoryData<UpdateMode, PolicyVariant, OutputFunction>();
        foreach (var variant in Enum.GetValues<PolicyVariant>())
        {
            data.Add(UpdateMode.Simultaneous, variant, OutputFunction.Tanh);
        }

        data.Add(UpdateMode.Sequential, PolicyVariant.Baseline, OutputFunction.Tanh);
        data.Add(UpdateMode.Simultaneous, PolicyVariant.Baseline, OutputFunction.Inverting);
        data.Add(UpdateMode.Sequential, PolicyVariant.Fullnorm, OutputFunction.Inverting);
        data.Add(UpdateMode.Simultaneous, PolicyVariant.Baseline, OutputFunction.Softsign);
        data.Add(UpdateMode.Simultaneous, PolicyVariant.Clipped, OutputFunction.Sigmoid);
        data.Add(UpdateMode.Simultaneous, PolicyVariant.Fullnorm, OutputFunction.ScaledTanh);
        data.Add(UpdateMode.Simultaneous, PolicyVariant.Layernorm, OutputFunction.Gaussian);
        data.Add(UpdateMode.Sequential, PolicyVariant.Baseline, OutputFunction.Gaussian);
        data.Add(UpdateMode.Simultaneous, PolicyVariant.Fullnorm, OutputFunction.Beta);
        data.Add(UpdateMode.Sequential, PolicyVariant.Linear, OutputFunction.Beta);
        return data;
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public async Task A_cell_tells_the_same_alone_and_among_others(UpdateMode update, PolicyVariant variant, OutputFunction output)
    {
        var cell = Cell(update, variant, output);
        var alone = await TestPopulation.RunAsync(cell);
        var among = await TestPopulation.RunAsync(
        [
            TestPopulation.Small(seed: 1, episodes: 9) with { Clients = 9 },
            Cell(update, variant, output) with { Seed = 99, Episodes = 3 },
            cell,
            Cell(update, variant, output) with { Seed = 100, Learning = cell.Learning with { ActorRate = 0.1 } },
            TestPopulation.Small(seed: 2),
        ]);

        Assert.Equal(CellStatus.Completed, alone.End!.Status);
        Assert.Equal(6, alone.Episodes.Count);
        Assert.Equal(alone.Fingerprint(), among[2].Fingerprint());
        Assert.NotEqual(alone.Fingerprint(), among[3].Fingerprint());
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 1, 16)]
    [InlineData(1, 1, 64)]
    [InlineData(2, 1, 6)]
    [InlineData(3, 2, 16)]
    [InlineData(3, 2, 5)]
    [InlineData(5, 2, 12)]
    [InlineData(8, 7, 10)]
    [InlineData(17, 10, 33)]
    public async Task Odd_sizes_are_no_exception(int clients, int channels, int batch)
    {
        var cell = TestPopulation.Small(episodes: 12) with { Clients = clients };
        cell = cell with { Environment = cell.Environment with { Channels = channels }, Learning = cell.Learning with { Batch = batch, Replay = 40 } };
        var alone = await TestPopulation.RunAsync(cell);
        for (var attempt = 0; attempt < 3; attempt++)
        {
            var among = await TestPopulation.RunAsync([cell with { Seed = 3 }, cell with { Seed = 4, Episodes = 5 }, cell, cell with { Seed = 5 }]);
            Assert.Equal(alone.Fingerprint(), among[2].Fingerprint());
        }
    }

    [Fact]
    public async Task Cells_of_the_researchs_size_are_no_exception()
    {
        var cell = new CellOptions { Episodes = 5, Evaluation = new EvaluationOptions { Episodes = 0 } };
        var alone = await TestPopulation.RunAsync(cell);
        var among = await TestPopulation.RunAsync([cell with { Seed = 3, Episodes = 3 }, cell with { Seed = 4 }, cell]);
        Assert.Equal(alone.Fingerprint(), among[2].Fingerprint());
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public async Task Actors_compute_what_a_plain_loop_computes(UpdateMode update, PolicyVariant variant, OutputFunction output)
    {
        var options = Cell(update, variant, output);
        var actors = await TestPopulation.RunAsync(options);
        using var loop = new BareCell(options, ComputeDevice.Cpu);
        foreach (var episode in actors.Episodes)
        {
            var (totals, report) = loop.RunEpisode();
            Assert.Equal(totals.Reward, episode.Reward);
            Assert.Equal(CellLog.Text(report), CellLog.Text(episode.Update));
        }

        for (var i = 0; i < options.Clients; i++)
        {
            Assert.Equal(loop.PolicyParameters(i), actors.Parameters[i][..loop.PolicyParameters(i).Length]);
        }

        Assert.Equal(loop.CriticParameters(), actors.Parameters[CellProtocol.Critic][..loop.CriticParameters().Length]);
    }

    [Fact]
    public async Task Seeds_decide_alone_not_the_place_in_the_population_nor_the_batching()
    {
        var cells = Enumerable.Range(0, 4).Select(i => TestPopulation.Small(seed: (ulong)(10 + i))).ToList();
        var forward = await TestPopulation.RunAsync(cells);
        cells.Reverse();
        var backward = await TestPopulation.RunAsync(cells, batching: new BatchingOptions(TimeSpan.FromMilliseconds(2)));
        Assert.Equal(forward.Select(l => l.Fingerprint()), backward.Reverse().Select(l => l.Fingerprint()));
        Assert.Equal(4, forward.Select(l => l.Fingerprint()).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task Messages_lose_nothing_when_each_is_serialized()
    {
        var plain = await TestPopulation.RunAsync(TestPopulation.Small());
        var serialized = await TestPopulation.RunAsync(TestPopulation.Small(), "akka.actor.serialize-messages = on");
        Assert.Equal(plain.Fingerprint(), serialized.Fingerprint());
    }

    [Fact]
    public async Task Evaluation_does_not_disturb_training()
    {
        var options = TestPopulation.Small();
        var with = await TestPopulation.RunAsync(options);
        var without = await TestPopulation.RunAsync(options with { Evaluation = new EvaluationOptions { Episodes = 0 } });
        Assert.Equal([0, 2, 4, 6], with.Evaluations.Select(e => e.Episode));
        Assert.Empty(without.Evaluations);
        with.Evaluations.Clear();
        Assert.Equal(without.Fingerprint(), with.Fingerprint());
    }

    private static CellOptions Cell(UpdateMode update, PolicyVariant variant, OutputFunction output)
    {
        var small = TestPopulation.Small();
        return small with
        {
            Learning = small.Learning with { Update = update },
            Policy = new PolicyOptions { Variant = variant },
            Mitigation = new MitigationOptions
            {
                Output = output,
                Observations = output == OutputFunction.Tanh ? ObservationScale.Raw : ObservationScale.Scaled,
                Rewards = output == OutputFunction.Tanh ? RewardScale.Raw : RewardScale.Scaled,
            },
        };
    }
}
