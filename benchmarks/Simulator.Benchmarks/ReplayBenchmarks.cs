using BenchmarkDotNet.Attributes;
using Simulator.Environment;
using Simulator.Master;

namespace Simulator.Benchmarks;

/// <summary>The prioritised replay memory, full with 10,000 transitions of 50 clients.</summary>
[MemoryDiagnoser]
public class ReplayBenchmarks
{
    private const int Capacity = 10_000;
    private const int Clients = 50;
    private const int Steps = 10;
    private const int Batch = 64;

    private readonly float[] _state = Draws.Uniform(Clients * Observation.Width);
    private readonly float[] _actions = Draws.Uniform(Clients * RawAction.Width);
    private readonly bool[] _selected = new bool[Clients];
    private readonly double[] _uniforms = [.. Draws.Uniform(Batch, 0, 0.999f).Select(u => (double)u)];
    private readonly int[] _slots = new int[Batch];
    private readonly double[] _weights = new double[Batch];
    private readonly PrioritizedReplay _replay = new(Capacity, Clients);
    private int _added;

    /// <summary>Fills the memory.</summary>
    [GlobalSetup]
    public void Setup()
    {
        for (var i = 0; i < Capacity; i++)
        {
            Add();
        }

        Sample();
    }

    /// <summary>One transition added over the oldest one.</summary>
    [Benchmark]
    public int Add()
    {
        if (_added % Steps == 0)
        {
            _replay.BeginEpisode(_state);
        }

        _added++;
        return _replay.Add(_actions, _selected, -1, _state, done: _added % Steps == 0, error: _added % 97);
    }

    /// <summary>A minibatch of 64 drawn, with its weights.</summary>
    [Benchmark]
    public double Sample()
    {
        _replay.Sample(_uniforms, _slots, _weights);
        return _weights[0];
    }

    /// <summary>New priorities for a minibatch of 64.</summary>
    [Benchmark]
    public void Update()
    {
        foreach (var slot in _slots)
        {
            _replay.UpdatePriority(slot, slot % 89);
        }
    }
}
