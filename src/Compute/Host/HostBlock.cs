using System.Runtime.InteropServices;

namespace Simulator.Compute;

/// <summary>Slots of a bank on the processor that were allocated together: parameters, settings, and what learning keeps of them.</summary>
internal sealed unsafe class HostBlock : IDisposable
{
    private readonly NetworkArchitecture _architecture;

    internal HostBlock(NetworkArchitecture architecture, int first, int count, SlotSettings settings)
    {
        _architecture = architecture;
        First = first;
        Count = count;
        Parameters = new NativeBuffer((long)count * architecture.Layout.Length);
        Settings = new SlotSettings[count];
        for (var i = 0; i < count; i++)
        {
            Settings[i] = settings with { Network = settings.Network + i };
        }

        if (architecture.InputNorm)
        {
            Statistics = new NativeBuffer((long)count * 2 * architecture.Inputs);
            for (var i = 0; i < count; i++)
            {
                ResetStatistics(i);
            }
        }
    }

    internal int First { get; }

    internal int Count { get; }

    internal NativeBuffer Parameters { get; }

    internal NativeBuffer? Statistics { get; }

    /// <summary>Adam's moments, first and second of each slot in turn; null before the first step.</summary>
    internal NativeBuffer? Moments { get; private set; }

    /// <summary>Parameters before a slot's first step; null where no slot is pulled back to them.</summary>
    internal NativeBuffer? Start { get; private set; }

    internal SlotSettings[] Settings { get; }

    internal long Bytes => sizeof(float) * (Parameters.Length + (Statistics?.Length ?? 0) + (Moments?.Length ?? 0) + (Start?.Length ?? 0));

    internal long[]? Steps { get; private set; }

    internal void PrepareSteps()
    {
        Moments ??= new NativeBuffer(2L * Count * _architecture.Layout.Length);
        Steps ??= new long[Count];
        if (Start is null && Array.Exists(Settings, s => s.Regularisation.InitialL2 > 0))
        {
            Start = new NativeBuffer((long)Count * _architecture.Layout.Length);
        }
    }

    internal void Reset(int slot, SlotSettings settings)
    {
        var at = slot - First;
        var length = _architecture.Layout.Length;
        NativeMemory.Clear(Parameters.Pointer + ((nint)at * length), (nuint)length * sizeof(float));
        Settings[at] = settings;
        if (Moments is not null)
        {
            NativeMemory.Clear(Moments.Pointer + ((nint)at * 2 * length), 2 * (nuint)length * sizeof(float));
            Steps![at] = 0;
        }

        if (Statistics is not null)
        {
            ResetStatistics(at);
        }
    }

    public void Dispose()
    {
        Parameters.Dispose();
        Moments?.Dispose();
        Start?.Dispose();
        Statistics?.Dispose();
    }

    private void ResetStatistics(int at)
    {
        var inputs = _architecture.Inputs;
        var statistics = Statistics!.Pointer + ((nint)at * 2 * inputs);
        new Span<float>(statistics, inputs).Clear();
        new Span<float>(statistics + inputs, inputs).Fill(1);
    }
}
