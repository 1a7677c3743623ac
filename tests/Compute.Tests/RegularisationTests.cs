using TorchSharp;
using static TorchSharp.torch;

namespace Simulator.Compute.Tests;

/// <summary>Weight decay and the pull back to the initial parameters: against AdamW in double precision, and against the loss that the pull is the gradient of.</summary>
public abstract class RegularisationTests(ComputeDevice device) : IDisposable
{
    private const int Inputs = 7;
    private const int Outputs = 3;
    private const int Batch = 32;
    private const double Rate = 0.01;
    private const double Decay = 0.3;
    private const double L2 = 0.05;

    private static readonly NetworkArchitecture Architecture = NetworkArchitecture.Actor(PolicyVariant.Baseline, Inputs, Outputs).WithHiddenNorm();

    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData(Decay, 0, 0)]
    [InlineData(0, L2, 0)]
    [InlineData(Decay, L2, 0)]
    [InlineData(Decay, L2, 0.1)]
    public void Steps_are_those_of_AdamW_on_the_loss_with_its_penalty(double decay, double l2, double limit)
    {
        using var bank = Bank(new Regularisation(decay, l2), slots: 2, limit);
        using var plain = Bank(default, slots: 2, limit);
        var initial = Read(bank, 1);
        var expected = Array.ConvertAll(initial, v => (double)v);
        var (first, second) = (new double[initial.Length], new double[initial.Length]);
        var clipped = false;
        for (var step = 1; step <= 12; step++)
        {
            var seen = Numbers.Uniform(step, Batch * Inputs);
            var wanted = Numbers.Uniform(50 + step, Batch * Outputs, 0.1);
            var current = Read(bank, 1);
            plain.Write(1, 0, current);
            var gradient = Array.ConvertAll(plain.Gradient(1, 1, Batch, seen, wanted), v => (double)v);
            for (var i = 0; i < gradient.Length; i++)
                gradient[i] += 2 * l2 * (current[i] - initial[i]);
            Numbers.Near(Array.ConvertAll(gradient, v => (float)v), bank.Gradient(1, 1, Batch, seen, wanted), 1e-5, $"gradient of step {step}");

            var outcome = bank.Improve(1, 1, Batch, seen, wanted)[0];

            // The norm has the penalty in it, and not the decay.
            var norm = Math.Sqrt(gradient.Sum(g => g * g));
            Assert.Equal(norm, outcome.GradientNorm, norm * 1e-5);
            Assert.Equal(norm, Math.Sqrt(outcome.LayerNorms.Sum(n => n * n)), norm * 1e-5);
            Assert.Equal(limit > 0 && norm > limit, outcome.Clipped);
            clipped |= outcome.Clipped;
            var scale = outcome.Clipped ? limit / (norm + 1e-6) : 1;
            for (var i = 0; i < expected.Length; i++)
            {
                // Loshchilov and Hutter 2019, algorithm 2, as torch.optim.AdamW has it.
                var g = gradient[i] * scale;
                first[i] = (0.9 * first[i]) + (0.1 * g);
                second[i] = (0.999 * second[i]) + (0.001 * g * g);
                expected[i] = (expected[i] * (1 - (Rate * decay)))
                    - (Rate * (first[i] / (1 - Math.Pow(0.9, step))) / (Math.Sqrt(second[i] / (1 - Math.Pow(0.999, step))) + 1e-8));
            }

            Numbers.Near(Moved(initial, Array.ConvertAll(expected, v => (float)v)), Moved(initial, Read(bank, 1)), 2e-4, $"step {step}");
        }

        Assert.Equal(limit > 0, clipped);
    }

    [Fact]
    public void The_pull_of_a_critic_is_the_slope_of_its_penalty()
    {
        const int clients = 3;
        var architecture = NetworkArchitecture.Critic(PolicyVariant.Baseline, CriticBank.InputWidth(clients, Inputs, Outputs)).WithHiddenNorm();
        using var bank = CriticBank.Create(device, architecture, clients, Inputs, Outputs);
        using var plain = CriticBank.Create(device, architecture, clients, Inputs, Outputs);
        bank.Allocate(1, Rate, 0, new Regularisation(0, L2));
        plain.Allocate(1, Rate, 0);
        var initial = Numbers.Parameters(architecture, 1);
        bank.Write(0, 0, initial);
        var lesson = new CriticLesson(
            Numbers.Uniform(2, Batch * clients * 10), Enumerable.Range(0, Batch).Select(b => b % clients).ToArray(), new double[Batch], Enumerable.Repeat(1.0, Batch).ToArray());
        for (var step = 0; step < 3; step++)
            bank.Improve(0, [lesson]);
        var current = Read(bank, 0);
        plain.Write(0, 0, current);

        var pull = Moved(plain.Gradient(0, [lesson]), bank.Gradient(0, [lesson]));

        // Central differences of lambda |theta - theta0|^2, for some parameters of each tensor; the loss that is told is without it.
        const double h = 1e-3;
        var (expected, actual) = (new List<float>(), new List<float>());
        foreach (var t in architecture.Layout.Tensors)
        {
            for (var at = t.Offset; at < t.Offset + t.Length; at += Math.Max(1, t.Length / 50))
            {
                var distance = (double)current[at] - initial[at];
                expected.Add((float)((L2 * Math.Pow(distance + h, 2)) - (L2 * Math.Pow(distance - h, 2))) / (float)(2 * h));
                actual.Add(pull[at]);
            }
        }

        Numbers.Near([.. expected], [.. actual], 1e-3, "pull");
        Assert.Equal(plain.Improve(0, [lesson])[0].Loss, bank.Improve(0, [lesson])[0].Loss);
    }

    [Fact]
    public void A_slot_learns_the_same_beside_slots_with_other_settings()
    {
        Regularisation[] settings = [default, new(Decay, 0), new(0, L2), new(Decay, L2)];
        using var together = PolicyBank.Create(device, Architecture);
        for (var slot = 0; slot < settings.Length; slot++)
        {
            together.Allocate(1, Rate, 0, settings[slot]);
            together.Write(slot, 0, Numbers.Parameters(Architecture, slot));
        }

        Learn(together, 0, settings.Length);
        for (var slot = 0; slot < settings.Length; slot++)
        {
            using var alone = PolicyBank.Create(device, Architecture);
            alone.Allocate(1, Rate, 0, settings[slot]);
            alone.Write(0, 0, Numbers.Parameters(Architecture, slot));
            for (var step = 0; step < 3; step++)
                alone.Improve(0, 1, Batch, Part(Seen(step, settings.Length), slot, Inputs), Part(Wanted(step, settings.Length), slot, Outputs));
            Numbers.SameBits(Read(alone, 0), Read(together, slot), $"slot {slot}");
        }
    }

    [Fact]
    public void What_a_slot_started_from_outlives_growth_and_is_that_of_its_new_network_when_it_is_used_again()
    {
        var settings = new Regularisation(0, L2);
        using var bank = Bank(settings, slots: 2, limit: 0);
        Learn(bank, 0, 2);
        bank.Allocate(40, Rate, 0);
        Numbers.SameBits(Numbers.Parameters(Architecture, 1), Start(bank, 1), "start of slot 1");
        Learn(bank, 0, 2);
        Numbers.SameBits(Numbers.Parameters(Architecture, 1), Start(bank, 1), "start of slot 1");

        bank.Reuse(0, 1, Rate, 0, settings);
        Assert.False(bank.RemembersStart(0));
        bank.Write(0, 0, Numbers.Parameters(Architecture, 7));
        Learn(bank, 0, 1);
        Assert.True(bank.RemembersStart(0));
        Numbers.SameBits(Numbers.Parameters(Architecture, 7), Start(bank, 0), "start of the new slot 0");
    }

    [Fact]
    public void A_start_that_was_read_can_be_written_to_another_bank()
    {
        using var bank = Bank(new Regularisation(0, L2), slots: 2, limit: 0);
        Learn(bank, 0, 2);
        using var other = Bank(new Regularisation(0, L2), slots: 2, limit: 0);
        Learn(other, 0, 2);
        other.WriteStart(0, Start(bank, 1));

        Numbers.SameBits(Start(bank, 1), Start(other, 0), "start");
        Assert.Throws<ArgumentException>(() => other.WriteStart(0, new float[3]));
    }

    private PolicyBank Bank(Regularisation regularisation, int slots, double limit)
    {
        var bank = PolicyBank.Create(device, Architecture);
        bank.Allocate(slots, Rate, limit, regularisation);
        for (var slot = 0; slot < slots; slot++)
            bank.Write(slot, 0, Numbers.Parameters(Architecture, slot));
        return bank;
    }

    private static void Learn(PolicyBank bank, int first, int count)
    {
        for (var step = 0; step < 3; step++)
            bank.Improve(first, count, Batch, Seen(step, count), Wanted(step, count));
    }

    private static float[] Seen(int step, int count) => Numbers.Uniform(step, count * Batch * Inputs);

    private static float[] Wanted(int step, int count) => Numbers.Uniform(30 + step, count * Batch * Outputs);

    private static float[] Part(float[] all, int slot, int width) => all.AsSpan(slot * Batch * width, Batch * width).ToArray();

    private static float[] Read(Bank bank, int slot)
    {
        var parameters = new float[bank.Layout.Length];
        bank.Read(slot, 0, parameters);
        return parameters;
    }

    private static float[] Start(Bank bank, int slot)
    {
        var start = new float[bank.Layout.Length];
        bank.ReadStart(slot, start);
        return start;
    }

    private static float[] Moved(float[] from, float[] to) => [.. from.Zip(to, (a, b) => b - a)];
}

/// <summary>On our own kernels.</summary>
public sealed class HostRegularisationTests() : RegularisationTests(ComputeDevice.Cpu);

/// <summary>On libtorch's operations, as a GPU computes.</summary>
public sealed class TorchRegularisationTests() : RegularisationTests(ComputeDevice.Reference);
