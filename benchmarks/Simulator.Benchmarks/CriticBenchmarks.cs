using BenchmarkDotNet.Attributes;
using Simulator.Cells;
using Simulator.Compute;
using Simulator.Environment;
using Simulator.Protocol;

namespace Simulator.Benchmarks;

/// <summary>The critics of cells of 50 clients on minibatches of 64: half of the clients propose, ten pairs a transition.</summary>
[MemoryDiagnoser]
public class CriticBenchmarks
{
    private const int Clients = 50;
    private const int Batch = 64;
    private const int Pairs = 10;

    private CriticBank _bank = null!;
    private CriticQuery[] _queries = [];
    private CriticLesson[] _lessons = [];
    private ActorQuestion[] _questions = [];

    /// <summary>Cells whose critics share the operation.</summary>
    [Params(1, 16)]
    public int Cells { get; set; }

    /// <summary>Makes the critics.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _bank = CriticBank.Create(ComputeDevice.Cpu, CellMembers.CriticOf(new CellOptions()), Clients, Observation.Width, ClientAction.Width);
        _bank.Allocate(Cells, 1e-3, 0);
        for (var c = 0; c < Cells; c++)
        {
            _bank.Write(c, 0, Draws.Uniform(_bank.Layout.Length, -0.05f, 0.05f));
        }

        var joint = Draws.Uniform(Batch * Clients * (Observation.Width + ClientAction.Width));
        var candidates = new List<Candidate>();
        var pairs = new int[Batch * Pairs];
        for (var b = 0; b < Batch; b++)
        {
            var row = joint.AsSpan(b * Clients * (Observation.Width + ClientAction.Width), Clients * (Observation.Width + ClientAction.Width));
            CriticBank.AddProposers(row[(Clients * Observation.Width)..], ClientAction.Width, b, candidates);
            for (var k = 0; k < Pairs; k++)
            {
                pairs[(b * Pairs) + k] = (b + (k * 5)) % Clients;
            }
        }

        double[] weights = [.. Enumerable.Repeat(1.0, Batch)];
        _queries = [.. Enumerable.Range(0, Cells).Select(_ => new CriticQuery(joint, candidates.ToArray()))];
        _lessons = [.. Enumerable.Range(0, Cells).Select(_ => new CriticLesson(joint, pairs, new double[Batch], weights))];
        _questions = [.. Enumerable.Range(0, Cells).Select(_ => new ActorQuestion(joint, weights))];
    }

    /// <summary>Frees the critics.</summary>
    [GlobalCleanup]
    public void Cleanup() => _bank.Dispose();

    /// <summary>Targets: all proposers valued.</summary>
    [Benchmark]
    public object Evaluate() => _bank.Evaluate(0, _queries);

    /// <summary>The critic's step.</summary>
    [Benchmark]
    public object Improve() => _bank.Improve(0, _lessons);

    /// <summary>The actors' loss and its gradient.</summary>
    [Benchmark]
    public object Differentiate() => _bank.Differentiate(0, _questions);
}
