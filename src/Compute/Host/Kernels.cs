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

    /// <summary>target += sum over rows of source [rows, width], in the rows' order.</summary>
    internal static void SumRows(Rows source, int rows, int width, float* target)
    {
        for (var r = 0; r < rows; r++)
        {
            Add(target, source[r], width);
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

    /// <summary>A LayerNorm without gain and shift: each row of x becomes (x - mean) / sqrt(var + 1e-5).</summary>
    /// <param name="x">[rows, width], overwritten.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="width">Width.</param>
    /// <param name="scale">Receives 1 / sqrt(var + 1e-5) of each row.</param>
    internal static void Normalise(Rows x, int rows, int width, float* scale)
    {
        for (var r = 0; r < rows; r++)
        {
            var row = x[r];
            var mean = Sum(row, width) / width;
            for (var i = 0; i < width; i++)
            {
                row[i] -= mean;
            }

            scale[r] = 1 / MathF.Sqrt((Dot(row, row, width) / width) + LayerNormEpsilon);
            for (var i = 0; i < width; i++)
            {
                row[i] *= scale[r];
            }
        }
    }

    /// <summary>y = normalised gain + shift.</summary>
    internal static void GainAndShift(Rows normalised, int rows, int width, float* gain, float* shift, Rows y)
    {
        for (var r = 0; r < rows; r++)
        {
            var from = normalised[r];
            var to = y[r];
            for (var i = 0; i < width; i++)
            {
                to[i] = (from[i] * gain[i]) + shift[i];
            }
        }
    }

    /// <summary>The backward pass of a LayerNorm.</summary>
    /// <param name="dy">Gradient of its output, [rows, width]; becomes that of its input.</param>
    /// <param name="normalised">Normalised rows.</param>
    /// <param name="scale">What <see cref="Normalise"/> gave.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="width">Width.</param>
    /// <param name="gain">Gain.</param>
    /// <param name="dGain">To it the gain's gradient is added; null where it is not wanted.</param>
    /// <param name="dShift">To it the shift's gradient is added; null where it is not wanted.</param>
    internal static void NormaliseBackward(Rows dy, Rows normalised, float* scale, int rows, int width, float* gain, float* dGain, float* dShift)
    {
        if (dGain != null)
        {
            for (var r = 0; r < rows; r++)
            {
                var d = dy[r];
                var n = normalised[r];
                for (var i = 0; i < width; i++)
                {
                    dGain[i] += d[i] * n[i];
                }
            }

            SumRows(dy, rows, width, dShift);
        }

        for (var r = 0; r < rows; r++)
        {
            var d = dy[r];
            var n = normalised[r];
            for (var i = 0; i < width; i++)
            {
                d[i] *= gain[i];
            }

            var mean = Sum(d, width) / width;
            var along = Dot(d, n, width) / width;
            for (var i = 0; i < width; i++)
            {
                d[i] = (d[i] - mean - (n[i] * along)) * scale[r];
            }
        }
    }

    private const float LayerNormEpsilon = 1e-5f;

    private static float Sum(float* a, int count)
    {
        var sum = Vector512<float>.Zero;
        var i = 0;
        for (; i + Lanes <= count; i += Lanes)
        {
            sum = Vector512.Add(sum, Vector512.Load(a + i));
        }

        var total = Fold(sum);
        for (; i < count; i++)
        {
            total += a[i];
        }

        return total;
    }

    /// <summary>The sum of sixteen lanes: halves onto halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Fold(Vector512<float> lanes)
    {
        var eight = Vector256.Add(lanes.GetLower(), lanes.GetUpper());
        var four = Vector128.Add(eight.GetLower(), eight.GetUpper());
        return (four[0] + four[2]) + (four[1] + four[3]);
    }
}
