namespace Simulator.Compute;

/// <summary>
/// The parameters that a network starts with: linear layers uniform in [-1/sqrt(fan_in), 1/sqrt(fan_in)], the last one within 3e-3 where it starts small, gains 1, biases of
/// normalisations 0 (ccm-madrl, sections 2 and 7).
/// </summary>
public static class InitialWeights
{
    /// <summary>Bound of a small last layer.</summary>
    public const float SmallBound = 3e-3f;

    /// <summary>A uniform draw in [-bound, bound].</summary>
    public delegate float UniformDraw(float bound);

    /// <summary>Draws the parameters of one network, in the order of its layout, gaps zero.</summary>
    /// <param name="layout">Where the parameters lie.</param>
    /// <param name="smallLastLayer">Whether the last layer starts within 3e-3.</param>
    /// <param name="draw">Where draws come from; called in the order of the layout.</param>
    public static float[] Draw(ParameterLayout layout, bool smallLastLayer, UniformDraw draw)
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
                    var bound = smallLastLayer && tensor.IsLastLayer ? SmallBound : 1 / MathF.Sqrt(tensor.FanIn);
                    foreach (ref var value in span)
                    {
                        value = draw(bound);
                    }

                    break;
            }
        }

        return parameters;
    }

    /// <summary>Whether a variant's actors start their last layer small.</summary>
    public static bool StartsSmall(PolicyVariant variant, LastLayerStart start) => start switch
    {
        LastLayerStart.Small => true,
        LastLayerStart.Default => false,
        _ => variant is not (PolicyVariant.Layernorm or PolicyVariant.Fullnorm or PolicyVariant.Clipped),
    };
}
