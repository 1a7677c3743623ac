using Simulator.Agents;
using Simulator.Compute;

namespace Simulator.Parity;

/// <summary>Between the fixtures' tensors, stacked [M, ...] under a prefix, and the slots of a bank.</summary>
internal static class Networks
{
    /// <summary>The research's output function.</summary>
    internal static OutputHead Head { get; } = OutputHead.Of(OutputFunction.Tanh);

    /// <summary>Pre-activations and actions of policies, [count, rows, 3] each.</summary>
    internal static (float[] PreActivations, float[] Actions) Act(PolicyBank actors, int first, int count, int rows, ReadOnlySpan<float> states)
    {
        var z = new float[count * rows * actors.Architecture.Outputs];
        actors.Infer(first, count, rows, states, z);
        var actions = new float[z.Length];
        Head.Act(z, actions);
        return (z, actions);
    }

    /// <summary>dL/dz of a policy from dL/da, [rows, 3].</summary>
    internal static float[] OutputGradient(PolicyBank actors, int slot, int rows, ReadOnlySpan<float> states, ReadOnlySpan<float> actionGradient)
    {
        var (z, actions) = Act(actors, slot, 1, rows, states);
        var gradient = new float[z.Length];
        Head.Gradient(z, actions, [], actionGradient, gradient);
        return gradient;
    }

    /// <summary>Writes the tensors of a prefix (<c>init.actor.</c>) to the bank's slots from the first on.</summary>
    internal static void Load(Bank bank, SafetensorsFile fixture, string prefix, int slots)
    {
        for (var slot = 0; slot < slots; slot++)
        {
            var parameters = new float[bank.Layout.Length];
            foreach (var tensor in bank.Layout.Tensors)
                Slice(fixture, prefix + tensor.Name, tensor, slot).CopyTo(parameters.AsSpan(tensor.Offset));
            bank.Write(slot, 0, parameters);
        }
    }

    /// <summary>The part of a stacked tensor that belongs to a slot.</summary>
    internal static ReadOnlySpan<float> Slice(SafetensorsFile fixture, string name, ParameterTensor tensor, int slot) =>
        fixture.Floats(name).AsSpan(slot * tensor.Length, tensor.Length);

    /// <summary>Fails unless each tensor of a gradient [slots, parameters] is within a relative error, norm-wise, of the fixture's.</summary>
    internal static void CheckGradient(SafetensorsFile fixture, string prefix, ParameterLayout layout, ReadOnlySpan<float> gradient, int slots, double tolerance)
    {
        foreach (var tensor in layout.Tensors)
        {
            // Norm-wise per tensor as the fixture has it, all slots together.
            double difference = 0, norm = 0;
            for (var slot = 0; slot < slots; slot++)
            {
                var expected = Slice(fixture, prefix + tensor.Name, tensor, slot);
                var actual = gradient.Slice((slot * layout.Length) + tensor.Offset, tensor.Length);
                for (var i = 0; i < expected.Length; i++)
                {
                    difference += Math.Pow((double)expected[i] - actual[i], 2);
                    norm += Math.Pow(expected[i], 2);
                }
            }

            Assert.True(
                Math.Sqrt(difference) <= tolerance * Math.Sqrt(norm),
                $"{prefix}{tensor.Name}: relative error {Math.Sqrt(difference / norm):E2} of the gradient.");
        }
    }

    /// <summary>Fails unless every parameter is within 1e-2 * rate of the fixture's, and 99 % of a tensor's within 1e-3 * rate.</summary>
    internal static void CheckParameters(SafetensorsFile fixture, string prefix, Bank bank, int slots, double rate)
    {
        foreach (var tensor in bank.Layout.Tensors)
        {
            var far = 0;
            for (var slot = 0; slot < slots; slot++)
            {
                var expected = Slice(fixture, prefix + tensor.Name, tensor, slot);
                var actual = new float[tensor.Length];
                bank.Read(slot, tensor.Offset, actual);
                for (var i = 0; i < expected.Length; i++)
                {
                    var difference = Math.Abs((double)expected[i] - actual[i]);
                    Assert.True(difference <= 1e-2 * rate, $"{prefix}{tensor.Name}[{slot}][{i}]: expected {expected[i]:R}, got {actual[i]:R}.");
                    far += difference > 1e-3 * rate ? 1 : 0;
                }
            }

            Assert.True(far <= 0.01 * slots * tensor.Length, $"{prefix}{tensor.Name}: {far} of {slots * tensor.Length} parameters are off by more than 1e-3 learning rates.");
        }
    }
}
