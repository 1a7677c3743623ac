using System.Numerics;

namespace Simulator.Agents;

/// <summary>A function of one pre-activation each, written once for the precision of gradients and that of the monitors.</summary>
internal interface ISquash
{
    /// <summary>a of z.</summary>
    float Act(float z);

    /// <summary>da/dz.</summary>
    T Slope<T>(T z, T a)
        where T : IFloatingPointIeee754<T>;
}

/// <summary>a = f(z), dL/dz = dL/da f'(z), output by output.</summary>
internal sealed class ElementwiseHead<TSquash>(TSquash squash) : OutputHead
    where TSquash : struct, ISquash
{
    /// <inheritdoc/>
    public override void Act(ReadOnlySpan<float> z, Span<float> a)
    {
        for (var i = 0; i < z.Length; i++)
        {
            a[i] = squash.Act(z[i]);
        }
    }

    /// <inheritdoc/>
    public override void Gradient(ReadOnlySpan<float> z, ReadOnlySpan<float> a, ReadOnlySpan<double> draws, ReadOnlySpan<float> da, Span<float> dz)
    {
        for (var i = 0; i < da.Length; i++)
        {
            dz[i] = da[i] * squash.Slope(z[i], a[i]);
        }
    }

    /// <inheritdoc/>
    public override void Slopes(ReadOnlySpan<float> z, ReadOnlySpan<float> a, Span<double> slopes)
    {
        for (var i = 0; i < a.Length; i++)
        {
            slopes[i] = squash.Slope<double>(z[i], a[i]);
        }
    }
}

/// <summary>a = tanh(z), da/dz = 1 - a^2.</summary>
internal readonly struct TanhSquash : ISquash
{
    /// <inheritdoc/>
    public float Act(float z) => MathF.Tanh(z);

    /// <inheritdoc/>
    public T Slope<T>(T z, T a)
        where T : IFloatingPointIeee754<T> => T.One - (a * a);
}

/// <summary>a = z / (1 + |z|), da/dz = 1 / (1 + |z|)^2.</summary>
internal readonly struct SoftsignSquash : ISquash
{
    /// <inheritdoc/>
    public float Act(float z) => z / (1 + Math.Abs(z));

    /// <inheritdoc/>
    public T Slope<T>(T z, T a)
        where T : IFloatingPointIeee754<T>
    {
        var reciprocal = T.One / (T.One + T.Abs(z));
        return reciprocal * reciprocal;
    }
}

/// <summary>a = z / sqrt(1 + z^2), da/dz = (1 + z^2)^(-3/2).</summary>
internal readonly struct IsruSquash : ISquash
{
    /// <inheritdoc/>
    public float Act(float z) => (float)(z / Math.Sqrt(1 + ((double)z * z)));

    /// <inheritdoc/>
    public T Slope<T>(T z, T a)
        where T : IFloatingPointIeee754<T>
    {
        var reciprocal = T.One / T.Sqrt(T.One + (z * z));
        return reciprocal * reciprocal * reciprocal;
    }
}

/// <summary>a = 2 sigmoid(z / k) - 1 = tanh(z / 2k), da/dz = (1 - a^2) / 2k.</summary>
/// <param name="scale">k.</param>
internal readonly struct SigmoidSquash(float scale) : ISquash
{
    /// <inheritdoc/>
    public float Act(float z) => MathF.Tanh(z / (2 * scale));

    /// <inheritdoc/>
    public T Slope<T>(T z, T a)
        where T : IFloatingPointIeee754<T> => (T.One - (a * a)) / T.CreateChecked(2 * scale);
}

/// <summary>a = tanh(k tanh(z / k)), da/dz = (1 - a^2) (1 - tanh(z / k)^2).</summary>
/// <param name="scale">k.</param>
internal readonly struct ScaledTanhSquash(float scale) : ISquash
{
    /// <inheritdoc/>
    public float Act(float z) => MathF.Tanh(scale * MathF.Tanh(z / scale));

    /// <inheritdoc/>
    public T Slope<T>(T z, T a)
        where T : IFloatingPointIeee754<T>
    {
        var inner = T.Tanh(z / T.CreateChecked(scale));
        return (T.One - (a * a)) * (T.One - (inner * inner));
    }
}
