using MathNet.Numerics;

namespace Simulator.Agents;

/// <summary>The Beta distribution on [0, 1]: quantiles, and how they change with its parameters.</summary>
internal readonly struct BetaDistribution
{
    /// <summary>Nearest to 0 and 1 that a quantile's gradient is taken at: there the density can vanish.</summary>
    private const double Edge = 1e-7;

    /// <summary>Relative step of the central differences in alpha and beta: their error is near 1e-8, that of F over it near 1e-10.</summary>
    private const double Step = 1e-4;

    private const double Tolerance = 1e-9;
    private const int MostIterations = 100;

    private readonly double _alpha;
    private readonly double _beta;
    private readonly double _logBeta;

    /// <summary>Makes a distribution.</summary>
    /// <param name="alpha">First parameter, 1 or more.</param>
    /// <param name="beta">Second parameter, 1 or more.</param>
    internal BetaDistribution(double alpha, double beta)
    {
        (_alpha, _beta) = (alpha, beta);
        _logBeta = SpecialFunctions.BetaLn(alpha, beta);
    }

    /// <summary>The x below which a share u of the distribution lies: Newton's method, with bisection where it leaves the bracket. NaN where a parameter is.</summary>
    internal double Quantile(double u)
    {
        if (!double.IsFinite(_alpha + _beta))
        {
            return double.NaN;
        }

        var (low, high, x) = (0.0, 1.0, _alpha / (_alpha + _beta));
        for (var i = 0; i < MostIterations; i++)
        {
            var excess = SpecialFunctions.BetaRegularized(_alpha, _beta, x) - u;
            (low, high) = excess > 0 ? (low, x) : (x, high);
            var next = x - (excess / Density(x));
            next = next > low && next < high ? next : (low + high) / 2;
            var moved = Math.Abs(next - x);
            x = next;
            if (moved < Tolerance)
            {
                break;
            }
        }

        return x;
    }

    /// <summary>dx/dalpha and dx/dbeta of a quantile x whose share u stays.</summary>
    internal (double ByAlpha, double ByBeta) QuantileGradient(double x)
    {
        if (!double.IsFinite(_alpha + _beta + x))
        {
            return (double.NaN, double.NaN);
        }

        x = Math.Clamp(x, Edge, 1 - Edge);
        var (stepAlpha, stepBeta) = (Step * _alpha, Step * _beta);
        var byAlpha = SpecialFunctions.BetaRegularized(_alpha + stepAlpha, _beta, x) - SpecialFunctions.BetaRegularized(_alpha - stepAlpha, _beta, x);
        var byBeta = SpecialFunctions.BetaRegularized(_alpha, _beta + stepBeta, x) - SpecialFunctions.BetaRegularized(_alpha, _beta - stepBeta, x);
        var density = Density(x);
        return (-byAlpha / (2 * stepAlpha * density), -byBeta / (2 * stepBeta * density));
    }

    private double Density(double x) => Math.Exp(((_alpha - 1) * Math.Log(x)) + ((_beta - 1) * double.LogP1(-x)) - _logBeta);
}
