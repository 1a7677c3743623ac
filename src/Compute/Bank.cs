using TorchSharp;
using static TorchSharp.torch;

namespace Simulator.Compute;

/// <summary>
/// The parameters of many networks of one architecture, stacked [slots, parameters], with Adam's moments, a learning rate, a largest gradient norm and a step
/// count for each slot. Operations work on a contiguous range of slots, and what they compute for one slot does not depend on the others.
/// Belongs to one thread.
/// </summary>
public abstract class Bank : IDisposable
{
    internal const double Beta1 = 0.9;
    internal const double Beta2 = 0.999;
    internal const double Epsilon = 1e-8;

    private readonly List<Slot> _slots = [];
    private Tensor _parameters;
    private Tensor _firstMoment;
    private Tensor _secondMoment;

    private protected Bank(ComputeDevice device, NetworkArchitecture architecture)
    {
        Device = device;
        Architecture = architecture;
        Layout = architecture.Layout;
        _parameters = Zeros(0);
        _firstMoment = Zeros(0);
        _secondMoment = Zeros(0);
        Statistics = architecture.InputNorm ? torch.zeros(0, 2, architecture.Inputs, device: device.Torch) : null;
    }

    /// <summary>The device that holds the bank.</summary>
    public ComputeDevice Device { get; }

    /// <summary>The architecture of every slot.</summary>
    public NetworkArchitecture Architecture { get; }

    /// <summary>Where the parameters lie in a slot.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>Number of slots.</summary>
    public int Slots => _slots.Count;

    /// <summary>Running mean and variance of the input, [slots, 2, inputs]; null without input normalisation.</summary>
    private protected Tensor? Statistics { get; private set; }

    /// <summary>Adds slots at the end, with parameters zero, and returns the index of the first.</summary>
    /// <param name="count">How many.</param>
    /// <param name="rate">Adam's learning rate.</param>
    /// <param name="maxGradientNorm">Largest gradient norm, 0 for no limit.</param>
    public int Allocate(int count, double rate, double maxGradientNorm)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        var first = Slots;
        Grow(first + count);
        for (var i = 0; i < count; i++)
        {
            _slots.Add(new Slot(rate, maxGradientNorm));
        }

        if (Statistics is not null)
        {
            using var scope = NewDisposeScope();
            Statistics[TensorIndex.Slice(first, first + count), 1].fill_(Scalars.One);
        }

