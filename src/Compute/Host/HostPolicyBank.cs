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
    public override void Infer(int first, int count, int rows, ReadOnlySpan<float> observations, Span<float> preActivations, Span<float> actions)
    {
        var (inputs, outputs) = (Architecture.Inputs, Architecture.Outputs);
        Check(first, count, rows, observations.Length, inputs);
        Check(first, count, rows, preActivations.Length, outputs);
        Check(first, count, rows, actions.Length, outputs);
        var blocks = (rows + Block - 1) / Block;
        fixed (float* o = observations, z = preActivations, a = actions)
        {
            var (observed, unsquashed, squashed) = ((nint)o, (nint)z, (nint)a);
            _workers.For(count * blocks, 2 * _multiplications * rows * count, (begin, end) =>
            {
                for (var piece = begin; piece < end; piece++)
                {
                    var (slot, block) = Math.DivRem(piece, blocks);
                    var row = ((nint)slot * rows) + (block * Block);
                    var size = Math.Min(Block, rows - (block * Block));
                    using var frame = Scratch.Open();
                    var trace = _network.Trace(frame, size);
                    trace.Z = new Rows((float*)unsquashed + (row * outputs), outputs);
                    Forward(frame, first + slot, (float*)observed + (row * inputs), size, trace);
                    Squash(trace.Z.At, (float*)squashed + (row * outputs), size * outputs);
                }
            });
        }

        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public override StepOutcome[] Improve(int first, int count, int rows, ReadOnlySpan<float> observations, ReadOnlySpan<float> actionGradients)
    {
        var outcomes = new StepOutcome[count];
        _store.CheckRange(first, count);
        _store.PrepareSteps(first, count);
        Learn(first, count, rows, observations, actionGradients, train: true, (k, gradient) => outcomes[k] = _store.Step(first + k, (float*)gradient, Workers.Alone));
        return outcomes;
    }

    /// <inheritdoc/>
    public override float[] Gradient(int first, int count, int rows, ReadOnlySpan<float> observations, ReadOnlySpan<float> actionGradients)
    {
        _store.CheckRange(first, count);
        var gradients = new float[count * Layout.Length];
        Learn(
            first, count, rows, observations, actionGradients, train: false, (k, gradient) => _store.Export((float*)gradient, 0, gradients.AsSpan(k * Layout.Length, Layout.Length)));
        return gradients;
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

    /// <summary>Takes the gradient of a slot, which lies as the slot does.</summary>
    private delegate void TakeGradient(int slot, nint gradient);

    private void Learn(
        int first, int count, int rows, ReadOnlySpan<float> observations, ReadOnlySpan<float> actionGradients, bool train, TakeGradient take)
    {
        var (inputs, outputs) = (Architecture.Inputs, Architecture.Outputs);
        Check(first, count, rows, observations.Length, inputs);
        Check(first, count, rows, actionGradients.Length, outputs);
        fixed (float* o = observations, d = actionGradients)
        {
            var (observed, ascending) = ((nint)o, (nint)d);
            _workers.For(count, 6 * _multiplications * rows * count, (begin, end) =>
            {
                for (var k = begin; k < end; k++)
                {
                    using var frame = Scratch.Open();
                    var gradient = frame.Take(Layout.Length);
                    Gradient(first + k, (float*)observed + ((nint)k * rows * inputs), (float*)ascending + ((nint)k * rows * outputs), rows, gradient, train);
                    take(k, (nint)gradient);
                }
            });
        }

        GC.KeepAlive(this);
    }

    private void Gradient(int slot, float* observations, float* actionGradients, int rows, float* gradient, bool train)
    {
        var (inputs, outputs) = (Architecture.Inputs, Architecture.Outputs);
        new Span<float>(gradient, Layout.Length).Clear();
        if (train && Architecture.InputNorm)
        {
            RunningStatistics.Update(_store.Statistics(slot), new Rows(observations, inputs), rows, inputs);
        }

        // Block after block into the same sums, which go on where they stopped: the bits are those of one pass.
        for (var row = 0; row < rows; row += Block)
        {
            AddGradient(slot, observations + ((nint)row * inputs), actionGradients + ((nint)row * outputs), Math.Min(Block, rows - row), gradient);
        }
    }

    private void AddGradient(int slot, float* observations, float* actionGradients, int rows, float* gradient)
    {
        using var frame = Scratch.Open();
        var (inputs, hidden1, hidden2, outputs) = (Architecture.Inputs, Architecture.Hidden1, Architecture.Hidden2, Architecture.Outputs);
        var parameters = _store.Parameters(slot);
        var trace = _network.Trace(frame, rows);
        var x = Forward(frame, slot, observations, rows, trace);
        var dz = frame.Take(rows, outputs);
        OutputGradient(trace.Z.At, actionGradients, dz.At, rows * outputs);
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

    private void Squash(float* z, float* a, int count)
    {
        switch (Architecture.Output)
        {
            case OutputFunction.Tanh:
                for (var i = 0; i < count; i++)
                {
                    a[i] = MathF.Tanh(z[i]);
                }

                break;
            case OutputFunction.Inverting:
                for (var i = 0; i < count; i++)
                {
                    a[i] = Math.Clamp(z[i], -1, 1);
                }

                break;
            default:
                throw new InvalidOperationException($"no output function {Architecture.Output}");
        }
    }

    /// <summary>
    /// dL/dz from dL/da. Inverting gradients pass the clip unchanged and are scaled by the room that is left in the direction of ascent on -L: (1 - z) / 2 where z
    /// would grow, (z + 1) / 2 where it would shrink (Hausknecht and Stone, arXiv 1511.04143, equation 11).
    /// </summary>
    private void OutputGradient(float* z, float* da, float* dz, int count)
    {
        switch (Architecture.Output)
        {
            case OutputFunction.Tanh:
                for (var i = 0; i < count; i++)
                {
                    var a = MathF.Tanh(z[i]);
                    dz[i] = da[i] * (1 - (a * a));
                }

                break;
            case OutputFunction.Inverting:
                for (var i = 0; i < count; i++)
                {
                    dz[i] = da[i] * ((da[i] < 0 ? 1 - z[i] : 1 + z[i]) * 0.5f);
                }

                break;
            default:
                throw new InvalidOperationException($"no output function {Architecture.Output}");
        }
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
