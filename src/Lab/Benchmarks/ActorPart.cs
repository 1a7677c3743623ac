using System.Diagnostics;
using Simulator.Cells;
using Simulator.Compute;

namespace Simulator.Lab.Benchmarks;

/// <summary>
/// What actors and messages cost: the same episodes of the same cell through actors and in a plain loop, in turns, one standing still while the other runs.
/// </summary>
internal sealed class ActorPart : BenchmarkPart
{
    /// <summary>Episodes between two readings of the clock.</summary>
    private const int Batch = 10;

    /// <summary>Pairs before those that are measured, for the compiler.</summary>
    private const int WarmUp = 15;

    private const double Milli = 1e3;

    /// <inheritdoc/>
    public override string Name => "actors";

    /// <inheritdoc/>
    public override string Title => $"Actors and messages against a plain loop: batches of {Batch} episodes, 50 clients, in turns";

    /// <inheritdoc/>
    public override async Task MeasureAsync(BenchmarkContext context, Action<Figure> report, CancellationToken cancellation)
    {
        var pairs = context.Settings.Episodes(20);
        var options = Cell(MeasuredPopulation.NoEnd);
        DeviceGate gate = null!;
        await using var population = MeasuredPopulation.Start([options], (pairs + WarmUp) * Batch, device => gate = new DeviceGate(device), context.Settings.Configuration);
        using var loop = new BareCell(options, ComputeDevice.Cpu);

        for (var i = 0; i < WarmUp; i++)
        {
            await ThroughActorsAsync(i).ConfigureAwait(false);
            InLoop();
        }

        var (actors, bare) = (new double[pairs], new double[pairs]);
        for (var i = 0; i < pairs; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (i % 2 == 0)
            {
                bare[i] = InLoop();
                actors[i] = await ThroughActorsAsync(WarmUp + i).ConfigureAwait(false);
            }
            else
            {
                actors[i] = await ThroughActorsAsync(WarmUp + i).ConfigureAwait(false);
                bare[i] = InLoop();
            }
        }

        report(Figure.MedianOf("through actors: episode", actors.Select(s => s / Batch * Milli), "ms"));
        report(Figure.MedianOf("plain loop: episode", bare.Select(s => s / Batch * Milli), "ms"));
        report(Figure.MedianOf("actors over loop", actors.Zip(bare, (a, b) => a / b), "x") with { Target = Targets.ActorsOverLoop, Note = "the median of the pairs' ratios" });

        async Task<double> ThroughActorsAsync(int batch)
        {
            var last = (batch + 1) * Batch;
            var done = population.Clock.Await(last);
            var started = Stopwatch.GetTimestamp();
            gate.OpenUpTo(last);
            await population.CompleteAsync(done, cancellation).ConfigureAwait(false);
            return Stopwatch.GetElapsedTime(started, population.Clock.Read().Latest).TotalSeconds;
        }

        double InLoop()
        {
            var started = Stopwatch.GetTimestamp();
            for (var e = 0; e < Batch; e++)
            {
                loop.RunEpisode();
            }

            return Stopwatch.GetElapsedTime(started).TotalSeconds;
        }
    }
}
