namespace Simulator.Compute;

/// <summary>What a slot of a bank is trained with.</summary>
/// <param name="Rate">Adam's learning rate.</param>
/// <param name="MaxGradientNorm">Largest gradient norm, 0 for no limit.</param>
/// <param name="RateFactor">What the rate is multiplied by, until it is set anew.</param>
internal readonly record struct SlotSettings(double Rate, double MaxGradientNorm, double RateFactor = 1)
{
    /// <summary>Learning rate of the next step.</summary>
    internal double StepRate => Rate * RateFactor;
}

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

    /// <summary>Sets what a slot's learning rate is multiplied by from the next step on.</summary>
    internal abstract void ScaleRate(int slot, double factor);

    /// <summary>Moves parameters of slots towards those of others, target += tau (online - target), and gives them the others' running statistics.</summary>
    internal abstract void Follow(int online, int target, int count, double tau);

    /// <summary>Writes parameters of one slot, in the order of the layout, from <paramref name="offset"/> on.</summary>
    internal abstract void Write(int slot, int offset, ReadOnlySpan<float> values);

    /// <summary>Reads parameters of one slot, in the order of the layout, from <paramref name="offset"/> on.</summary>
    internal abstract void Read(int slot, int offset, Span<float> destination);

    /// <summary>Reads the running statistics of a slot's input.</summary>
    internal abstract void ReadStatistics(int slot, Span<float> mean, Span<float> variance);

    /// <summary>Writes the running statistics of a slot's input.</summary>
    internal abstract void WriteStatistics(int slot, ReadOnlySpan<float> mean, ReadOnlySpan<float> variance);

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
