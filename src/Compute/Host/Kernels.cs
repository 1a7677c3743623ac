using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Simulator.Compute;

/// <summary>
/// What a pass needs beside matrix products. Sums that run across a vector keep sixteen lanes apart and fold them in one fixed order, so they are the same bits with any vector width.
/// </summary>
internal static unsafe class Kernels
{
    private const int Lanes = 16;

    /// <summary>Sum of a_i b_i.</summary>
    internal static float Dot(float* a, float* b, int count)
    {
        var sum = Vector512<float>.Zero;
        var i = 0;
        for (; i + Lanes <= count; i += Lanes)
        {
            sum = Vector512.FusedMultiplyAdd(Vector512.Load(a + i), Vector512.Load(b + i), sum);
        }

        var total = Fold(sum);
        for (; i < count; i++)
        {
            total = MathF.FusedMultiplyAdd(a[i], b[i], total);
        }

        return total;
    }

    /// <summary>a += share (b - a), for a multiple of sixteen numbers.</summary>
    internal static void Approach(float* a, float* b, float share, int count)
    {
        var factor = Vector512.Create(share);
        for (var i = 0; i < count; i += Lanes)
        {
            var from = Vector512.Load(a + i);
            Vector512.FusedMultiplyAdd(Vector512.Load(b + i) - from, factor, from).Store(a + i);
        }
    }

    /// <summary>Sum of squares, in double precision.</summary>
    internal static double Squares(float* a, long count)
    {
        var low = Vector512<double>.Zero;
        var high = low;
        long i = 0;
        for (; i + Lanes <= count; i += Lanes)
        {
            var (l, h) = Vector512.Widen(Vector512.Load(a + i));
            low = Vector512.FusedMultiplyAdd(l, l, low);
            high = Vector512.FusedMultiplyAdd(h, h, high);
        }

        var both = Vector512.Add(low, high);
        var total = 0.0;
        for (var lane = 0; lane < Vector512<double>.Count; lane++)
        {
            total += both[lane];
        }

        for (; i < count; i++)
        {
            total += (double)a[i] * a[i];
        }

        return total;
    }

    /// <summary>Sets to zero each gradient whose activation a ReLU held at zero.</summary>
    internal static void Mask(float* gradient, float* activation, long count)
    {
        long i = 0;
        for (; i + Lanes <= count; i += Lanes)
        {
            Vector512.ConditionalSelect(Vector512.GreaterThan(Vector512.Load(activation + i), Vector512<float>.Zero), Vector512.Load(gradient + i), Vector512<float>.Zero)
                .Store(gradient + i);
        }

        for (; i < count; i++)
        {
            gradient[i] = activation[i] > 0 ? gradient[i] : 0;
        }
    }

    /// <summary>x = max(x, 0).</summary>
    internal static void Relu(float* x, long count)
    {
        long i = 0;
        for (; i + Lanes <= count; i += Lanes)
        {
            Vector512.Max(Vector512.Load(x + i), Vector512<float>.Zero).Store(x + i);
        }

        for (; i < count; i++)
        {
            x[i] = MathF.Max(x[i], 0);
        }
    }

    /// <summary>x = tanh(x).</summary>
    internal static void Tanh(float* x, long count)
    {
        for (long i = 0; i < count; i++)
        {
            x[i] = MathF.Tanh(x[i]);
        }
    }

    /// <summary>Multiplies each gradient by tanh's slope, 1 - h^2, h the activation.</summary>
    internal static void TanhBackward(float* gradient, float* activation, long count)
    {
        long i = 0;
        for (; i + Lanes <= count; i += Lanes)
        {
            var h = Vector512.Load(activation + i);
            (Vector512.Load(gradient + i) * (Vector512<float>.One - (h * h))).Store(gradient + i);
        }

        for (; i < count; i++)
        {
            gradient[i] *= 1 - (activation[i] * activation[i]);
        }
    }

    /// <summary>target += source.</summary>
    internal static void Add(float* target, float* source, int count)
    {
        var i = 0;
        for (; i + Lanes <= count; i += Lanes)
        {
            Vector512.Add(Vector512.Load(target + i), Vector512.Load(source + i)).Store(target + i);
        }

        for (; i < count; i++)
        {
            target[i] += source[i];
        }
    }

    /// <summary>target += factor (a - b), a multiple of sixteen elements.</summary>
    internal static void AddDifference(float* target, float* a, float* b, float factor, int count)
    {
        var scale = Vector512.Create(factor);
        for (var i = 0; i < count; i += Lanes)
        {
            (Vector512.Load(target + i) + (scale * (Vector512.Load(a + i) - Vector512.Load(b + i)))).Store(target + i);
        }
    }

    /// <summary>target += sum over rows of source [rows, width], in the rows' order.</summary>
    internal static void SumRows(Rows source, int rows, int width, float* target)
    {
        for (var r = 0; r < rows; r++)
        {
            Add(target, source[r], width);
        }
    }

    /// <summary>target += sum over rows of |source|, [rows, width], in the rows' order.</summary>
    internal static void SumMagnitudes(Rows source, int rows, int width, float* target)
    {
        const int block = 4 * Lanes;
        var i = 0;
        for (; i + block <= width; i += block)
        {
            var (a, b, c, d) = (Vector512.Load(target + i), Vector512.Load(target + i + Lanes), Vector512.Load(target + i + (2 * Lanes)), Vector512.Load(target + i + (3 * Lanes)));
            for (var r = 0; r < rows; r++)
            {
                var from = source[r] + i;
                a += Vector512.Abs(Vector512.Load(from));
                b += Vector512.Abs(Vector512.Load(from + Lanes));
                c += Vector512.Abs(Vector512.Load(from + (2 * Lanes)));
                d += Vector512.Abs(Vector512.Load(from + (3 * Lanes)));
            }

            a.Store(target + i);
            b.Store(target + i + Lanes);
            c.Store(target + i + (2 * Lanes));
            d.Store(target + i + (3 * Lanes));
        }

        for (; i + Lanes <= width; i += Lanes)
        {
            var sum = Vector512.Load(target + i);
            for (var r = 0; r < rows; r++)
            {
                sum += Vector512.Abs(Vector512.Load(source[r] + i));
            }

            sum.Store(target + i);
        }

        for (; i < width; i++)
        {
            for (var r = 0; r < rows; r++)
            {
                target[i] += MathF.Abs(source[r][i]);
            }
        }
    }

    /// <summary>target [columns, rows, with its own stride] = source [rows, columns] transposed.</summary>
    internal static void Transpose(Rows source, int rows, int columns, Rows target)
    {
        const int tile = 8;
        for (var i = 0; i < rows; i += tile)
        {
            var last = Math.Min(rows, i + tile);
            for (var j = 0; j < columns; j++)
            {
                var to = target[j];
                for (var r = i; r < last; r++)
                {
                    to[r] = source[r][j];
                }
            }
        }
    }

    /// <summary>The sum of sixteen lanes: halves onto halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Fold(Vector512<float> lanes)
    {
        var eight = Vector256.Add(lanes.GetLower(), lanes.GetUpper());
        var four = Vector128.Add(eight.GetLower(), eight.GetUpper());
        return (four[0] + four[2]) + (four[1] + four[3]);
    }
}
