using System.Diagnostics;
using TorchSharp;

namespace Simulator.Compute;

/// <summary>
/// How fast this machine multiplies matrices at best: what everything that is made of matrix products is measured against. Nothing else should compute meanwhile, since the number of
/// threads is the matrix library's, for all of the process.
/// </summary>
public static class GemmCeiling
{
    /// <summary>Rows and columns of the matrices of <see cref="Measure"/>: large enough that nothing but arithmetic counts.</summary>
    public const int Size = 2048;

    /// <summary>Measures single-precision products of two square matrices by libtorch.</summary>
    /// <param name="threads">Threads that the matrix library may use; put back afterwards.</param>
    /// <param name="repetitions">Products to measure; one before them warms up.</param>
    /// <param name="size">Rows and columns.</param>
    /// <returns>Floating-point operations a second of each product, [repetitions].</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is not positive.</exception>
    public static double[] Measure(int threads, int repetitions, int size = Size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(repetitions);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        var before = torch.get_num_threads();
        torch.set_num_threads(threads);
        try
        {
            using var scope = torch.NewDisposeScope();
            var a = torch.rand(size, size);
            var b = torch.rand(size, size);
            a.mm(b).Dispose();
            var rates = new double[repetitions];
            for (var i = 0; i < repetitions; i++)
            {
                var started = Stopwatch.GetTimestamp();
                a.mm(b).Dispose();
                rates[i] = FlopCount.Product(size, size, size) / Stopwatch.GetElapsedTime(started).TotalSeconds;
            }

            return rates;
        }
        finally
        {
            torch.set_num_threads(before);
        }
    }
}
