using Simulator.Lab.Tests.Postgres;

namespace Simulator.Cluster.Tests;

/// <summary>The database of checkpoints is away while a node fails.</summary>
[Collection(PostgresServer.Collection)]
public sealed class StoreFailureTests(Undisturbed undisturbed, PostgresServer server) : IDisposable
{
    private readonly ProcessCluster _cluster = new();

    public void Dispose() => _cluster.Dispose();

    [SlowFact]
    public async Task Cells_of_a_node_that_was_killed_while_the_store_was_away_go_on_when_it_is_back()
    {
        server.Require();
        _cluster.Variables["SIMULATOR_STORE"] = server.Address;
        var first = await _cluster.StartNodeAsync();
        var second = await _cluster.StartNodeAsync();
        var run = _cluster.Join("run", "--set", "checkpoint.store=postgres");
        await run.UntilAsync(() => File.Exists(Path.Combine(run.Folder, "store.json")) && Checkpoints() >= Undisturbed.Cells, "a checkpoint of each cell");
        server.Stop();
        try
        {
            second.Kill();
            await run.UntilAsync(() => run.Events("checkpoint_failed").Count > 0, "a checkpoint that cannot be written");
            await first.SaysAsync("cannot be opened yet");
        }
        finally
        {
            server.Start();
        }

        await run.CompletesAsync(undisturbed, _cluster);
        Assert.Equal(run.Events("recovering").Count, run.Recoveries);
        Assert.All(run.Events("recovering"), e => Assert.Contains("was lost", e.GetProperty("reason").GetString(), StringComparison.Ordinal));
    }

    private long Checkpoints() => server.Ask<long>("select count(distinct cell) from simulator.checkpoints");
}
