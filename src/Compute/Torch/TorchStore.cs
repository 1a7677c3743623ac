using TorchSharp;
using static TorchSharp.torch;

namespace Simulator.Compute;

/// <summary>
/// A bank's memory as libtorch's tensors, stacked [slots, parameters], with Adam's moments. Operations work on a contiguous range of slots, and what they compute for one slot does not
/// depend on the others (docs/decisions, 0003).
/// </summary>
internal sealed class TorchStore : BankStore
{
    private readonly List<Slot> _slots = [];
    private Tensor _parameters;
    private Tensor? _firstMoment;
    private Tensor? _secondMoment;
    private Tensor? _start;

    internal TorchStore(ComputeDevice device, NetworkArchitecture architecture)
        : base(architecture)
    {
        Device = device;
        _parameters = Zeros(0);
        Statistics = architecture.InputNorm ? torch.zeros(0, 2, architecture.Inputs, device: device.Torch) : null;
    }

    internal ComputeDevice Device { get; }

    internal override int Slots => _slots.Count;

    internal override long Bytes => sizeof(float) * (_parameters.numel() + (_firstMoment?.numel() ?? 0) + (_secondMoment?.numel() ?? 0) + (_start?.numel() ?? 0) + (Statistics?.numel() ?? 0));

    /// <summary>Running mean and variance of the input, [slots, 2, inputs]; null without input normalisation.</summary>
    internal Tensor? Statistics { get; private set; }

    internal override int Allocate(int count, SlotSettings settings)
    {
        var first = Slots;
        Grow(first + count);
        for (var i = 0; i < count; i++)
        {
            _slots.Add(new Slot(settings with { Network = settings.Network + i }));
        }

        if (Statistics is not null)
        {
            using var scope = NewDisposeScope();
            Statistics[TensorIndex.Slice(first, first + count), 1].fill_(Scalars.One);
        }

        return first;
    }

    internal override void Reuse(int first, int count, SlotSettings settings)
    {
        using var scope = NewDisposeScope();
        _parameters.narrow(0, first, count).zero_();
        _firstMoment?.narrow(0, first, count).zero_();
        _secondMoment?.narrow(0, first, count).zero_();
        if (Statistics is not null)
        {
            Statistics.narrow(0, first, count).select(1, 0).zero_();
            Statistics.narrow(0, first, count).select(1, 1).fill_(Scalars.One);
        }

        for (var i = first; i < first + count; i++)
        {
            _slots[i] = new Slot(settings with { Network = settings.Network + i - first });
        }
    }

    internal override void ScaleRate(int slot, double factor) =>
        _slots[slot] = _slots[slot] with { Settings = _slots[slot].Settings with { RateFactor = factor } };

    internal override void Follow(int online, int target, int count, double tau)
    {
        using var scope = NewDisposeScope();
        var followed = _parameters.narrow(0, target, count);
        followed.add_((_parameters.narrow(0, online, count) - followed).mul_(PerSlot(count, _ => tau)), Scalars.One);
        Statistics?.narrow(0, target, count).copy_(Statistics.narrow(0, online, count));
    }

    internal override void Write(int slot, int offset, ReadOnlySpan<float> values)
    {
        using var scope = NewDisposeScope();
        _parameters[slot].narrow(0, offset, values.Length).copy_(Device.Upload(values, values.Length));
    }

    internal override void Read(int slot, int offset, Span<float> destination)
    {
        using var scope = NewDisposeScope();
        Transfer.Download(_parameters[slot].narrow(0, offset, destination.Length), destination);
    }

    internal override void ReadStatistics(int slot, Span<float> mean, Span<float> variance)
    {
        using var scope = NewDisposeScope();
        Transfer.Download(Statistics![slot][0], mean);
        Transfer.Download(Statistics[slot][1], variance);
    }

    internal override void WriteStatistics(int slot, ReadOnlySpan<float> mean, ReadOnlySpan<float> variance)
    {
        using var scope = NewDisposeScope();
        Statistics![slot][0].copy_(Device.Upload(mean, mean.Length));
        Statistics[slot][1].copy_(Device.Upload(variance, variance.Length));
    }

