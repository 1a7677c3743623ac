using TorchSharp;
using static TorchSharp.torch;

namespace Simulator.Compute.Tests;

/// <summary>Hidden layers with a LayerNorm before the activation, and with other activations: against autograd and central differences in double precision.</summary>
public abstract class HiddenLayerTests(ComputeDevice device) : IDisposable
{
    private const int Inputs = 7;
    private const int Outputs = 3;
    private const int Batch = 20;
    private const double Tolerance = 1e-4;

    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Every variant that may have the LayerNorm, and every one with tanh.</summary>
    public static TheoryData<PolicyVariant, BodyNorm, bool> Bodies()
    {
        var data = new TheoryData<PolicyVariant, BodyNorm, bool>();
        foreach (var variant in Enum.GetValues<PolicyVariant>())
        {
            data.Add(variant, BodyNorm.None, true);
            if (variant != PolicyVariant.Fullnorm)
            {
                data.Add(variant, BodyNorm.Affine, false);
                data.Add(variant, BodyNorm.Affine, true);
                data.Add(variant, BodyNorm.Plain, false);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public void A_policy_answers_and_learns_as_autograd_has_it(PolicyVariant variant, BodyNorm norm, bool tanh)
    {
        var architecture = Architecture(variant, norm, tanh);
        using var bank = Bank(architecture, slots: 3);
        var seen = Numbers.Uniform(11, 3 * Batch * Inputs, 2);
        var wanted = Numbers.Uniform(12, 3 * Batch * Outputs);
        var (z, gradients) = Pass(bank, seen, wanted);

        for (var slot = 0; slot < 3; slot++)
        {
            var network = new ReferenceNetwork(
                variant, bank.Layout, Numbers.Parameters(architecture, slot), architecture.InputNorm ? bank.ReadStatistics(slot) : null, norm != BodyNorm.None, tanh);
            var own = network.Forward(ReferenceNetwork.Double(seen.AsSpan(slot * Batch * Inputs, Batch * Inputs), Batch, Inputs), actor: true);
            (own * ReferenceNetwork.Double(wanted.AsSpan(slot * Batch * Outputs, Batch * Outputs), Batch, Outputs)).sum().backward();
            Numbers.Near(ReferenceNetwork.Floats(own), z.AsSpan(slot * Batch * Outputs, Batch * Outputs), Tolerance, "pre-activations");
            var expected = network.Gradient();
            foreach (var t in bank.Layout.Tensors)
            {
                Numbers.Near(
                    expected.AsSpan(t.Offset, t.Length), gradients.AsSpan((slot * bank.Layout.Length) + t.Offset, t.Length), Tolerance, $"slot {slot}, {t.Name}");
            }
        }
    }

    [Theory]
    [InlineData(BodyNorm.Affine, false)]
    [InlineData(BodyNorm.Affine, true)]
    [InlineData(BodyNorm.Plain, false)]
    public void Gradients_are_those_of_central_differences_on_a_network_of_plain_loops(BodyNorm norm, bool tanh)
    {
        var architecture = Architecture(PolicyVariant.Baseline, norm, tanh);
        using var bank = Bank(architecture, slots: 1);
        var seen = Numbers.Uniform(1, Batch * Inputs, 2);
        var wanted = Numbers.Uniform(2, Batch * Outputs);
        var gradient = Pass(bank, seen, wanted).Gradients;
        var parameters = Array.ConvertAll(Numbers.Parameters(architecture, 0), v => (double)v);
        var (expected, actual) = (new List<float>(), new List<float>());
        const double step = 1e-6;
        foreach (var t in bank.Layout.Tensors)
        {
            // A few parameters of each tensor, first and last among them.
            for (var k = 0; k < 5; k++)
            {
                var at = t.Offset + (k * (t.Length - 1) / 4);
                var value = parameters[at];
                parameters[at] = value + step;
                var above = Loss();
                parameters[at] = value - step;
                var below = Loss();
                parameters[at] = value;
                expected.Add((float)((above - below) / (2 * step)));
                actual.Add(gradient[at]);
            }
        }

        Numbers.Near([.. expected], [.. actual], Tolerance, "central differences");

        double Loss()
        {
            var loss = 0.0;
            for (var b = 0; b < Batch; b++)
            {
                var h = Hidden("1", Linear("fc1", Array.ConvertAll(seen[(b * Inputs)..((b + 1) * Inputs)], v => (double)v)));
                h = Hidden("2", Linear("fc2", h));
                loss += Linear("fc3", h).Select((z, k) => z * wanted[(b * Outputs) + k]).Sum();
            }

            return loss;
        }

        double[] Hidden(string layer, double[] u)
        {
            var mean = u.Average();
            var deviation = Math.Sqrt(u.Average(v => (v - mean) * (v - mean)) + 1e-5);
            var normalised = u.Select(v => (v - mean) / deviation);
            if (norm == BodyNorm.Affine)
            {
                var (gain, shift) = (bank.Layout[$"ln{layer}.weight"].Offset, bank.Layout[$"ln{layer}.bias"].Offset);
                normalised = normalised.Select((v, i) => (parameters[gain + i] * v) + parameters[shift + i]);
            }

            return [.. normalised.Select(v => tanh ? Math.Tanh(v) : Math.Max(v, 0))];
        }

        double[] Linear(string layer, double[] x)
        {
            var (weight, bias) = (bank.Layout[$"{layer}.weight"], bank.Layout[$"{layer}.bias"]);
            return [.. Enumerable.Range(0, weight.Rows).Select(o => parameters[bias.Offset + o] + x.Select((v, i) => v * parameters[weight.Offset + (o * weight.Columns) + i]).Sum())];
        }
    }

    [Fact]
    public void A_second_norm_in_a_hidden_layer_is_refused() =>
        Assert.Throws<InvalidOperationException>(() => NetworkArchitecture.Critic(PolicyVariant.Fullnorm, 30).WithHiddenNorm());

    [Fact]
    public void Plain_norms_have_no_parameters() =>
        Assert.Equal(6, Architecture(PolicyVariant.Baseline, BodyNorm.Plain, tanh: false).Layout.Tensors.Count);

    [Fact]
    public void Norms_of_the_body_lie_behind_their_layers_under_PyTorchs_names() => Assert.Equal(
        ["fc1.weight", "fc1.bias", "ln1.weight", "ln1.bias", "fc2.weight", "fc2.bias", "ln2.weight", "ln2.bias", "fc3.weight", "fc3.bias"],
        Architecture(PolicyVariant.Baseline, norm: BodyNorm.Affine, tanh: false).Layout.Tensors.Select(t => t.Name));

    private static NetworkArchitecture Architecture(PolicyVariant variant, BodyNorm norm, bool tanh)
    {
        var architecture = NetworkArchitecture.Actor(variant, Inputs, Outputs);
        architecture = architecture.WithHiddenNorm(norm);
        return tanh ? architecture with { Activation = HiddenActivation.Tanh } : architecture;
    }

    private PolicyBank Bank(NetworkArchitecture architecture, int slots)
    {
        var bank = PolicyBank.Create(device, architecture);
        bank.Allocate(slots, 0.01, 0);
        for (var slot = 0; slot < slots; slot++)
            bank.Write(slot, 0, Numbers.Parameters(architecture, slot));
        return bank;
    }

    /// <summary>Pre-activations, and the gradient of the sum of z times the wanted direction.</summary>
    private static (float[] Z, float[] Gradients) Pass(PolicyBank bank, float[] seen, float[] wanted)
    {
        var z = new float[wanted.Length];
        bank.Infer(0, bank.Slots, Batch, seen, z);
        return (z, bank.Gradient(0, bank.Slots, Batch, seen, wanted));
    }
}

/// <summary>On our own kernels.</summary>
public sealed class HostHiddenLayerTests() : HiddenLayerTests(ComputeDevice.Cpu);

/// <summary>On libtorch's operations, as a GPU computes.</summary>
public sealed class TorchHiddenLayerTests() : HiddenLayerTests(ComputeDevice.Reference);
