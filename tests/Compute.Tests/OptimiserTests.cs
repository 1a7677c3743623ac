using TorchSharp;
using static TorchSharp.torch;

namespace Simulator.Compute.Tests;

/// <summary>Adam, clipping, what a step reports, and what becomes of slots when a bank grows or hands them out again.</summary>
public abstract class OptimiserTests(ComputeDevice device) : IDisposable
{
    private const int Inputs = 7;
    private const int Outputs = 3;
    private const int Batch = 32;
    private const double Rate = 0.003;

    private static readonly NetworkArchitecture Architecture = NetworkArchitecture.Actor(PolicyVariant.Baseline, Inputs, Outputs);

    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    public void Steps_are_those_of_Adam_in_double_precision_behind_torchs_clipping(double limit)
    {
        using var bank = Bank(2, Rate, limit);
        var initial = Read(bank, 1);
        var expected = Array.ConvertAll(initial, v => (double)v);
        var first = new double[initial.Length];
        var second = new double[initial.Length];
        var clipped = new List<bool>();
        for (var step = 0; step < 8; step++)
        {
            // Gradients whose norms differ by orders of magnitude, on both sides of the limit.
            var seen = Numbers.Uniform(step, Batch * Inputs);
            var wanted = Numbers.Uniform(50 + step, Batch * Outputs, Math.Pow(10, (step % 4) - 2));
            var gradient = bank.Gradient(1, 1, Batch, seen, wanted);
            var outcome = bank.Improve(1, 1, Batch, seen, wanted)[0];

            var norm = Norm(gradient);
            if (limit > 0)
            {
                var parameter = nn.Parameter(tensor(initial));
                parameter.grad = tensor(gradient);
                Assert.Equal(norm, nn.utils.clip_grad_norm_([parameter], limit), norm * 1e-5);
                gradient = parameter.grad.data<float>().ToArray();
            }

            Adam(expected, first, second, gradient, step + 1);
            clipped.Add(outcome.Clipped);
            Assert.Equal(norm > limit && limit > 0, outcome.Clipped);
            Assert.Equal(norm, outcome.GradientNorm, norm * 1e-5);
            Assert.Equal(outcome.GradientNorm, Math.Sqrt(outcome.LayerNorms.Sum(n => n * n)), norm * 1e-9);
            Assert.False(outcome.Frozen);
            Assert.True(outcome.Finite);
            Numbers.Near(Moved(initial, Array.ConvertAll(expected, v => (float)v)), Moved(initial, Read(bank, 1)), 1e-4, $"step {step}");
        }

        Assert.Equal(limit > 0, clipped.Contains(true));
        Assert.Contains(false, clipped);
    }

    /// <summary>Kingma and Ba 2015, algorithm 1. Not torch.optim.Adam, whose steps make scalars that a garbage collection can free (see <see cref="Scalars"/>).</summary>
    private static void Adam(double[] parameters, double[] first, double[] second, float[] gradient, int step)
    {
        for (var i = 0; i < parameters.Length; i++)
        {
            first[i] = (0.9 * first[i]) + (0.1 * gradient[i]);
            second[i] = (0.999 * second[i]) + (0.001 * gradient[i] * gradient[i]);
            parameters[i] -= Rate * (first[i] / (1 - Math.Pow(0.9, step))) / (Math.Sqrt(second[i] / (1 - Math.Pow(0.999, step))) + 1e-8);
        }
    }

    [Fact]
    public void Norms_of_layers_are_those_of_their_parameters()
    {
        using var bank = Bank(1, Rate, 0);
        var seen = Numbers.Uniform(1, Batch * Inputs);
        var wanted = Numbers.Uniform(2, Batch * Outputs);
        var gradient = bank.Gradient(0, 1, Batch, seen, wanted);

        var outcome = bank.Improve(0, 1, Batch, seen, wanted)[0];

        Assert.Equal(["fc1", "fc2", "fc3"], bank.Layout.Layers);
        for (var layer = 0; layer < 3; layer++)
        {
            var own = bank.Layout.Tensors.Where(t => t.Layer == bank.Layout.Layers[layer]).SelectMany(t => gradient.AsSpan(t.Offset, t.Length).ToArray()).ToArray();
            Assert.Equal(Norm(own), outcome.LayerNorms[layer], Norm(own) * 1e-5);
        }
    }

