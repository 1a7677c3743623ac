namespace Simulator.Compute;

/// <summary>What a slot of a bank is trained with.</summary>
/// <param name="Rate">Adam's learning rate.</param>
/// <param name="MaxGradientNorm">Largest gradient norm, 0 for no limit.</param>
internal readonly record struct SlotSettings(double Rate, double MaxGradientNorm);

/// <summary>
/// The memory of a bank: parameters of many slots, with Adam's moments where a slot has learned, its learning rate, largest gradient norm and step count, and the running
/// statistics of its input where the architecture normalises it. Belongs to one thread.
/// </summary>
internal abstract class BankStore(NetworkArchitecture architecture) : IDisposable
{
    internal NetworkArchitecture Architecture { get; } = architecture;

    internal ParameterLayout Layout { get; } = architecture.Layout;

    /// <summary>Number of slots.</summary>
    internal abstract int Slots { get; }

    /// <summary>Adds slots at the end, parameters zero, and returns the index of the first. Where there is no room everything stays as it was.</summary>
    internal abstract int Allocate(int count, SlotSettings settings);

    /// <summary>Takes slots that were given back into use again, with all state as new.</summary>
    internal abstract void Reuse(int first, int count, SlotSettings settings);

    /// <summary>Writes parameters of one slot, in the order of the layout, from <paramref name="offset"/> on.</summary>
    internal abstract void Write(int slot, int offset, ReadOnlySpan<float> values);

    /// <summary>Reads parameters of one slot, in the order of the layout, from <paramref name="offset"/> on.</summary>
    internal abstract void Read(int slot, int offset, Span<float> destination);

    /// <summary>Reads the running statistics of a slot's input.</summary>
    internal abstract void ReadStatistics(int slot, Span<float> mean, Span<float> variance);

    /// <summary>Writes the running statistics of a slot's input.</summary>
    internal abstract void WriteStatistics(int slot, ReadOnlySpan<float> mean, ReadOnlySpan<float> variance);

    /// <summary>Reads Adam's moments of one slot, in the order of the layout; zero where it has not learned.</summary>
    /// <returns>Steps that it has made.</returns>
    internal abstract long ReadMoments(int slot, Span<float> first, Span<float> second);

    /// <summary>Writes Adam's moments of one slot, in the order of the layout, and how many steps made them.</summary>
    internal abstract void WriteMoments(int slot, long steps, ReadOnlySpan<float> first, ReadOnlySpan<float> second);

    public abstract void Dispose();

    internal void CheckRange(int first, int count)
    {
        if (first < 0 || count < 1 || first > Slots - count)
        {
            throw new ArgumentOutOfRangeException(nameof(first), $"slots {first} to {first + count - 1} are not all of the bank's {Slots}");
        }
    }

    /// <summary>Factor that brings a gradient of this norm down to the largest norm allowed; 1 where it is within.</summary>
    private protected static double Clip(double norm, double limit) => limit > 0 && norm + 1e-6 > limit ? limit / (norm + 1e-6) : 1;
}
