using System.Diagnostics.Metrics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Simulator.Protocol;
using Simulator.Telemetry;
using AkkaCluster = Akka.Cluster.Cluster;

namespace Simulator.Cluster.Tests;

public sealed class MembershipTests
{
    [Fact]
    public async Task Nodes_listen_on_the_loopback_address_where_nothing_else_is_said()
    {
        await using var cluster = new TestCluster();
        var port = TestCluster.AddressOf(cluster.Make(TestCluster.Settings())).Port;
        var listening = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Where(l => l.Port == port).Select(l => l.Address);
        Assert.All(listening, a => Assert.True(IPAddress.IsLoopback(a.IsIPv4MappedToIPv6 ? a.MapToIPv4() : a), $"{a}"));
        Assert.NotEmpty(listening);
    }

    [Fact]
    public async Task A_port_in_use_is_told_in_one_line()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var fault = Assert.Throws<NodeSettingsException>(() => NodeSystem.Create(TestCluster.Settings() with { Port = port }));
        Assert.Equal($"cannot listen for other nodes on 127.0.0.1:{port}: the port is in use", fault.Message);
        await Task.CompletedTask;
    }

    [Fact]
    public async Task Who_finds_no_cluster_is_told_so_and_may_be_ended()
    {
        await using var cluster = new TestCluster();
        var node = cluster.Make(TestCluster.Settings());
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var nobody = new NodeAddress("127.0.0.1", ((IPEndPoint)free.LocalEndpoint).Port);
        free.Stop();
        var fault = await Assert.ThrowsAsync<NodeJoinException>(() => NodeSystem.JoinAsync(node, [nobody], TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken));
        Assert.Equal($"no node of {nobody} let this one in within 2 s: is one of them up, at that name and port, and of a cluster without certificates, as this one?", fault.Message);
        await NodeSystem.LeaveAsync(node).WaitAsync(Until.Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Joining_can_be_given_up()
    {
        await using var cluster = new TestCluster();
        var node = cluster.Make(TestCluster.Settings());
        using var given = new CancellationTokenSource();
        var joining = NodeSystem.JoinAsync(node, [new NodeAddress("127.0.0.1", 1)], Until.Patience, given.Token);
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => joining);
    }

    [Fact]
    public async Task Shards_are_shared_out_move_with_a_node_that_leaves_and_nothing_of_that_is_refused()
    {
        await using var cluster = new TestCluster();
        var nodes = new List<ActorSystem>();
        for (var i = 0; i < 3; i++)
        {
            nodes.Add(await cluster.AddAsync());
        }

        var regions = nodes.ConvertAll(Region);
        // Shards that were given away before the third node told of itself move to it.
        await AnsweredByAsync(regions[0], 3);
        await NodeSystem.LeaveAsync(nodes[2]).WaitAsync(Until.Patience, TestContext.Current.CancellationToken);
        await Until.HoldsAsync(() => AkkaCluster.Get(nodes[0]).State.Members.Count == 2, "the removal of the third node");
        await AnsweredByAsync(regions[1], 2);
        Assert.DoesNotContain(cluster.Log.Lines, l => l.Contains("erialization", StringComparison.Ordinal) || l.Contains("refused", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_node_that_the_others_removed_ends_and_says_why()
    {
        await using var cluster = new TestCluster();
        var first = await cluster.AddAsync();
        var second = await cluster.AddAsync();
        await Until.HoldsAsync(() => TestCluster.Members(first) == 2, "two members");
        AkkaCluster.Get(first).Down(AkkaCluster.Get(second).SelfAddress);
        await second.WhenTerminated.WaitAsync(Until.Patience, TestContext.Current.CancellationToken);
        Assert.Equal("it was cut off from the cluster", NodeSystem.WhyEnded(second));
        await Until.HoldsAsync(() => AkkaCluster.Get(first).State.Members.Count == 1, "the removal of the second node");
    }

    [Fact]
    public async Task The_membership_is_measured_and_forgotten_when_the_node_has_left()
    {
        var read = new Dictionary<string, double>(StringComparer.Ordinal);
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Name.StartsWith("simulator.cluster.", StringComparison.Ordinal))
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => read[$"{instrument.Name} {string.Join(',', tags.ToArray().Select(t => $"{t.Key}={t.Value}"))}"] = value);
        listener.Start();
        Instruments.Announce();

        await using var cluster = new TestCluster();
        var first = cluster.Make(TestCluster.Settings());
        NodeWork.Start(first, TestCluster.Settings());
        await cluster.JoinAsync(first);
        var second = await cluster.AddAsync(TestCluster.Settings(("ROLES", "cell")));
        await Until.HoldsAsync(() => Reads("simulator.cluster.members status=up,role=cell") == 1 && Reads("simulator.cluster.members status=up,role=cell+client") == 1, "two members in the metrics");
        Assert.Equal((0, 0), (Reads("simulator.cluster.unreachable "), Reads("simulator.cluster.cells ")));
        ClusterMeasurements.CellBegun();
        Assert.Equal(1, Reads("simulator.cluster.cells "));
        ClusterMeasurements.CellEnded();

        await NodeSystem.LeaveAsync(second).WaitAsync(Until.Patience, TestContext.Current.CancellationToken);
        await Until.HoldsAsync(() => Reads("simulator.cluster.members status=up,role=cell") == 0, "the end of the second member in the metrics");
        await NodeSystem.LeaveAsync(first).WaitAsync(Until.Patience, TestContext.Current.CancellationToken);
        Assert.Null(Reads("simulator.cluster.unreachable "));

        double? Reads(string name)
        {
            read.Clear();
            listener.RecordObservableInstruments();
            return read.TryGetValue(name, out var value) ? value : null;
        }
    }

    private static IActorRef Region(ActorSystem node) => ClusterSharding.Get(node).Start(
        "numbers", Props.Create<Number>(), ClusterShardingSettings.Create(node).WithRole("cell"), new Extractor());

    /// <summary>Waits until entities answer from so many nodes; what is on its way to a shard that moves may be lost, and is asked again.</summary>
    private static Task AnsweredByAsync(IActorRef region, int nodes)
    {
        const int many = 24;
        return Until.HoldsAsync(() => Enumerable.Range(0, many).Select(n => Answer(region, n)?.Epoch).Distinct().Count(port => port is not null) == nodes, $"answers from {nodes} nodes");
    }

    private static CellProtocol.Ready? Answer(IActorRef region, int number)
    {
        try
        {
            return region.Ask<CellProtocol.Ready>(new CellProtocol.Ready(0, number), TimeSpan.FromSeconds(5)).GetAwaiter().GetResult();
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }

    /// <summary>Answers with the port of its node.</summary>
    private sealed class Number : ReceiveActor
    {
        public Number()
        {
            Receive<CellProtocol.Ready>(m => Sender.Tell(new CellProtocol.Ready(AkkaCluster.Get(Context.System).SelfAddress.Port!.Value, m.Member)));
        }
    }

    private sealed class Extractor() : HashCodeMessageExtractor(12)
    {
        public override string EntityId(object message) => ((CellProtocol.Ready)message).Member.ToString();
    }
}
