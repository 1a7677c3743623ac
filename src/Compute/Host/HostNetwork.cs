namespace Simulator.Compute;

/// <summary>
/// What the backward pass of a network needs of its forward pass, for rows of one slot. U, [rows, hidden], is where a hidden layer's sum arrives, and H, [rows, hidden], what the layer comes
/// to. Without a LayerNorm both are one, and hold the activation. With one behind the activation U holds the activation; with one before it U holds the normalised rows. N and Scale,
/// [rows, hidden] and [rows], are normalised rows and their scales; Z, [rows, outputs].
/// </summary>
internal unsafe struct HostTrace
{
    internal Rows U1;
    internal Rows H1;
    internal Rows N1;
    internal float* Scale1;
    internal Rows U2;
    internal Rows H2;
    internal Rows N2;
    internal float* Scale2;
    internal Rows Z;
    internal Rows NormOut;
    internal float* ScaleOut;

    /// <summary>From row <paramref name="row"/> on.</summary>
    internal readonly HostTrace From(int row) => new()
    {
        U1 = Part(U1, row),
        H1 = Part(H1, row),
        N1 = Part(N1, row),
        Scale1 = Scale1 + row,
        U2 = Part(U2, row),
        H2 = Part(H2, row),
        N2 = Part(N2, row),
        Scale2 = Scale2 + row,
        Z = Part(Z, row),
        NormOut = Part(NormOut, row),
        ScaleOut = ScaleOut + row,
    };

    private static Rows Part(Rows rows, int row) => new(rows[row], rows.Stride);
}

/// <summary>
/// Forward and backward passes of one network on the processor, from the first layer's activation on (the first layer differs between actors and critics). A slot's weights of the two hidden
/// layers lie transposed, [in, out], so that a pass reads them as they are; the rest is in the layout's order.
/// </summary>
internal sealed unsafe class HostNetwork
{
    private static readonly (int Gain, int Shift) NoGain = (-1, -1);

    private readonly NetworkArchitecture _network;
    private readonly int _w1;
    private readonly int _b1;
    private readonly int _w2;
    private readonly int _b2;
    private readonly int _w3;
    private readonly int _b3;
    private readonly (int Gain, int Shift) _norm1;
    private readonly (int Gain, int Shift) _norm2;
    private readonly (int Gain, int Shift) _normOut;

    internal HostNetwork(NetworkArchitecture network)
    {
        _network = network;
        var layout = network.Layout;
        _w1 = layout["fc1.weight"].Offset;
        _b1 = layout["fc1.bias"].Offset;
        _w2 = layout["fc2.weight"].Offset;
        _b2 = layout["fc2.bias"].Offset;
        _w3 = layout["fc3.weight"].Offset;
        _b3 = layout["fc3.bias"].Offset;
        (int, int) Norm(string name) => (layout[$"{name}.weight"].Offset, layout[$"{name}.bias"].Offset);
        _norm1 = network.HasHiddenGains ? Norm("ln1") : NoGain;
        _norm2 = network.HasHiddenGains ? Norm("ln2") : NoGain;
        _normOut = network.OutputNorm ? Norm("layer_norm") : NoGain;
    }

    /// <summary>The first layer's weights, [inputs, hidden1].</summary>
    internal Rows W1(float* slot) => new(slot + _w1, _network.Hidden1);

    /// <summary>The first layer's bias, [hidden1].</summary>
    internal float* B1(float* slot) => slot + _b1;

    /// <summary>The last layer's weights, [outputs, hidden2].</summary>
    private Rows W3(float* slot) => new(slot + _w3, _network.Hidden2);

    /// <summary>Room for the trace of that many rows.</summary>
    internal HostTrace Trace(Scratch.Frame frame, int rows)
    {
        var (hidden1, hidden2, outputs) = (_network.Hidden1, _network.Hidden2, _network.Outputs);
        var trace = new HostTrace { U1 = frame.Take(rows, hidden1), U2 = frame.Take(rows, hidden2), Z = frame.Take(rows, outputs) };
        (trace.H1, trace.H2) = (trace.U1, trace.U2);
        if (_network.HiddenNorm != HiddenNorm.None)
        {
            var before = _network.HiddenNorm == HiddenNorm.BeforeActivation;
            (trace.H1, trace.N1) = (frame.Take(rows, hidden1), before ? trace.U1 : frame.Take(rows, hidden1));
            (trace.H2, trace.N2) = (frame.Take(rows, hidden2), before ? trace.U2 : frame.Take(rows, hidden2));
            trace.Scale1 = frame.Take(rows);
            trace.Scale2 = frame.Take(rows);
        }

        if (_network.OutputNorm)
        {
            trace.NormOut = frame.Take(rows, outputs);
            trace.ScaleOut = frame.Take(rows);
        }

        return trace;
    }

