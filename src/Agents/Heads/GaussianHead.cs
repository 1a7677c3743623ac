using Simulator.Environment;

namespace Simulator.Agents;

/// <summary>
/// SAC's policy: a = tanh(mu + sigma e), e ~ N(0, 1), log sigma clamped to [-20, 2] (its gradient is zero beyond). Noise-free action tanh(mu); slope and location by mu. Source: Haarnoja et
/// al., "Soft Actor-Critic Algorithms and Applications", arXiv 1812.05905, appendix C.
/// </summary>
internal sealed class GaussianHead : StochasticHead
{
    private const double MinLogSigma = -20;
    private const double MaxLogSigma = 2;

    /// <summary>Keeps the logarithm of 1 - tanh^2 finite.</summary>
    private const double Epsilon = 1e-6;

    private static readonly double HalfLogTwoPi = 0.5 * Math.Log(2 * Math.PI);

    /// <inheritdoc/>
    public override double Draw(ref RandomStream random) => random.NextNormal();

    /// <inheritdoc/>
    public override void Act(ReadOnlySpan<float> z, Span<float> a)
    {
        for (var i = 0; i < a.Length; i++)
        {
            a[i] = MathF.Tanh(z[First(i)]);
        }
    }

    /// <inheritdoc/>
    public override void Sample(ReadOnlySpan<float> z, ReadOnlySpan<double> draws, Span<float> a)
    {
        for (var i = 0; i < a.Length; i++)
        {
            a[i] = (float)Math.Tanh(z[First(i)] + (Sigma(z[First(i) + Width]) * draws[i]));
        }
    }

    /// <inheritdoc/>
    public override void Gradient(ReadOnlySpan<float> z, ReadOnlySpan<float> a, ReadOnlySpan<double> draws, ReadOnlySpan<float> da, Span<float> dz)
    {
        for (var i = 0; i < da.Length; i++)
        {
            var (mean, logSigma) = (First(i), z[First(i) + Width]);
            var step = Sigma(logSigma) * draws[i];
            var t = Math.Tanh(z[mean] + step);
            var du = da[i] * (1 - (t * t));
            dz[mean] = (float)du;
            dz[mean + Width] = (float)(Within(logSigma) ? du * step : 0);
        }
    }

    /// <summary>Adds the gradient of weight * sum over rows of log pi, and tells the mean over rows of log pi, both with SAC's correction for the squash, - sum log(1 - tanh^2 + 1e-6).</summary>
    /// <param name="z">Pre-activations, [rows, outputs].</param>
    /// <param name="draws">e, [rows, 3].</param>
    /// <param name="weight">What log pi counts in the loss: the temperature over the rows.</param>
    /// <param name="dz">dL/dz, [rows, outputs].</param>
    internal static double AddLogDensity(ReadOnlySpan<float> z, ReadOnlySpan<double> draws, double weight, Span<float> dz)
    {
        var sum = 0.0;
        for (var i = 0; i < draws.Length; i++)
        {
            var (mean, logSigma) = (First(i), z[First(i) + Width]);
            var step = Sigma(logSigma) * draws[i];
            var t = Math.Tanh(z[mean] + step);
            var left = 1 - (t * t);
            sum -= (draws[i] * draws[i] / 2) + Math.Clamp(logSigma, MinLogSigma, MaxLogSigma) + HalfLogTwoPi + Math.Log(left + Epsilon);

            // e is fixed: mu and sigma enter through the squash's correction and -log sigma alone.
            var correction = 2 * t * left / (left + Epsilon);
            dz[mean] += (float)(weight * correction);
            dz[mean + Width] += (float)(Within(logSigma) ? weight * ((correction * step) - 1) : 0);
        }

        return sum * Width / draws.Length;
    }

    /// <inheritdoc/>
    public override void Slopes(ReadOnlySpan<float> z, ReadOnlySpan<float> a, Span<double> slopes)
    {
        for (var i = 0; i < a.Length; i++)
        {
            double action = a[i];
            slopes[i] = 1 - (action * action);
        }
    }

    /// <inheritdoc/>
    public override void Locations(ReadOnlySpan<float> z, Span<float> locations)
    {
        for (var i = 0; i < locations.Length; i++)
        {
            locations[i] = z[First(i)];
        }
    }

    private static double Sigma(float logSigma) => Math.Exp(Math.Clamp(logSigma, MinLogSigma, MaxLogSigma));

    private static bool Within(float logSigma) => logSigma is >= (float)MinLogSigma and <= (float)MaxLogSigma;
}
