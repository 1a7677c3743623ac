using Akka.Actor;
using Simulator.Cells;
using Simulator.Compute;
using Simulator.Telemetry;

namespace Simulator.Lab;

/// <summary>The work of a node: its devices, and the cells and clients that the cluster places on it.</summary>
public sealed class NodeCells : IDisposable
{
    private readonly NodeCatalog _catalog;
    private readonly MeasurementFeed _feed;

    private NodeCells(NodeCatalog catalog, MeasurementFeed feed, Task lost)
    {
        _catalog = catalog;
        _feed = feed;
        Lost = lost;
    }

    /// <summary>Completed when an actor ended that the node's cells cannot do without: then the node is of no use, and must leave.</summary>
    public Task Lost { get; }

    /// <summary>Begins the work of a node.</summary>
    /// <param name="system">Its actor system.</param>
    /// <param name="device">Where it computes.</param>
    /// <param name="roles">What it does: <see cref="ClusterCells.Role"/>, <see cref="ClusterCells.ClientRole"/>.</param>
    /// <param name="threads">Threads that cells share; 0 for one for each processor.</param>
    /// <param name="runs">Folder that the runs' folders are in, shared by the nodes.</param>
    /// <param name="time">Clock.</param>
    public static NodeCells Start(ActorSystem system, ComputeDevice device, IReadOnlyCollection<string> roles, int threads, string runs, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(device);
        threads = threads > 0 ? threads : System.Environment.ProcessorCount;
        var parts = device.Split(threads, threads);
        var telemetry = parts.Select((_, i) => new DeviceTelemetry($"device-{i}")).ToArray();
        var devices = parts.Select((part, i) => system.ActorOf(BatchingActor.Props(part, BatchingOptions.Default, telemetry[i]), telemetry[i].Device)).ToArray();
        var places = system.ActorOf(CellPlaces.Props(devices), "places");
        var catalog = new NodeCatalog(runs, time);
        if (roles.Contains(ClusterCells.ClientRole, StringComparer.Ordinal))
        {
            ClusterCells.HostClients(system, catalog, places);
        }

        if (roles.Contains(ClusterCells.Role, StringComparer.Ordinal))
        {
            ClusterCells.HostCells(system, catalog, places);
        }

        var feed = new MeasurementFeed(
            new PopulationProgress([]),
            new TelemetryOptions(),
            () => new ProcessSizes([.. telemetry.Select(t => KeyValuePair.Create(t.Device, (double)t.Bytes))], [.. devices.Select(a => KeyValuePair.Create(a.Path.Name, (double)Mailboxes.Waiting(a)))]),
            time);
        return new NodeCells(catalog, feed, Task.WhenAny(devices.Append(places).Select(a => a.WatchAsync(CancellationToken.None))));
    }

    /// <summary>Waits until all checkpoints of the node's cells are written.</summary>
    public Task FlushAsync() => _catalog.FlushAsync();

    /// <inheritdoc/>
    public void Dispose()
    {
        _feed.Dispose();
        _catalog.Dispose();
    }
}
