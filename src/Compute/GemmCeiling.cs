using System.Diagnostics;
using TorchSharp;

namespace Simulator.Compute;

/// <summary>
/// How fast libtorch multiplies matrices on this machine at best, which programs made of matrix products are measured against, and how fast our own product does. Nothing else should compute meanwhile, since the number of
/// threads is the matrix library's, for all of the process.
/// </summary>
public static class GemmCeiling
{
    /// <summary>Rows and columns of libtorch's matrices: large enough that nothing but arithmetic counts.</summary>
    public const int Size = 2048;

    /// <summary>Rows of the product of <see cref="MeasureOwn"/>: all candidates of a minibatch of 64 with 50 clients.</summary>
    public const int OwnRows = 3200;

    /// <summary>
    /// Measures the product that the passes on the processor are made of, at the shape that takes most of an episode's time: the second layer of a critic, [3200, 512] by [512, 128]. It keeps no blocks of
    /// large matrices in the cache, so 2048 x 2048 is not its matter.
    /// </summary>
    /// <param name="threads">Threads that share it.</param>
    /// <param name="repetitions">Products to measure; one before them warms up.</param>
    /// <returns>Floating-point operations a second of each product, [repetitions].</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is not positive.</exception>
    public static unsafe double[] MeasureOwn(int threads, int repetitions)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(repetitions);
        const int inner = 512;
        const int columns = 128;
        var workers = new Workers(threads);
        using var left = new NativeBuffer(OwnRows * inner);
        using var right = new NativeBuffer(inner * columns);
        using var result = new NativeBuffer(OwnRows * columns);
        for (var i = 0; i < OwnRows * inner; i++)
        {
            left.Pointer[i] = (i % 97) / 97f;
        }

        for (var i = 0; i < inner * columns; i++)
        {
            right.Pointer[i] = (i % 89) / 89f;
        }

        var a = new Factor(left.Pointer, inner, 1);
        var b = new Rows(right.Pointer, columns);
        var c = new Rows(result.Pointer, columns);
        var rates = new double[repetitions];
        for (var i = -1; i < repetitions; i++)
        {
            var started = Stopwatch.GetTimestamp();
            workers.For(
                OwnRows, FlopCount.Product(OwnRows, inner, columns), (begin, end) => Product.Multiply(a.From(begin), b, new Rows(c[begin], columns), end - begin, inner, columns));
            if (i >= 0)
            {
                rates[i] = FlopCount.Product(OwnRows, inner, columns) / Stopwatch.GetElapsedTime(started).TotalSeconds;
            }
        }

        return rates;
    }

    /// <summary>Measures single-precision products of two square matrices by libtorch.</summary>
    /// <param name="threads">Threads that the matrix library may use; put back afterwards.</param>
    /// <param name="repetitions">Products to measure; one before them warms up.</param>
    /// <param name="size">Rows and columns.</param>
    /// <returns>Floating-point operations a second of each product, [repetitions].</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is not positive.</exception>
    public static double[] Measure(int threads, int repetitions, int size = Size) => Rates(threads, repetitions, size, size, size);

    /// <summary>Measures libtorch at the shape of <see cref="MeasureOwn"/>.</summary>
    /// <param name="threads">Threads that the matrix library may use; put back afterwards.</param>
    /// <param name="repetitions">Products to measure; one before them warms up.</param>
    /// <returns>Floating-point operations a second of each product, [repetitions].</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is not positive.</exception>
    public static double[] MeasureAtOwnShape(int threads, int repetitions) => Rates(threads, repetitions, OwnRows, 512, 128);

    private static double[] Rates(int threads, int repetitions, int m, int k, int n)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(repetitions);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(m);
        var before = torch.get_num_threads();
        torch.set_num_threads(threads);
        try
        {
            using var scope = torch.NewDisposeScope();
            var a = torch.rand(m, k);
            var b = torch.rand(k, n);
            a.mm(b).Dispose();
            var rates = new double[repetitions];
            for (var i = 0; i < repetitions; i++)
            {
                var started = Stopwatch.GetTimestamp();
                a.mm(b).Dispose();
                rates[i] = FlopCount.Product(m, k, n) / Stopwatch.GetElapsedTime(started).TotalSeconds;
            }

            return rates;
        }
        finally
        {
            torch.set_num_threads(before);
        }
    }
}
