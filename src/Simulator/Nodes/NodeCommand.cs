using System.Globalization;
using Akka.Actor;
using Akka.Cluster;
using Simulator.Compute;

namespace Simulator;

/// <summary><c>simulator node</c>: joins a cluster, works for it, and leaves it in good order.</summary>
internal static class NodeCommand
{
    /// <summary>Runs a node until it is told to leave, or is removed.</summary>
    /// <param name="arguments">What the command line says.</param>
    /// <param name="listen">Where it tells how it is; null for nowhere.</param>
    /// <param name="leavesAtEndOfInput">Whether it leaves when the standard input ends.</param>
    /// <param name="output">Where it says how it goes.</param>
    /// <param name="error">Where it says what is wrong.</param>
    /// <returns>The exit status.</returns>
    internal static async Task<int> ExecuteAsync(NodeArguments arguments, ListenAddress? listen, bool leavesAtEndOfInput, TextWriter output, TextWriter error)
    {
        using var interruption = new Interruption(belongsToAnother: leavesAtEndOfInput);
        NodeHost? host = null;
        try
        {
            var settings = NodeSettings.Read(arguments, System.Environment.GetEnvironmentVariable);
            Check(settings);
            ComputeDevice.Find(settings.Device);
            host = listen is not null || Exporting.OtlpAsked ? await NodeHost.StartAsync(listen, settings).ConfigureAwait(false) : null;
            var system = host is null ? NodeSystem.Create(settings) : NodeSystem.Create(settings, new LoggingSetup(host.Logging));
            host?.Watch(system);
            await using var work = NodeWork.Start(system, settings);
            return await WorkAsync(system, work, settings, host, leavesAtEndOfInput, output, error, interruption.Token).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is NodeSettingsException or DeviceNotFoundException or ListenException)
        {
            await error.WriteLineAsync($"simulator: {fault.Message}").ConfigureAwait(false);
            return ExitStatus.WrongUsage;
        }
        finally
        {
            if (host is not null)
            {
                await host.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private static void Check(NodeSettings settings)
    {
        if (settings.SeedNodes.Count == 0)
        {
            throw new NodeSettingsException(
                $"no seed nodes are named: --seed-nodes HOST:PORT[,HOST:PORT...] (or {NodeSettings.Prefix}SEED_NODES, or akka.cluster.seed-nodes in the file of --config) says which nodes to ask for admission");
        }
    }

    private static async Task<int> WorkAsync(ActorSystem system, NodeWork work, NodeSettings settings, NodeHost? host, bool leavesAtEndOfInput, TextWriter output, TextWriter error, CancellationToken interrupted)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(interrupted);
        if (leavesAtEndOfInput)
        {
            _ = CancelAtEndOfInputAsync(ending);
        }

        try
        {
            await NodeSystem.JoinAsync(system, settings.SeedNodes, settings.JoinTimeout, ending.Token).ConfigureAwait(false);
            await output.WriteLineAsync(Up(system, await NodeSystem.MembersAsync(system).ConfigureAwait(false), settings, host)).ConfigureAwait(false);
        }
        catch (NodeJoinException fault)
        {
            await NodeSystem.LeaveAsync(system).ConfigureAwait(false);
            await error.WriteLineAsync($"simulator: {fault.Message}").ConfigureAwait(false);
            return ExitStatus.Failed;
        }
        catch (OperationCanceledException)
        {
            await NodeSystem.LeaveAsync(system).ConfigureAwait(false);
            return ExitStatus.Done;
        }

        await Task.WhenAny(system.WhenTerminated, work.Lost, Task.Delay(Timeout.InfiniteTimeSpan, ending.Token)).ConfigureAwait(false);
        if (work.Lost.IsCompleted && !ending.IsCancellationRequested && CoordinatedShutdown.Get(system).ShutdownReason is null)
        {
            await NodeSystem.LeaveAsync(system).ConfigureAwait(false);
            await error.WriteLineAsync("simulator: this node's device ended unexpectedly, and the node has left the cluster; the errors above say why").ConfigureAwait(false);
            return ExitStatus.Failed;
        }

        if (!ending.IsCancellationRequested)
        {
            await system.WhenTerminated.ConfigureAwait(false); // A node that ends has ended its device before itself.
            return await RemovedAsync(system, output, error).ConfigureAwait(false);
        }

        if (!interrupted.IsCancellationRequested && Telemetry.ClusterMeasurements.CellCount == 0)
        {
            await system.Terminate().ConfigureAwait(false); // The run that this node was for is over, and the cluster with it.
            return ExitStatus.Done;
        }

        await NodeSystem.LeaveAsync(system).ConfigureAwait(false);
        await output.WriteLineAsync("Left the cluster.").ConfigureAwait(false);
        return ExitStatus.Done;
    }

    private static string Up(ActorSystem system, IReadOnlyCollection<Member> all, NodeSettings settings, NodeHost? host)
    {
        var self = Cluster.Get(system).SelfAddress;
        var members = all.Count(m => m.Status is MemberStatus.Up or MemberStatus.WeaklyUp);
        return $"Up as {self.Host}:{self.Port} with {(settings.Roles.Count == 1 ? "role" : "roles")} {string.Join(", ", settings.Roles)}; "
            + $"{members.ToString(CultureInfo.InvariantCulture)} {(members == 1 ? "member" : "members")}{(host?.Url is { } url ? $"; health and metrics on {url}metrics" : "")}";
    }

    private static async Task<int> RemovedAsync(ActorSystem system, TextWriter output, TextWriter error)
    {
        switch (CoordinatedShutdown.Get(system).ShutdownReason)
        {
            case CoordinatedShutdown.ClusterLeavingReason:
                await output.WriteLineAsync("Left the cluster: another node had this one leave.").ConfigureAwait(false);
                return ExitStatus.Done;
            case CoordinatedShutdown.ClusterDowningReason:
                await error.WriteLineAsync("simulator: this node was cut off from the cluster and has left it").ConfigureAwait(false);
                return ExitStatus.Failed;
            default:
                await error.WriteLineAsync($"simulator: this node has ended: {NodeSystem.WhyEnded(system)}").ConfigureAwait(false);
                return ExitStatus.Failed;
        }
    }

    private static async Task CancelAtEndOfInputAsync(CancellationTokenSource ending)
    {
        var buffer = new byte[256];
        var input = Console.OpenStandardInput();
        await using (input.ConfigureAwait(false))
        {
            try
            {
                while (await input.ReadAsync(buffer, ending.Token).ConfigureAwait(false) > 0)
                {
                }

                await ending.CancelAsync().ConfigureAwait(false);
            }
            catch (Exception fault) when (fault is OperationCanceledException or ObjectDisposedException)
            {
                // The node has ended before its input did.
            }
        }
    }
}