    [Fact]
    public void A_factor_of_the_rate_holds_for_its_slots_until_it_is_set_anew()
    {
        const double rate = 0.0078125;
        var seen = Numbers.Uniform(1, 3 * Batch * Inputs);
        var wanted = Numbers.Uniform(2, 3 * Batch * Outputs);
        using var scaled = Bank(3, rate, 0);
        using var halved = Bank(3, rate / 2, 0);
        using var plain = Bank(3, rate, 0);
        scaled.ScaleRates(1, 1, 0.5);
        for (var step = 0; step < 3; step++)
        {
            foreach (var bank in new[] { scaled, halved, plain })
                bank.Improve(0, 3, Batch, seen, wanted);
        }

        Numbers.SameBits(Read(plain, 0), Read(scaled, 0), "the slot before");
        Numbers.SameBits(Read(halved, 1), Read(scaled, 1), "the slot");
        Numbers.SameBits(Read(plain, 2), Read(scaled, 2), "the slot behind");
        Assert.NotEqual(Read(plain, 1), Read(scaled, 1));

        scaled.ScaleRates(1, 1, 0);
        Assert.True(scaled.Improve(1, 1, Batch, Slot(seen, Inputs), Slot(wanted, Outputs))[0].Frozen);
        scaled.ScaleRates(1, 1, 0.5);
        Assert.False(scaled.Improve(1, 1, Batch, Slot(seen, Inputs), Slot(wanted, Outputs))[0].Frozen);
        Assert.Throws<ArgumentOutOfRangeException>(() => scaled.ScaleRates(1, 1, double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => scaled.ScaleRates(1, 1, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => scaled.ScaleRates(1, 3, 1));

        static float[] Slot(float[] all, int width) => all[(Batch * width)..(2 * Batch * width)];
    }

    [Fact]
    public void A_step_with_rate_zero_is_frozen()
    {
        using var bank = Bank(1, 0, 0);
        var before = Read(bank, 0);

        var outcome = bank.Improve(0, 1, Batch, Numbers.Uniform(1, Batch * Inputs), Numbers.Uniform(2, Batch * Outputs))[0];

        Assert.True(outcome.Frozen);
        Assert.True(outcome.GradientNorm > 0);
        Numbers.SameBits(before, Read(bank, 0), "parameters");
    }

    [Fact]
    public void With_a_zero_gradient_momentum_moves_weights_on_until_no_bit_moves_any_more()
    {
        // One slot's gradient vanishes, the other's does not: frozen is told apart.
        using var bank = Bank(2, Rate, 0);
        var seen = Numbers.Uniform(1, 2 * Batch * Inputs);
        var wanted = Numbers.Uniform(2, 2 * Batch * Outputs);
        bank.Improve(0, 2, Batch, seen, wanted);
        wanted.AsSpan(0, Batch * Outputs).Clear();
        var frozen = new List<bool>();
        for (var step = 0; step < 600 && !frozen.Contains(true); step++)
        {
            var before = (Read(bank, 0), Read(bank, 1));
            var outcomes = bank.Improve(0, 2, Batch, seen, wanted);
            Assert.Equal(0, outcomes[0].GradientNorm);
            Assert.Equal(before.Item1.AsSpan().SequenceEqual(Read(bank, 0)), outcomes[0].Frozen);
            Assert.Equal(before.Item2.AsSpan().SequenceEqual(Read(bank, 1)), outcomes[1].Frozen);
            Assert.False(outcomes[1].Frozen);
            frozen.Add(outcomes[0].Frozen);
        }

        Assert.False(frozen[0]);
        Assert.True(frozen[^1], "After 600 steps without a gradient weights still move.");
    }

    [Theory]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NaN)]
    public void A_gradient_that_is_not_finite_is_told_for_the_slot_that_has_it(float value)
    {
        using var bank = Bank(3, Rate, 1);
        var wanted = Numbers.Uniform(2, 3 * Batch * Outputs);
        wanted[(Batch * Outputs) + 5] = value;

        var outcomes = bank.Improve(0, 3, Batch, Numbers.Uniform(1, 3 * Batch * Inputs), wanted);

        Assert.Equal([true, false, true], Array.ConvertAll(outcomes, o => o.Finite));
        Assert.True(Array.TrueForAll(Read(bank, 0), float.IsFinite));
        Assert.True(Array.TrueForAll(Read(bank, 2), float.IsFinite));
    }

