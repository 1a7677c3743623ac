namespace Simulator.Lab;

/// <summary>How a reward stands to that of the best constant policy.</summary>
public enum AgainstConstant
{
    /// <summary>It is lower.</summary>
    Worse,

    /// <summary>It is the same but for rounding.</summary>
    Equal,

    /// <summary>It is higher.</summary>
    Better,
}

/// <summary>Compares rewards with the best constant policy's.</summary>
public static class ConstantComparison
{
    /// <summary>Relative difference up to which two rewards are equal: sums of the same costs in another order differ by less.</summary>
    private const double Tolerance = 1e-9;

    /// <summary>How a reward stands. A policy that ends as the best constant one equals it: in the original's cell nothing can beat it (docs/findings.md).</summary>
    public static AgainstConstant Compare(double reward, double constant) =>
        Math.Abs(reward - constant) <= Tolerance * Math.Max(Math.Abs(reward), Math.Abs(constant)) ? AgainstConstant.Equal : reward > constant ? AgainstConstant.Better : AgainstConstant.Worse;
}
