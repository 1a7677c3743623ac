namespace Simulator.Agents;

/// <summary>
/// a = clip(z, -1, 1). The gradient passes the clip unchanged and is scaled by the room that is left in the direction of ascent on -L: (1 - z) / 2 where z would grow, (z + 1) / 2 where it
/// would shrink (Hausknecht and Stone, arXiv 1511.04143, equation 11). Beyond a bound the room is negative, so that z comes back. da/dz is 1 within the bounds and 0 beyond.
/// </summary>
internal sealed class InvertingHead : OutputHead
{
    /// <inheritdoc/>
    public override void Act(ReadOnlySpan<float> z, Span<float> a)
    {
        for (var i = 0; i < z.Length; i++)
        {
            a[i] = Math.Clamp(z[i], -1, 1);
        }
    }

    /// <inheritdoc/>
    public override void Gradient(ReadOnlySpan<float> z, ReadOnlySpan<float> a, ReadOnlySpan<double> draws, ReadOnlySpan<float> da, Span<float> dz)
    {
        for (var i = 0; i < da.Length; i++)
        {
            dz[i] = da[i] * ((da[i] < 0 ? 1 - z[i] : 1 + z[i]) * 0.5f);
        }
    }

    /// <inheritdoc/>
    public override void Slopes(ReadOnlySpan<float> z, ReadOnlySpan<float> a, Span<double> slopes)
    {
        for (var i = 0; i < z.Length; i++)
        {
            slopes[i] = Math.Abs((double)z[i]) < 1 ? 1 : 0;
        }
    }
}
