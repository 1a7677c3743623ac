using System.Globalization;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Cluster;
using Akka.Cluster.SBR;
using Akka.Configuration;

namespace Simulator;

/// <summary>Thrown where a node cannot join the cluster.</summary>
internal sealed class NodeJoinException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The actor system of a node that is, or will be, a member of a cluster.</summary>
internal static class NodeSystem
{
    /// <summary>Name of the actor system, the same on all nodes.</summary>
    internal const string Name = "simulator";

    private const string Transport = "akka.remote.dot-netty.tcp";

    /// <summary>The configuration of a node: its settings, before those of its files.</summary>
    internal static Config Configuration(NodeSettings settings) => ConfigurationFactory.ParseString(
        $$"""
        akka {
          # WireGuard takes the place of serializers of Akka.NET.
          log-serializer-override-on-start = off
          remote.dot-netty.tcp {
            hostname = "{{(settings.BindHostname ?? settings.Hostname).Trim('[', ']')}}"
            public-hostname = "{{(settings.BindHostname is null ? "" : settings.Hostname.Trim('[', ']'))}}"
            port = {{settings.Port.ToString(CultureInfo.InvariantCulture)}}
            enable-ssl = {{(settings.Certificates is null ? "off" : "on")}}
          }
          cluster {
            roles = [{{string.Join(", ", settings.Roles)}}]
            # The node is told to join once it has begun its work.
            seed-nodes = []
          }
        }
        """).WithFallback(settings.Files).WithFallback(ConfigurationFactory.ParseString(StandardErrorLogger.Configuration));

    /// <summary>Makes the actor system, which listens for other nodes and is no member yet.</summary>
    /// <param name="settings">What the node is.</param>
    /// <param name="setup">What else the actor system needs, its logging for instance.</param>
    /// <exception cref="NodeSettingsException">It cannot listen where it was told to, or its settings cannot be used.</exception>
    internal static ActorSystem Create(NodeSettings settings, params Setup[] setup)
    {
        try
        {
            var configuration = Configuration(settings);
            // Read by an actor otherwise, which would take the node down without a word to us.
            _ = new SplitBrainResolverSettings(configuration);
            return ActorSystem.Create(Name, ActorSystemSetup.Create([BootstrapSetup.Create().WithConfig(configuration), WireGuard.Setup, .. Certificates(settings), .. setup]));
        }
        catch (Exception fault) when (Causes(fault).OfType<SocketException>().FirstOrDefault() is { } cause)
        {
            var why = cause.SocketErrorCode == SocketError.AddressAlreadyInUse ? "the port is in use" : cause.Message;
            throw new NodeSettingsException($"cannot listen for other nodes on {settings.BindHostname ?? settings.Hostname}:{settings.Port}: {why}", fault);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            throw new NodeSettingsException($"no node can be made with these settings: {Causes(fault).Last().Message}", fault);
        }
    }

    /// <summary>Joins the cluster of the seed nodes, and comes back once this node is a full member.</summary>
    /// <param name="system">The actor system.</param>
    /// <param name="seeds">Nodes to ask, in the same order on all nodes; the first of them begins the cluster where there is none.</param>
    /// <param name="timeout">How long it may take.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="NodeJoinException">It cannot, or not within the time. The actor system is left to the caller.</exception>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    internal static async Task JoinAsync(ActorSystem system, IReadOnlyList<NodeAddress> seeds, TimeSpan timeout, CancellationToken cancellation)
    {
        var cluster = Cluster.Get(system);
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.RegisterOnMemberUp(() => up.TrySetResult());
        cluster.JoinSeedNodes(seeds.Select(s => s.In(cluster.SelfAddress.Protocol)));
        try
        {
            await Task.WhenAny(up.Task, system.WhenTerminated).WaitAsync(timeout, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException fault)
        {
            throw new NodeJoinException(
                $"no node of {string.Join(", ", seeds)} let this one in within {timeout.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s: is one of them up, at that name and port, and of a cluster {Protection(cluster.SelfAddress)}?", fault);
        }

        if (!up.Task.IsCompleted)
        {
            throw new NodeJoinException($"this node has ended before it was let in: {WhyEnded(system)}");
        }
    }

    /// <summary>Has a node hand over what it has and leave the cluster, or end where it is no member; comes back when the actor system has ended.</summary>
    internal static async Task LeaveAsync(ActorSystem system)
    {
        await CoordinatedShutdown.Get(system).Run(CoordinatedShutdown.ClrExitReason.Instance).ConfigureAwait(false);
        await system.WhenTerminated.ConfigureAwait(false);
    }

    /// <summary>Why an actor system has ended.</summary>
    internal static string WhyEnded(ActorSystem system) => CoordinatedShutdown.Get(system).ShutdownReason switch
    {
        CoordinatedShutdown.ClusterDowningReason => "it was cut off from the cluster",
        CoordinatedShutdown.ClusterLeavingReason => "somebody had it leave the cluster",
        { } other => other.ToString() ?? other.GetType().Name,
        null => "nobody knows why",
    };

    private static IEnumerable<Setup> Certificates(NodeSettings settings) => settings.Certificates is { } certificates ? [certificates.Setup] : [];

    private static string Protection(Address address) => address.Protocol.Contains("ssl", StringComparison.Ordinal) ? "with certificates, as this one" : "without certificates, as this one";

    private static IEnumerable<Exception> Causes(Exception fault) =>
        fault is AggregateException several ? several.InnerExceptions.SelectMany(Causes) : fault.InnerException is { } inner ? Causes(inner).Prepend(fault) : [fault];
}
