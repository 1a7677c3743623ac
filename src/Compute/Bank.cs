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

    /// <summary>Bytes that the slots take, with what their optimiser keeps.</summary>
    public long Bytes => _store.Bytes;

    /// <summary>Adds slots at the end, with parameters zero, and returns the index of the first. Moments take memory from a slot's first learning step on.</summary>
    /// <param name="count">How many.</param>
    /// <param name="rate">Adam's learning rate.</param>
    /// <param name="maxGradientNorm">Largest gradient norm, 0 for no limit.</param>
    /// <param name="regularisation">What pulls parameters back.</param>
    /// <param name="recycling">When dormant units begin anew; null for never.</param>
    public int Allocate(int count, double rate, double maxGradientNorm, Regularisation regularisation = default, Recycling? recycling = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        return _store.Allocate(count, new SlotSettings(rate, maxGradientNorm, regularisation, recycling, Network: 0));
    }

    /// <summary>Takes slots that were given back into use again, with all state as new.</summary>
    internal void Reuse(int first, int count, double rate, double maxGradientNorm, Regularisation regularisation = default, Recycling? recycling = null)
    {
        _store.CheckRange(first, count);
        _store.Reuse(first, count, new SlotSettings(rate, maxGradientNorm, regularisation, recycling, Network: 0));
    }

    /// <summary>Has target networks follow: parameters of slots move towards those of others, target += tau (online - target); the running statistics of the input are shared, so they are copied.</summary>
    /// <param name="online">First slot that is followed.</param>
    /// <param name="target">First slot that follows.</param>
    /// <param name="count">Number of slots.</param>
    /// <param name="tau">Share of the way, in (0, 1].</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no such slots.</exception>
    public void Follow(int online, int target, int count, double tau)
    {
        _store.CheckRange(online, count);
        _store.CheckRange(target, count);
        _store.Follow(online, target, count, tau);
    }

    /// <summary>Sets what the learning rates of slots are multiplied by, from their next step on until it is set anew; 1 at first.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are no such slots, or the factor is negative or not finite.</exception>
    public void ScaleRates(int first, int count, double factor)
    {
        _store.CheckRange(first, count);
        if (!double.IsFinite(factor) || factor < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(factor), factor, "a learning rate is multiplied by a number from 0 on");
        }

        for (var slot = first; slot < first + count; slot++)
        {
            _store.ScaleRate(slot, factor);
        }
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

    /// <summary>Gives the output layer of a slot new parameters, and has Adam forget its moments of the old ones; steps stay counted, and so do the parameters that a slot is pulled back to.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="network">A whole network in the order of <see cref="Layout"/>, gaps included, of which the last layer is taken.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such slot.</exception>
    /// <exception cref="ArgumentException">The length is not the layout's.</exception>
    public void RenewOutputLayer(int slot, ReadOnlySpan<float> network)
    {
        _store.CheckRange(slot, 1);
        if (network.Length != Layout.Length)
        {
            throw new ArgumentException($"a network of {Layout.Length} parameters is no {network.Length} floats", nameof(network));
        }

        var learned = _store.TrainingOf(slot).Steps > 0;
        foreach (var tensor in Layout.Tensors.Where(t => t.IsLastLayer))
        {
            var values = network.Slice(tensor.Offset, tensor.Length);
            if (learned)
            {
                _store.Renew(slot, [.. Enumerable.Range(tensor.Offset, tensor.Length)], values);
            }
            else
            {
                _store.Write(slot, tensor.Offset, values);
            }
        }
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

    /// <summary>Writes the running statistics of a slot's input.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="mean">Mean, [inputs].</param>
    /// <param name="variance">Variance, [inputs].</param>
    /// <exception cref="InvalidOperationException">The architecture has no input normalisation.</exception>
    /// <exception cref="ArgumentException">A length is not that of the input.</exception>
    public void WriteStatistics(int slot, ReadOnlySpan<float> mean, ReadOnlySpan<float> variance)
    {
        _store.CheckRange(slot, 1);
        if (!Architecture.InputNorm)
        {
            throw new InvalidOperationException("the architecture has no input normalisation");
        }

        if (mean.Length != Architecture.Inputs || variance.Length != Architecture.Inputs)
        {
            throw new ArgumentException($"statistics of {Architecture.Inputs} inputs are no {mean.Length} and {variance.Length} floats", nameof(mean));
        }

        _store.WriteStatistics(slot, mean, variance);
    }

    /// <summary>Reads the whole state of a network, [<see cref="NetworkArchitecture.StateLength"/>]: its parameters, then mean and variance of the input where it is normalised.</summary>
    public float[] ReadState(int slot)
    {
        _store.CheckRange(slot, 1);
        var state = new float[Architecture.StateLength];
        _store.Read(slot, 0, state.AsSpan(0, Layout.Length));
        if (Architecture.InputNorm)
        {
            _store.ReadStatistics(slot, state.AsSpan(Layout.Length, Architecture.Inputs), state.AsSpan(Layout.Length + Architecture.Inputs));
        }

        return state;
    }

    /// <summary>Writes the state of a network: all of it as <see cref="ReadState"/> gives it, or its parameters alone.</summary>
    /// <exception cref="ArgumentException">The length is neither.</exception>
    public void WriteState(int slot, ReadOnlySpan<float> state)
    {
        if (state.Length != Layout.Length && state.Length != Architecture.StateLength)
        {
            throw new ArgumentException($"a network of {Layout.Length} parameters is not written with {state.Length} floats", nameof(state));
        }

        Write(slot, 0, state[..Layout.Length]);
        if (state.Length > Layout.Length)
        {
            var statistics = state[Layout.Length..];
            WriteStatistics(slot, statistics[..Architecture.Inputs], statistics[Architecture.Inputs..]);
        }
    }

    /// <summary>Reads all that a slot has learned with.</summary>
    public TrainingState ReadTraining(int slot)
    {
        _store.CheckRange(slot, 1);
        var (network, length, starts) = (Architecture.StateLength, Layout.Length, RemembersStart(slot));
        var values = new float[TrainingState.LengthOf(Architecture, starts)];
        ReadState(slot).CopyTo(values, 0);
        var steps = _store.ReadMoments(slot, values.AsSpan(network, length), values.AsSpan(network + length, length));
        if (starts)
        {
            _store.ReadStart(slot, values.AsSpan(network + (2 * length), length));
        }

        return new TrainingState(steps, values);
    }

    /// <summary>Writes what <see cref="ReadTraining"/> gave: the slot goes on as the one that was read would have.</summary>
    /// <exception cref="InvalidDataException">It is of another architecture, or was trained with other settings.</exception>
    public void WriteTraining(int slot, TrainingState state)
    {
        _store.CheckRange(slot, 1);
        var (network, length) = (Architecture.StateLength, Layout.Length);
        var starts = state.Steps > 0 && _store.TrainingOf(slot).Settings.Regularisation.InitialL2 > 0;
        if (state.Values.Length != TrainingState.LengthOf(Architecture, starts) || state.Steps < 0)
        {
            throw new InvalidDataException(
                $"a network whose training has {TrainingState.LengthOf(Architecture, starts)} floats does not go on from {state.Values.Length} after {state.Steps} steps");
        }

        WriteState(slot, state.Values.AsSpan(0, network));
        _store.WriteMoments(slot, state.Steps, state.Values.AsSpan(network, length), state.Values.AsSpan(network + length, length));
        if (starts)
        {
            _store.WriteStart(slot, state.Values.AsSpan(network + (2 * length), length));
        }
    }

    /// <summary>Whether a slot remembers its parameters before its first step: from that step on, where <see cref="Regularisation.InitialL2"/> pulls it back to them.</summary>
    public bool RemembersStart(int slot)
    {
        _store.CheckRange(slot, 1);
        return _store.RemembersStart(slot);
    }

    /// <summary>Reads the parameters of a slot before its first step, in the order of <see cref="Layout"/>, gaps included.</summary>
    /// <exception cref="InvalidOperationException">It remembers none.</exception>
    /// <exception cref="ArgumentException">The length is not the layout's.</exception>
    public void ReadStart(int slot, Span<float> destination)
    {
        CheckStart(slot, destination.Length);
        _store.ReadStart(slot, destination);
    }

    /// <summary>Writes the parameters that a slot had before its first step, which it has behind it.</summary>
    /// <exception cref="InvalidOperationException">It remembers none.</exception>
    /// <exception cref="ArgumentException">The length is not the layout's.</exception>
    public void WriteStart(int slot, ReadOnlySpan<float> values)
    {
        CheckStart(slot, values.Length);
        _store.WriteStart(slot, values);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _store.Dispose();
        GC.SuppressFinalize(this);
    }

    private void CheckStart(int slot, int length)
    {
        if (!RemembersStart(slot))
        {
            throw new InvalidOperationException($"slot {slot} is not pulled back to its start, or has made no step");
        }

        if (length != Layout.Length)
        {
            throw new ArgumentException($"a network of {Layout.Length} parameters did not start with {length} floats", nameof(length));
        }
    }

    private void CheckPart(int slot, int offset, int length)
    {
        _store.CheckRange(slot, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Layout.Length - length);
    }
}
