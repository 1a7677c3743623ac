namespace Simulator.Compute;

/// <summary>
/// The parameters of many networks of one architecture, with Adam's moments, a learning rate, a largest gradient norm and a step count for each slot. Operations work on a contiguous
/// range of slots, and what they compute for one slot does not depend on the others. On the processor they run our own kernels, on a GPU libtorch's. Belongs to one thread.
/// </summary>
public abstract class Bank : IDisposable
{
    internal const double Beta1 = 0.9;
    internal const double Beta2 = 0.999;
    internal const double Epsilon = 1e-8;

    private readonly BankStore _store;

    private protected Bank(ComputeDevice device, BankStore store)
    {
        Device = device;
        _store = store;
    }

    /// <summary>The device that holds the bank.</summary>
    public ComputeDevice Device { get; }

    /// <summary>The architecture of every slot.</summary>
    public NetworkArchitecture Architecture => _store.Architecture;

    /// <summary>Where the parameters lie in a slot, as <see cref="Write"/> and <see cref="Read"/> see it.</summary>
    public ParameterLayout Layout => _store.Layout;

    /// <summary>Number of slots.</summary>
    public int Slots => _store.Slots;

    /// <summary>Adds slots at the end, with parameters zero, and returns the index of the first. Moments take memory from a slot's first learning step on.</summary>
    /// <param name="count">How many.</param>
    /// <param name="rate">Adam's learning rate.</param>
    /// <param name="maxGradientNorm">Largest gradient norm, 0 for no limit.</param>
    public int Allocate(int count, double rate, double maxGradientNorm)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        return _store.Allocate(count, new SlotSettings(rate, maxGradientNorm));
    }

    /// <summary>Takes slots that were given back into use again, with all state as new.</summary>
    internal void Reuse(int first, int count, double rate, double maxGradientNorm)
    {
        _store.CheckRange(first, count);
        _store.Reuse(first, count, new SlotSettings(rate, maxGradientNorm));
    }

    /// <summary>Writes parameters of one slot, in the order of <see cref="Layout"/>, gaps included.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="offset">Where in the slot to start.</param>
    /// <param name="values">The floats.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such slot, or the values go beyond it.</exception>
    public void Write(int slot, int offset, ReadOnlySpan<float> values)
    {
        CheckPart(slot, offset, values.Length);
        _store.Write(slot, offset, values);
    }

    /// <summary>Reads parameters of one slot, in the order of <see cref="Layout"/>, gaps included.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such slot, or the destination goes beyond it.</exception>
    public void Read(int slot, int offset, Span<float> destination)
    {
        CheckPart(slot, offset, destination.Length);
        _store.Read(slot, offset, destination);
    }

    /// <summary>Reads the running statistics of a slot's input: mean, then variance.</summary>
    /// <exception cref="InvalidOperationException">The architecture has no input normalisation.</exception>
    public (float[] Mean, float[] Variance) ReadStatistics(int slot)
    {
        _store.CheckRange(slot, 1);
        if (!Architecture.InputNorm)
        {
            throw new InvalidOperationException("the architecture has no input normalisation");
        }

        var mean = new float[Architecture.Inputs];
        var variance = new float[Architecture.Inputs];
        _store.ReadStatistics(slot, mean, variance);
        return (mean, variance);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _store.Dispose();
        GC.SuppressFinalize(this);
    }

    private void CheckPart(int slot, int offset, int length)
    {
        _store.CheckRange(slot, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + length, Layout.Length, nameof(offset));
    }
}
