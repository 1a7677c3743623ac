using Akka.Actor;
using Akka.Configuration;
using Simulator.Agents;
using Simulator.Compute;
using Simulator.Master;
using Simulator.Protocol;

namespace Simulator.Cells.Tests;

/// <summary>Cells whose clients are in groups with a device of their own tell what they would tell with their clients beside them, bit for bit.</summary>
public sealed class SpreadTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static TheoryData<string> Cells() => ["simultaneous", "sequential", "shared", "recycling", "targets", "running statistics", "acting", "interventions"];

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task A_cell_that_is_spread_tells_the_same(string kind)
    {
        var cell = Cell(kind);
        MemoryStore? together = null, spread = null;
        if (kind == "interventions")
        {
            (together, spread) = (WithInterventions(), WithInterventions());
        }

        var expected = await TestPopulation.RunAsync([cell, cell with { Seed = 8 }], checkpoints: together);
        var told = await RunAsync([cell, cell with { Seed = 8 }], groups: 3, checkpoints: spread);
        Assert.Equal(expected.Select(l => l.Fingerprint()), told.Select(l => l.Fingerprint()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(50)]
    public async Task However_many_groups_there_are_nothing_changes(int groups)
    {
        var cell = Cell("simultaneous");
        Assert.Equal((await TestPopulation.RunAsync(cell)).Fingerprint(), (await RunAsync([cell], groups))[0].Fingerprint());
    }

    [Fact]
    public async Task Bundles_cross_the_serializer_unharmed()
    {
        var cell = Cell("simultaneous");
        var store = new MemoryStore(1, every: 2);
        var told = await RunAsync([cell], groups: 2, checkpoints: store, hocon: "akka.actor.serialize-messages = on");
        Assert.Equal((await TestPopulation.RunAsync(cell)).Fingerprint(), told[0].Fingerprint());
        Assert.NotEmpty(store.Received);
    }

    [Fact]
    public async Task What_is_lost_on_the_way_is_told_again()
    {
        var cell = Cell("simultaneous");
        var lost = 0;
        var told = await RunAsync([cell], groups: 2, loses: n => n % 29 == 0 && Interlocked.Increment(ref lost) > 0);
        Assert.Equal((await TestPopulation.RunAsync(cell)).Fingerprint(), told[0].Fingerprint());
        Assert.InRange(lost, 2, 50);
    }

    [Fact]
    public async Task A_client_that_fails_on_its_node_brings_back_the_cell_from_its_checkpoint()
    {
        var cell = Cell("simultaneous") with { Episodes = 12 };
        var store = new MemoryStore(1, every: 3);
        var told = await RunAsync([cell], groups: 2, checkpoints: store, between: device => Props.Create(() => new FailingOnce(device, 9)));
        Assert.Equal(1, told[0].Recoveries);
        Assert.InRange(Assert.Single(store.Restored), 3, 8);
        Assert.Equal((await TestPopulation.RunAsync(cell)).Fingerprint(), told[0].Fingerprint());
    }

    [Fact]
    public async Task A_group_that_must_leave_has_its_cell_hand_over_with_a_checkpoint()
    {
        var cell = Cell("simultaneous") with { Episodes = 40 };
        var store = new MemoryStore(1, every: 0);
        IActorRef? groups = null;
        var told = await RunAsync(
            [cell],
            groups: 2,
            checkpoints: store,
            made: g => groups = g,
            afterEpisode: (_, episode) =>
            {
                if (episode.Episode == 5)
                {
                    groups.Tell(CellHost.HandOver.Instance);
                }
            });
        Assert.Equal(1, told[0].Recoveries);
        Assert.InRange(Assert.Single(store.Restored), 5, 39);
        Assert.Equal((await TestPopulation.RunAsync(cell)).Fingerprint(), told[0].Fingerprint());
    }

    /// <summary>What crosses the network in an episode with an update: docs/cluster.md, "Sizing", counts with it.</summary>
    [Fact]
    public async Task An_episode_of_fifty_clients_in_two_groups_takes_as_much_of_the_network_as_the_documentation_counts_with()
    {
        var cell = new CellOptions { Seed = 42, Episodes = 3, Clients = 50, Placement = CellPlacement.Spread, Evaluation = new EvaluationOptions { Episodes = 0 } };
        var seen = new List<(GroupProtocol.Bundle Bundle, int Bytes)>();
        await RunAsync([cell], groups: 2, show: (s, bundle) =>
        {
            var bytes = s.Serialization.FindSerializerFor(bundle).ToBinary(bundle).Length;
            lock (seen)
            {
                seen.Add((bundle, bytes));
            }
        });
        var third = seen.Where(b => b.Bundle.Items.Any(i => EpisodeOf(i.Message) == 3)).ToList();
        Assert.Equal(
            [
                "ActionBatch: 2, 78390 bytes",
                "ActionGradient: 2, 39990 bytes",
                "ObservationBatch: 4, 180630 bytes",
                "Observe: 20, 27900 bytes",
                "PolicyUpdated: 2, 16190 bytes",
                "Propose: 20, 23900 bytes",
            ],
            third.GroupBy(b => b.Bundle.Items[0].Message.GetType().Name, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
                .Where(g => g.Key != nameof(ClientProtocol.Snapshot)).Select(g => $"{g.Key}: {g.Count()}, {g.Sum(b => b.Bytes)} bytes"));
    }

    private static int EpisodeOf(object message) => message switch
    {
        IClientMessage m => m.Turn.Episode,
        IMasterMessage m => m.Turn.Episode,
        _ => 0,
    };

    [Theory]
    [InlineData(50, 3)]
    [InlineData(7, 4)]
    [InlineData(1, 3)]
    [InlineData(1000, 200)]
    public void Clients_are_divided_evenly_and_each_is_in_one_group(int clients, int groups)
    {
        var divided = new SpreadClients(ActorRefs.Nobody, LocalPopulation.Alone, ActorRefs.Nobody, groups).Divide(new CellOptions { Clients = clients }).ToList();
        Assert.Equal(Enumerable.Range(0, clients), divided.SelectMany(g => Enumerable.Range(g.First, g.Count)));
        Assert.InRange(divided.Max(g => g.Count) - divided.Min(g => g.Count), 0, 1);
        Assert.True(divided.Count <= groups && (clients == 1 || divided.TrueForAll(g => g.Count > 1)));
    }

    private static MemoryStore WithInterventions()
    {
        var store = new MemoryStore(2, every: 0);
        store.Interventions.Add(new Intervention(1, 0, InterventionKind.ScaleRate) { Agent = 4, Factor = 0.5, Before = 3 });
        store.Interventions.Add(new Intervention(2, 1, InterventionKind.ResetOutput) { Agent = 1, Before = 4 });
        return store;
    }

    private static CellOptions Cell(string kind)
    {
        var small = TestPopulation.Small() with { Placement = CellPlacement.Spread };
        return kind switch
        {
            "sequential" => small with { Learning = small.Learning with { Update = UpdateMode.Sequential } },
            "shared" => small with { Policy = new PolicyOptions { Sharing = PolicySharing.Shared } },
            "recycling" => small with { Mitigation = new MitigationOptions { RecycleEvery = 2, RecycleThreshold = 0.5 } },
            "targets" => small with { Learning = small.Learning with { Tau = 0.1 }, Policy = new PolicyOptions { Variant = PolicyVariant.Fullnorm } },
            "running statistics" => small with { Mitigation = new MitigationOptions { Observations = ObservationScale.Running } },
            "acting" => small with { Mode = CellMode.Act },
            _ => small,
        };
    }

    private static async Task<CellLog[]> RunAsync(
        IReadOnlyList<CellOptions> cells,
        int groups,
        MemoryStore? checkpoints = null,
        string hocon = "",
        Func<int, bool>? loses = null,
        Func<IActorRef, Props>? between = null,
        Action<IActorRef>? made = null,
        Action<IActorRef, PopulationProtocol.EpisodeFinished>? afterEpisode = null,
        Action<ActorSystem, GroupProtocol.Bundle>? show = null)
    {
        var system = ActorSystem.Create("test", ConfigurationFactory.ParseString("akka.loglevel = OFF\n" + hocon).WithFallback(SimulatorSystem.Configuration));
        try
        {
            IActorRef Places(string name, Func<IActorRef, Props>? front)
            {
                var device = system.ActorOf(BatchingActor.Props(ComputeDevice.Cpu, BatchingOptions.Default), name);
                return system.ActorOf(CellPlaces.Props([front is null ? device : system.ActorOf(front(device))]));
            }

            var catalog = checkpoints?.Of(cells) ?? new UnkeptCells(cells);
            var (ofCells, ofClients) = (Places("device-of-cells", null), Places("device-of-clients", between));
            var line = loses ?? (show is null ? null : _ => false);
            Action<GroupProtocol.Bundle> seen = b => show?.Invoke(system, b);
            var clients = system.ActorOf(Props.Create(() => new Groups(catalog, ofClients, line, seen)));
            made?.Invoke(clients);
            var hosts = system.ActorOf(Props.Create(() => new Hosts(catalog, ofCells, clients, groups)));
            var completion = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var collector = new TestPopulation.Collector(cells.Count, checkpoints);
            var population = system.ActorOf(PopulationActor.Props(LocalPopulation.Alone, cells.Count, 0, hosts, collector, completion), "population");
            collector.AfterEpisode = m => afterEpisode?.Invoke(population, m);
            await completion.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
            return collector.Logs;
        }
        finally
        {
            await system.Terminate();
        }
    }

    /// <summary>As the nodes with cells.</summary>
    private sealed class Hosts : ReceiveActor
    {
        public Hosts(ICellCatalog catalog, IActorRef places, IActorRef clients, int groups) => Receive<HostProtocol.Start>(m =>
        {
            var name = $"host-{m.Cell}-{m.Epoch}";
            var host = Context.Child(name);
            (host.IsNobody() ? Context.ActorOf(CellHost.Props(catalog, places, (run, self) => new SpreadClients(clients, run, self, groups)), name) : host).Forward(m);
        });
    }

    /// <summary>As the nodes with clients; told to hand over, one group does.</summary>
    private sealed class Groups : ReceiveActor
    {
        private IActorRef? _newest;

        public Groups(ICellCatalog catalog, IActorRef places, Func<int, bool>? loses, Action<GroupProtocol.Bundle> show)
        {
            Receive<GroupProtocol.Enlist>(m =>
            {
                var name = $"group-{m.CellIndex}-{m.Epoch}-{m.Group}";
                var group = Context.Child(name);
                if (group.IsNobody())
                {
                    var props = ClientGroup.Props(catalog, places);
                    _newest = group = Context.ActorOf(loses is null ? props : Props.Create(() => new Line(props, loses, show)), name);
                }

                group.Forward(m);
            });
            Receive<CellHost.HandOver>(m => _newest.Tell(m));
        }

        protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);
    }

    /// <summary>Between a post and its group: shows what passes, and loses some of it.</summary>
    private sealed class Line : ReceiveActor
    {
        private readonly IActorRef _group;
        private IActorRef _post = ActorRefs.Nobody;
        private int _passed;

        public Line(Props group, Func<int, bool> loses, Action<GroupProtocol.Bundle> show)
        {
            _group = Context.ActorOf(group);
            Receive<GroupProtocol.Enlist>(m =>
            {
                _post = Sender;
                _group.Tell(m);
            });
            ReceiveAny(m =>
            {
                if (m is GroupProtocol.Bundle bundle)
                {
                    show(bundle);
                }

                if (m is not GroupProtocol.Bundle || !loses(++_passed))
                {
                    (Sender.Equals(_group) ? _post : _group).Tell(m);
                }
            });
        }
    }
}
