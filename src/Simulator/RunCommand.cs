using Akka.Configuration;
using Simulator.Compute;
using Simulator.Lab;
using Simulator.Lab.Reports;
using Spectre.Console;

namespace Simulator;

/// <summary>What <c>simulator run</c> was asked.</summary>
internal sealed record RunArguments(
    string? Scenario, IReadOnlyList<string> Sets, ulong? Seed, int? Episodes, string? Output, string Device, bool Quiet, bool Resume, ListenAddress? Listen, bool Stay);

/// <summary><c>simulator run</c>: checks everything before anything is written, runs, shows the progress, and says in words what happened.</summary>
internal static class RunCommand
{
    internal static async Task<int> ExecuteAsync(RunArguments arguments, TextWriter output, TextWriter error)
    {
        PopulationRun run;
        ComputeDevice device;
        WatchHost? host = null;
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

            var folder = arguments.Output ?? RunFolder.DefaultPath(reading.Plan.Scenario.Name, TimeProvider.System.GetLocalNow());
            if (arguments.Resume)
            {
                RunContinuation.Check(folder, reading.Plan.Scenario);
                if (RunContinuation.IsComplete(folder))
                {
                    await output.WriteLineAsync($"The run in {folder} is complete; there is nothing to continue.").ConfigureAwait(false);
                    return ExitStatus.Done;
                }

                device = ComputeDevice.Find(arguments.Device);
                host = await WatchAsync(arguments, reading.Plan).ConfigureAwait(false);
                run = PopulationRun.Resume(reading.Plan, device, folder, TimeProvider.System);
                await TellPausedAsync(run, host, output).ConfigureAwait(false);
            }
            else
            {
                RunFolder.Check(folder);
                device = ComputeDevice.Find(arguments.Device);
                host = await WatchAsync(arguments, reading.Plan).ConfigureAwait(false);
                run = PopulationRun.Prepare(reading.Plan, device, folder, TimeProvider.System);
            }
        }
        catch (Exception fault) when (fault is OutputFolderException or DeviceNotFoundException or RunContinuationException or CheckpointVersionException or StoreAddressException or ListenException)
        {
            await DisposeAsync(host).ConfigureAwait(false);
            await error.WriteLineAsync($"simulator: {fault.Message}").ConfigureAwait(false);
            return ExitStatus.WrongUsage;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            await DisposeAsync(host).ConfigureAwait(false);
            await error.WriteLineAsync($"simulator: {(arguments.Resume ? "the run cannot be continued as its folder is, and stays as it was" : "the run cannot begin")}: {fault.Message}").ConfigureAwait(false);
            return ExitStatus.Failed;
        }

        using var disposed = run;
        try
        {
            host?.Watch(run);
            return await ExecuteAsync(run, device, host, arguments, output, error).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync($"simulator: writing failed: {fault.Message}").ConfigureAwait(false);
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
            await DisposeAsync(host).ConfigureAwait(false);
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

    private static ValueTask DisposeAsync(WatchHost? host) => host?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static async Task<int> ExecuteAsync(PopulationRun run, ComputeDevice device, WatchHost? host, RunArguments arguments, TextWriter output, TextWriter error)
    {
        using var interruption = new Interruption();
        var console = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected ? AnsiConsole.Console : null;
        if (host?.Url is { } url && (!arguments.Quiet || arguments.Stay))
        {
            await output.WriteLineAsync($"Watch it on {url} (metrics for Prometheus: {url}metrics)").ConfigureAwait(false);
        }

        if (!arguments.Quiet)
        {
            await output.WriteLineAsync($"{ProgressText.Cells(run.Progress.Count)} on {device.Name}; results go to {run.Folder}").ConfigureAwait(false);
        }

        var running = Task.Run(() => run.ExecuteAsync(
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
