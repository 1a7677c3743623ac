using Simulator.Agents;
using Simulator.Compute;
using Simulator.Master;
using Simulator.Protocol;

namespace Simulator.Cells.Tests;

/// <summary>Mitigations inside networks and optimiser, in whole cells: the actors compute what a plain loop computes, alone and among other cells.</summary>
public sealed class MitigationCellTests
{
    /// <summary>Names of the cells of <see cref="Cell"/>.</summary>
    public static TheoryData<string> Cells() => new("norms", "plain norms", "norms of linear layers", "tanh", "tiny last layer", "pulled back", "recycled", "recycled as one");

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task Actors_compute_what_a_plain_loop_computes_alone_and_among_others(string name)
    {
        var options = Cell(name);
        var alone = await TestPopulation.RunAsync(options);
        var among = await TestPopulation.RunAsync([TestPopulation.Small(seed: 3), options, Cell(name) with { Seed = 5 }]);

        Assert.Equal(CellStatus.Completed, alone.End!.Status);
        Assert.Equal(alone.Fingerprint(), among[1].Fingerprint());
        var without = options with { Mitigation = new MitigationOptions(), Policy = options.Policy with { LastLayer = LastLayerStart.Variant } };
        Assert.NotEqual((await TestPopulation.RunAsync(without)).Fingerprint(), alone.Fingerprint());
        using var loop = new BareCell(options, ComputeDevice.Cpu);
        foreach (var episode in alone.Episodes)
        {
            var (totals, report) = loop.RunEpisode();
            Assert.Equal(totals.Reward, episode.Reward);
            Assert.Equal(CellLog.Text(report), CellLog.Text(episode.Update));
        }

        for (var i = 0; i < CellMembers.PoliciesOf(options); i++)
        {
            Assert.Equal(loop.PolicyParameters(i), alone.Parameters[i][..loop.PolicyParameters(i).Length]);
        }

        Assert.Equal(loop.CriticParameters(), alone.Parameters[CellProtocol.Critic][..loop.CriticParameters().Length]);
    }

    private static CellOptions Cell(string name)
    {
        var small = TestPopulation.Small();
        return name switch
        {
            "norms" => small with { Mitigation = new MitigationOptions { ActorLayerNorm = BodyNorm.Affine, CriticLayerNorm = BodyNorm.Affine } },
            "plain norms" => small with { Mitigation = new MitigationOptions { ActorLayerNorm = BodyNorm.Plain, CriticLayerNorm = BodyNorm.Plain } },
            "norms of linear layers" => small with
            {
                Policy = new PolicyOptions { Variant = PolicyVariant.Linear },
                Learning = small.Learning with { Update = UpdateMode.Sequential },
                Mitigation = new MitigationOptions { ActorLayerNorm = BodyNorm.Affine, CriticLayerNorm = BodyNorm.Affine },
            },
            "tanh" => small with { Mitigation = new MitigationOptions { ActorActivation = ActorActivation.Tanh } },
            "tiny last layer" => small with { Policy = new PolicyOptions { LastLayer = LastLayerStart.Tiny } },
            "pulled back" => small with { Mitigation = new MitigationOptions { WeightDecay = 0.1, InitialL2 = 0.01 } },
            "recycled" => small with { Learning = small.Learning with { Update = UpdateMode.Sequential }, Mitigation = new MitigationOptions { RecycleEvery = 2, RecycleThreshold = 0.5 } },
            "recycled as one" => small with
            {
                Policy = new PolicyOptions { Sharing = PolicySharing.Shared },
                Mitigation = new MitigationOptions { RecycleEvery = 2, RecycleThreshold = 0.5, CriticLayerNorm = BodyNorm.Affine, InitialL2 = 0.01 },
            },
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "there is no such cell"),
        };
    }
}
