using Akka.Actor;
using Akka.Cluster;
using AkkaCluster = Akka.Cluster.Cluster;

namespace Simulator.Cluster.Tests;

/// <summary>Nodes of one cluster in this process, as the command makes them, over TCP on the loopback address.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private readonly List<ActorSystem> _nodes = [];

    /// <summary>What the nodes warn of.</summary>
    internal Recorder Log { get; } = new();

    /// <summary>The first node; the others ask it for admission.</summary>
    internal ActorSystem First => _nodes[0];

    /// <summary>Settings of a node on any free port.</summary>
    internal static NodeSettings Settings(params (string Name, string Value)[] variables)
    {
        var values = variables.ToDictionary(v => NodeSettings.Prefix + v.Name, v => v.Value, StringComparer.Ordinal);
        return NodeSettings.Read(new NodeArguments { Port = 0 }, values.GetValueOrDefault);
    }

    /// <summary>Where others reach a node.</summary>
    internal static NodeAddress AddressOf(ActorSystem node) => new(AkkaCluster.Get(node).SelfAddress.Host, AkkaCluster.Get(node).SelfAddress.Port!.Value);

    /// <summary>Members that a node sees, by status.</summary>
    internal static int Members(ActorSystem node, MemberStatus status = MemberStatus.Up) => AkkaCluster.Get(node).State.Members.Count(m => m.Status == status);

    /// <summary>Makes a node, which is no member yet.</summary>
    internal ActorSystem Make(NodeSettings settings)
    {
        var node = NodeSystem.Create(settings, new LoggingSetup(Log));
        _nodes.Add(node);
        return node;
    }

    /// <summary>Makes a node and has it join; the first one begins the cluster.</summary>
    internal async Task<ActorSystem> AddAsync(NodeSettings? settings = null)
    {
        var node = Make(settings ?? Settings());
        await JoinAsync(node);
        return node;
    }

    /// <summary>Has a node join.</summary>
    internal Task JoinAsync(ActorSystem node, TimeSpan? timeout = null) =>
        NodeSystem.JoinAsync(node, [AddressOf(First)], timeout ?? Until.Patience, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync() => await Task.WhenAll(_nodes.Select(n => n.Terminate()));
}
