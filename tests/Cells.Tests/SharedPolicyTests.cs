using Simulator.Agents;
using Simulator.Compute;
using Simulator.Protocol;

namespace Simulator.Cells.Tests;

/// <summary>Cells whose clients have one policy together.</summary>
public sealed class SharedPolicyTests
{
    public static TheoryData<PolicyVariant, OutputFunction> Variants()
    {
        var data = new TheoryData<PolicyVariant, OutputFunction>();
        foreach (var variant in Enum.GetValues<PolicyVariant>())
            data.Add(variant, OutputFunction.Tanh);
        data.Add(PolicyVariant.Baseline, OutputFunction.Gaussian);
        data.Add(PolicyVariant.Layernorm, OutputFunction.Beta);
        return data;
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task A_shared_policy_learns_the_same_alone_among_others_and_in_a_plain_loop(PolicyVariant variant, OutputFunction output)
    {
        var options = Sharing(variant) with { Mitigation = new MitigationOptions { Output = output } };
        var alone = await TestPopulation.RunAsync(options);
        var among = await TestPopulation.RunAsync([TestPopulation.Small(seed: 1), options with { Seed = 9 }, options, TestPopulation.Small(seed: 2)], threads: 2);
        Assert.Equal(alone.Fingerprint(), among[2].Fingerprint());
        Assert.NotEqual(alone.Fingerprint(), among[1].Fingerprint());

        using var loop = new BareCell(options, ComputeDevice.Cpu);
        foreach (var episode in alone.Episodes)
        {
            var (totals, report) = loop.RunEpisode();
            Assert.Equal((totals.Reward, CellLog.Text(report)), (episode.Reward, CellLog.Text(episode.Update)));
        }

        Assert.Equal([CellProtocol.Critic, 0], alone.Parameters.Keys);
        Assert.Equal(loop.PolicyParameters(0), alone.Parameters[0][..loop.PolicyParameters(0).Length]);
    }

    [Fact]
    public async Task Every_client_is_told_of_the_one_step()
    {
        var log = await TestPopulation.RunAsync(Sharing(PolicyVariant.Baseline));
        var agents = log.Episodes[1].Update!.Agents;
        Assert.Equal(6, agents.Length);
        Assert.Single(agents.Select(a => a.GradientNorm).Distinct());
        Assert.True(agents[0].GradientNorm > 0);
    }

    [Theory]
    [InlineData(PolicySharing.Shared, 1)]
    [InlineData(PolicySharing.Independent, 6)]
    public async Task A_policy_whose_gradient_is_clipped_counts_once_however_many_clients_share_it(PolicySharing sharing, int clipped)
    {
        var options = Sharing(PolicyVariant.Baseline);
        options = options with { Policy = options.Policy with { Sharing = sharing }, Learning = options.Learning with { MaxGradNorm = 1e-9 } };
        var log = await TestPopulation.RunAsync(options);
        Assert.All(log.Episodes.Skip(1), e => Assert.Equal(clipped, e.Update!.Actors!.Clipped));
    }

    [Fact]
    public async Task A_shared_policy_starts_as_the_first_clients_own_would()
    {
        var options = Sharing(PolicyVariant.Baseline) with { Episodes = 1 };
        var shared = await TestPopulation.RunAsync(options);
        var own = await TestPopulation.RunAsync(options with { Policy = new PolicyOptions() });
        Assert.Equal(own.Parameters[0], shared.Parameters[0]);
        Assert.NotEqual(own.Parameters[1], shared.Parameters[0]);
    }

    [Fact]
    public async Task A_policy_shared_by_one_client_is_its_own()
    {
        // One client is its own mean.
        var options = Sharing(PolicyVariant.Baseline) with { Clients = 1 };
        options = options with { Environment = options.Environment with { Channels = 1 } };
        var shared = await TestPopulation.RunAsync(options);
        var own = await TestPopulation.RunAsync(options with { Policy = new PolicyOptions() });
        Assert.Equal(own.Fingerprint(), shared.Fingerprint());
    }

    private static CellOptions Sharing(PolicyVariant variant) =>
        TestPopulation.Small() with { Policy = new PolicyOptions { Variant = variant, Sharing = PolicySharing.Shared } };
}
