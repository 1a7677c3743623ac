using Akka.Configuration;
using Simulator.Compute;
using Simulator.Lab;
using Simulator.Lab.Reports;
using Spectre.Console;

namespace Simulator;

/// <summary>What <c>simulator run</c> was asked.</summary>
internal sealed record RunArguments(
    string? Scenario, IReadOnlyList<string> Sets, ulong? Seed, int? Episodes, string? Output, string Device, bool Quiet, bool Resume, ListenAddress? Listen, bool Stay)
{
    /// <summary>A node of the cluster that the cells go to; null for none.</summary>
    internal NodeAddress? Join { get; init; }

    /// <summary>Nodes to start on this machine for the cells; 0 for none.</summary>
    internal int LocalNodes { get; init; }

    /// <summary>Whether the cells are in other processes.</summary>
    internal bool OnCluster => Join is not null || LocalNodes > 0;
}

/// <summary><c>simulator run</c>: checks everything before anything is written, runs, shows the progress, and says in words what happened.</summary>
internal static class RunCommand
{
    internal static async Task<int> ExecuteAsync(RunArguments arguments, TextWriter output, TextWriter error)
    {
        using var interruption = new Interruption();
        PopulationRun run;
        ComputeDevice? device = null;
        WatchHost? host = null;
        RunCluster? cluster = null;
        try
        {
            if (arguments.Resume && arguments.Output is null)
            {
                throw new RunContinuationException("--resume continues the run in the folder that --output names, and it names none");
            }

            var reading = ScenarioReader.Read(arguments.Scenario ?? RunContinuation.ScenarioOf(arguments.Output!), arguments.Sets, arguments.Seed, arguments.Episodes);
            if (!reading.Succeeded)
            {
                foreach (var fault in reading.Faults)
                {
                    await error.WriteLineAsync(fault.ToString()).ConfigureAwait(false);
                }

                return ExitStatus.WrongUsage;
            }

            if (arguments.OnCluster && PopulationRun.ClusterComplaint(reading.Plan) is { } complaint)
            {
                await error.WriteLineAsync($"simulator: {complaint}").ConfigureAwait(false);
                return ExitStatus.WrongUsage;
            }

            var folder = arguments.Output ?? RunFolder.DefaultPath(reading.Plan.Scenario.Name, TimeProvider.System.GetLocalNow());
            if (arguments.Resume)
            {
                RunContinuation.Check(folder, reading.Plan.Scenario);
                if (RunContinuation.IsComplete(folder))
                {
                    await output.WriteLineAsync($"The run in {folder} is complete; there is nothing to continue.").ConfigureAwait(false);
                    return ExitStatus.Done;
                }

                (device, host, cluster) = await BeginAsync(arguments, reading.Plan, folder, output, error, interruption.Token).ConfigureAwait(false);
                run = PopulationRun.Resume(reading.Plan, device, folder, TimeProvider.System);
                await TellPausedAsync(run, host, output).ConfigureAwait(false);
            }
            else
            {
                RunFolder.Check(folder);
                (device, host, cluster) = await BeginAsync(arguments, reading.Plan, folder, output, error, interruption.Token).ConfigureAwait(false);
                run = PopulationRun.Prepare(reading.Plan, device, folder, TimeProvider.System);
            }
        }
        catch (Exception fault) when (fault is OutputFolderException or DeviceNotFoundException or RunContinuationException or CheckpointVersionException or StoreAddressException or ListenException or NodeSettingsException)
        {
            await DisposeAsync(host, cluster).ConfigureAwait(false);
            await error.WriteLineAsync($"simulator: {fault.Message}").ConfigureAwait(false);
            return ExitStatus.WrongUsage;
        }
        catch (NodeJoinException fault)
        {
            await error.WriteLineAsync($"simulator: {fault.Message}").ConfigureAwait(false);
            return ExitStatus.Failed;
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            await error.WriteLineAsync("simulator: interrupted before the run began").ConfigureAwait(false);
            return ExitStatus.Interrupted;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            await DisposeAsync(host, cluster).ConfigureAwait(false);
            await error.WriteLineAsync($"simulator: {(arguments.Resume ? "the run cannot be continued as its folder is, and stays as it was" : "the run cannot begin")}: {fault.Message}").ConfigureAwait(false);
            return ExitStatus.Failed;
        }

        using var disposed = run;
        try
        {
            host?.Watch(run);
            return await ExecuteAsync(run, device, host, cluster, arguments, interruption, output, error).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync($"simulator: {(cluster is null ? "writing failed" : "reading or writing failed")}: {fault.Message}").ConfigureAwait(false);
            return ExitStatus.Failed;
        }
        catch (RunLostException fault)
        {
            await error.WriteLineAsync($"simulator: {fault.Message}").ConfigureAwait(false);
            await TryWriteReportAsync(run.Folder, output, error).ConfigureAwait(false);
            return ExitStatus.Failed;
        }
        finally
        {
            await DisposeAsync(host, cluster).ConfigureAwait(false);
        }
    }

