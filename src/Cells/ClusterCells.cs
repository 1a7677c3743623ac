using System.Globalization;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Configuration;
using Simulator.Protocol;

namespace Simulator.Cells;

/// <summary>
/// The cells of all runs on the nodes of a cluster with the role <see cref="Role"/>: Akka's sharding decides which node has a cell, moves cells where a node comes or goes, and lets each know where the others are.
/// </summary>
/// <remarks>
/// A shard is a cell's index modulo <c>simulator.cluster.shards</c>, so that the cells of a population spread as evenly as shards do. An entity is a cell in one epoch: the next one is another host, wherever the shard is by then.
/// </remarks>
public static class ClusterCells
{
    /// <summary>Role of the nodes that cells are placed on.</summary>
    public const string Role = "cell";

    private const string TypeName = "cells";

    /// <summary>Hosts cells on this node.</summary>
    /// <param name="system">The node's actor system, which has the role.</param>
    /// <param name="catalog">Opens cells of whatever run.</param>
    /// <param name="places">The <see cref="CellPlaces"/> of the node.</param>
    /// <returns>The node's part of the sharding.</returns>
    public static IActorRef Host(ActorSystem system, ICellCatalog catalog, IActorRef places)
    {
        var settings = ClusterShardingSettings.Create(system).WithRole(Role);
        return ClusterSharding.Get(system).Start(
            TypeName,
            _ => CellHost.Props(catalog, places),
            settings,
            Extractor.Of(system.Settings.Config),
            ShardAllocationStrategy.LeastShardAllocationStrategy(
                settings.TuningParameters.LeastShardAllocationAbsoluteLimit, settings.TuningParameters.LeastShardAllocationRelativeLimit),
            CellHost.HandOver.Instance);
    }

    /// <summary>Reaches the cells from a node that hosts none: told <see cref="HostProtocol.Start"/>, it finds the cell's node.</summary>
    /// <param name="system">The node's actor system.</param>
    public static IActorRef Reach(ActorSystem system) => ClusterSharding.Get(system).StartProxy(TypeName, Role, Extractor.Of(system.Settings.Config));

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

    /// <summary>Where a cell is, and as whom.</summary>
    private sealed class Extractor(int shards) : IMessageExtractor
    {
        internal static Extractor Of(Config config) => new(config.GetInt("simulator.cluster.shards"));

        public string EntityId(object message) => message is HostProtocol.Start m ? string.Create(CultureInfo.InvariantCulture, $"{m.Run.Run:N}-{m.Cell}-{m.Epoch}") : null!;

        public object EntityMessage(object message) => message;

        public string ShardId(object message) => message is HostProtocol.Start m ? (m.Cell % shards).ToString(CultureInfo.InvariantCulture) : null!;

        public string ShardId(string entityId, object? messageHint = null) =>
            (int.Parse(entityId.Split('-')[1], NumberStyles.None, CultureInfo.InvariantCulture) % shards).ToString(CultureInfo.InvariantCulture);
    }
}
