using Akka.Actor;
using Simulator.Compute;
using Simulator.Lab;

namespace Simulator;

/// <summary>What a node does beside being a member of the cluster.</summary>
internal sealed class NodeWork : IAsyncDisposable
{
    private readonly NodeCells? _cells;

    private NodeWork(NodeCells? cells) => _cells = cells;

    /// <summary>Completed when the node can do its work no more, since its device ended; never where it has none.</summary>
    internal Task Lost => _cells?.Lost ?? Task.Delay(Timeout.InfiniteTimeSpan);

    /// <summary>Begins the work of a node; called once, when its actor system is there, and before it joins.</summary>
    /// <param name="system">The actor system.</param>
    /// <param name="settings">What the node is.</param>
    /// <exception cref="DeviceNotFoundException">Its device is not there.</exception>
    internal static NodeWork Start(ActorSystem system, NodeSettings settings)
    {
        system.ActorOf(Props.Create<MembershipTelemetry>(), MembershipTelemetry.Name);
        system.ActorOf(Props.Create<Expulsion>(), Expulsion.Name);
        return new NodeWork(settings.Roles.Contains(NodeRoles.Cell, StringComparer.Ordinal) || settings.Roles.Contains(NodeRoles.Client, StringComparer.Ordinal)
            ? NodeCells.Start(system, ComputeDevice.Find(settings.Device), settings.Roles, settings.Threads, settings.Runs, TimeProvider.System)
            : null);
    }

    /// <summary>Waits until what its cells keep is written. For when the actor system has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_cells is not null)
        {
            await _cells.FlushAsync().ConfigureAwait(false);
            _cells.Dispose();
        }
    }
}
