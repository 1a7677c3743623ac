using TorchSharp;
using static TorchSharp.torch;

namespace Simulator.Compute;

/// <summary>
/// Forward and backward passes of stacked networks, from the first layer's pre-activation u1 on (the first layer itself differs between actors and critics).
/// Tensors are [slots, rows, width]. Written out rather than left to autograd: no graph is kept, and every sum over rows is a matrix product, whose result for one slot
/// does not depend on the number of slots. Tests hold the gradients against autograd's.
/// </summary>
internal static class StackedNetwork
{
    /// <summary>
    /// What the backward pass needs of a forward pass. H is what a hidden layer comes to; U its activation, where a LayerNorm stands between the two, else H is the activation.
    /// </summary>
    internal sealed record Trace(Tensor H1, Tensor? U1, LayerNormTrace? Norm1, Tensor H2, Tensor? U2, LayerNormTrace? Norm2, LayerNormTrace? NormOut, Tensor Output);

    /// <summary>What the backward pass of a LayerNorm needs: the normalised rows and the reciprocal deviations.</summary>
    internal sealed record LayerNormTrace(Tensor Normalised, Tensor Scale);

    /// <summary>From u1 [slots, rows, hidden1], which is overwritten where that is possible, to the output before the output function, [slots, rows, outputs].</summary>
    internal static Trace Forward(NetworkArchitecture network, ParameterViews p, Tensor u1)
    {
        var (h1, kept1, norm1) = Hidden(network, p, "ln1", u1);
        var u2 = MultiplyAdd(p["fc2.bias"], h1, p["fc2.weight"].transpose(1, 2));
        var (h2, kept2, norm2) = Hidden(network, p, "ln2", u2);
        var u3 = network.Outputs == 1
            ? (h2 * p["fc3.weight"]).sum(2, keepdim: true).add_(p["fc3.bias"], Scalars.One)
            : MultiplyAdd(p["fc3.bias"], h2, p["fc3.weight"].transpose(1, 2));
        LayerNormTrace? normOut = null;
        if (network.OutputNorm)
        {
            (u3, normOut) = LayerNorm(u3, p, "layer_norm");
        }

        return new Trace(h1, kept1, norm1, h2, kept2, norm2, normOut, u3);
    }

    /// <summary>
    /// From the gradient of the output before the output function to the gradient of u1. Where <paramref name="gradient"/> is given, the parameters' gradients are
    /// written to it, for all layers but the first.
    /// </summary>
    internal static Tensor Backward(NetworkArchitecture network, ParameterViews p, Trace trace, Tensor outputGradient, ParameterViews? gradient)
    {
        var du3 = outputGradient;
        if (trace.NormOut is not null)
        {
            du3 = LayerNormBackward(du3, trace.NormOut, p, gradient, "layer_norm");
        }

        Tensor dh2;
        if (network.Outputs == 1)
        {
            dh2 = du3 * p["fc3.weight"];
            gradient?["fc3.weight"].copy_(RowSum(du3, trace.H2));
        }
        else
        {
            dh2 = bmm(du3, p["fc3.weight"]);
            gradient?["fc3.weight"].copy_(bmm(du3.transpose(1, 2), trace.H2));
        }

        gradient?["fc3.bias"].copy_(RowSum(du3));
        var du2 = HiddenBackward(dh2, trace.H2, trace.U2, trace.Norm2, network, p, gradient, "ln2");
        gradient?["fc2.weight"].copy_(bmm(du2.transpose(1, 2), trace.H1));
        gradient?["fc2.bias"].copy_(RowSum(du2));
        var dh1 = bmm(du2, p["fc2.weight"]);
        return HiddenBackward(dh1, trace.H1, trace.U1, trace.Norm1, network, p, gradient, "ln1");
    }

    /// <summary>Activity of the hidden units, [slots, hidden1 + hidden2]: sums of |h| over rows, those left out whose weight [slots, rows, 1] is 0.</summary>
    internal static float[] Activity(Trace trace, Tensor weights)
    {
        var activity = cat([RowSum(weights, (trace.U1 ?? trace.H1).abs()), RowSum(weights, (trace.U2 ?? trace.H2).abs())], 2);
        var sums = new float[activity.numel()];
        Transfer.Download(activity, sums);
        return sums;
    }

