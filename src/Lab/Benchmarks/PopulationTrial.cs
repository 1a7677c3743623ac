using System.Diagnostics;
using Akka.Configuration;
using Simulator.Cells;
using Simulator.Master;

namespace Simulator.Lab.Benchmarks;

/// <summary>Measures a population somewhere.</summary>
public delegate Task<TrialAnswer> TrialRunner(TrialRequest request, CancellationToken cancellation);

/// <summary>A population to be measured.</summary>
/// <param name="Cells">Its cells.</param>
/// <param name="ClientsEach">Clients of each.</param>
/// <param name="Replay">Transitions that each replay memory holds.</param>
/// <param name="Acting">Whether it only acts.</param>
/// <param name="WarmUp">Episodes that each cell finishes before the measurement, at least one: the first does not learn.</param>
/// <param name="Episodes">Episodes to measure.</param>
/// <param name="LimitSeconds">How long it may take in all.</param>
public sealed record TrialRequest(int Cells, int ClientsEach, int Replay, bool Acting, int WarmUp, int Episodes, double LimitSeconds);

/// <summary>What a population came to.</summary>
/// <param name="Seconds">Seconds of each measured episode, of all cells together; fewer than asked for where the time was over.</param>
/// <param name="Steps">Steps of clients in the measured time, unfinished episodes of the population included.</param>
/// <param name="MeasuredSeconds">The measured time.</param>
/// <param name="WarmedUp">Whether the warm-up was over; where not, the measured time begins with the start.</param>
/// <param name="ResidentBefore">Bytes resident before the population was started, libraries and actor system included.</param>
/// <param name="ResidentAfter">Bytes resident at the end.</param>
/// <param name="ResidentPeak">Most bytes ever resident.</param>
public sealed record TrialAnswer(
    double[] Seconds, long Steps, double MeasuredSeconds, bool WarmedUp, long ResidentBefore, long ResidentAfter, long ResidentPeak);

/// <summary>One population, measured in this process, which should do nothing else.</summary>
public static class PopulationTrial
{
    /// <summary>Runs the population until all its episodes are measured or the time is over.</summary>
    /// <param name="request">The population.</param>
    /// <param name="configuration">Configuration of the actor system that goes before the simulator's own.</param>
    /// <param name="answer">Told the answer before the population is ended: a hundred thousand actors take their time to stop.</param>
    /// <param name="cancellation">Ends the measurement without an answer.</param>
    /// <exception cref="MeasurementException">A cell failed or diverged.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static async Task RunAsync(TrialRequest request, Config configuration, Action<TrialAnswer> answer, CancellationToken cancellation)
    {
        var cells = Enumerable.Range(0, request.Cells).Select(i => CellOf(request, (ulong)i + 1)).ToList();
        var steps = (long)request.ClientsEach * cells[0].Environment.Steps;

        // libtorch, the actor system's assemblies and the compiler are there before any population is; a small one brings them in.
        var small = CellOf(request, 0) with { Clients = Math.Min(4, request.ClientsEach) };
        await MeasuredPopulation.RunAsync([small], 3, device => device, configuration, cancellation).ConfigureAwait(false);
        var before = Resident(peak: false);

        var started = Stopwatch.GetTimestamp();
        await using var population = MeasuredPopulation.Start(cells, request.Episodes, device => device, configuration, request.WarmUp);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(TimeSpan.FromSeconds(request.LimitSeconds));
            await population.CompleteAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The time is over: what there is is reported.
        }

        var clock = population.Clock.Read();
        var after = Resident(peak: false);

        // The system counts pages for each processor and adds the counts up now and then: its peak can lie a little under what it told before.
        var peak = Math.Max(Resident(peak: true), Math.Max(before, after));
        if (clock.Latest == 0)
        {
            throw new MeasurementException($"no episode was done within {request.LimitSeconds:0} s");
        }

        var begin = clock.Warm ? clock.Began : started;
        var seconds = clock.Warm ? Differences([begin, .. clock.Stamps]) : [];
        answer(new TrialAnswer(seconds, clock.Finished * steps, Stopwatch.GetElapsedTime(begin, clock.Latest).TotalSeconds, clock.Warm, before, after, peak));
    }

    /// <summary>Seconds between timestamps.</summary>
    internal static double[] Differences(ReadOnlySpan<long> stamps)
    {
        var seconds = new double[stamps.Length - 1];
        for (var i = 0; i < seconds.Length; i++)
        {
            seconds[i] = Stopwatch.GetElapsedTime(stamps[i], stamps[i + 1]).TotalSeconds;
        }

        return seconds;
    }

    private static CellOptions CellOf(TrialRequest request, ulong seed)
    {
        var learning = new CellOptions
        {
            Seed = seed,
            Episodes = MeasuredPopulation.NoEnd,
            Clients = request.ClientsEach,
            Learning = new LearningOptions { Replay = request.Replay },
            Evaluation = new EvaluationOptions { Episodes = 0 },
            Tracking = new TrackingOptions { EarlyStop = false },
        };

        return request.Acting ? learning with { Mode = CellMode.Act } : learning;
    }

    private static long Resident(bool peak)
    {
        using var process = Process.GetCurrentProcess();
        return peak ? process.PeakWorkingSet64 : process.WorkingSet64;
    }
}
