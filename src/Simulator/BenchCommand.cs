using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Akka.Configuration;
using Simulator.Lab.Benchmarks;
using Spectre.Console;

namespace Simulator;

/// <summary>What <c>simulator bench</c> was asked.</summary>
internal sealed record BenchArguments(string? Json, IReadOnlyList<BenchmarkPart> Parts, BenchmarkSettings Settings);

/// <summary><c>simulator bench</c>: measures, shows each part as soon as it is measured, and writes the figures.</summary>
internal static class BenchCommand
{
    internal static async Task<int> ExecuteAsync(BenchArguments arguments, TextWriter output, TextWriter error)
    {
        FileStream? file = null;
        try
        {
            // Before anything is measured: minutes of work should not end at a folder that is not there.
            file = arguments.Json is { } path ? new FileStream(path, FileMode.Create) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            await error.WriteLineAsync($"simulator: --json '{arguments.Json}' cannot be written: {fault.Message}").ConfigureAwait(false);
            return ExitStatus.WrongUsage;
        }

        using (file)
        {
            return await ExecuteAsync(arguments, file, output).ConfigureAwait(false);
        }
    }

    /// <summary>What a child process does: measures one population, and writes its answer.</summary>
    internal static async Task<int> MeasureTrialAsync(string request, TextWriter output, TextWriter error)
    {
        // Ctrl-C reaches the children of a terminal's command, too, but they are their parent's to end.
        using var terminal = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        try
        {
            var trial = TrialProcess.ReadRequest(request);
            if (trial is not { Cells: > 0, ClientsEach: > 0, Episodes: > 0 })
            {
                await error.WriteLineAsync($"simulator: {BenchCommandLine.TrialOption} needs one cell, client and episode at least").ConfigureAwait(false);
                return ExitStatus.WrongUsage;
            }

            EndWithInput();
            await PopulationTrial.RunAsync(
                trial,
                Logging,
                answer =>
                {
                    output.WriteLine(TrialProcess.WriteAnswer(answer));
                    output.Flush();
                },
                CancellationToken.None).ConfigureAwait(false);
            return ExitStatus.Done;
        }
        catch (JsonException)
        {
            await error.WriteLineAsync($"simulator: {BenchCommandLine.TrialOption} is for the program itself").ConfigureAwait(false);
            return ExitStatus.WrongUsage;
        }
        catch (MeasurementException fault)
        {
            await error.WriteLineAsync($"simulator: {fault.Message}").ConfigureAwait(false);
            return ExitStatus.Failed;
        }
    }

    /// <summary>Kills this process when its input ends, as it does with the parent. On a thread of its own: the pool's are for what is measured.</summary>
    private static void EndWithInput() => new Thread(() =>
    {
        while (Console.In.Read() >= 0)
        {
        }

        using var process = Process.GetCurrentProcess();
        process.Kill();
    })
    { IsBackground = true }.Start();

    private static Config Logging => ConfigurationFactory.ParseString(StandardErrorLogger.Configuration);

    private static async Task<int> ExecuteAsync(BenchArguments arguments, FileStream? file, TextWriter output)
    {
        using var interruption = new Interruption();
        var console = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected ? AnsiConsole.Console : null;
        var date = TimeProvider.System.GetLocalNow();
        var machine = MachineDescription.Here();
        await output.WriteLineAsync(
            $"{machine.Processor}, {machine.Processors} processors, {BenchTable.Number(machine.MemoryBytes / (double)(1L << 30))} GiB, {machine.SimdBits}-bit vectors; "
            + $"{machine.System}; .NET {machine.DotNet}, libtorch {machine.Libtorch}").ConfigureAwait(false);
        await output.WriteLineAsync("Intervals cover the median with at least 95 %, measurements taken as independent; of few measurements the range is given.").ConfigureAwait(false);

        var measured = new List<PartFigures>();
        void Done(PartFigures part)
        {
            measured.Add(part);
            if (console is null)
            {
                output.WriteLine();
                foreach (var line in BenchTable.Lines(part))
                {
                    output.WriteLine(line);
                }
            }
            else
            {
                console.WriteLine();
                console.Write(BenchTable.Draw(part));
            }
        }

        var (program, before) = ThisProgram.Command;
        var child = new TrialProcess(program, [.. before, "bench", BenchCommandLine.TrialOption]);
        var context = new BenchmarkContext(arguments.Settings with { Configuration = Logging }, child.RunAsync);
        Task Measure(Action<BenchmarkPart> begun) => Task.Run(() => BenchmarkSuite.RunAsync(arguments.Parts, context, begun, Done, interruption.Token));
        var complete = true;
        try
        {
            await (console is null
                ? Measure(_ => { })
                : console.Status().AutoRefresh(false).StartAsync("measuring", status => Measure(part =>
                {
                    // Redrawn only here: nothing should run beside a measurement.
                    status.Status($"measuring {Markup.Escape(part.Name)}");
                    status.Refresh();
                }))).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            complete = false;
            await output.WriteLineAsync().ConfigureAwait(false);
            await output.WriteLineAsync("Interrupted; the figures above are what was measured.").ConfigureAwait(false);
        }

        if (file is not null)
        {
            BenchmarkDocument.Write(file, machine, date, complete, measured);
        }

        return complete ? ExitStatus.Done : ExitStatus.Interrupted;
    }
}
