namespace Simulator.Compute;

/// <summary>
/// The parameters that a network starts with: linear layers uniform in [-1/sqrt(fan_in), 1/sqrt(fan_in)], the last one within a bound of its own where it has one, gains 1, biases
/// of normalisations 0 (ccm-madrl, sections 2 and 7).
/// </summary>
public static class InitialWeights
{
    /// <summary>Bound of a small last layer.</summary>
    public const float SmallBound = 3e-3f;

    /// <summary>Bound of a last layer near zero.</summary>
    public const float TinyBound = 1e-4f;

    /// <summary>A uniform draw in [-bound, bound].</summary>
    public delegate float UniformDraw(float bound);

    /// <summary>Draws the parameters of one network, in the order of its layout, gaps zero.</summary>
    /// <param name="layout">Where the parameters lie.</param>
    /// <param name="lastLayerBound">Bound of the last layer; null where it starts as every other.</param>
    /// <param name="draw">Where draws come from; called in the order of the layout.</param>
    public static float[] Draw(ParameterLayout layout, float? lastLayerBound, UniformDraw draw)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(draw);
        var parameters = new float[layout.Length];
        foreach (var tensor in layout.Tensors)
        {
            var span = parameters.AsSpan(tensor.Offset, tensor.Length);
            switch (tensor.Kind)
            {
                case ParameterKind.Gain:
                    span.Fill(1);
                    break;
                case ParameterKind.Shift:
                    break;
                default:
                    var bound = (tensor.IsLastLayer ? lastLayerBound : null) ?? (1 / MathF.Sqrt(tensor.FanIn));
                    foreach (ref var value in span)
                    {
                        value = draw(bound);
                    }

                    break;
            }
        }

        return parameters;
    }

    /// <summary>Bound of the last layer of a variant's actors; null where it starts as every other.</summary>
    public static float? LastLayerBound(PolicyVariant variant, LastLayerStart start) => start switch
    {
        LastLayerStart.Small => SmallBound,
        LastLayerStart.Tiny => TinyBound,
        LastLayerStart.Default => null,
        _ => variant is PolicyVariant.Layernorm or PolicyVariant.Fullnorm or PolicyVariant.Clipped ? null : SmallBound,
    };
}
