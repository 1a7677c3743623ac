using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Simulator.Compute.Tests;

/// <summary>
/// One network written with torch.nn.functional in double precision, differentiated by autograd: shares nothing with the banks but the order of the parameters.
/// </summary>
internal sealed class ReferenceNetwork
{
    private static readonly TorchSharp.Scalar Epsilon = 1e-5;

    private readonly PolicyVariant _variant;
    private readonly bool _normBefore;
    private readonly bool _tanh;
    private readonly ParameterLayout _layout;
    private readonly Dictionary<string, Tensor> _parameters = new(StringComparer.Ordinal);
    private readonly (Tensor Mean, Tensor Variance)? _input;

    /// <param name="variant">The research's variant.</param>
    /// <param name="layout">Order of the parameters.</param>
    /// <param name="parameters">The parameters.</param>
    /// <param name="input">Running statistics of the input, where it is normalised.</param>
    /// <param name="normBefore">Whether a LayerNorm stands before each hidden activation.</param>
    /// <param name="tanh">Whether the hidden activation is tanh, whatever the variant's.</param>
    internal ReferenceNetwork(
        PolicyVariant variant, ParameterLayout layout, float[] parameters, (float[] Mean, float[] Variance)? input = null, bool normBefore = false, bool tanh = false)
    {
        (_normBefore, _tanh) = (normBefore, tanh);
        _variant = variant;
        _layout = layout;
        foreach (var t in layout.Tensors)
        {
            var values = Double(parameters.AsSpan(t.Offset, t.Length), t.Columns > 0 ? [t.Rows, t.Columns] : [t.Rows]);
            _parameters.Add(t.Name, values.requires_grad_(true));
        }

        _input = input is { } i ? (Double(i.Mean, i.Mean.Length), Double(i.Variance, i.Variance.Length)) : null;
    }

    internal static Tensor Double(ReadOnlySpan<float> values, params long[] shape) => tensor(values.ToArray(), dtype: ScalarType.Float64).view(shape);

    internal static float[] Floats(Tensor tensor) => tensor.detach().to(ScalarType.Float32).contiguous().data<float>().ToArray();

    /// <summary>[rows, inputs] to the output before the output function, [rows, outputs].</summary>
    internal Tensor Forward(Tensor x, bool actor)
    {
        if (_input is { } input)
            x = (x - input.Mean) / input.Variance.sqrt().add(Epsilon, Scalars.One);
        var h = Hidden(F.linear(x, this["fc1.weight"], this["fc1.bias"]), "ln1");
        h = Hidden(F.linear(h, this["fc2.weight"], this["fc2.bias"]), "ln2");
        var z = F.linear(h, this["fc3.weight"], this["fc3.bias"]);
        return actor && _variant == PolicyVariant.Layernorm ? F.layer_norm(z, [z.shape[1]], this["layer_norm.weight"], this["layer_norm.bias"]) : z;
    }

    /// <summary>The gradient that backward calls have left, in the order of the layout.</summary>
    internal float[] Gradient()
    {
        var gradient = new float[_layout.Length];
        foreach (var t in _layout.Tensors)
            Floats(this[t.Name].grad!).CopyTo(gradient, t.Offset);
        return gradient;
    }

    private Tensor this[string name] => _parameters[name];

    private Tensor Hidden(Tensor u, string norm)
    {
        u = _normBefore ? Norm(u, norm) : u;
        var h = _tanh ? u.tanh() : _variant == PolicyVariant.Linear ? u : F.relu(u);
        return _variant == PolicyVariant.Fullnorm ? Norm(h, norm) : h;
    }

    private Tensor Norm(Tensor x, string name) => _parameters.ContainsKey($"{name}.weight")
        ? F.layer_norm(x, [x.shape[1]], this[$"{name}.weight"], this[$"{name}.bias"])
        : F.layer_norm(x, [x.shape[1]]);
}
