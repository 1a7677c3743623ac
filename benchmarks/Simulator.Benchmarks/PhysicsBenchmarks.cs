using BenchmarkDotNet.Attributes;
using Simulator.Environment;

namespace Simulator.Benchmarks;

/// <summary>A step of a cell's physics, the draws of the next tasks included.</summary>
[MemoryDiagnoser]
public class PhysicsBenchmarks
{
    private const int StepsOfEpisode = 100_000;

    private CellEnvironment _cell = null!;
    private OffloadingAction[] _actions = [];

    /// <summary>N.</summary>
    [Params(50, 1_000)]
    public int Clients { get; set; }

    /// <summary>How many of the clients offload.</summary>
    [Params(10, 50)]
    public int Offloading { get; set; }

    /// <summary>Makes the cell.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _cell = new CellEnvironment(new EnvironmentOptions { Steps = StepsOfEpisode }, Clients, seed: 42);
        _actions = [.. Enumerable.Range(0, Clients).Select(i => new OffloadingAction(i < Offloading ? Placement.Offload : Placement.Local, 0.5, 0.5))];
    }

    /// <summary>One step: transmission, server, batteries, the next tasks.</summary>
    [Benchmark]
    public StepResult Step()
    {
        if (_cell.StepIndex == StepsOfEpisode)
        {
            _cell.Reset(1);
        }

        return _cell.Step(_actions);
    }
}

/// <summary>Draws of the counter-based generator, Philox 4x32-10.</summary>
[MemoryDiagnoser]
public class DrawBenchmarks
{
    private RandomStream _stream = new(seed: 42, DrawPurpose.Tasks);
    private int _step;

    /// <summary>32 bits: a quarter of a block.</summary>
    [Benchmark]
    public uint Word() => _stream.NextUInt32();

    /// <summary>A uniform number, 53 bits.</summary>
    [Benchmark]
    public double Uniform() => _stream.NextDouble();

    /// <summary>A normal number.</summary>
    [Benchmark]
    public double Normal() => _stream.NextNormal();

    /// <summary>A stream opened, and three uniform numbers of it: a task of a client.</summary>
    [Benchmark]
    public double Task()
    {
        var stream = new RandomStream(42, DrawPurpose.Tasks, agent: 7, episode: 1, step: _step++ & 0xFFFF);
        return stream.NextDouble() + stream.NextDouble() + stream.NextDouble();
    }
}
