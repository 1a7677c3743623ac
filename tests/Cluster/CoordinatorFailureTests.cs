namespace Simulator.Cluster.Tests;

/// <summary>The process that has a run on a cluster fails, and the nodes stay.</summary>
public sealed class CoordinatorFailureTests(Undisturbed undisturbed) : IDisposable
{
    private readonly ProcessCluster _cluster = new();

    public void Dispose() => _cluster.Dispose();

    [SlowFact]
    public async Task A_run_whose_process_was_killed_is_resumed_on_the_same_nodes_and_comes_to_the_same_bytes()
    {
        await _cluster.StartNodeAsync();
        await _cluster.StartNodeAsync();
        var first = _cluster.Join();
        await first.CheckpointsAsync();
        first.Process.Kill();
        await first.Process.ExitedAsync();
        var next = _cluster.Resume(first);
        await next.CompletesAsync(undisturbed, _cluster);
        Assert.Equal(1, next.Resumptions);
    }

    [SlowFact]
    public async Task A_run_that_a_terminal_interrupts_together_with_its_nodes_ends_by_itself_and_is_resumed_in_one_process()
    {
        var first = _cluster.RunInGroup("run", "--local-nodes", "2", "--quiet", "--no-listen");
        await first.CheckpointsAsync();
        first.Process.InterruptGroup();
        Assert.Equal(130, await first.Process.ExitedAsync());
        Assert.Empty(first.Events("handed_over"));
        await _cluster.ResumeHere(first).CompletesAsync(undisturbed, _cluster);
    }

    [SlowFact]
    public async Task A_run_that_is_interrupted_hands_over_its_checkpoints_and_is_resumed_to_the_same_bytes()
    {
        await _cluster.StartNodeAsync();
        await _cluster.StartNodeAsync();
        var first = _cluster.Join();
        await first.CheckpointsAsync();
        first.Process.Interrupt();
        Assert.Equal(130, await first.Process.ExitedAsync());
        await _cluster.Resume(first).CompletesAsync(undisturbed, _cluster);
    }
}
