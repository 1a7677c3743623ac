using Akka.Actor;
using Akka.Configuration;
using Simulator.Cells;
using Simulator.Compute;

namespace Simulator.Lab.Benchmarks;

/// <summary>
/// A population that runs to be measured: the actors of a run, with all processors, without its files.
/// </summary>
internal sealed class MeasuredPopulation : IAsyncDisposable
{
    /// <summary>More episodes than any measurement takes: for cells that should not come to their end, where they hand over their networks.</summary>
    internal const int NoEnd = 10_000_000;

    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(2);

    private readonly ActorSystem _system;
    private readonly Task _lost;

    private MeasuredPopulation(ActorSystem system, EpisodeClock clock, IReadOnlyList<IActorRef> devices, IReadOnlyList<CellOptions> cells, Func<IActorRef, IActorRef> front)
    {
        _system = system;
        Clock = clock;
        var completion = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var hosts = LocalPopulation.Start(system, [.. devices.Select(front)], cells, clock, completion);
        _lost = Task.WhenAny([completion.Task, .. devices.Concat(hosts).Select(a => a.WatchAsync(CancellationToken.None))]);
    }

    /// <summary>Takes the time of its episodes.</summary>
    internal EpisodeClock Clock { get; }

    /// <summary>Starts a population.</summary>
    /// <param name="cells">Its cells.</param>
    /// <param name="episodes">Episodes to measure.</param>
    /// <param name="front">Makes what stands before each device.</param>
    /// <param name="configuration">Configuration of the actor system that goes before the simulator's own.</param>
    /// <param name="warmUp">Episodes that each cell finishes before those that are measured.</param>
    internal static MeasuredPopulation Start(IReadOnlyList<CellOptions> cells, int episodes, Func<IActorRef, IActorRef> front, Config configuration, int warmUp = 0)
    {
        var system = ActorSystem.Create("bench", configuration.WithFallback(SimulatorSystem.Configuration));
        var devices = ComputeDevice.Cpu.Split(global::System.Environment.ProcessorCount, cells.Count)
            .Select((part, i) => system.ActorOf(BatchingActor.Props(part, BatchingOptions.Default), $"device-{i}")).ToList();
        return new MeasuredPopulation(system, new EpisodeClock(cells.Count, episodes, warmUp), devices, cells, front);
    }

    /// <summary>Runs a population to its last episode.</summary>
    /// <returns>Timestamps at which the population's episodes were done.</returns>
    /// <exception cref="MeasurementException">A cell failed or diverged.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before the last episode.</exception>
    internal static async Task<long[]> RunAsync(
        IReadOnlyList<CellOptions> cells, int episodes, Func<IActorRef, IActorRef> front, Config configuration, CancellationToken cancellation)
    {
        await using var population = Start(cells, episodes, front, configuration);
        await population.CompleteAsync(cancellation).ConfigureAwait(false);
        return population.Clock.Read().Stamps;
    }

    /// <summary>Waits for the last episode.</summary>
    /// <exception cref="MeasurementException">A cell failed or diverged, or the device ended.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    internal async Task CompleteAsync(CancellationToken cancellation) => await CompleteAsync(Clock.Completion, cancellation).ConfigureAwait(false);

    /// <summary>Waits for one of its clock's tasks.</summary>
    internal async Task CompleteAsync(Task measured, CancellationToken cancellation)
    {
        var first = await Task.WhenAny(measured, _lost).WaitAsync(cancellation).ConfigureAwait(false);
        if (first != measured && !measured.IsCompleted)
        {
            throw new MeasurementException("the population ended unexpectedly; the errors above say why");
        }

        await measured.ConfigureAwait(false);
    }

    /// <summary>Ends the actors; a device in the middle of a long operation holds up nobody.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAny(_system.Terminate(), Task.Delay(EndPatience)).ConfigureAwait(false);
}
