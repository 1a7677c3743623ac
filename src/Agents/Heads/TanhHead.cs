namespace Simulator.Agents;

/// <summary>a = tanh(z), da/dz = 1 - a^2.</summary>
internal sealed class TanhHead : OutputHead
{
    /// <inheritdoc/>
    public override void Act(ReadOnlySpan<float> z, Span<float> a)
    {
        for (var i = 0; i < z.Length; i++)
        {
            a[i] = MathF.Tanh(z[i]);
        }
    }

    /// <inheritdoc/>
    public override void Gradient(ReadOnlySpan<float> z, ReadOnlySpan<float> a, ReadOnlySpan<float> da, Span<float> dz)
    {
        for (var i = 0; i < da.Length; i++)
        {
            dz[i] = da[i] * (1 - (a[i] * a[i]));
        }
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
}
