namespace Simulator.Parity;

/// <summary>Comparisons by relative error.</summary>
internal static class Close
{
    /// <summary>Fails unless |actual - expected| is at most the tolerance times |expected|; NaN never passes.</summary>
    internal static void Relative(double expected, double actual, double tolerance, string what)
    {
        var error = Math.Abs(actual - expected);
        Assert.True(error <= tolerance * Math.Abs(expected), $"{what}: expected {expected:R}, got {actual:R} (relative error {error / Math.Abs(expected):E2}).");
    }

    /// <summary>
    /// Fails unless |actual - expected| as a whole is at most the tolerance times |expected| as a whole (Euclidean norms): for float32, where single entries near zero keep few digits.
    /// </summary>
    internal static void NormWise(ReadOnlySpan<double> expected, ReadOnlySpan<double> actual, double tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        double difference = 0, norm = 0;
        for (var i = 0; i < expected.Length; i++)
        {
            difference += (expected[i] - actual[i]) * (expected[i] - actual[i]);
            norm += expected[i] * expected[i];
        }

        Assert.True(Math.Sqrt(difference) <= tolerance * Math.Sqrt(norm), $"{what}: relative error {Math.Sqrt(difference / norm):E2}, norm-wise.");
    }
}
