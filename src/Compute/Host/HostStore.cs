using System.Runtime.InteropServices;

namespace Simulator.Compute;

/// <summary>
/// A bank's memory on the processor. Slots that were allocated together lie together, so that the bank grows without copying. Weights of the two hidden layers lie transposed, [in, out].
/// </summary>
internal sealed unsafe class HostStore(NetworkArchitecture architecture) : BankStore(architecture)
{
    private readonly List<Block> _blocks = [];
    private int _slots;

    internal override int Slots => _slots;

    internal override int Allocate(int count, SlotSettings settings)
    {
        var first = _slots;
        _blocks.Add(new Block(Architecture, first, count, settings));
        _slots += count;
        return first;
    }

    internal override void Reuse(int first, int count, SlotSettings settings)
    {
        for (var slot = first; slot < first + count; slot++)
        {
            BlockOf(slot).Reset(slot, settings);
        }
    }

    internal override void Write(int slot, int offset, ReadOnlySpan<float> values) => Import(values, offset, Parameters(slot));

    /// <summary>Copies from the order of the layout to a slot, or to a moment that lies as a slot does.</summary>
    private void Import(ReadOnlySpan<float> values, int offset, float* slot)
    {
        foreach (var tensor in Layout.Tensors)
        {
            var begin = Math.Max(offset, tensor.Offset);
            var end = Math.Min(offset + values.Length, tensor.Offset + tensor.Length);
            for (var i = begin; i < end; i++)
            {
                slot[Place(tensor, i)] = values[i - offset];
            }
        }
    }

    internal override void Read(int slot, int offset, Span<float> destination) => Export(Parameters(slot), offset, destination);

    /// <summary>Copies a slot, or a gradient that lies as a slot does, to the order of the layout.</summary>
    internal void Export(float* slot, int offset, Span<float> destination)
    {
        destination.Clear();
        foreach (var tensor in Layout.Tensors)
        {
            var begin = Math.Max(offset, tensor.Offset);
            var end = Math.Min(offset + destination.Length, tensor.Offset + tensor.Length);
            for (var i = begin; i < end; i++)
            {
                destination[i - offset] = slot[Place(tensor, i)];
            }
        }
    }

    internal override void ReadStatistics(int slot, Span<float> mean, Span<float> variance)
    {
        var statistics = Statistics(slot);
        new ReadOnlySpan<float>(statistics, mean.Length).CopyTo(mean);
        new ReadOnlySpan<float>(statistics + mean.Length, variance.Length).CopyTo(variance);
    }

    internal override void WriteStatistics(int slot, ReadOnlySpan<float> mean, ReadOnlySpan<float> variance)
    {
        var statistics = Statistics(slot);
        mean.CopyTo(new Span<float>(statistics, mean.Length));
        variance.CopyTo(new Span<float>(statistics + mean.Length, variance.Length));
    }

    internal override long ReadMoments(int slot, Span<float> first, Span<float> second)
    {
        var block = BlockOf(slot);
        if (block.Moments is null)
        {
            first.Clear();
            second.Clear();
            return 0;
        }

        Export(Moments(block, slot), 0, first);
        Export(Moments(block, slot) + Layout.Length, 0, second);
        return block.Steps![slot - block.First];
    }

    internal override void WriteMoments(int slot, long steps, ReadOnlySpan<float> first, ReadOnlySpan<float> second)
    {
        var block = BlockOf(slot);
        if (steps == 0 && block.Moments is null)
        {
            return; // As a slot is that has not learned.
        }

        block.PrepareSteps();
        Import(first, 0, Moments(block, slot));
        Import(second, 0, Moments(block, slot) + Layout.Length);
        block.Steps![slot - block.First] = steps;
    }

    /// <summary>The parameters of a slot, as the passes read them; they stay where they are.</summary>
    internal float* Parameters(int slot)
    {
        var block = BlockOf(slot);
        return block.Parameters.Pointer + ((nint)(slot - block.First) * Layout.Length);
    }

