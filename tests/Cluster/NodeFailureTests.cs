using System.Diagnostics;
using System.Globalization;

namespace Simulator.Cluster.Tests;

/// <summary>Nodes fail, hang, leave and come in the middle of a run.</summary>
public sealed class NodeFailureTests(Undisturbed undisturbed) : IDisposable
{
    private readonly ProcessCluster _cluster = new();

    public void Dispose() => _cluster.Dispose();

    [SlowFact]
    public async Task Cells_of_a_node_that_was_killed_go_on_elsewhere_to_the_same_bytes()
    {
        await _cluster.StartNodeAsync();
        var second = await _cluster.StartNodeAsync();
        var run = _cluster.Watched();
        using var look = new PopulationLook(await run.Process.SaysAsync("Watch it on "));
        await run.CheckpointsAsync();
        second.Kill();
        var killed = Stopwatch.GetTimestamp();
        await run.UntilAsync(() => run.Events("recovering").Count > 0, "a cell that is brought back");
        var noticed = Stopwatch.GetElapsedTime(killed);
        var cell = run.Events("recovering")[0].GetProperty("cell").GetString()!;
        await look.NextEpisodeAsync(cell, run.Process);
        var recovered = Stopwatch.GetElapsedTime(killed);
        TestContext.Current.SendDiagnosticMessage(
            string.Create(CultureInfo.InvariantCulture, $"A node was killed; {noticed.TotalSeconds:F1} s later its cells were given to another, and {recovered.TotalSeconds:F1} s later the first had done an episode."));
        await run.CompletesAsync(undisturbed, _cluster);
        var events = run.Events("recovering");
        Assert.All(events, e => Assert.Contains("was lost", e.GetProperty("reason").GetString(), StringComparison.Ordinal));
        Assert.Equal(events.Count, run.Recoveries);
        Assert.InRange(recovered, TimeSpan.Zero, TimeSpan.FromSeconds(60));
    }

    [SlowFact]
    public async Task Clients_of_a_node_that_was_killed_go_on_elsewhere_with_their_cells_to_the_same_bytes()
    {
        var (second, run) = await SpreadAsync();
        second.Kill();
        await run.CompletesAsync(undisturbed, _cluster);
        Assert.NotEmpty(run.Events("recovering"));
        Assert.Equal(run.Events("recovering").Count, run.Recoveries);
    }

    [SlowFact]
    public async Task Clients_of_a_node_that_leaves_go_on_elsewhere_with_their_cells_to_the_same_bytes()
    {
        var (second, run) = await SpreadAsync();
        second.Terminate();
        Assert.Equal(0, await second.ExitedAsync());
        await run.CompletesAsync(undisturbed, _cluster);
        Assert.NotEmpty(run.Events("handed_over"));
    }

    [SlowFact]
    public async Task A_node_that_was_frozen_leaves_when_it_wakes_up_and_changes_nothing()
    {
        await _cluster.StartNodeAsync();
        var second = await _cluster.StartNodeAsync();
        var run = _cluster.Join();
        await run.CheckpointsAsync();
        second.Freeze();
        await run.UntilAsync(() => run.Events("recovering").Count > 0, "a cell that is brought back");
        second.Thaw();
        Assert.Equal(1, await second.ExitedAsync());
        Assert.True(second.Said.Contains("this node was cut off from the cluster and has left it", StringComparison.Ordinal), second.Said);
        await run.CompletesAsync(undisturbed, _cluster);
        Assert.All(run.Events("recovering"), e => Assert.Contains("was lost", e.GetProperty("reason").GetString(), StringComparison.Ordinal));
    }

    [SlowFact]
    public async Task A_node_that_leaves_hands_over_its_cells_and_they_come_to_the_same_bytes()
    {
        await _cluster.StartNodeAsync();
        var second = await _cluster.StartNodeAsync();
        var run = _cluster.Join();
        await run.CheckpointsAsync();
        second.Terminate();
        Assert.Equal(0, await second.ExitedAsync());
        Assert.Contains("Left the cluster.", second.Said, StringComparison.Ordinal);
        Assert.NotEmpty(run.Events("handed_over"));
        await run.CompletesAsync(undisturbed, _cluster);
        Assert.Equal(0, run.Recoveries);
        Assert.Empty(run.Events("recovering"));
    }

    [SlowFact]
    public async Task A_node_that_joins_in_the_middle_gets_cells_and_they_come_to_the_same_bytes()
    {
        _cluster.Configure("akka.cluster.sharding.rebalance-interval = 1s"); // As it is the run might be over before.
        await _cluster.StartNodeAsync();
        var run = _cluster.Join();
        await run.CheckpointsAsync();
        await _cluster.StartNodeAsync();
        await run.UntilAsync(() => run.Events("handed_over").Count > 0, "a cell that moves to the node that has come");
        await run.CompletesAsync(undisturbed, _cluster);
        Assert.Equal(0, run.Recoveries);
    }

    [SlowFact]
    public async Task A_run_whose_last_node_leaves_says_so_and_goes_on_with_the_next_one()
    {
        var first = await _cluster.StartNodeAsync();
        var run = _cluster.Join();
        await run.CheckpointsAsync();
        first.Terminate();
        Assert.Equal(0, await first.ExitedAsync());
        var line = await run.Process.SaysAsync("no node with the role cell is left");
        await _cluster.StartNodeAsync(seed: line.Split("--seed-nodes ")[1].Split(')')[0]);
        await run.CompletesAsync(undisturbed, _cluster);
        Assert.NotEmpty(run.Events("handed_over"));
        Assert.Equal(0, run.Recoveries);
    }

    /// <summary>A run under way whose cells have their clients on both nodes.</summary>
    private async Task<(ProgramProcess Second, ClusterRun Run)> SpreadAsync()
    {
        await _cluster.StartNodeAsync();
        var second = await _cluster.StartNodeAsync();
        var run = _cluster.Join("run", "--set", "placement=spread");
        await run.CheckpointsAsync();
        return (second, run);
    }
}
