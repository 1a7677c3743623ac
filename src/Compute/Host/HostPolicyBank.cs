namespace Simulator.Compute;

/// <summary>Policies on the processor.</summary>
internal sealed unsafe class HostPolicyBank : PolicyBank
{
    /// <summary>Rows of one slot that pass at a time, which bounds the memory that they take.</summary>
    private const int Block = 4096;

    private readonly HostStore _store;
    private readonly HostNetwork _network;
    private readonly Workers _workers;
    private readonly double _multiplications;

    internal HostPolicyBank(ComputeDevice device, HostStore store)
        : base(device, store)
    {
        _store = store;
        _network = new HostNetwork(store.Architecture);
        _workers = new Workers(device.Threads);
        _multiplications = store.Layout.Length;
    }

    /// <inheritdoc/>
    public override void Infer(int first, int count, int rows, ReadOnlySpan<float> observations, Span<float> preActivations)
    {
        var (inputs, outputs) = (Architecture.Inputs, Architecture.Outputs);
        Check(first, count, rows, observations.Length, inputs);
        Check(first, count, rows, preActivations.Length, outputs);
        var blocks = (rows + Block - 1) / Block;
        fixed (float* o = observations, z = preActivations)
        {
            var (observed, answered) = ((nint)o, (nint)z);
            _workers.For(count * blocks, 2 * _multiplications * rows * count, (begin, end) =>
            {
                for (var piece = begin; piece < end; piece++)
                {
                    var (slot, block) = Math.DivRem(piece, blocks);
                    var row = ((nint)slot * rows) + (block * Block);
                    var size = Math.Min(Block, rows - (block * Block));
                    using var frame = Scratch.Open();
                    var trace = _network.Trace(frame, size);
                    trace.Z = new Rows((float*)answered + (row * outputs), outputs);
                    Forward(frame, first + slot, (float*)observed + (row * inputs), size, trace);
                }
            });
        }

        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public override StepOutcome[] Improve(int first, int count, int rows, ReadOnlySpan<float> observations, ReadOnlySpan<float> gradients)
    {
        var outcomes = new StepOutcome[count];
        _store.CheckRange(first, count);
        _store.PrepareSteps(first, count);
        Learn(first, count, rows, observations, gradients, train: true, (k, gradient, activity) =>
            outcomes[k] = _store.Step(first + k, (float*)gradient, new ReadOnlySpan<float>((float*)activity, Architecture.Units), Workers.Alone));
        return outcomes;
    }

    /// <inheritdoc/>
    public override float[] Gradient(int first, int count, int rows, ReadOnlySpan<float> observations, ReadOnlySpan<float> gradients)
    {
        _store.CheckRange(first, count);
        var all = new float[count * Layout.Length];
        Learn(
            first, count, rows, observations, gradients, train: false, (k, gradient, _) => _store.Export((float*)gradient, 0, all.AsSpan(k * Layout.Length, Layout.Length)));
        return all;
    }

    /// <inheritdoc/>
    public override void Observe(int first, int count, int rows, ReadOnlySpan<float> observations)
    {
        Check(first, count, rows, observations.Length, Architecture.Inputs);
        if (!Architecture.InputNorm)
        {
            return;
        }

        fixed (float* o = observations)
        {
            for (var k = 0; k < count; k++)
            {
                RunningStatistics.Update(_store.Statistics(first + k), new Rows(o + ((nint)k * rows * Architecture.Inputs), Architecture.Inputs), rows, Architecture.Inputs);
            }
        }
    }

    /// <summary>Takes the gradient of a slot, which lies as the slot does, and the activity of its units.</summary>
    private delegate void TakeGradient(int slot, nint gradient, nint activity);

    private void Learn(
        int first, int count, int rows, ReadOnlySpan<float> observations, ReadOnlySpan<float> gradients, bool train, TakeGradient take)
    {
        var (inputs, outputs) = (Architecture.Inputs, Architecture.Outputs);
        Check(first, count, rows, observations.Length, inputs);
        Check(first, count, rows, gradients.Length, outputs);
        fixed (float* o = observations, d = gradients)
        {
            var (observed, ascending) = ((nint)o, (nint)d);
            _workers.For(count, 6 * _multiplications * rows * count, (begin, end) =>
            {
                for (var k = begin; k < end; k++)
                {
                    using var frame = Scratch.Open();
                    var gradient = frame.Take(Layout.Length);
                    var activity = frame.Take(Architecture.Units);
                    var seen = (float*)observed + ((nint)k * rows * inputs);
                    Gradient(first + k, seen, (float*)ascending + ((nint)k * rows * outputs), rows, gradient, activity);
                    _store.AddInitialL2(first + k, gradient);
                    take(k, (nint)gradient, (nint)activity);
                    if (train && Architecture.InputNorm)
                    {
                        RunningStatistics.Update(_store.Statistics(first + k), new Rows(seen, inputs), rows, inputs);
                    }
                }
            });
        }

        GC.KeepAlive(this);
    }

    private void Gradient(int slot, float* observations, float* gradients, int rows, float* gradient, float* activity)
    {
        var (inputs, outputs) = (Architecture.Inputs, Architecture.Outputs);
        new Span<float>(gradient, Layout.Length).Clear();
        new Span<float>(activity, Architecture.Units).Clear();

        // Block after block into the same sums, which go on where they stopped: the bits are those of one pass.
        for (var row = 0; row < rows; row += Block)
        {
            AddGradient(slot, observations + ((nint)row * inputs), gradients + ((nint)row * outputs), Math.Min(Block, rows - row), gradient, activity);
        }
    }

    private void AddGradient(int slot, float* observations, float* gradients, int rows, float* gradient, float* activity)
    {
        using var frame = Scratch.Open();
        var (inputs, hidden1, hidden2, outputs) = (Architecture.Inputs, Architecture.Hidden1, Architecture.Hidden2, Architecture.Outputs);
        var parameters = _store.Parameters(slot);
        var trace = _network.Trace(frame, rows);
        var x = Forward(frame, slot, observations, rows, trace);
        _network.AddActivity(trace, rows, activity);
        var dz = frame.Take(rows, outputs);
        new ReadOnlySpan<float>(gradients, rows * outputs).CopyTo(new Span<float>(dz.At, rows * outputs)); // The backward pass writes over it.
        var du2 = frame.Take(rows, hidden2);
        var du1 = frame.Take(rows, hidden1);
        _network.BackwardOutput(parameters, trace, rows, dz, du2, gradient);
        _network.SecondLayerGradient(trace, rows, du2, gradient, 0, hidden1);
        _network.BackwardInput(parameters, trace, rows, du2, _network.TransposedW2(parameters, frame), du1, gradient);
        Product.Multiply(new Factor(x.At, 1, x.Stride), du1, _network.W1(gradient), inputs, rows, hidden1, _network.W1(gradient));
        Kernels.SumRows(du1, rows, hidden1, _network.B1(gradient));
    }

    /// <summary>The forward pass; returns what the first layer saw.</summary>
    private Rows Forward(Scratch.Frame frame, int slot, float* observations, int rows, HostTrace trace)
    {
        var (inputs, hidden1) = (Architecture.Inputs, Architecture.Hidden1);
        var parameters = _store.Parameters(slot);
        var x = new Rows(observations, inputs);
        if (Architecture.InputNorm)
        {
            x = frame.Take(rows, inputs);
            RunningStatistics.Apply(_store.Statistics(slot), new Rows(observations, inputs), x, rows, inputs);
        }

        Product.Multiply(
            new Factor(x.At, x.Stride, 1), _network.W1(parameters), trace.U1, rows, inputs, hidden1, new Rows(_network.B1(parameters), 0), Architecture.ReluFollowsSum);
        _network.Forward(parameters, trace, rows);
        return x;
    }

    private void Check(int first, int count, int rows, int length, int width)
    {
        _store.CheckRange(first, count);
        if (length != (long)count * rows * width)
        {
            throw new ArgumentException($"{count} slots of {rows} rows of {width} are no {length} floats", nameof(length));
        }
    }
}
