using Simulator.Protocol;

namespace Simulator.Compute.Tests;

/// <summary>A network whose training state was read and written elsewhere goes on as the one that it was read from.</summary>
public abstract class TrainingStateTests(ComputeDevice device)
{
    private const int Inputs = 7;
    private const int Outputs = 3;
    private const int Batch = 32;
    private const double Rate = 0.003;

    [Theory]
    [InlineData(PolicyVariant.Baseline, 0)]
    [InlineData(PolicyVariant.Baseline, 5)]
    [InlineData(PolicyVariant.Linear, 5)]
    [InlineData(PolicyVariant.Layernorm, 5)]
    [InlineData(PolicyVariant.Fullnorm, 0)]
    [InlineData(PolicyVariant.Fullnorm, 5)]
    [InlineData(PolicyVariant.Baseline, 0, 0.1)]
    [InlineData(PolicyVariant.Baseline, 5, 0.1)]
    public void Steps_after_it_are_the_same(PolicyVariant variant, int steps, double initialL2 = 0)
    {
        var architecture = NetworkArchitecture.Actor(variant, Inputs, Outputs);
        using var bank = New(architecture, 3, initialL2);
        using var other = New(architecture, 2, initialL2);
        bank.Write(1, 0, Numbers.Parameters(architecture, 4));
        for (var step = 0; step < steps; step++)
        {
            Improve(bank, 1, step);
        }

        var writer = new StateWriter();
        bank.ReadTraining(1).Save(writer);
        var reader = new StateReader(writer.ToArray());
        var state = TrainingState.Load(reader);
        Assert.True(reader.AtEnd);
        Assert.Equal(steps, state.Steps);
        Improve(other, 0, 77);
        other.WriteTraining(1, state);
        Numbers.SameBits(bank.ReadTraining(1).Values, other.ReadTraining(1).Values, "as read");
        for (var step = 0; step < 4; step++)
        {
            Improve(bank, 1, 20 + step);
            Improve(other, 1, 20 + step);
            Numbers.SameBits(bank.ReadTraining(1).Values, other.ReadTraining(1).Values, $"step {step}");
        }

        Assert.Equal(steps + 4, other.ReadTraining(1).Steps);
    }

    [Theory]
    [InlineData(PolicyVariant.Baseline, 0)]
    [InlineData(PolicyVariant.Baseline, 5)]
    [InlineData(PolicyVariant.Fullnorm, 5)]
    public void An_output_layer_that_is_renewed_forgets_its_moments_and_the_other_layers_stay(PolicyVariant variant, int steps)
    {
        var architecture = NetworkArchitecture.Actor(variant, Inputs, Outputs);
        using var bank = New(architecture, 3);
        for (var step = 0; step < steps; step++)
        {
            Improve(bank, 1, step);
        }

        var (before, fresh) = (bank.ReadTraining(1), Numbers.Parameters(architecture, 9));
        bank.RenewOutputLayer(1, fresh);
        var after = bank.ReadTraining(1);

        Assert.Equal(before.Steps, after.Steps);
        var length = architecture.Layout.Length;
        foreach (var tensor in architecture.Layout.Tensors)
        {
            for (var i = tensor.Offset; i < tensor.Offset + tensor.Length; i++)
            {
                Assert.Equal(tensor.IsLastLayer ? fresh[i] : before.Values[i], after.Values[i]);
                foreach (var moments in (int[])[architecture.StateLength, architecture.StateLength + length])
                {
                    Assert.Equal(tensor.IsLastLayer ? 0 : before.Values[moments + i], after.Values[moments + i]);
                }
            }
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => bank.RenewOutputLayer(3, fresh));
        Assert.Throws<ArgumentException>(() => bank.RenewOutputLayer(1, fresh.AsSpan(1)));
    }

    [Fact]
    public void A_slot_that_has_not_learned_forgets_what_it_had_where_it_is_written()
    {
        var architecture = NetworkArchitecture.Actor(PolicyVariant.Baseline, Inputs, Outputs);
        using var bank = New(architecture, 1);
        var fresh = bank.ReadTraining(0);
        Improve(bank, 0, 1);
        bank.WriteTraining(0, fresh);
        Assert.Equal(0, bank.ReadTraining(0).Steps);
        Numbers.SameBits(fresh.Values, bank.ReadTraining(0).Values, "all");
    }

    [Fact]
    public void That_of_another_architecture_is_refused()
    {
        using var bank = New(NetworkArchitecture.Actor(PolicyVariant.Baseline, Inputs, Outputs), 1);
        using var other = New(NetworkArchitecture.Actor(PolicyVariant.Layernorm, Inputs, Outputs), 1);
        using var pulled = New(bank.Architecture, 1, initialL2: 0.1);
        Improve(pulled, 0, 1);
        Assert.Throws<InvalidDataException>(() => bank.WriteTraining(0, pulled.ReadTraining(0)));
        Assert.Throws<InvalidDataException>(() => bank.WriteTraining(0, other.ReadTraining(0)));
    }

    private PolicyBank New(NetworkArchitecture architecture, int slots, double initialL2 = 0)
    {
        var bank = PolicyBank.Create(device, architecture);
        bank.Allocate(slots, Rate, 0, new Regularisation(0.01, initialL2));
        return bank;
    }

    private static void Improve(PolicyBank bank, int slot, int seed) =>
        bank.Improve(slot, 1, Batch, Numbers.Uniform(seed, Batch * Inputs), Numbers.Uniform(50 + seed, Batch * Outputs));
}

public sealed class HostTrainingStateTests() : TrainingStateTests(ComputeDevice.Cpu);

public sealed class TorchTrainingStateTests() : TrainingStateTests(ComputeDevice.Reference);
