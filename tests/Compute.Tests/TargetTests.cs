namespace Simulator.Compute.Tests;

/// <summary>Target networks: slots that follow others, and what they are asked.</summary>
public abstract class TargetTests(ComputeDevice device)
{
    private const int Clients = 4;
    private const int Inputs = 7;
    private const int Outputs = 3;

    [Theory]
    [InlineData(PolicyVariant.Baseline)]
    [InlineData(PolicyVariant.Fullnorm)]
    public void A_target_goes_a_share_of_the_way_each_time(PolicyVariant variant)
    {
        const double tau = 0.05;
        using var bank = Policies(variant, 5);
        var online = new[] { Read(bank, 0), Read(bank, 1) };
        var expected = new[] { Array.ConvertAll(Read(bank, 2), v => (double)v), Array.ConvertAll(Read(bank, 3), v => (double)v) };
        var neighbour = Read(bank, 4);
        for (var step = 0; step < 20; step++)
        {
            bank.Follow(0, 2, 2, tau);
            for (var slot = 0; slot < 2; slot++)
            {
                for (var i = 0; i < expected[slot].Length; i++)
                    expected[slot][i] += tau * (online[slot][i] - expected[slot][i]);
                Numbers.Near(Array.ConvertAll(expected[slot], v => (float)v), Read(bank, 2 + slot), 1e-6, $"target {slot} after {step + 1} steps");
            }
        }

        Numbers.SameBits(online[0], Read(bank, 0), "what is followed");
        Numbers.SameBits(online[1], Read(bank, 1), "what is followed");
        Numbers.SameBits(neighbour, Read(bank, 4), "the slot behind");
        Assert.Throws<ArgumentOutOfRangeException>(() => bank.Follow(0, 4, 2, tau));
    }

    [Fact]
    public void A_target_shares_the_running_statistics()
    {
        using var bank = Policies(PolicyVariant.Fullnorm, 2);
        bank.Observe(0, 1, 20, Numbers.Uniform(4, 20 * Inputs, 9));
        Assert.NotEqual(bank.ReadStatistics(0).Mean, bank.ReadStatistics(1).Mean);
        bank.Follow(0, 1, 1, 0.01);
        Assert.Equal(bank.ReadStatistics(0).Mean, bank.ReadStatistics(1).Mean);
        Assert.Equal(bank.ReadStatistics(0).Variance, bank.ReadStatistics(1).Variance);
    }

    [Theory]
    [InlineData(1, 1, 2, 1)]
    [InlineData(2, 1, 6, 4)]
    [InlineData(1, 3, 5, 2)]
    [InlineData(2, 2, 3, 3)]
    public void The_last_rows_of_each_member_are_the_targets(int count, int members, int rows, int targetRows)
    {
        using var bank = Policies(PolicyVariant.Baseline, 2 * count);
        var seen = Numbers.Uniform(8, count * members * rows * Inputs);
        var z = new float[count * members * rows * Outputs];
        bank.InferWithTargets(0, count, count, members, rows, targetRows, seen, z);

        var (online, target) = (new float[z.Length], new float[z.Length]);
        bank.Infer(0, count, members * rows, seen, online);
        bank.Infer(count, count, members * rows, seen, target);
        for (var i = 0; i < count * members * rows; i++)
        {
            var at = new Range(i * Outputs, (i + 1) * Outputs);
            Numbers.Near((i % rows < rows - targetRows ? online : target)[at], z.AsSpan(at), 1e-6, $"row {i}");
        }
    }

    [Fact]
    public void A_critic_values_the_first_rows_and_its_target_the_last()
    {
        const int rows = 6;
        using var bank = CriticBank.Create(device, NetworkArchitecture.Critic(PolicyVariant.Baseline, CriticBank.InputWidth(Clients, 7, 3)), Clients, 7, 3);
        bank.Allocate(2, 0.01, 0);
        for (var slot = 0; slot < 2; slot++)
            bank.Write(slot, 0, Numbers.Parameters(bank.Architecture, slot));
        var joint = Numbers.Uniform(3, rows * Clients * 10);
        Candidate[] candidates = [new(0, 1), new(1, Candidate.Zero), new(5, 3), new(2, 0), new(4, 2), new(4, 3), new(3, 1)];
        var (online, target) = (bank.Evaluate(0, [new CriticQuery(joint, candidates)])[0], bank.Evaluate(1, [new CriticQuery(joint, candidates)])[0]);
        for (var targetRows = 0; targetRows <= rows; targetRows++)
        {
            var values = bank.EvaluateWithTarget(0, 1, new CriticQuery(joint, candidates, targetRows));
            Numbers.Near([.. candidates.Select((c, i) => c.Row < rows - targetRows ? online[i] : target[i])], values, 1e-5, $"{targetRows} rows of the target");
        }

        Assert.Empty(bank.EvaluateWithTarget(0, 1, new CriticQuery(joint, Array.Empty<Candidate>(), 3)));
    }

    private PolicyBank Policies(PolicyVariant variant, int slots)
    {
        var bank = PolicyBank.Create(device, NetworkArchitecture.Actor(variant, Inputs, Outputs));
        bank.Allocate(slots, 0.01, 0);
        for (var slot = 0; slot < slots; slot++)
            bank.Write(slot, 0, Numbers.Parameters(bank.Architecture, slot));
        return bank;
    }

    private static float[] Read(PolicyBank bank, int slot)
    {
        var parameters = new float[bank.Layout.Length];
        bank.Read(slot, 0, parameters);
        return parameters;
    }
}

/// <summary>On our own kernels.</summary>
public sealed class HostTargetTests() : TargetTests(ComputeDevice.Cpu);

/// <summary>On libtorch's operations, as a GPU computes.</summary>
public sealed class TorchTargetTests() : TargetTests(ComputeDevice.Reference);
