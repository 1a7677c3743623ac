using System.Runtime.Intrinsics;

namespace Simulator.Compute;

/// <summary>What one Adam step needs to know of a slot.</summary>
/// <param name="Rate">Learning rate.</param>
/// <param name="Step">Number of the step, from 1.</param>
/// <param name="Scale">What the gradient is multiplied by first: under 1 where it is clipped.</param>
/// <param name="Kept">What each parameter is multiplied by before the step: under 1 where weights decay.</param>
internal readonly record struct AdamStep(double Rate, long Step, double Scale, double Kept);

/// <summary>What an Adam step did to a run of parameters.</summary>
/// <param name="Moved">Whether a parameter changed.</param>
/// <param name="Finite">Whether all parameters are finite afterwards.</param>
internal readonly record struct AdamEffect(bool Moved, bool Finite);

/// <summary>
/// Adam (Kingma and Ba 2015) with decoupled weight decay (AdamW: Loshchilov and Hutter 2019) in one pass over parameters, gradient and moments; the order of operations is PyTorch's.
/// </summary>
internal static unsafe class AdamKernel
{
    private const int Lanes = 16;

    /// <summary>Steps <paramref name="count"/> parameters, a multiple of sixteen.</summary>
    internal static AdamEffect Run(float* parameters, float* gradient, float* first, float* second, int count, AdamStep step)
    {
        var scale = Vector512.Create((float)step.Scale);
        var kept = Vector512.Create((float)step.Kept);
        var beta1 = Vector512.Create((float)Bank.Beta1);
        var beta2 = Vector512.Create((float)Bank.Beta2);
        var rest1 = Vector512.Create((float)(1 - Bank.Beta1));
        var rest2 = Vector512.Create((float)(1 - Bank.Beta2));
        var epsilon = Vector512.Create((float)Bank.Epsilon);
        var size = Vector512.Create((float)(-step.Rate / (1 - Math.Pow(Bank.Beta1, step.Step))));
        var correction = Vector512.Create((float)Math.Sqrt(1 - Math.Pow(Bank.Beta2, step.Step)));
        var moved = Vector512<float>.Zero;
        var wild = Vector512<float>.Zero;
        for (var i = 0; i < count; i += Lanes)
        {
            var g = Vector512.Load(gradient + i) * scale;
            var m = Vector512.FusedMultiplyAdd(g, rest1, Vector512.Load(first + i) * beta1);
            var v = Vector512.FusedMultiplyAdd(g * rest2, g, Vector512.Load(second + i) * beta2);
            m.Store(first + i);
            v.Store(second + i);
            var before = Vector512.Load(parameters + i);
            var after = (before * kept) + ((m * size) / ((Vector512.Sqrt(v) / correction) + epsilon));
            after.Store(parameters + i);
            moved |= ~Vector512.Equals(before, after);

            // x - x is zero where x is finite, NaN elsewhere.
            wild |= ~Vector512.Equals(after - after, Vector512<float>.Zero);
        }

        return new AdamEffect(moved.AsUInt32() != Vector512<uint>.Zero, wild.AsUInt32() == Vector512<uint>.Zero);
    }
}
