using BenchmarkDotNet.Attributes;
using Simulator.Cells;
using Simulator.Compute;
using Simulator.Environment;
using Simulator.Protocol;

namespace Simulator.Benchmarks;

/// <summary>The policies of cells of 50 clients, as a device computes them: one operation for all.</summary>
[MemoryDiagnoser]
public class PolicyBenchmarks
{
    private const int ClientsEach = 50;
    private const int Batch = 64;

    private PolicyBank _bank = null!;
    private float[] _observations = [];
    private float[] _gradients = [];
    private float[] _preActivations = [];

    /// <summary>Cells whose policies share the operation.</summary>
    [Params(1, 16)]
    public int Cells { get; set; }

    private int Policies => Cells * ClientsEach;

    /// <summary>Makes the policies.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _bank = PolicyBank.Create(ComputeDevice.Cpu, CellMembers.PolicyOf(new CellOptions()));
        _bank.Allocate(Policies, 1e-4, 0);
        for (var i = 0; i < Policies; i++)
        {
            _bank.Write(i, 0, Draws.Uniform(_bank.Layout.Length, -0.1f, 0.1f));
        }

        _observations = Draws.Uniform(Policies * 2 * Batch * Observation.Width);
        _gradients = Draws.Uniform(Policies * Batch * ClientAction.Width);
        _preActivations = new float[Policies * 2 * Batch * ClientAction.Width];
    }

    /// <summary>Frees the policies.</summary>
    [GlobalCleanup]
    public void Cleanup() => _bank.Dispose();

    /// <summary>Acting: one observation each.</summary>
    [Benchmark]
    public void InferStep() => Infer(1);

    /// <summary>Learning: S and S' of a minibatch each.</summary>
    [Benchmark]
    public void InferMinibatch() => Infer(2 * Batch);

    /// <summary>Learning: one step each from the gradients of a minibatch.</summary>
    [Benchmark]
    public object Improve() => _bank.Improve(
        0, Policies, Batch, _observations.AsSpan(0, Policies * Batch * Observation.Width), _gradients);

    private void Infer(int rows)
    {
        var outputs = Policies * rows * ClientAction.Width;
        _bank.Infer(0, Policies, rows, _observations.AsSpan(0, Policies * rows * Observation.Width), _preActivations.AsSpan(0, outputs));
    }
}
