using System.Globalization;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Cluster;
using Simulator.Cells;

namespace Simulator;

/// <summary>The cluster that the cells of a run go to: one that is there, or one of processes of this machine that end with the run.</summary>
internal sealed class RunCluster : IAsyncDisposable
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan SayInterval = TimeSpan.FromSeconds(10);

    private readonly LocalNodes? _nodes;
    private readonly CancellationTokenSource _over = new();
    private Task _watch = Task.CompletedTask;

    private RunCluster(ActorSystem system, LocalNodes? nodes)
    {
        System = system;
        _nodes = nodes;
    }

    /// <summary>The actor system of this process, a member of the cluster.</summary>
    internal ActorSystem System { get; }

    /// <summary>Nodes that cells can be placed on.</summary>
    internal int Nodes { get; private set; }

    /// <summary>Joins a cluster.</summary>
    /// <param name="node">A node of it.</param>
    /// <param name="setup">What else the actor system needs.</param>
    /// <param name="output">Where it says what it waits for.</param>
    /// <param name="error">Where it says that no node is left.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="NodeSettingsException">The settings of this process as a node are wrong.</exception>
    /// <exception cref="NodeJoinException">The cluster cannot be joined.</exception>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    internal static async Task<RunCluster> JoinAsync(NodeAddress node, Setup[] setup, TextWriter output, TextWriter error, CancellationToken cancellation)
    {
        var settings = Settings(v => global::System.Environment.GetEnvironmentVariable(v));
        var system = NodeSystem.Create(settings, setup);
        await using var work = NodeWork.Start(system, settings);
        var cluster = new RunCluster(system, null);
        try
        {
            await NodeSystem.JoinAsync(system, [node], settings.JoinTimeout, cancellation).ConfigureAwait(false);
            await cluster.WaitForNodesAsync(1, output, cancellation).ConfigureAwait(false);
            cluster._watch = cluster.WatchAsync(error);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Makes a cluster of this process and others of this machine.</summary>
    /// <param name="count">How many others.</param>
    /// <param name="runs">Folder that the run's folder is in.</param>
    /// <param name="device">Where they compute.</param>
    /// <param name="setup">What else the actor system of this process needs.</param>
    /// <param name="output">Where it says what it waits for.</param>
    /// <param name="error">Where what the nodes complain of goes.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="NodeSettingsException">The settings are wrong.</exception>
    /// <exception cref="NodeJoinException">A node cannot be started, or does not join.</exception>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    internal static async Task<RunCluster> StartAsync(int count, string runs, string device, Setup[] setup, TextWriter output, TextWriter error, CancellationToken cancellation)
    {
        // Where this machine is in some other cluster is of no interest; what protects it is.
        var settings = Settings(v => LocalNodes.Inherits(v) ? global::System.Environment.GetEnvironmentVariable(v) : null);
        var system = NodeSystem.Create(settings, setup);
        await using var work = NodeWork.Start(system, settings);
        LocalNodes? nodes = null;
        try
        {
            var self = Cluster.Get(system).SelfAddress;
            var seed = new NodeAddress(settings.Hostname, self.Port!.Value);
            await NodeSystem.JoinAsync(system, [seed], settings.JoinTimeout, cancellation).ConfigureAwait(false);
            nodes = LocalNodes.Start(count, seed, runs, device, settings.ConfigFile, error);
            var cluster = new RunCluster(system, nodes);
            await cluster.WaitForNodesAsync(count, output, cancellation).ConfigureAwait(false);
            cluster._watch = cluster.WatchAsync(error);
            return cluster;
        }
        catch
        {
            await new RunCluster(system, nodes).DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Leaves the cluster; one that the run has made ends with it, without ceremony.</summary>
    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync().ConfigureAwait(false);
        await _watch.ConfigureAwait(false);
        _over.Dispose();
        if (_nodes is null)
        {
            await NodeSystem.LeaveAsync(System).ConfigureAwait(false);
            return;
        }

        await System.Terminate().ConfigureAwait(false);
        await _nodes.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>What this process is as a node. Nobody needs to know its port beforehand.</summary>
    private static NodeSettings Settings(Func<string, string?> variable) => NodeSettings.Read(
        new NodeArguments { Roles = NodeRoles.Cell, Port = variable($"{NodeSettings.Prefix}PORT") is null ? 0 : null },
        v => v is $"{NodeSettings.Prefix}ROLES" or $"{NodeSettings.Prefix}SEED_NODES" ? null : variable(v)) with
    { Roles = [NodeRoles.Lab] };

    private int Members => ClusterCells.CountMembers(Cluster.Get(System), ClusterCells.Role);

    /// <summary>Says when no node is left that could have cells: the run would wait for one without a word. Where it has made its nodes itself nobody else is to come, and it ends.</summary>
    private async Task WatchAsync(TextWriter error)
    {
        var left = true;
        using var timer = new PeriodicTimer(SayInterval);
        while (await NextAsync(timer).ConfigureAwait(false) && !System.WhenTerminated.IsCompleted)
        {
            if (_nodes is { Running: 0 })
            {
                await error.WriteLineAsync("simulator: all nodes that this run has started have ended").ConfigureAwait(false);
                await System.Terminate().ConfigureAwait(false);
                return;
            }

            if (left && Members == 0)
            {
                var self = Cluster.Get(System).SelfAddress;
                await error.WriteLineAsync(
                    $"simulator: no node with the role {ClusterCells.Role} is left; the run waits for one that joins this cluster (simulator node --seed-nodes {self.Host}:{self.Port}), and goes on with --resume where it is interrupted").ConfigureAwait(false);
            }

            left = Members > 0;
        }
    }

    private async ValueTask<bool> NextAsync(PeriodicTimer timer)
    {
        try
        {
            return await timer.WaitForNextTickAsync(_over.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Waits until cells can be placed on so many nodes, and on all that are members: those that are placed before the others are there would all be on the first.</summary>
    private async Task WaitForNodesAsync(int wanted, TextWriter output, CancellationToken cancellation)
    {
        var (since, time) = (TimeProvider.System.GetTimestamp(), TimeProvider.System);
        var cells = ClusterCells.Reach(System);
        while ((Nodes = await ClusterCells.CountNodesAsync(cells, LookInterval, cancellation).ConfigureAwait(false)) < Math.Max(wanted, Members))
        {
            if (_nodes is { } nodes && nodes.Running < wanted)
            {
                throw new NodeJoinException("a node of this machine ended before it had joined; what it said is above");
            }

            if (System.WhenTerminated.IsCompleted)
            {
                throw new NodeJoinException($"this process has ended as a node: {NodeSystem.WhyEnded(System)}");
            }

            if (time.GetElapsedTime(since) > SayInterval)
            {
                since = time.GetTimestamp();
                await output.WriteLineAsync($"Waiting for nodes with the role {ClusterCells.Role}: {Nodes.ToString(CultureInfo.InvariantCulture)} of {wanted.ToString(CultureInfo.InvariantCulture)} are up.").ConfigureAwait(false);
            }

            await Task.Delay(LookInterval, cancellation).ConfigureAwait(false);
        }
    }
}
