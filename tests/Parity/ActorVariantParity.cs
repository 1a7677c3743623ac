using Simulator.Compute;
using Simulator.Environment;

namespace Simulator.Parity;

/// <summary>Kind actor_variant: output, parameter gradients of sum(output * output_grad), and running statistics after one training forward.</summary>
internal static class ActorVariantParity
{
    private const double Tolerance = 1e-4;

    internal static void Check(SafetensorsFile fixture, ComputeDevice device)
    {
        var variant = fixture.Required("network") switch
        {
            "ActorNetwork" => PolicyVariant.Baseline,
            "LargeActorNetwork" => fixture.Shape("init.actor.fc1.weight")[1] == 512 ? PolicyVariant.Large : PolicyVariant.Larger,
            "LinearActorNetwork" => PolicyVariant.Linear,
            "LayerNormActorNetwork" => PolicyVariant.Layernorm,
            "FullNormActorNetwork" => PolicyVariant.Fullnorm,
            var other => throw new InvalidDataException($"no network is called {other}"),
        };
        using var bank = PolicyBank.Create(
            device, NetworkArchitecture.Actor(variant, fixture.Shape("input")[1], fixture.Shape("output")[1]));
        bank.Allocate(1, 0.001, 0);
        Networks.Load(bank, fixture, "init.actor.", 1);

        var input = fixture.Floats("input");
        var expected = fixture.Doubles("output");
        var rows = fixture.Shape("input")[0];
        if (bank.Architecture.InputNorm)
        {
            bank.Observe(0, 1, rows, input);
            var (mean, variance) = bank.ReadStatistics(0);
            CheckAll(fixture.Doubles("after.buffer.input_norm.running_mean"), mean, "running mean");
            CheckAll(fixture.Doubles("after.buffer.input_norm.running_var"), variance, "running variance");
        }

        CheckAll(expected, Networks.Act(bank, 0, 1, rows, input).Actions, "output");
        var gradient = Networks.OutputGradient(bank, 0, rows, input, fixture.Floats("output_grad"));
        Networks.CheckGradient(fixture, "grad.actor.", bank.Layout, bank.Gradient(0, 1, rows, input, gradient), 1, Tolerance);
        Assert.Equal(Observation.Width, bank.Architecture.Inputs);
    }

    private static void CheckAll(double[] expected, float[] actual, string what) =>
        Close.NormWise(expected, Array.ConvertAll(actual, a => (double)a), Tolerance, what);
}