    /// <summary>From the first layer's sum in <see cref="HostTrace.U1"/>, after the ReLU where that comes right behind it, to <see cref="HostTrace.Z"/>.</summary>
    internal void Forward(float* slot, HostTrace trace, int rows)
    {
        var (hidden1, hidden2, outputs) = (_network.Hidden1, _network.Hidden2, _network.Outputs);
        Hidden(trace.U1, trace.N1, trace.Scale1, trace.H1, rows, hidden1, slot, _norm1);
        Product.Multiply(
            new Factor(trace.H1.At, trace.H1.Stride, 1), new Rows(slot + _w2, hidden2), trace.U2, rows, hidden1, hidden2, new Rows(slot + _b2, 0), _network.ReluFollowsSum);
        Hidden(trace.U2, trace.N2, trace.Scale2, trace.H2, rows, hidden2, slot, _norm2);
        var weights = W3(slot);
        for (var r = 0; r < rows; r++)
        {
            for (var o = 0; o < outputs; o++)
            {
                trace.Z[r][o] = Kernels.Dot(trace.H2[r], weights[o], hidden2) + slot[_b3 + o];
            }
        }

        if (_network.OutputNorm)
        {
            Copy(trace.Z, trace.NormOut, rows, outputs);
            LayerNormKernels.Normalise(trace.NormOut, rows, outputs, trace.ScaleOut);
            LayerNormKernels.GainAndShift(trace.NormOut, rows, outputs, slot + _normOut.Gain, slot + _normOut.Shift, trace.Z);
        }
    }

    /// <summary>The first half of the backward pass: from the gradient of z to that of the second layer's sum, row by row where no gradient of a gain is wanted.</summary>
    /// <param name="slot">Parameters.</param>
    /// <param name="trace">The forward pass.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="dz">dL/dz, [rows, outputs]; overwritten.</param>
    /// <param name="du2">Receives dL/du2, [rows, hidden2].</param>
    /// <param name="gradient">To it the gradient of the parameters on the way is added; null where it is not wanted.</param>
    internal void BackwardOutput(float* slot, HostTrace trace, int rows, Rows dz, Rows du2, float* gradient)
    {
        var (hidden2, outputs) = (_network.Hidden2, _network.Outputs);
        if (_network.OutputNorm)
        {
            NormBackward(dz, trace.NormOut, trace.ScaleOut, rows, outputs, slot, gradient, _normOut);
        }

        Product.Multiply(new Factor(dz.At, dz.Stride, 1), W3(slot), du2, rows, outputs, hidden2);
        if (gradient != null)
        {
            Product.Multiply(new Factor(dz.At, 1, dz.Stride), trace.H2, W3(gradient), outputs, rows, hidden2, W3(gradient));
            Kernels.SumRows(dz, rows, outputs, gradient + _b3);
        }

        BackwardHidden(du2, trace.U2, trace.H2, trace.N2, trace.Scale2, rows, hidden2, slot, gradient, _norm2);
        if (gradient != null)
        {
            Kernels.SumRows(du2, rows, hidden2, gradient + _b2);
        }
    }

    /// <summary>Adds the activity of the hidden units over rows: sums of |h|, [hidden1 + hidden2].</summary>
    internal void AddActivity(HostTrace trace, int rows, float* activity)
    {
        Kernels.SumMagnitudes(Activated(trace.U1, trace.H1), rows, _network.Hidden1, activity);
        Kernels.SumMagnitudes(Activated(trace.U2, trace.H2), rows, _network.Hidden2, activity + _network.Hidden1);
    }

    /// <summary>Adds the gradient of the second layer's weights, rows <paramref name="begin"/> to <paramref name="end"/> of [hidden1, hidden2].</summary>
    internal void SecondLayerGradient(HostTrace trace, int rows, Rows du2, float* gradient, int begin, int end)
    {
        var hidden2 = _network.Hidden2;
        var part = new Rows(gradient + _w2 + ((nint)begin * hidden2), hidden2);
        Product.Multiply(new Factor(trace.H1.At + begin, 1, trace.H1.Stride), du2, part, end - begin, rows, hidden2, part);
    }

