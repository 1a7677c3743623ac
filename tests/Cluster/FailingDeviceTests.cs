using Akka.Actor;
using Simulator.Cells;
using Simulator.Cells.Tests;
using Simulator.Compute;
using Simulator.Lab;

namespace Simulator.Cluster.Tests;

/// <summary>An operation of a node's device fails: the client that waits for it does, and with it the cell.</summary>
public sealed class FailingDeviceTests : IDisposable
{
    private const string Yaml = """
        episodes: 60
        clients: 5
        environment: { steps: 3, channels: 2 }
        learning: { batch: 12, replay: 40, actor_rate: 0.05, critic_rate: 0.01 }
        evaluation: { every: 10, episodes: 2 }
        checkpoint: { seconds: 0.05 }
        cells: 4
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("simulator-").FullName;
    private readonly List<ActorSystem> _nodes = [];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [SlowFact]
    public async Task A_cell_goes_on_from_its_checkpoint_and_comes_to_the_same_bytes()
    {
        var plan = ScenarioReader.Parse("s.yaml", Yaml).Plan!;
        using (var alone = PopulationRun.Prepare(plan, ComputeDevice.Cpu, Path.Combine(_folder, "alone"), TimeProvider.System))
        {
            Assert.Equal(RunStatus.Done, await alone.ExecuteAsync(Token));
        }

        using var catalog = new NodeCatalog(_folder, TimeProvider.System);
        try
        {
            await NodeAsync("cell", device => Props.Create(() => new FailingOnce(device, 41)), catalog);
            await NodeAsync("cell", device => Props.Create(() => new FailingOnce(device, 43)), catalog);
            var member = await NodeAsync("client", null, catalog);
            var cells = ClusterCells.Reach(member);
            while (await ClusterCells.CountNodesAsync(cells, TimeSpan.FromSeconds(1), Token) < 2)
            {
                await Task.Yield();
            }

            var run = new ClusterRunFolder(Path.Combine(_folder, "run"));
            using (var population = PopulationRun.Prepare(plan, null, run.Path, TimeProvider.System))
            {
                Assert.Equal(RunStatus.Done, await population.ExecuteAsync(member, Token).WaitAsync(Wait.Patience, Token));
            }

            Assert.Equal(ClusterRunFolder.Hashes(Path.Combine(_folder, "alone")), ClusterRunFolder.Hashes(run.Path));
            var events = run.Events("recovering");
            Assert.Equal(2, events.Count);
            Assert.All(events, e => Assert.Contains("planned", e.GetProperty("reason").GetString(), StringComparison.Ordinal));
            Assert.Equal(2, run.Manifest("recoveries").GetInt32());
        }
        finally
        {
            await Task.WhenAll(_nodes.Select(n => n.Terminate()));
            await catalog.FlushAsync();
        }
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A node as the command makes it, but for what stands before its device.</summary>
    private async Task<ActorSystem> NodeAsync(string role, Func<IActorRef, Props>? between, NodeCatalog catalog)
    {
        var system = NodeSystem.Create(NodeSettings.Read(new NodeArguments { Port = 0, Roles = role }, _ => null));
        _nodes.Add(system);
        if (between is not null)
        {
            var device = system.ActorOf(BatchingActor.Props(ComputeDevice.Cpu, BatchingOptions.Default));
            ClusterCells.HostCells(system, catalog, system.ActorOf(CellPlaces.Props([system.ActorOf(between(device))])));
        }

        var first = Akka.Cluster.Cluster.Get(_nodes[0]).SelfAddress;
        await NodeSystem.JoinAsync(system, [new NodeAddress(first.Host, first.Port!.Value)], Wait.Patience, Token);
        return system;
    }
}