    /// <summary>Gets what the run needs and may not be there, before anything is written: the device, the address to listen on, the nodes.</summary>
    private static async Task<(ComputeDevice? Device, WatchHost? Host, RunCluster? Cluster)> BeginAsync(
        RunArguments arguments, ScenarioPlan plan, string folder, TextWriter output, TextWriter error, CancellationToken cancellation)
    {
        if (!arguments.OnCluster)
        {
            var device = ComputeDevice.Find(arguments.Device);
            return (device, await WatchAsync(arguments, plan).ConfigureAwait(false), null);
        }

        var host = await WatchAsync(arguments, plan).ConfigureAwait(false);
        try
        {
            Akka.Actor.Setup.Setup[] setup = host is null ? [] : [new LoggingSetup(host.Logging)];
            return (null, host, arguments.Join is { } node
                ? await RunCluster.JoinAsync(node, setup, output, error, cancellation).ConfigureAwait(false)
                : await RunCluster.StartAsync(arguments.LocalNodes, Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)))!, arguments.Device, setup, output, error, cancellation).ConfigureAwait(false));
        }
        catch
        {
            await DisposeAsync(host, null).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Cells that were paused stay so, where somebody can have them go on.</summary>
    private static async Task TellPausedAsync(PopulationRun run, WatchHost? host, TextWriter output)
    {
        if (run.Interventions.Paused is not { Count: > 0 } paused)
        {
            return;
        }

        var names = string.Join(", ", paused.Select(c => run.Plan.Cells[c].Name));
        if (host?.Url is null)
        {
            run.Interventions.ResumeAll();
            await output.WriteLineAsync($"Paused before, and going on since nobody could tell them to: {names}").ConfigureAwait(false);
        }
        else
        {
            await output.WriteLineAsync($"Still paused: {names}").ConfigureAwait(false);
        }
    }

    private static async Task<WatchHost?> WatchAsync(RunArguments arguments, ScenarioPlan plan) =>
        arguments.Listen is not null || Exporting.OtlpAsked ? await WatchHost.StartAsync(arguments.Listen, plan).ConfigureAwait(false) : null;

    private static async ValueTask DisposeAsync(WatchHost? host, RunCluster? cluster)
    {
        if (cluster is not null)
        {
            await cluster.DisposeAsync().ConfigureAwait(false);
        }

        if (host is not null)
        {
            await host.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static async Task<int> ExecuteAsync(
        PopulationRun run, ComputeDevice? device, WatchHost? host, RunCluster? cluster, RunArguments arguments, Interruption interruption, TextWriter output, TextWriter error)
    {
        var console = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected ? AnsiConsole.Console : null;
        if (host?.Url is { } url && (!arguments.Quiet || arguments.Stay))
        {
            await output.WriteLineAsync($"Watch it on {url} (metrics for Prometheus: {url}metrics)").ConfigureAwait(false);
        }

        if (!arguments.Quiet)
        {
            await output.WriteLineAsync($"{ProgressText.Cells(run.Progress.Count)} on {device?.Name ?? Nodes(cluster!.Nodes)}; results go to {run.Folder}").ConfigureAwait(false);
        }

        var running = Task.Run(() => cluster is not null ? run.ExecuteAsync(cluster.System, interruption.Token) : run.ExecuteAsync(
            interruption.Token, ConfigurationFactory.ParseString(StandardErrorLogger.Configuration), host is null ? null : new LoggingSetup(host.Logging)));
        if (!arguments.Quiet)
        {
            try
            {
                await (console is null ? new ProgressLines(output).ShowAsync(run.Progress, running) : new LiveTable(console).ShowAsync(run.Progress, running)).ConfigureAwait(false);
            }
            finally
            {
                // Also where the progress cannot be shown any more: the results come first.
                await running.ConfigureAwait(false);
            }
        }

        var status = await running.ConfigureAwait(false);
        if (console is null)
        {
            ClosingSummary.Write(output, run, status);
        }
        else
        {
            ClosingSummary.Show(console, run, status);
        }

        if (!await TryWriteReportAsync(run.Folder, output, error).ConfigureAwait(false))
        {
            return ExitStatus.Failed;
        }

        if (arguments.Stay && host?.Url is { } page && !interruption.Token.IsCancellationRequested)
        {
            await output.WriteLineAsync($"The run is over; {page} stays until Ctrl-C.").ConfigureAwait(false);
            await interruption.WaitAsync().ConfigureAwait(false);
        }

        return status switch
        {
            RunStatus.Done => ExitStatus.Done,
            RunStatus.Interrupted => ExitStatus.Interrupted,
            _ => ExitStatus.Failed,
        };
    }

    private static string Nodes(int count) => count == 1 ? "1 node" : $"{count} nodes";

    /// <summary>The results are written by now: whatever fails in making a report of them is said, and loses nothing.</summary>
    internal static async Task<bool> TryWriteReportAsync(string folder, TextWriter output, TextWriter error)
    {
        var file = Path.Combine(folder, RunReport.FileName);
        try
        {
            RunReport.Write([folder], file);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            await error.WriteLineAsync($"simulator: the results are written, but their report {file} could not be: {fault.Message}").ConfigureAwait(false);
            return false;
        }

        await output.WriteLineAsync($"The report is {file}").ConfigureAwait(false);
        return true;
    }
}
