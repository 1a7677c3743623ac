using System.Runtime.Intrinsics;
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
        var (sum, saturated, inward, outward) = (Vector256<double>.Zero, Vector256<long>.Zero, Vector256<long>.Zero, Vector256<long>.Zero);
        var limit = Vector256.Create(threshold);
        for (var i = 0; i < a.Length; i += ClientAction.Width)
        {
            var action = Row(a, i);
            var over = Vector256.GreaterThan(Vector256.Abs(action), limit);

            // The ascent direction is -dL/da: inward where dL/da has the sign of a.
            var direction = Row(da, i) * action;
            sum += action;
            saturated -= over.AsInt64();
            inward -= (over & Vector256.GreaterThan(direction, Vector256<double>.Zero)).AsInt64();
            outward -= (over & Vector256.LessThan(direction, Vector256<double>.Zero)).AsInt64();
        }

        var rows = a.Length / ClientAction.Width;
        var (mean, squares) = (sum / rows, Vector256<double>.Zero);
        for (var i = 0; i < a.Length; i += ClientAction.Width)
        {
            var difference = Row(a, i) - mean;
            squares += difference * difference;
        }

        for (var k = 0; k < ClientAction.Width; k++)
        {
            _stuck[k] = saturated[k] > 0 ? (float)inward[k] / saturated[k] : float.NaN;
            _boundary[k] = saturated[k] > 0 ? (float)outward[k] / saturated[k] : float.NaN;
            _variance[k] = (float)(squares[k] / rows);
        }
    }

    /// <summary>Adds to an action's outputs what the gradient told.</summary>
    internal ActionOutputs Complete(ActionOutputs outputs, int action) =>
        outputs with { Stuck = _stuck[action], Boundary = _boundary[action], Variance = _variance[action] };

    /// <summary>One row, an action a lane, and a lane of zeros.</summary>
    private static Vector256<double> Row(ReadOnlySpan<float> values, int at) => Vector256.Create(values[at], values[at + 1], values[at + 2], 0d);

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