    [Fact]
    public void Parameters_that_overflow_are_told_though_the_gradient_is_finite()
    {
        using var bank = Bank(1, 1e39, 0);

        var outcome = bank.Improve(0, 1, Batch, Numbers.Uniform(1, Batch * Inputs), Numbers.Uniform(2, Batch * Outputs))[0];

        Assert.True(double.IsFinite(outcome.GradientNorm));
        Assert.False(outcome.Finite);
    }

    [Fact]
    public void Growth_keeps_the_bits_moments_and_statistics_of_slots()
    {
        var architecture = Architecture with { InputNorm = true };
        using var grown = PolicyBank.Create(device, architecture);
        using var still = PolicyBank.Create(device, architecture);
        foreach (var bank in new[] { grown, still })
        {
            bank.Allocate(2, Rate, 0.1);
            bank.Write(0, 0, Numbers.Parameters(architecture, 0));
            bank.Write(1, 0, Numbers.Parameters(architecture, 1));
        }

        foreach (var more in new[] { 1, 1, 5, 40 })
        {
            var seen = Numbers.Uniform(more, 2 * Batch * Inputs);
            var wanted = Numbers.Uniform(60 + more, 2 * Batch * Outputs);
            still.Improve(0, 2, Batch, seen, wanted);
            grown.Improve(0, 2, Batch, seen, wanted);
            var slots = grown.Slots;
            Assert.Equal(slots, grown.Allocate(more, Rate, 0));
            Assert.Equal(slots + more, grown.Slots);
            for (var slot = slots; slot < slots + more; slot++)
            {
                Assert.All(Read(grown, slot), v => Assert.Equal(0, v));
                Assert.All(grown.ReadStatistics(slot).Mean, v => Assert.Equal(0, v));
                Assert.All(grown.ReadStatistics(slot).Variance, v => Assert.Equal(1, v));
            }
        }

        for (var slot = 0; slot < 2; slot++)
        {
            Numbers.SameBits(Read(still, slot), Read(grown, slot), $"slot {slot}");
            Numbers.SameBits(still.ReadStatistics(slot).Mean, grown.ReadStatistics(slot).Mean, $"mean of slot {slot}");
            Numbers.SameBits(still.ReadStatistics(slot).Variance, grown.ReadStatistics(slot).Variance, $"variance of slot {slot}");
        }
    }

