using System.Runtime.InteropServices;

namespace Simulator.Compute.Tests;

/// <summary>Random numbers that are the same in every run, and comparisons bit by bit and norm-wise.</summary>
internal static class Numbers
{
    internal static float[] Uniform(int seed, int length, double bound = 1)
    {
        var random = new Random(seed);
        var values = new float[length];
        foreach (ref var value in values.AsSpan())
            value = (float)(((2 * random.NextDouble()) - 1) * bound);
        return values;
    }

    /// <summary>Fails unless two arrays hold the same bits; -0 and 0 differ.</summary>
    internal static void SameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        var e = MemoryMarshal.Cast<float, int>(expected);
        var a = MemoryMarshal.Cast<float, int>(actual);
        if (e.SequenceEqual(a))
            return;
        var differ = 0;
        var first = -1;
        for (var i = 0; i < e.Length; i++)
        {
            if (e[i] != a[i])
            {
                differ++;
                first = first < 0 ? i : first;
            }
        }

        Assert.Fail($"{what}: {differ} of {e.Length} numbers differ, the first at {first}: {expected[first]:R} and {actual[first]:R}.");
    }

    /// <summary>Fails unless |actual - expected| is at most a share of |expected|, both as vectors.</summary>
    internal static void Near(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        double difference = 0, norm = 0;
        for (var i = 0; i < expected.Length; i++)
        {
            difference += Math.Pow((double)expected[i] - actual[i], 2);
            norm += Math.Pow(expected[i], 2);
        }

        Assert.True(norm > 0, $"{what}: nothing is expected to differ from zero.");
        Assert.True(Math.Sqrt(difference) <= tolerance * Math.Sqrt(norm), $"{what}: relative error {Math.Sqrt(difference / norm):E2}.");
    }

    /// <summary>Parameters of one network: initial ones, with gains and shifts moved off 1 and 0, and a last layer large enough to be seen.</summary>
    internal static float[] Parameters(NetworkArchitecture architecture, int seed)
    {
        var random = new Random(seed);
        var parameters = InitialWeights.Draw(architecture.Layout, lastLayerBound: null, bound => (float)(((2 * random.NextDouble()) - 1) * bound));
        foreach (var tensor in architecture.Layout.Tensors.Where(t => t.Kind != ParameterKind.Linear))
        {
            foreach (ref var value in parameters.AsSpan(tensor.Offset, tensor.Length))
                value += (float)(((2 * random.NextDouble()) - 1) * 0.3);
        }

        return parameters;
    }
}