        return first;
    }

    /// <summary>Takes slots that were given back into use again, with all state as new.</summary>
    internal void Reuse(int first, int count, double rate, double maxGradientNorm)
    {
        using var scope = NewDisposeScope();
        foreach (var tensor in new[] { _parameters, _firstMoment, _secondMoment })
        {
            tensor.narrow(0, first, count).zero_();
        }

        if (Statistics is not null)
        {
            Statistics.narrow(0, first, count).select(1, 0).zero_();
            Statistics.narrow(0, first, count).select(1, 1).fill_(Scalars.One);
        }

        for (var i = first; i < first + count; i++)
        {
            _slots[i] = new Slot(rate, maxGradientNorm);
        }
    }

    /// <summary>Writes parameters of one slot, in the order of <see cref="Layout"/>, gaps included.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="offset">Where in the slot to start.</param>
    /// <param name="values">The floats.</param>
    public void Write(int slot, int offset, ReadOnlySpan<float> values)
    {
        CheckRange(slot, 1);
        using var scope = NewDisposeScope();
        _parameters[slot].narrow(0, offset, values.Length).copy_(Upload(values, values.Length));
    }

    /// <summary>Reads parameters of one slot, in the order of <see cref="Layout"/>, gaps included.</summary>
    public void Read(int slot, int offset, Span<float> destination)
    {
        CheckRange(slot, 1);
        using var scope = NewDisposeScope();
        Download(_parameters[slot].narrow(0, offset, destination.Length), destination);
    }

    /// <summary>Reads the running statistics of a slot's input: mean, then variance.</summary>
    /// <exception cref="InvalidOperationException">The architecture has no input normalisation.</exception>
    public (float[] Mean, float[] Variance) ReadStatistics(int slot)
    {
        CheckRange(slot, 1);
        if (Statistics is null)
        {
            throw new InvalidOperationException("the architecture has no input normalisation");
        }

        using var scope = NewDisposeScope();
        var mean = new float[Architecture.Inputs];
        var variance = new float[Architecture.Inputs];
        Download(Statistics[slot][0], mean);
        Download(Statistics[slot][1], variance);
        return (mean, variance);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _parameters.Dispose();
        _firstMoment.Dispose();
        _secondMoment.Dispose();
        Statistics?.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected void CheckRange(int first, int count)
    {
        if (first < 0 || count < 1 || first + count > Slots)
        {
            throw new ArgumentOutOfRangeException(nameof(first), $"slots {first} to {first + count - 1} are not all of the bank's {Slots}");
        }
    }

    /// <summary>The parameters of a range of slots, as views; valid until the bank grows.</summary>
    private protected ParameterViews Views(int first, int count) => new(Layout, _parameters.narrow(0, first, count));

    /// <summary>A gradient of a range of slots, zero, to be filled through its views.</summary>
    private protected ParameterViews NewGradient(int count) => new(Layout, torch.zeros(count, Layout.Length, device: Device.Torch));

    /// <summary>
    /// One Adam step of each slot of a range (Kingma and Ba 2015; the order of operations is PyTorch's), the gradient's norm clipped first where the slot asks for it.
    /// </summary>
    private protected StepOutcome[] Step(int first, Tensor gradient)
    {
        var count = (int)gradient.shape[0];
        var outcomes = Norms(gradient, first);
        if (Array.Exists(outcomes, o => o.Clipped))
        {
            gradient.mul_(PerSlot(count, k => outcomes[k].Clipped ? _slots[first + k].MaxGradientNorm / (outcomes[k].GradientNorm + 1e-6) : 1));
        }

        for (var k = 0; k < count; k++)
        {
            _slots[first + k] = _slots[first + k] with { Steps = _slots[first + k].Steps + 1 };
        }

        var parameters = _parameters.narrow(0, first, count);
        var firstMoment = _firstMoment.narrow(0, first, count);
        var secondMoment = _secondMoment.narrow(0, first, count);
        firstMoment.mul_(Scalars.Beta1).add_(gradient, Scalars.OneMinusBeta1);
        secondMoment.mul_(Scalars.Beta2).addcmul_(gradient, gradient, Scalars.OneMinusBeta2);
        var denominator = secondMoment.sqrt()
            .div_(PerSlot(count, k => Math.Sqrt(1 - Math.Pow(Beta2, _slots[first + k].Steps))))
            .add_(Scalars.AdamEpsilon, Scalars.One);
        var step = firstMoment.mul(PerSlot(count, k => -_slots[first + k].Rate / (1 - Math.Pow(Beta1, _slots[first + k].Steps)))).div_(denominator);
        var before = parameters.clone();
        parameters.add_(step, Scalars.One);

        Span<bool> moved = (before != parameters).any(1).cpu().data<bool>().ToArray();
        Span<float> largest = parameters.abs().amax([1]).cpu().data<float>().ToArray();
        for (var k = 0; k < count; k++)
        {
            outcomes[k] = outcomes[k] with { Frozen = !moved[k], Finite = outcomes[k].Finite && float.IsFinite(largest[k]) };
        }

        return outcomes;
    }

    /// <summary>
    /// Rows that an operation really takes: products of few rows, and rows that begin off a cache line, take paths of the matrix library whose last bits depend on the
    /// neighbours in the stack. Rows that pad are zero and pass no gradient.
    /// </summary>
    private protected static int PaddedRows(int rows) => (rows + ParameterLayout.Alignment - 1) / ParameterLayout.Alignment * ParameterLayout.Alignment;

    /// <summary>Copies host floats [count, rows, width] to a new tensor [count, padded, width] on the device, zero where there are none.</summary>
    private protected Tensor UploadRows(ReadOnlySpan<float> values, int count, int rows, int padded, int width)
    {
        if (rows == padded)
        {
            return Upload(values, count, rows, width);
        }

        Span<float> all = new float[count * padded * width];
        for (var k = 0; k < count; k++)
        {
            values.Slice(k * rows * width, rows * width).CopyTo(all[(k * padded * width)..]);
        }

        return Upload(all, count, padded, width);
    }

    /// <summary>Copies host floats to a new tensor on the device.</summary>
    private protected Tensor Upload(ReadOnlySpan<float> values, params long[] shape)
    {
        var host = torch.empty(shape, dtype: ScalarType.Float32);
        values.CopyTo(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(host.bytes));
        return Device.IsCpu ? host : host.to(Device.Torch);
    }

    /// <summary>Copies host integers to a new tensor on the device.</summary>
    private protected Tensor Upload(ReadOnlySpan<long> values, params long[] shape)
    {
        var host = torch.empty(shape, dtype: ScalarType.Int64);
        values.CopyTo(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, long>(host.bytes));
        return Device.IsCpu ? host : host.to(Device.Torch);
    }

    private protected static void Download(Tensor tensor, Span<float> destination)
    {
        var host = tensor.cpu().contiguous();
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(host.bytes).CopyTo(destination);
    }

    /// <summary>
    /// Gradient norms of each slot. Squares are summed on the device in runs of <see cref="ParameterLayout.Alignment"/> and from there on the host in double precision, since a full
    /// sum on the device would depend on threads and on the number of slots, and clipping makes it state.
    /// </summary>
    private StepOutcome[] Norms(Tensor gradient, int first)
    {
        const int run = ParameterLayout.Alignment;
        var count = (int)gradient.shape[0];
        var runs = Layout.Length / run;
        var sums = new float[count * runs];
        Download(gradient.mul(gradient).view(count, runs, run).sum(2), sums);
        var outcomes = new StepOutcome[count];
        for (var k = 0; k < count; k++)
        {
            var layers = new double[Layout.Layers.Count];
            var layer = -1;
            string? name = null;
            foreach (var tensor in Layout.Tensors)
            {
                if (tensor.Layer != name)
                {
                    layer++;
                    name = tensor.Layer;
                }

                var begin = tensor.Offset / run;
                var end = (tensor.Offset + tensor.Length + run - 1) / run;
                for (var i = begin; i < end; i++)
                {
                    layers[layer] += sums[(k * runs) + i];
                }
            }

            var total = Math.Sqrt(layers.Sum());
            var limit = _slots[first + k].MaxGradientNorm;
            outcomes[k] = new StepOutcome(
                total,
                Array.ConvertAll(layers, Math.Sqrt),
                Clipped: limit > 0 && total + 1e-6 > limit,
                Frozen: false,
                Finite: double.IsFinite(total));
        }

        return outcomes;
    }

    private Tensor PerSlot(int count, Func<int, double> value)
    {
        Span<float> values = count <= 256 ? stackalloc float[count] : new float[count];
        for (var k = 0; k < count; k++)
        {
            values[k] = (float)value(k);
        }

        return Upload(values, count, 1);
    }

    /// <summary>Makes room for slots. Where the device has no room the bank stays as it was.</summary>
    private void Grow(int slots)
    {
        var capacity = (int)_parameters.shape[0];
        if (slots <= capacity)
        {
            return;
        }

        // Doubling from the second allocation on; the first one is exact, since a population usually comes in one piece.
        var wanted = capacity == 0 ? slots : Math.Max(slots, 2 * capacity);
        var larger = new List<Tensor>();
        try
        {
            larger.Add(Zeros(wanted));
            larger.Add(Zeros(wanted));
            larger.Add(Zeros(wanted));
            if (Statistics is not null)
            {
                larger.Add(torch.zeros(wanted, 2, Architecture.Inputs, device: Device.Torch));
            }
        }
        catch
        {
            larger.ForEach(t => t.Dispose());
            throw;
        }

        _parameters = Replace(_parameters, larger[0], capacity);
        _firstMoment = Replace(_firstMoment, larger[1], capacity);
        _secondMoment = Replace(_secondMoment, larger[2], capacity);
        if (Statistics is not null)
        {
            Statistics = Replace(Statistics, larger[3], capacity);
        }
    }

    private static Tensor Replace(Tensor old, Tensor larger, int rows)
    {
        if (rows > 0)
        {
            using var scope = NewDisposeScope();
            larger.narrow(0, 0, rows).copy_(old.narrow(0, 0, rows));
        }

        old.Dispose();
        return larger;
    }

    private Tensor Zeros(int slots) => torch.zeros(slots, Layout.Length, device: Device.Torch);

    private readonly record struct Slot(double Rate, double MaxGradientNorm)
    {
        public long Steps { get; init; }
    }
}
