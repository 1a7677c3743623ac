using TorchSharp;
using static TorchSharp.torch;

namespace Simulator.Compute;

/// <summary>
/// The numbers that tensor operations take, each held for ever, and the operations that would make one themselves. TorchSharp does not keep the Scalar of a running operation alive:
/// one that was made for the call (<c>x.mul_(0.9)</c>, and also <c>a + b</c>, whose factor 1 is one) can be finalised by a garbage collection while libtorch still reads it
/// (docs/decisions/0004). A test looks for such calls in the compiled assembly.
/// </summary>
internal static class HeldScalar
{
    internal static readonly Scalar Zero = 0f.ToScalar();
    internal static readonly Scalar One = 1f.ToScalar();
    internal static readonly Scalar MinusOne = (-1f).ToScalar();
    internal static readonly Scalar Half = 0.5f.ToScalar();

    /// <summary>A number to be kept in a static field.</summary>
    internal static Scalar Of(double value) => value.ToScalar();

    /// <summary>x + y.</summary>
    internal static Tensor Plus(this Tensor x, Tensor y) => x.add(y, One);

    /// <summary>x + y for a number.</summary>
    internal static Tensor Plus(this Tensor x, Scalar y) => x.add(y, One);

    /// <summary>x x.</summary>
    internal static Tensor Square(this Tensor x) => x.mul(x);

    /// <summary>x + y, in place.</summary>
    internal static Tensor Plus_(this Tensor x, Tensor y) => x.add_(y, One);

    /// <summary>x + y for a number, in place.</summary>
    internal static Tensor Plus_(this Tensor x, Scalar y) => x.add_(y, One);
}
