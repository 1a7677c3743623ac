using Akka.Actor;
using Akka.Cluster;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Simulator.Telemetry;

namespace Simulator;

/// <summary>Lets others watch a node: metrics and health over HTTP, and whatever the OTEL_* variables ask for. It asks no actor anything.</summary>
internal sealed class NodeHost : IAsyncDisposable
{
    private CommandHost _host = null!;
    private ActorSystem? _system;

    private NodeHost()
    {
    }

    /// <summary>Where it listens; null where it does not.</summary>
    internal string? Url => _host.Url;

    /// <summary>Logging of the process.</summary>
    internal ILoggerFactory Logging => _host.Logging;

    /// <summary>Starts to listen and to export. <see cref="Watch"/> names the actor system.</summary>
    /// <param name="listen">Where; null for nowhere.</param>
    /// <param name="settings">What the node is.</param>
    /// <exception cref="ListenException">The address cannot be listened on.</exception>
    internal static async Task<NodeHost> StartAsync(ListenAddress? listen, NodeSettings settings)
    {
        Instruments.Announce();
        var node = new NodeHost();
        node._host = await CommandHost.StartAsync(
            listen,
            (services, prometheus) => services.AddExport([new("simulator.roles", string.Join(',', settings.Roles))], plan: null, prometheus),
            builder => builder.Services.AddHealthChecks()
                .AddAsyncCheck("actors", ct => CommandHost.CheckAsync(node._system, ct))
                .AddCheck("member", node.Membership, tags: [CommandHost.Ready]),
            _ => { }).ConfigureAwait(false);
        return node;
    }

    /// <summary>Tells how an actor system is.</summary>
    internal void Watch(ActorSystem system) => Volatile.Write(ref _system, system);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _host.DisposeAsync();

    /// <summary>Whether the node is a full member: neither before it was let in, nor from when it leaves on.</summary>
    private HealthCheckResult Membership()
    {
        if (Volatile.Read(ref _system) is not { } system)
        {
            return HealthCheckResult.Unhealthy("the node is being made");
        }

        var cluster = Cluster.Get(system);
        return cluster.IsTerminated ? HealthCheckResult.Unhealthy("the node has left the cluster")
            : cluster.SelfMember.Status == MemberStatus.Up ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy($"the node is {cluster.SelfMember.Status}");
    }
}