    /// <summary>The second layer's weights as a backward pass reads them, [hidden2, hidden1].</summary>
    internal Rows TransposedW2(float* slot, Scratch.Frame frame)
    {
        var transposed = frame.Take(_network.Hidden2, _network.Hidden1);
        Kernels.Transpose(new Rows(slot + _w2, _network.Hidden2), _network.Hidden1, _network.Hidden2, transposed);
        return transposed;
    }

    /// <summary>The second half of the backward pass: from dL/du2 to the gradient of the first layer's sum, row by row where no gradient of a gain is wanted.</summary>
    internal void BackwardInput(float* slot, HostTrace trace, int rows, Rows du2, Rows transposedW2, Rows du1, float* gradient)
    {
        var (hidden1, hidden2) = (_network.Hidden1, _network.Hidden2);
        Product.Multiply(new Factor(du2.At, du2.Stride, 1), transposedW2, du1, rows, hidden2, hidden1);
        BackwardHidden(du1, trace.U1, trace.H1, trace.N1, trace.Scale1, rows, hidden1, slot, gradient, _norm1);
    }

    /// <summary>From a hidden layer's sum in u to what the layer comes to in h.</summary>
    private void Hidden(Rows u, Rows normalised, float* scale, Rows h, int rows, int width, float* slot, (int Gain, int Shift) at)
    {
        var count = (long)rows * width;
        if (_network.HiddenNorm != HiddenNorm.BeforeActivation && _network.Activation == HiddenActivation.Tanh)
        {
            Kernels.Tanh(u.At, count);
        }

        if (_network.HiddenNorm == HiddenNorm.None)
        {
            return;
        }

        if (_network.HiddenNorm == HiddenNorm.AfterActivation)
        {
            Copy(u, normalised, rows, width);
        }

        LayerNormKernels.Normalise(normalised, rows, width, scale);
        if (at == NoGain)
        {
            Copy(normalised, h, rows, width);
        }
        else
        {
            LayerNormKernels.GainAndShift(normalised, rows, width, slot + at.Gain, slot + at.Shift, h);
        }

        if (_network.HiddenNorm == HiddenNorm.BeforeActivation)
        {
            switch (_network.Activation)
            {
                case HiddenActivation.Relu:
                    Kernels.Relu(h.At, count);
                    break;
                case HiddenActivation.Tanh:
                    Kernels.Tanh(h.At, count);
                    break;
            }
        }
    }

    /// <summary>From the gradient of what a hidden layer comes to, to that of its sum.</summary>
    private void BackwardHidden(Rows dh, Rows u, Rows h, Rows normalised, float* scale, int rows, int width, float* slot, float* gradient, (int Gain, int Shift) at)
    {
        if (_network.HiddenNorm == HiddenNorm.AfterActivation)
        {
            NormBackward(dh, normalised, scale, rows, width, slot, gradient, at);
        }

        var activated = Activated(u, h);
        switch (_network.Activation)
        {
            case HiddenActivation.Relu:
                // The ReLU's output is positive exactly where its input is.
                Kernels.Mask(dh.At, activated.At, (long)rows * width);
                break;
            case HiddenActivation.Tanh:
                Kernels.TanhBackward(dh.At, activated.At, (long)rows * width);
                break;
        }

        if (_network.HiddenNorm == HiddenNorm.BeforeActivation)
        {
            NormBackward(dh, normalised, scale, rows, width, slot, gradient, at);
        }
    }

    /// <summary>Where a hidden layer's activation lies.</summary>
    private Rows Activated(Rows u, Rows h) => _network.HiddenNorm == HiddenNorm.BeforeActivation ? h : u;

    private static void NormBackward(Rows dy, Rows normalised, float* scale, int rows, int width, float* slot, float* gradient, (int Gain, int Shift) at)
    {
        var learns = gradient != null && at != NoGain;
        LayerNormKernels.Backward(
            dy, normalised, scale, rows, width, at == NoGain ? null : slot + at.Gain, learns ? gradient + at.Gain : null, learns ? gradient + at.Shift : null);
    }

    private static void Copy(Rows from, Rows to, int rows, int width) =>
        Buffer.MemoryCopy(from.At, to.At, (long)rows * width * sizeof(float), (long)rows * width * sizeof(float));
}