    /// <summary>Mean, then variance of a slot's input.</summary>
    internal float* Statistics(int slot)
    {
        var block = BlockOf(slot);
        return block.Statistics!.Pointer + ((nint)(slot - block.First) * 2 * Architecture.Inputs);
    }

    /// <summary>Makes sure that slots have moments, before several threads step them.</summary>
    internal void PrepareSteps(int first, int count)
    {
        for (var slot = first; slot < first + count;)
        {
            var block = BlockOf(slot);
            block.PrepareSteps();
            slot = block.First + block.Count;
        }
    }

    /// <summary>One Adam step of a slot, the gradient's norm clipped first where the slot asks for it.</summary>
    /// <param name="slot">The slot; <see cref="PrepareSteps"/> was called for it.</param>
    /// <param name="gradient">Its gradient, which lies as the slot does.</param>
    /// <param name="workers">Who may help.</param>
    internal StepOutcome Step(int slot, float* gradient, Workers workers)
    {
        var block = BlockOf(slot);
        var at = slot - block.First;
        var (total, layers) = Norms(gradient);
        var scale = Clip(total, block.Settings[at].MaxGradientNorm);
        var step = new AdamStep(block.Settings[at].Rate, ++block.Steps![at], scale);
        var parameters = block.Parameters.Pointer + ((nint)at * Layout.Length);
        var first = Moments(block, slot);
        var second = first + Layout.Length;
        var moved = false;
        var finite = double.IsFinite(total);
        var guard = new Lock();
        workers.For(
            Layout.Length,
            16.0 * Layout.Length,
            (begin, end) =>
            {
                var effect = AdamKernel.Run(parameters + begin, gradient + begin, first + begin, second + begin, end - begin, step);
                lock (guard)
                {
                    moved |= effect.Moved;
                    finite &= effect.Finite;
                }
            },
            ParameterLayout.Alignment);
        return new StepOutcome(total, layers, scale < 1, !moved, finite);
    }

    /// <summary>A slot's first moment; the second lies behind it.</summary>
    private float* Moments(Block block, int slot) => block.Moments!.Pointer + ((nint)(slot - block.First) * 2 * Layout.Length);

    public override void Dispose()
    {
        _blocks.ForEach(b => b.Dispose());
        _blocks.Clear();
        _slots = 0;
    }

    private (double Total, double[] Layers) Norms(float* gradient)
    {
        var layers = new double[Layout.Layers.Count];
        var total = 0.0;
        var layer = -1;
        string? name = null;
        foreach (var tensor in Layout.Tensors)
        {
            if (tensor.Layer != name)
            {
                layer++;
                name = tensor.Layer;
            }

            layers[layer] += Kernels.Squares(gradient + tensor.Offset, tensor.Length);
        }

        for (var l = 0; l < layers.Length; l++)
        {
            total += layers[l];
            layers[l] = Math.Sqrt(layers[l]);
        }

        return (Math.Sqrt(total), layers);
    }

    /// <summary>Where an element of the layout lies.</summary>
    private static int Place(ParameterTensor tensor, int index)
    {
        if (tensor.Columns == 0 || tensor.IsLastLayer)
        {
            return index;
        }

        var (row, column) = Math.DivRem(index - tensor.Offset, tensor.Columns);
        return tensor.Offset + (column * tensor.Rows) + row;
    }

    private Block BlockOf(int slot)
    {
        var (low, high) = (0, _blocks.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (_blocks[middle].First <= slot)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return _blocks[low];
    }

    /// <summary>Slots that were allocated together.</summary>
    private sealed class Block : IDisposable
    {
        private readonly NetworkArchitecture _architecture;

        internal Block(NetworkArchitecture architecture, int first, int count, SlotSettings settings)
        {
            _architecture = architecture;
            First = first;
            Count = count;
            Parameters = new NativeBuffer((long)count * architecture.Layout.Length);
            Settings = new SlotSettings[count];
            Array.Fill(Settings, settings);
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

        internal SlotSettings[] Settings { get; }

        internal long[]? Steps { get; private set; }

        internal void PrepareSteps()
        {
            Moments ??= new NativeBuffer(2L * Count * _architecture.Layout.Length);
            Steps ??= new long[Count];
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
}
