using Simulator.Protocol;

namespace Simulator.Agents;

/// <summary>What the gradient of one update tells about the outputs of a policy: its norms on both sides of the output function, and action by action where saturated outputs want to go.</summary>
/// <param name="threshold">|a| above which an output counts as saturated.</param>
internal sealed class GradientPath(double threshold)
{
    private readonly float[] _stuck = new float[ClientAction.Width];
    private readonly float[] _boundary = new float[ClientAction.Width];
    private readonly float[] _variance = new float[ClientAction.Width];

    /// <summary>Frobenius norm of dL/da, clipped.</summary>
    internal double ActionGradient { get; private set; }

    /// <summary>Frobenius norm of dL/dz, without penalties and entropy.</summary>
    internal double PreActivationGradient { get; private set; }

    /// <summary>Takes in the gradient of an update.</summary>
    /// <param name="a">Noise-free actions of the minibatch, [B, 3].</param>
    /// <param name="da">dL/da, [B, 3], clipped: what goes into the output function.</param>
    /// <param name="dz">dL/dz, [B, outputs], as it comes out of it, nothing added.</param>
    internal void Observe(ReadOnlySpan<float> a, ReadOnlySpan<float> da, ReadOnlySpan<float> dz)
    {
        (ActionGradient, PreActivationGradient) = (Norm(da), Norm(dz));
        for (var k = 0; k < ClientAction.Width; k++)
        {
            Observe(k, a, da);
        }
    }

    /// <summary>Adds to an action's outputs what the gradient told.</summary>
    internal ActionOutputs Complete(ActionOutputs outputs, int action) =>
        outputs with { Stuck = _stuck[action], Boundary = _boundary[action], Variance = _variance[action] };

    private void Observe(int k, ReadOnlySpan<float> a, ReadOnlySpan<float> da)
    {
        var (saturated, inward, outward) = (0, 0, 0);
        var (sum, rows) = (0.0, a.Length / ClientAction.Width);
        for (var i = k; i < a.Length; i += ClientAction.Width)
        {
            sum += a[i];
            if (Math.Abs((double)a[i]) > threshold)
            {
                // The ascent direction is -dL/da: inward where dL/da has the sign of a.
                var direction = da[i] * Math.Sign(a[i]);
                saturated++;
                inward += direction > 0 ? 1 : 0;
                outward += direction < 0 ? 1 : 0;
            }
        }

        var (mean, squares) = (sum / rows, 0.0);
        for (var i = k; i < a.Length; i += ClientAction.Width)
        {
            squares += (a[i] - mean) * (a[i] - mean);
        }

        _stuck[k] = saturated > 0 ? (float)inward / saturated : float.NaN;
        _boundary[k] = saturated > 0 ? (float)outward / saturated : float.NaN;
        _variance[k] = (float)(squares / rows);
    }

    private static double Norm(ReadOnlySpan<float> values)
    {
        var sum = 0.0;
        foreach (double value in values)
        {
            sum += value * value;
        }

        return Math.Sqrt(sum);
    }
}