    internal override long ReadMoments(int slot, Span<float> first, Span<float> second)
    {
        if (_firstMoment is null)
        {
            first.Clear();
            second.Clear();
            return 0;
        }

        using var scope = NewDisposeScope();
        Transfer.Download(_firstMoment[slot], first);
        Transfer.Download(_secondMoment![slot], second);
        return _slots[slot].Steps;
    }

    internal override void WriteMoments(int slot, long steps, ReadOnlySpan<float> first, ReadOnlySpan<float> second)
    {
        if (steps == 0 && _firstMoment is null)
        {
            return; // As a slot is that has not learned.
        }

        using var scope = NewDisposeScope();
        PrepareMoments();
        _firstMoment![slot].copy_(Device.Upload(first, first.Length));
        _secondMoment![slot].copy_(Device.Upload(second, second.Length));
        _slots[slot] = _slots[slot] with { Steps = steps };
    }

    internal override (SlotSettings Settings, long Steps) TrainingOf(int slot) => (_slots[slot].Settings, _slots[slot].Steps);

    internal override void Renew(int slot, ReadOnlySpan<int> places, ReadOnlySpan<float> values)
    {
        using var scope = NewDisposeScope();
        Span<long> wide = new long[places.Length];
        for (var i = 0; i < places.Length; i++)
        {
            wide[i] = places[i];
        }

        var index = Device.Upload(wide, wide.Length);
        _parameters[slot].index_copy_(0, index, Device.Upload(values, values.Length));
        var zeros = torch.zeros(places.Length, device: Device.Torch);
        _firstMoment![slot].index_copy_(0, index, zeros);
        _secondMoment![slot].index_copy_(0, index, zeros);
    }

    internal override void ReadStart(int slot, Span<float> destination)
    {
        using var scope = NewDisposeScope();
        Transfer.Download(_start![slot], destination);
    }

    internal override void WriteStart(int slot, ReadOnlySpan<float> values)
    {
        using var scope = NewDisposeScope();
        Start[slot].copy_(Device.Upload(values, values.Length));
    }

    public override void Dispose()
    {
        _parameters.Dispose();
        _firstMoment?.Dispose();
        _secondMoment?.Dispose();
        _start?.Dispose();
        Statistics?.Dispose();
    }

    /// <summary>The parameters of a range of slots, as views; valid until the bank grows.</summary>
    internal ParameterViews Views(int first, int count) => new(Layout, _parameters.narrow(0, first, count));

    /// <summary>A gradient of a range of slots, zero, to be filled through its views.</summary>
    internal ParameterViews NewGradient(int count) => new(Layout, torch.zeros(count, Layout.Length, device: Device.Torch));

    /// <summary>Parameters of slots before their first step, [slots, parameters]; made where a slot is pulled back to them.</summary>
    private Tensor Start => _start ??= Zeros((int)_parameters.shape[0]).DetachFromDisposeScope();

    /// <summary>Adds the gradient of lambda |theta - theta0|^2 to those of a range of slots, each by itself, where a slot is pulled back to its start and has left it.</summary>
    internal void AddInitialL2(int first, Tensor gradient)
    {
        for (var k = 0; k < gradient.shape[0]; k++)
        {
            if (RemembersStart(first + k))
            {
                var factor = PerSlot(1, _ => 2 * _slots[first + k].Settings.Regularisation.InitialL2);
                gradient.narrow(0, k, 1).add_((_parameters.narrow(0, first + k, 1) - Start.narrow(0, first + k, 1)).mul_(factor), Scalars.One);
            }
        }
    }

    private void RememberStarts(int first, int count)
    {
        for (var slot = first; slot < first + count; slot++)
        {
            if (_slots[slot].Settings.Regularisation.InitialL2 > 0 && _slots[slot].Steps == 0)
            {
                Start[slot].copy_(_parameters[slot]);
            }
        }
    }

