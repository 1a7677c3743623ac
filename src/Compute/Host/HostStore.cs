namespace Simulator.Compute;

/// <summary>
/// A bank's memory on the processor. Slots that were allocated together lie together, so that the bank grows without copying. Weights of the two hidden layers lie transposed, [in, out].
/// </summary>
internal sealed unsafe class HostStore(NetworkArchitecture architecture) : BankStore(architecture)
{
    private readonly List<HostBlock> _blocks = [];
    private int _slots;

    internal override int Slots => _slots;

    internal override long Bytes => _blocks.Sum(b => b.Bytes);

    internal override int Allocate(int count, SlotSettings settings)
    {
        var first = _slots;
        _blocks.Add(new HostBlock(Architecture, first, count, settings));
        _slots += count;
        return first;
    }

    internal override void Reuse(int first, int count, SlotSettings settings)
    {
        for (var slot = first; slot < first + count; slot++)
        {
            BlockOf(slot).Reset(slot, settings with { Network = settings.Network + slot - first });
        }
    }

    internal override void ScaleRate(int slot, double factor)
    {
        var block = BlockOf(slot);
        ref var settings = ref block.Settings[slot - block.First];
        settings = settings with { RateFactor = factor };
    }

    internal override void Follow(int online, int target, int count, double tau)
    {
        for (var i = 0; i < count; i++)
        {
            Kernels.Approach(Parameters(target + i), Parameters(online + i), (float)tau, Layout.Length);
            if (Architecture.InputNorm)
            {
                var length = 2 * Architecture.Inputs;
                new ReadOnlySpan<float>(Statistics(online + i), length).CopyTo(new Span<float>(Statistics(target + i), length));
            }
        }
    }

    internal override void Write(int slot, int offset, ReadOnlySpan<float> values) => Import(values, offset, Parameters(slot));

    internal override void Read(int slot, int offset, Span<float> destination) => Export(Parameters(slot), offset, destination);

    internal override (SlotSettings Settings, long Steps) TrainingOf(int slot)
    {
        var block = BlockOf(slot);
        return (block.Settings[slot - block.First], block.Steps?[slot - block.First] ?? 0);
    }

    internal override void Renew(int slot, ReadOnlySpan<int> places, ReadOnlySpan<float> values)
    {
        var block = BlockOf(slot);
        var parameters = Parameters(slot);
        var first = Moments(block, slot);
        var second = first + Layout.Length;
        var tensor = 0;
        for (var i = 0; i < places.Length; i++)
        {
            while (places[i] >= Layout.Tensors[tensor].Offset + Layout.Tensors[tensor].Length)
            {
                tensor++;
            }

            var place = Place(Layout.Tensors[tensor], places[i]);
            (parameters[place], first[place], second[place]) = (values[i], 0, 0);
        }
    }

    internal override void ReadStart(int slot, Span<float> destination) => Export(Start(slot), 0, destination);

    internal override void WriteStart(int slot, ReadOnlySpan<float> values)
    {
        PrepareSteps(slot, 1);
        Import(values, 0, Start(slot));
    }

    private void Import(ReadOnlySpan<float> values, int offset, float* to)
    {
        foreach (var tensor in Layout.Tensors)
        {
            var begin = Math.Max(offset, tensor.Offset);
            var end = Math.Min(offset + values.Length, tensor.Offset + tensor.Length);
            for (var i = begin; i < end; i++)
            {
                to[Place(tensor, i)] = values[i - offset];
            }
        }
    }

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

    private float* Start(int slot)
    {
        var block = BlockOf(slot);
        return block.Start!.Pointer + ((nint)(slot - block.First) * Layout.Length);
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

    /// <summary>Adds the gradient of lambda |theta - theta0|^2 to a slot's gradient, where the slot is pulled back to its start and has left it.</summary>
    internal void AddInitialL2(int slot, float* gradient)
    {
        if (RemembersStart(slot))
        {
            var block = BlockOf(slot);
            Kernels.AddDifference(gradient, Parameters(slot), Start(slot), (float)(2 * block.Settings[slot - block.First].Regularisation.InitialL2), Layout.Length);
        }
    }

    /// <summary>One step of a slot by Adam, with weight decay where the slot asks for it (AdamW), the gradient's norm clipped first where it asks for that. Its dormant units begin anew behind the step, where that is due.</summary>
    /// <param name="slot">The slot; <see cref="PrepareSteps"/> was called for it.</param>
    /// <param name="gradient">Its gradient, which lies as the slot does.</param>
    /// <param name="activity">Activity of its hidden units (see <see cref="DormantUnits"/>).</param>
    /// <param name="workers">Who may help.</param>
    internal StepOutcome Step(int slot, float* gradient, ReadOnlySpan<float> activity, Workers workers)
    {
        var block = BlockOf(slot);
        var at = slot - block.First;
        var settings = block.Settings[at];
        var (total, layers) = Norms(gradient);
        var scale = Clip(total, settings.MaxGradientNorm);
        var parameters = block.Parameters.Pointer + ((nint)at * Layout.Length);
        if (settings.Regularisation.InitialL2 > 0 && block.Steps![at] == 0)
        {
            new ReadOnlySpan<float>(parameters, Layout.Length).CopyTo(new Span<float>(Start(slot), Layout.Length));
        }

        var step = new AdamStep(settings.StepRate, ++block.Steps![at], scale, settings.Kept);
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
        moved |= Recycle(slot, activity);
        return new StepOutcome(total, layers, scale < 1, !moved, finite, DormantUnits.Share(Architecture, activity));
    }

    /// <summary>A slot's first moment; the second lies behind it.</summary>
    private float* Moments(HostBlock block, int slot) => block.Moments!.Pointer + ((nint)(slot - block.First) * 2 * Layout.Length);

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
        for (var t = 0; t < Layout.Tensors.Count; t++)
        {
            layers[Layout.LayerOfTensor[t]] += Kernels.Squares(gradient + Layout.Tensors[t].Offset, Layout.Tensors[t].Length);
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

    private HostBlock BlockOf(int slot)
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
}
