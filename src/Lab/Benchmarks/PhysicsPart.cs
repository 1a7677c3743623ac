using System.Diagnostics;
using Simulator.Environment;

namespace Simulator.Lab.Benchmarks;

/// <summary>A step of a cell's physics, 50 clients: time, and bytes allocated.</summary>
internal sealed class PhysicsPart : BenchmarkPart
{
    private const int Clients = 50;
    private const int StepsOfBatch = 1_000;
    private const double Micro = 1e6;

    /// <inheritdoc/>
    public override string Name => "physics";

    /// <inheritdoc/>
    public override string Title => "Physics of a step, 50 clients";

    /// <inheritdoc/>
    public override Task MeasureAsync(BenchmarkContext context, Action<Figure> report, CancellationToken cancellation)
    {
        var batches = context.Settings.Episodes(100);
        foreach (var (name, offloading) in new[] { ("10 offload", 10), ("all offload", Clients) })
        {
            cancellation.ThrowIfCancellationRequested();
            var actions = new OffloadingAction[Clients];
            for (var i = 0; i < Clients; i++)
            {
                actions[i] = new OffloadingAction(i < offloading ? Placement.Offload : Placement.Local, 0.5, 0.5);
            }

            var cell = new CellEnvironment(new EnvironmentOptions { Steps = StepsOfBatch }, Clients, seed: 42);
            var seconds = new double[batches];
            for (var i = 0; i < 10; i++)
            {
                Run(cell, actions);
            }

            var allocated = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < batches; i++)
            {
                seconds[i] = Run(cell, actions);
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            report(Figure.MedianOf($"{name}: step", seconds.Select(s => s / StepsOfBatch * Micro), "us") with { Target = Targets.PhysicsUs });
            report(new Figure($"{name}: allocated by a step", (double)allocated / batches / StepsOfBatch, "bytes") { Target = Targets.PhysicsBytes });
        }

        return Task.CompletedTask;
    }

    private static double Run(CellEnvironment cell, OffloadingAction[] actions)
    {
        cell.Reset(1);
        var started = Stopwatch.GetTimestamp();
        for (var step = 0; step < StepsOfBatch; step++)
        {
            cell.Step(actions);
        }

        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
