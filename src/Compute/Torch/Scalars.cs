using TorchSharp;

namespace Simulator.Compute;

/// <summary>
/// The scalar operands of tensor operations, held for ever. TorchSharp passes a scalar's native handle without keeping the scalar alive, so one that was made for a single call
/// (by <c>x * 0.5</c>, by <c>x &gt; 0</c>, within <c>x + y</c> and <c>x.add(2)</c>, whose factor is one, and within <c>square</c>) can be collected and freed while libtorch reads it: the call then fails, or
/// computes with another number. Every operation of this project that takes a scalar takes it from here.
/// </summary>
internal static class Scalars
{
    internal static readonly Scalar Zero = 0.0;
    internal static readonly Scalar Half = 0.5;
    internal static readonly Scalar One = 1.0;

    /// <summary>Adam's decay of the first moment, and what is left to one.</summary>
    internal static readonly Scalar Beta1 = Bank.Beta1;
    internal static readonly Scalar OneMinusBeta1 = 1 - Bank.Beta1;

    /// <summary>Adam's decay of the second moment, and what is left to one.</summary>
    internal static readonly Scalar Beta2 = Bank.Beta2;
    internal static readonly Scalar OneMinusBeta2 = 1 - Bank.Beta2;

    /// <summary>Adam's offset of the denominator.</summary>
    internal static readonly Scalar AdamEpsilon = Bank.Epsilon;

    /// <summary>PyTorch's offset of a LayerNorm's variance.</summary>
    internal static readonly Scalar LayerNormEpsilon = 1e-5;

    /// <summary>Momentum of the running normalisation, what is left to one, and its offset of the deviation.</summary>
    internal static readonly Scalar RunningMomentum = RunningNorm.Momentum;
    internal static readonly Scalar OneMinusRunningMomentum = 1 - RunningNorm.Momentum;
    internal static readonly Scalar RunningEpsilon = RunningNorm.Epsilon;
}
