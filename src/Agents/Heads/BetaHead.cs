using Simulator.Environment;

namespace Simulator.Agents;

/// <summary>
/// A Beta policy: alpha = 1 + softplus(z1), beta = 1 + softplus(z2), a = 2 x - 1 with x ~ Beta(alpha, beta). Source: Chou, Maturana and Scherer, "Improving Stochastic Policy Gradients in
/// Continuous Control with Deep Reinforcement Learning using the Beta Distribution", ICML 2017. Both are at most <see cref="Largest"/>, with a gradient of zero beyond, as a Gaussian's log sigma is
/// bounded: there the distribution is 0.03 wide.
/// </summary>
/// <remarks>
/// A sample is the quantile of a uniform draw u; its gradient is implicit (Figurnov, Mohamed and Mnih, NeurIPS 2018): u = F(x; alpha, beta) stays, so dx/dalpha = -(dF/dalpha) / F'(x). The
/// noise-free action is the mean, (alpha - beta) / (alpha + beta). What moves it is z1 - z2: location and slope are by u = (z1 - z2) / 2 at a fixed sum, da/du = da/dz1 - da/dz2. A quantile takes
/// some ten evaluations of F, each about as long as fifty of tanh, so an update takes several times as long as with the other heads.
/// </remarks>
internal sealed class BetaHead : StochasticHead
{
    /// <summary>Largest alpha and beta.</summary>
    internal const double Largest = 1000;


    /// <summary>How near to 0 and 1 draws come: at the bounds themselves there is no density to divide by.</summary>
    private const double Edge = 1e-6;

    /// <inheritdoc/>
    public override double Draw(ref RandomStream random) => Math.Clamp(random.NextDouble(), Edge, 1 - Edge);

    /// <inheritdoc/>
    public override void Act(ReadOnlySpan<float> z, Span<float> a)
    {
        for (var i = 0; i < a.Length; i++)
        {
            var (alpha, beta) = (Concentration(z[First(i)]).Value, Concentration(z[First(i) + Width]).Value);
            a[i] = (float)((alpha - beta) / (alpha + beta));
        }
    }

    /// <inheritdoc/>
    public override void Sample(ReadOnlySpan<float> z, ReadOnlySpan<double> draws, Span<float> a)
    {
        for (var i = 0; i < a.Length; i++)
        {
            var distribution = new BetaDistribution(Concentration(z[First(i)]).Value, Concentration(z[First(i) + Width]).Value);
            a[i] = (float)((2 * distribution.Quantile(draws[i])) - 1);
        }
    }

    /// <inheritdoc/>
    public override void Gradient(ReadOnlySpan<float> z, ReadOnlySpan<float> a, ReadOnlySpan<double> draws, ReadOnlySpan<float> da, Span<float> dz)
    {
        for (var i = 0; i < da.Length; i++)
        {
            var (alpha, alphaSlope) = Concentration(z[First(i)]);
            var (beta, betaSlope) = Concentration(z[First(i) + Width]);
            var (byAlpha, byBeta) = new BetaDistribution(alpha, beta).QuantileGradient((a[i] + 1.0) / 2);
            dz[First(i)] = (float)(da[i] * 2 * byAlpha * alphaSlope);
            dz[First(i) + Width] = (float)(da[i] * 2 * byBeta * betaSlope);
        }
    }

    /// <inheritdoc/>
    public override void Slopes(ReadOnlySpan<float> z, ReadOnlySpan<float> a, Span<double> slopes)
    {
        for (var i = 0; i < a.Length; i++)
        {
            var (alpha, alphaSlope) = Concentration(z[First(i)]);
            var (beta, betaSlope) = Concentration(z[First(i) + Width]);
            slopes[i] = 2 * ((beta * alphaSlope) + (alpha * betaSlope)) / ((alpha + beta) * (alpha + beta));
        }
    }

    /// <inheritdoc/>
    public override void Locations(ReadOnlySpan<float> z, Span<float> locations)
    {
        for (var i = 0; i < locations.Length; i++)
        {
            locations[i] = (z[First(i)] - z[First(i) + Width]) / 2;
        }
    }

    /// <summary>1 + softplus(z), and its derivative, the logistic function; bounded.</summary>
    private static (double Value, double Slope) Concentration(double z)
    {
        var value = 1 + Math.Max(z, 0) + double.LogP1(Math.Exp(-Math.Abs(z)));
        return value > Largest ? (Largest, 0) : (value, 1 / (1 + Math.Exp(-z)));
    }
}