    /// <summary>
    /// One step of each slot of a range by Adam (Kingma and Ba 2015; the order of operations is PyTorch's), with weight decay where the slot asks for it (AdamW), the gradient's norm
    /// clipped first where it asks for that. Dormant units begin anew behind the step, where that is due.
    /// </summary>
    /// <param name="first">First slot.</param>
    /// <param name="gradient">[slots, parameters], overwritten.</param>
    /// <param name="activity">Activity of the hidden units of each slot, [slots, units] (see <see cref="DormantUnits"/>).</param>
    internal StepOutcome[] Step(int first, Tensor gradient, ReadOnlySpan<float> activity)
    {
        var count = (int)gradient.shape[0];
        var outcomes = TorchNorms.Of(gradient, Layout, k => _slots[first + k].Settings.MaxGradientNorm);
        if (Array.Exists(outcomes, o => o.Clipped))
        {
            gradient.mul_(PerSlot(count, k => Clip(outcomes[k].GradientNorm, _slots[first + k].Settings.MaxGradientNorm)));
        }

        RememberStarts(first, count);
        for (var k = 0; k < count; k++)
        {
            _slots[first + k] = _slots[first + k] with { Steps = _slots[first + k].Steps + 1 };
        }

        var parameters = _parameters.narrow(0, first, count);
        PrepareMoments();
        var firstMoment = _firstMoment!.narrow(0, first, count);
        var secondMoment = _secondMoment!.narrow(0, first, count);
        firstMoment.mul_(Scalars.Beta1).add_(gradient, Scalars.OneMinusBeta1);
        secondMoment.mul_(Scalars.Beta2).addcmul_(gradient, gradient, Scalars.OneMinusBeta2);
        var denominator = secondMoment.sqrt()
            .div_(PerSlot(count, k => Math.Sqrt(1 - Math.Pow(Bank.Beta2, _slots[first + k].Steps))))
            .add_(Scalars.AdamEpsilon, Scalars.One);
        var step = firstMoment.mul(PerSlot(count, k => -_slots[first + k].Settings.StepRate / (1 - Math.Pow(Bank.Beta1, _slots[first + k].Steps)))).div_(denominator);
        var before = parameters.clone();
        if (_slots.GetRange(first, count).Exists(s => s.Settings.Regularisation.WeightDecay > 0))
        {
            parameters.mul_(PerSlot(count, k => _slots[first + k].Settings.Kept));
        }

        parameters.add_(step, Scalars.One);

        Span<bool> moved = (before != parameters).any(1).cpu().data<bool>().ToArray();
        Span<float> largest = parameters.abs().amax([1]).cpu().data<float>().ToArray();
        for (var k = 0; k < count; k++)
        {
            var units = activity.Slice(k * Architecture.Units, Architecture.Units);
            outcomes[k] = outcomes[k] with
            {
                Frozen = !(moved[k] | Recycle(first + k, units)),
                Finite = outcomes[k].Finite && float.IsFinite(largest[k]),
                DormantShare = DormantUnits.Share(Architecture, units),
            };
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

        return Device.Upload(values, count, 1);
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
            if (_firstMoment is not null)
            {
                larger.Add(Zeros(wanted));
                larger.Add(Zeros(wanted));
            }

            if (_start is not null)
            {
                larger.Add(Zeros(wanted));
            }

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
        if (_firstMoment is not null)
        {
            _firstMoment = Replace(_firstMoment, larger[1], capacity);
            _secondMoment = Replace(_secondMoment!, larger[2], capacity);
        }

        if (_start is not null)
        {
            _start = Replace(_start, larger[Statistics is null ? ^1 : ^2], capacity);
        }

        if (Statistics is not null)
        {
            Statistics = Replace(Statistics, larger[^1], capacity);
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

    private void PrepareMoments()
    {
        _firstMoment ??= Zeros((int)_parameters.shape[0]).DetachFromDisposeScope();
        _secondMoment ??= Zeros((int)_parameters.shape[0]).DetachFromDisposeScope();
    }

    private Tensor Zeros(int slots) => torch.zeros(slots, Layout.Length, device: Device.Torch);

    private readonly record struct Slot(SlotSettings Settings)
    {
        public long Steps { get; init; }
    }
}
