using System.Globalization;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Simulator.Protocol;

namespace Simulator.Cells;

/// <summary>
/// The cells of all runs on the nodes of a cluster with the role <see cref="Role"/>, and the groups of clients of those that are spread, on the nodes with the role <see cref="ClientRole"/>: Akka's sharding decides which node has which, moves
/// them where a node comes or goes, and lets each find the others.
/// </summary>
/// <remarks>
/// A cell's shard is its index modulo <c>simulator.cluster.shards</c>, so that the cells of a population spread as evenly as shards do; the groups of a cell are in the shards from its own on. An entity is a cell, or a group, in one epoch: the next one
/// is another actor, wherever the shard is by then.
/// </remarks>
public static class ClusterCells
{
    /// <summary>Role of the nodes that cells are placed on.</summary>
    public const string Role = "cell";

    /// <summary>Role of the nodes that clients of cells are placed on that are spread.</summary>
    public const string ClientRole = "client";

    private const string CellType = "cells";
    private const string ClientType = "clients";

    /// <summary>Hosts cells on this node.</summary>
    /// <param name="system">The node's actor system, which has the role <see cref="Role"/>.</param>
    /// <param name="catalog">Opens cells of whatever run.</param>
    /// <param name="places">The <see cref="CellPlaces"/> of the node.</param>
    public static void HostCells(ActorSystem system, ICellCatalog catalog, IActorRef places)
    {
        ArgumentNullException.ThrowIfNull(system);
        var cluster = Cluster.Get(system);
        var clients = cluster.SelfRoles.Contains(ClientRole) ? null : ClusterSharding.Get(system).StartProxy(ClientType, ClientRole, Extractor.Of(system));
        Host(system, CellType, Role, CellHost.Props(catalog, places, (run, host) => new SpreadClients(
            clients ?? ClusterSharding.Get(system).ShardRegion(ClientType), run, host, CountMembers(cluster, ClientRole))));
    }

    /// <summary>Hosts clients on this node, whose cells are elsewhere.</summary>
    /// <param name="system">The node's actor system, which has the role <see cref="ClientRole"/>.</param>
    /// <param name="catalog">Knows the cells of whatever run.</param>
    /// <param name="places">The <see cref="CellPlaces"/> of the node.</param>
    public static void HostClients(ActorSystem system, ICellCatalog catalog, IActorRef places) => Host(system, ClientType, ClientRole, ClientGroup.Props(catalog, places));

    /// <summary>Reaches the cells from a node that hosts none: told <see cref="HostProtocol.Start"/>, it finds the cell's node.</summary>
    /// <param name="system">The node's actor system.</param>
    public static IActorRef Reach(ActorSystem system) => ClusterSharding.Get(system).StartProxy(CellType, Role, Extractor.Of(system));

    /// <summary>Nodes that are up with a role.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="role">The role.</param>
    public static int CountMembers(Cluster cluster, string role)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        return cluster.State.Members.Count(m => m.Status == MemberStatus.Up && m.HasRole(role));
    }

    /// <summary>How many nodes cells can be placed on by now.</summary>
    /// <param name="cells">What <see cref="Reach"/> gave.</param>
    /// <param name="patience">How long an answer may take; 0 where none comes.</param>
    /// <param name="cancellation">Nobody waits for it any more.</param>
    public static async Task<int> CountNodesAsync(IActorRef cells, TimeSpan patience, CancellationToken cancellation)
    {
        try
        {
            var stats = await cells.Ask<ClusterShardingStats>(new GetClusterShardingStats(patience), patience, cancellation).ConfigureAwait(false);
            return stats.Regions.Count;
        }
        catch (AskTimeoutException)
        {
            return 0;
        }
    }

    private static void Host(ActorSystem system, string type, string role, Props props)
    {
        var settings = ClusterShardingSettings.Create(system).WithRole(role);
        ClusterSharding.Get(system).Start(
            type,
            _ => props,
            settings,
            Extractor.Of(system),
            ShardAllocationStrategy.LeastShardAllocationStrategy(settings.TuningParameters.LeastShardAllocationAbsoluteLimit, settings.TuningParameters.LeastShardAllocationRelativeLimit),
            CellHost.HandOver.Instance);
    }

    /// <summary>Where a cell or a group is, and as whom. An entity's name begins with its shard.</summary>
    private sealed class Extractor(int shards) : IMessageExtractor
    {
        internal static Extractor Of(ActorSystem system) => new(system.Settings.Config.GetInt("simulator.cluster.shards"));

        public string EntityId(object message) => message switch
        {
            HostProtocol.Start m => string.Create(CultureInfo.InvariantCulture, $"{Shard(m.Cell)}-{m.Run.Run:N}-{m.Cell}-{m.Epoch}"),
            GroupProtocol.Enlist m => string.Create(CultureInfo.InvariantCulture, $"{Shard((long)m.CellIndex + m.Group)}-{m.Run.Run:N}-{m.CellIndex}-{m.Epoch}-{m.Group}"),
            _ => null!,
        };

        public object EntityMessage(object message) => message;

        public string ShardId(object message) => message switch
        {
            HostProtocol.Start m => Shard(m.Cell),
            GroupProtocol.Enlist m => Shard((long)m.CellIndex + m.Group),
            _ => null!,
        };

        public string ShardId(string entityId, object? messageHint = null) => entityId[..entityId.IndexOf('-', StringComparison.Ordinal)];

        private string Shard(long index) => (Math.Abs(index) % shards).ToString(CultureInfo.InvariantCulture);
    }
}