    [Fact]
    public void Slots_that_are_used_again_start_as_new_and_the_others_stay()
    {
        var architecture = Architecture with { InputNorm = true };
        using var bank = PolicyBank.Create(device, architecture);
        bank.Allocate(4, Rate, 0.1);
        for (var slot = 0; slot < 4; slot++)
            bank.Write(slot, 0, Numbers.Parameters(architecture, slot));
        Learn(bank, 0, 4);
        var others = (Read(bank, 0), Read(bank, 3));

        bank.Reuse(1, 2, rate: 0.02, maxGradientNorm: 0);

        Assert.All(Read(bank, 1).Concat(Read(bank, 2)), v => Assert.Equal(0, v));
        Numbers.SameBits(others.Item1, Read(bank, 0), "slot 0");
        Numbers.SameBits(others.Item2, Read(bank, 3), "slot 3");

        // Moments, step counts, rate, limit and statistics are new, too: they learn as in a bank of their own.
        using var fresh = PolicyBank.Create(device, architecture);
        fresh.Allocate(2, 0.02, 0);
        for (var i = 0; i < 2; i++)
        {
            bank.Write(1 + i, 0, Numbers.Parameters(architecture, 70 + i));
            fresh.Write(i, 0, Numbers.Parameters(architecture, 70 + i));
        }

        Assert.Equal(Learn(fresh, 0, 2), Learn(bank, 1, 2));
        for (var i = 0; i < 2; i++)
        {
            Numbers.SameBits(Read(fresh, i), Read(bank, 1 + i), $"slot {1 + i}");
            Numbers.SameBits(fresh.ReadStatistics(i).Mean, bank.ReadStatistics(1 + i).Mean, "mean");
            Numbers.SameBits(fresh.ReadStatistics(i).Variance, bank.ReadStatistics(1 + i).Variance, "variance");
        }
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 3)]
    [InlineData(2, 1)]
    [InlineData(0, 0)]
    public void Slots_that_a_bank_does_not_have_are_refused(int first, int count)
    {
        using var bank = Bank(2, Rate, 0);

        Assert.Throws<ArgumentOutOfRangeException>(
            () => bank.Infer(first, count, 1, new float[Math.Max(count, 1) * Inputs], new float[Math.Max(count, 1) * Outputs]));
    }

    [Theory]
    [InlineData(PolicyVariant.Baseline)]
    [InlineData(PolicyVariant.Fullnorm)]
    public void A_network_written_with_the_state_of_another_acts_as_it_does(PolicyVariant variant)
    {
        var architecture = NetworkArchitecture.Actor(variant, Inputs, Outputs);
        using var learned = PolicyBank.Create(device, architecture);
        using var written = PolicyBank.Create(device, architecture);
        learned.Allocate(1, Rate, 0);
        written.Allocate(3, Rate, 0);
        learned.WriteState(0, Numbers.Parameters(architecture, 1));
        Learn(learned, 0, 1);
        var state = learned.ReadState(0);
        written.WriteState(2, state);

        Assert.Equal(architecture.StateLength, state.Length);
        Assert.Equal(state, written.ReadState(2));
        Assert.Equal(Act(learned, 0), Act(written, 2));
        Assert.Throws<ArgumentException>(() => written.WriteState(0, state.AsSpan(1)));

        static float[] Act(PolicyBank bank, int slot)
        {
            var z = new float[Batch * Outputs];
            bank.Infer(slot, 1, Batch, Numbers.Uniform(9, Batch * Inputs, 2), z);
            return z;
        }
    }

    private static double[] Learn(PolicyBank bank, int first, int count)
    {
        var norms = new List<double>();
        for (var step = 0; step < 3; step++)
        {
            norms.AddRange(bank.Improve(first, count, Batch, Numbers.Uniform(step, count * Batch * Inputs, 3), Numbers.Uniform(40 + step, count * Batch * Outputs))
                .Select(o => o.GradientNorm));
        }

        return [.. norms];
    }

    private PolicyBank Bank(int slots, double rate, double limit)
    {
        var bank = PolicyBank.Create(device, Architecture);
        bank.Allocate(slots, rate, limit);
        for (var slot = 0; slot < slots; slot++)
            bank.Write(slot, 0, Numbers.Parameters(Architecture, slot));
        return bank;
    }

    private static float[] Read(PolicyBank bank, int slot)
    {
        var parameters = new float[bank.Layout.Length];
        bank.Read(slot, 0, parameters);
        return parameters;
    }

    private static float[] Moved(float[] from, float[] to) => [.. from.Zip(to, (a, b) => b - a)];

    private static double Norm(float[] values) => Math.Sqrt(values.Sum(v => (double)v * v));
}

/// <summary>On our own kernels.</summary>
public sealed class HostOptimiserTests() : OptimiserTests(ComputeDevice.Cpu);

/// <summary>On libtorch's operations, as a GPU computes.</summary>
public sealed class TorchOptimiserTests() : OptimiserTests(ComputeDevice.Reference);
