using BenchmarkDotNet.Attributes;
using Simulator.Agents;
using Simulator.Cells;
using Simulator.Compute;
using Simulator.Master;
using Simulator.Protocol;

namespace Simulator.Benchmarks;

/// <summary>
/// What one update of a cell of 50 clients costs for diagnostics alone, minibatch 64, episodes of ten steps: all that would not be computed if nobody wanted to know. It is to be compared with an episode
/// of <c>simulator bench --only episode</c>.
/// </summary>
[MemoryDiagnoser]
public unsafe class DiagnosticsBenchmarks
{
    private const int Clients = 50;
    private const int Batch = 64;
    private const int Pairs = 5 * Batch;
    private const int Steps = 10;
    private const int StepLength = ClientAction.Width;
    private const int BatchLength = Batch * ClientAction.Width;

    private readonly CellOptions _options = new();
    private readonly SaturationMonitor[] _monitors = new SaturationMonitor[Clients];
    private readonly GradientPath[] _paths = new GradientPath[Clients];
    private readonly LearningTracker[] _trackers = new LearningTracker[Clients];
    private readonly AgentReport[] _reports = new AgentReport[Clients];
    private readonly float[] _preActivations = Draws.Uniform(Clients * (Steps + Batch) * ClientAction.Width, -3, 3);
    private readonly float[] _actionGradients = Draws.Uniform(Clients * BatchLength);
    private readonly StepOutcome _outcome = new(1, [1, 1, 1], Clipped: false, Frozen: false, Finite: true, DormantShare: 0.1);
    private float[] _actions = [];
    private float[] _gradients = [];
    private HiddenActivity _policy = null!;
    private HiddenActivity _critic = null!;
    private CriticStep _criticStep = null!;
    private int _episode;

    /// <summary>Makes clients with outputs between the bounds and at them, and the activations of a pass.</summary>
    [GlobalSetup]
    public void Setup()
    {
        var settings = CellMembers.ClientsOf(_options);
        _actions = new float[_preActivations.Length];
        settings.Head.Act(_preActivations, _actions);
        _gradients = new float[_actionGradients.Length];
        for (var i = 0; i < Clients; i++)
        {
            _monitors[i] = new SaturationMonitor(settings.Head, settings.SaturationThreshold);
            _paths[i] = new GradientPath(settings.SaturationThreshold);
            _trackers[i] = new LearningTracker(settings.Window);
            settings.Head.Gradient(Minibatch(_preActivations, i), Minibatch(_actions, i), [], _actionGradients.AsSpan(i * BatchLength, BatchLength), _gradients.AsSpan(i * BatchLength, BatchLength));
        }

        _policy = new HiddenActivity(CellMembers.PolicyOf(_options), Batch);
        _critic = new HiddenActivity(CellMembers.CriticOf(_options), Pairs);
        _criticStep = new CriticStep(1, [1.0], _outcome);
        Outputs();
    }

    /// <summary>Frees the activations.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _policy.Dispose();
        _critic.Dispose();
    }

    /// <summary>The clients' outputs in ten steps and on the minibatch, their gradients' way, and how their learning stands.</summary>
    [Benchmark]
    public object Outputs()
    {
        _episode++;
        for (var i = 0; i < Clients; i++)
        {
            for (var step = 0; step < Steps; step++)
            {
                _monitors[i].Observe(Step(_preActivations, i, step), Step(_actions, i, step));
            }

            _monitors[i].Observe(Minibatch(_preActivations, i), Minibatch(_actions, i));
            var path = _paths[i];
            path.Observe(Minibatch(_actions, i), _actionGradients.AsSpan(i * BatchLength, BatchLength), _gradients.AsSpan(i * BatchLength, BatchLength));
            var (activations, offload, cpu, power) = _monitors[i].Take();
            _trackers[i].Update(_episode, _outcome.GradientNorm, activations.SaturationRatio, _outcome.Frozen);
            var outputs = new OutputDiagnostics(
                path.ActionGradient, path.PreActivationGradient, _outcome.GradientNorm, _outcome.DormantShare, path.Complete(offload, 0), path.Complete(cpu, 1), path.Complete(power, 2));
            _reports[i] = new AgentReport(
                _trackers[i].State, _outcome.GradientNorm, _outcome.LayerNorms, _outcome.Clipped, _outcome.Frozen, _outcome.Finite, activations, _trackers[i].Outcomes, outputs);
        }

        return _reports;
    }

    /// <summary>The dormant hidden units of all policies.</summary>
    [Benchmark]
    public double HiddenUnits()
    {
        var sum = 0.0;
        for (var i = 0; i < Clients; i++)
        {
            sum += _policy.DormantShare();
        }

        return sum;
    }

    /// <summary>What the master adds: the dormant units of the critic, over five candidates a transition, and the summary of all reports.</summary>
    [Benchmark]
    public object Master()
    {
        _critic.DormantShare();
        return UpdateSummary.Of(_criticStep, 0, _reports, shared: false);
    }

    private static ReadOnlySpan<float> Step(float[] values, int client, int step) => values.AsSpan((((client * (Steps + Batch)) + step) * ClientAction.Width), StepLength);

    private static ReadOnlySpan<float> Minibatch(float[] values, int client) => values.AsSpan(((client * (Steps + Batch)) + Steps) * ClientAction.Width, BatchLength);

    /// <summary>The activations of one network's hidden layers, as they lie behind a forward pass.</summary>
    private sealed class HiddenActivity : IDisposable
    {
        private readonly NetworkArchitecture _network;
        private readonly int _rows;
        private readonly NativeBuffer _first;
        private readonly NativeBuffer _second;
        private readonly NativeBuffer _activity;

        internal HiddenActivity(NetworkArchitecture network, int rows)
        {
            (_network, _rows) = (network, rows);
            (_first, _second, _activity) = (Drawn(rows * network.Hidden1), Drawn(rows * network.Hidden2), new NativeBuffer(network.Units));
        }

        public void Dispose()
        {
            _first.Dispose();
            _second.Dispose();
            _activity.Dispose();
        }

        internal double DormantShare()
        {
            var activity = new Span<float>(_activity.Pointer, _network.Units);
            activity.Clear();
            Kernels.SumMagnitudes(new Rows(_first.Pointer, _network.Hidden1), _rows, _network.Hidden1, _activity.Pointer);
            Kernels.SumMagnitudes(new Rows(_second.Pointer, _network.Hidden2), _rows, _network.Hidden2, _activity.Pointer + _network.Hidden1);
            return DormantUnits.Share(_network, activity);
        }

        private static NativeBuffer Drawn(int length)
        {
            var buffer = new NativeBuffer(length);
            Draws.Uniform(length, 0).CopyTo(new Span<float>(buffer.Pointer, length));
            return buffer;
        }
    }
}
