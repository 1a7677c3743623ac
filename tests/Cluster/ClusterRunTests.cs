using System.Diagnostics;
using Simulator.Lab;

namespace Simulator.Cluster.Tests;

/// <summary>A run on a cluster of processes comes to the bytes that it comes to in one process.</summary>
public sealed class ClusterRunTests(Undisturbed undisturbed) : IDisposable
{
    private readonly ProcessCluster _cluster = new();

    public void Dispose() => _cluster.Dispose();

    [SlowFact]
    public async Task On_two_processes_that_the_run_starts_it_comes_to_the_same_bytes()
    {
        await _cluster.Run("local", "--local-nodes", "2", "--quiet", "--no-listen").CompletesAsync(undisturbed, _cluster);
    }

    [SlowFact]
    public async Task On_two_nodes_that_were_there_it_comes_to_the_same_bytes()
    {
        await _cluster.StartNodeAsync();
        await _cluster.StartNodeAsync();
        await _cluster.Join().CompletesAsync(undisturbed, _cluster);
    }

    [SlowFact]
    public async Task Spread_over_three_processes_it_comes_to_the_same_bytes()
    {
        await _cluster.Run("spread", "--local-nodes", "3", "--set", "placement=spread", "--quiet", "--no-listen").CompletesAsync(undisturbed, _cluster);
    }

    [SlowFact]
    public async Task A_node_that_does_not_share_the_folder_is_named_and_the_run_ends()
    {
        await _cluster.StartNodeAsync();
        var second = await _cluster.StartNodeAsync(Directory.CreateDirectory(Path.Combine(_cluster.Runs, "other")).FullName);
        var run = _cluster.Join();
        var began = Stopwatch.GetTimestamp();
        Assert.Equal(1, await run.Process.ExitedAsync());
        var address = (await second.SaysAsync("Up as ")).Split(' ')[2];
        Assert.Contains($"the node {address} cannot open a cell: the folder '", run.Process.Said, StringComparison.Ordinal);
        Assert.Contains("do the nodes share it?", run.Process.Said, StringComparison.Ordinal);
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, NodeCatalog.StorePatience);
        Assert.False(second.HasExited);
    }

    [SlowFact]
    public async Task Two_runs_at_one_time_on_the_same_nodes_come_to_the_same_bytes()
    {
        await _cluster.StartNodeAsync();
        await _cluster.StartNodeAsync();
        var (first, second) = (_cluster.Join("first"), _cluster.Join("second"));
        await first.CompletesAsync(undisturbed, _cluster);
        await second.CompletesAsync(undisturbed, _cluster);
    }
}
