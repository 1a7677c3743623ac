namespace Simulator.Compute;

/// <summary>What a slot of a bank is trained with.</summary>
/// <param name="Rate">Adam's learning rate.</param>
/// <param name="MaxGradientNorm">Largest gradient norm, 0 for no limit.</param>
/// <param name="Regularisation">What pulls its parameters back.</param>
/// <param name="Recycling">When its dormant units begin anew; null for never.</param>
/// <param name="Network">Its place among the slots that were allocated together.</param>
/// <param name="RateFactor">What the rate is multiplied by, until it is set anew.</param>
internal readonly record struct SlotSettings(double Rate, double MaxGradientNorm, Regularisation Regularisation, Recycling? Recycling, int Network, double RateFactor = 1)
{
    /// <summary>Learning rate of the next step.</summary>
    internal double StepRate => Rate * RateFactor;

    /// <summary>What AdamW leaves of each parameter before Adam's step.</summary>
    internal double Kept => 1 - (StepRate * Regularisation.WeightDecay);
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

    /// <summary>Bytes that all slots take.</summary>
    internal abstract long Bytes { get; }

    /// <summary>
    /// Adds slots at the end, parameters zero, and returns the index of the first; <see cref="SlotSettings.Network"/> counts up from what is given. Where there is no room everything stays as
    /// it was.
    /// </summary>
    internal abstract int Allocate(int count, SlotSettings settings);

    /// <summary>Takes slots that were given back into use again, with all state as new; <see cref="SlotSettings.Network"/> counts up from what is given.</summary>
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

    /// <summary>Reads Adam's moments of one slot, in the order of the layout; zero where it has not learned.</summary>
    /// <returns>Steps that it has made.</returns>
    internal abstract long ReadMoments(int slot, Span<float> first, Span<float> second);

    /// <summary>Writes Adam's moments of one slot, in the order of the layout, and how many steps made them.</summary>
    internal abstract void WriteMoments(int slot, long steps, ReadOnlySpan<float> first, ReadOnlySpan<float> second);

    /// <summary>What a slot is trained with, and the steps that it has made.</summary>
    internal abstract (SlotSettings Settings, long Steps) TrainingOf(int slot);

    /// <summary>Writes parameters of a slot at places of the layout, and forgets their moments.</summary>
    /// <param name="slot">The slot, which has made a step.</param>
    /// <param name="places">Places, ascending.</param>
    /// <param name="values">Their new values.</param>
    internal abstract void Renew(int slot, ReadOnlySpan<int> places, ReadOnlySpan<float> values);

    /// <summary>Lets the dormant units of a slot begin anew, where its last step was one at which that is due.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="activity">Activity of its units in the pass that led to the step (see <see cref="DormantUnits"/>).</param>
    /// <returns>Whether any did.</returns>
    private protected bool Recycle(int slot, ReadOnlySpan<float> activity)
    {
        var (settings, steps) = TrainingOf(slot);
        if (settings.Recycling is not { } recycling || steps % recycling.Every != 0)
        {
            return false;
        }

        var dormant = DormantUnits.Find(Architecture, activity, recycling.Threshold);
        if (!Array.Exists(dormant, d => d))
        {
            return false;
        }

        var (places, values) = DormantUnits.Renew(Layout, dormant, recycling.Draw(settings.Network, steps));
        Renew(slot, places, values);
        return true;
    }

    /// <summary>Whether a slot remembers its parameters before its first step: from that step on, where it is pulled back to them.</summary>
    internal bool RemembersStart(int slot) => TrainingOf(slot) is { Settings.Regularisation.InitialL2: > 0, Steps: > 0 };

    /// <summary>Reads the parameters of a slot before its first step, in the order of the layout.</summary>
    internal abstract void ReadStart(int slot, Span<float> destination);

    /// <summary>Writes the parameters that a slot had before its first step, which it has behind it.</summary>
    internal abstract void WriteStart(int slot, ReadOnlySpan<float> values);

    public abstract void Dispose();

    internal void CheckRange(int first, int count)
    {
        if (first < 0 || count < 1 || first > Slots - count)
        {
            throw new ArgumentOutOfRangeException(nameof(first), $"slots {first} to {first + count - 1} are not all of the bank's {Slots}");
        }
    }

    /// <summary>Factor that brings a gradient of this norm down to the largest norm allowed; 1 where it is within.</summary>
    internal static double Clip(double norm, double limit) => limit > 0 && norm + 1e-6 > limit ? limit / (norm + 1e-6) : 1;
}
