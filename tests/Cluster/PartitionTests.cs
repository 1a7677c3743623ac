namespace Simulator.Cluster.Tests;

/// <summary>The network between the nodes of a cluster is cut.</summary>
public sealed class PartitionTests(Undisturbed undisturbed) : IDisposable
{
    private const int Coordinator = 3;

    private ProcessCluster? _cluster;
    private CutNetwork? _network;

    public void Dispose()
    {
        _cluster?.Dispose();
        _network?.Dispose();
    }

    [SlowFact]
    public async Task A_node_that_is_cut_off_ends_itself_and_its_cells_go_on_at_the_others()
    {
        var (network, cluster) = Begin();
        await cluster.StartNodeAsync();
        var second = await cluster.StartNodeAsync();
        var run = cluster.Join();
        await run.CheckpointsAsync();
        network.Cut(2);
        await run.UntilAsync(() => run.Events("recovering").Count > 0, "a cell that is brought back");
        Assert.Equal(1, await second.ExitedAsync());
        Assert.True(second.Said.Contains("this node was cut off from the cluster and has left it", StringComparison.Ordinal), second.Said);
        await run.CompletesAsync(undisturbed, cluster);
        Assert.Equal(run.Events("recovering").Count, run.Recoveries);
        Assert.All(run.Events("recovering"), e => Assert.Contains("was lost", e.GetProperty("reason").GetString(), StringComparison.Ordinal));
    }

    [SlowFact]
    public async Task A_run_that_is_cut_off_ends_and_is_resumed_when_the_network_is_back()
    {
        var (network, cluster) = Begin();
        await cluster.StartNodeAsync();
        await cluster.StartNodeAsync();
        var run = cluster.Join();
        await run.CheckpointsAsync();
        network.Cut(Coordinator);
        Assert.Equal(1, await run.Process.ExitedAsync());
        Assert.True(run.Process.Said.Contains("with --resume it goes on", StringComparison.Ordinal), run.Process.Said);
        network.Mend(Coordinator);
        await cluster.Resume(run).CompletesAsync(undisturbed, cluster);
    }

    private (CutNetwork Network, ProcessCluster Cluster) Begin()
    {
        Assert.SkipWhen(CutNetwork.SkipReason is not null, CutNetwork.SkipReason ?? string.Empty);
        _network = new CutNetwork(Coordinator);
        _cluster = new ProcessCluster(_network);
        return (_network, _cluster);
    }
}