    /// <summary>Sum over rows, [slots, rows, width] to [slots, 1, width], as a matrix product.</summary>
    internal static Tensor RowSum(Tensor x) =>
        bmm(torch.ones(1, 1, 1, device: x.device).expand(x.shape[0], RowPadding, x.shape[1]), x).narrow(1, 0, 1);

    /// <summary>Sum over rows weighted by a column [slots, rows, 1], as a matrix product.</summary>
    internal static Tensor RowSum(Tensor weights, Tensor x) =>
        bmm(weights.transpose(1, 2).expand(x.shape[0], RowPadding, x.shape[1]), x).narrow(1, 0, 1);

    /// <summary>bias + a b for each slot. TorchSharp's static baddbmm takes its arguments in another order than PyTorch's.</summary>
    internal static Tensor MultiplyAdd(Tensor bias, Tensor a, Tensor b) => a.baddbmm(b, bias);

    /// <summary>Products of fewer rows take paths of the matrix library whose results depend on more than the row (docs/decisions).</summary>
    internal const int RowPadding = 12;

    private static (Tensor H, Tensor? U, LayerNormTrace? Norm) Hidden(NetworkArchitecture network, ParameterViews p, string norm, Tensor u)
    {
        if (network.HiddenNorm == HiddenNorm.BeforeActivation)
        {
            var (activated, before) = LayerNorm(u, p, network.HasHiddenGains ? norm : null);
            Activate(network, activated);
            return (activated, null, before);
        }

        Activate(network, u);
        if (network.HiddenNorm == HiddenNorm.None)
        {
            return (u, null, null);
        }

        var (h, after) = LayerNorm(u, p, network.HasHiddenGains ? norm : null);
        return (h, u, after);
    }

    private static void Activate(NetworkArchitecture network, Tensor u)
    {
        switch (network.Activation)
        {
            case HiddenActivation.Relu:
                u.relu_();
                break;
            case HiddenActivation.Tanh:
                u.tanh_();
                break;
        }
    }

    private static Tensor HiddenBackward(
        Tensor dh, Tensor h, Tensor? u, LayerNormTrace? norm, NetworkArchitecture network, ParameterViews p, ParameterViews? gradient, string name)
    {
        if (network.HiddenNorm == HiddenNorm.AfterActivation)
        {
            dh = LayerNormBackward(dh, norm!, p, gradient, network.HasHiddenGains ? name : null);
        }

        var activated = u ?? h;
        dh = network.Activation switch
        {
            // The ReLU's output is positive exactly where its input is.
            HiddenActivation.Relu => dh.mul_(activated.gt(Scalars.Zero)),
            HiddenActivation.Tanh => dh.mul_(activated.mul(activated).neg_().add_(Scalars.One, Scalars.One)),
            _ => dh,
        };
        return network.HiddenNorm == HiddenNorm.BeforeActivation ? LayerNormBackward(dh, norm!, p, gradient, network.HasHiddenGains ? name : null) : dh;
    }

    /// <summary>A LayerNorm, with gain and bias where it has a name.</summary>
    private static (Tensor Y, LayerNormTrace Trace) LayerNorm(Tensor x, ParameterViews p, string? name)
    {
        var centred = x - x.mean([2], keepdim: true);
        var scale = centred.mul(centred).mean([2], keepdim: true).add_(Scalars.LayerNormEpsilon, Scalars.One).rsqrt_();
        var normalised = centred.mul_(scale);
        var y = name is null ? normalised.clone() : (normalised * p[$"{name}.weight"]).add_(p[$"{name}.bias"], Scalars.One);
        return (y, new LayerNormTrace(normalised, scale));
    }

    private static Tensor LayerNormBackward(Tensor dy, LayerNormTrace trace, ParameterViews p, ParameterViews? gradient, string? name)
    {
        if (name is not null)
        {
            gradient?[$"{name}.weight"].copy_(RowSum(dy * trace.Normalised));
            gradient?[$"{name}.bias"].copy_(RowSum(dy));
        }

        var dn = name is null ? dy : dy * p[$"{name}.weight"];
        return (dn - dn.mean([2], keepdim: true) - (trace.Normalised * (dn * trace.Normalised).mean([2], keepdim: true))) * trace.Scale;
    }
}
