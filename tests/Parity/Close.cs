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
}
