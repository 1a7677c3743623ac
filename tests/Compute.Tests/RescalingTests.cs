namespace Simulator.Compute.Tests;

/// <summary>A critic whose last layer is rescaled.</summary>
public abstract class RescalingTests(ComputeDevice device)
{
    private const int Clients = 4;
    private const int Rows = 5;

    [Theory]
    [InlineData(PolicyVariant.Baseline)]
    [InlineData(PolicyVariant.Fullnorm)]
    public void Each_output_becomes_factor_times_itself_plus_shift(PolicyVariant variant)
    {
        using var bank = CriticBank.Create(device, NetworkArchitecture.Critic(variant, CriticBank.InputWidth(Clients, 7, 3)), Clients, 7, 3);
        bank.Allocate(2, 0.01, 0);
        for (var slot = 0; slot < 2; slot++)
            bank.Write(slot, 0, Numbers.Parameters(bank.Architecture, slot));
        var query = new CriticQuery(
            Numbers.Uniform(3, Rows * Clients * 10), Enumerable.Range(0, Rows * Clients).Select(i => new Candidate(i / Clients, i % Clients)).ToArray());
        var (before, neighbour) = (bank.Evaluate(1, [query])[0], bank.Evaluate(0, [query])[0]);

        bank.Rescale(1, new OutputRescaling(0.125, -3.5));

        var after = bank.Evaluate(1, [query])[0];
        for (var i = 0; i < before.Length; i++)
            Assert.Equal((0.125 * before[i]) - 3.5, after[i], 1e-5);
        Assert.Equal(neighbour, bank.Evaluate(0, [query])[0]);
        Assert.True(before.Max() - before.Min() > 0.01);
    }
}

/// <summary>On our own kernels.</summary>
public sealed class HostRescalingTests() : RescalingTests(ComputeDevice.Cpu);

/// <summary>On libtorch's operations, as a GPU computes.</summary>
public sealed class TorchRescalingTests() : RescalingTests(ComputeDevice.Reference);
