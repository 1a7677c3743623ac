using Simulator.Environment;

namespace Simulator.Benchmarks;

/// <summary>Inputs of benchmarks: drawn once, the same each time.</summary>
internal static class Draws
{
    /// <summary>Uniform floats.</summary>
    internal static float[] Uniform(int count, float low = -1, float high = 1)
    {
        var random = new RandomStream(seed: 1, DrawPurpose.Tasks);
        var values = new float[count];
        foreach (ref var value in values.AsSpan())
        {
            value = random.NextUniformSingle(low, high);
        }

        return values;
    }
}
