using System.Runtime.Intrinsics;

namespace Simulator.Compute;

/// <summary>LayerNorm over rows: y = (x - mean) / sqrt(var + 1e-5) gain + shift, mean and variance over the row (Ba, Kiros and Hinton, arXiv 1607.06450). A row depends on that row alone.</summary>
internal static unsafe class LayerNormKernels
{
    private const int Lanes = 16;

    /// <summary>PyTorch's offset of the variance.</summary>
    private const float Epsilon = 1e-5f;

    /// <summary>Without gain and shift: each row of x becomes (x - mean) / sqrt(var + 1e-5).</summary>
    /// <param name="x">[rows, width], overwritten.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="width">Width.</param>
    /// <param name="scale">Receives 1 / sqrt(var + 1e-5) of each row.</param>
    internal static void Normalise(Rows x, int rows, int width, float* scale)
    {
        for (var r = 0; r < rows; r++)
        {
            var row = x[r];
            var mean = Vector512.Create(Sum(row, width) / width);
            var i = 0;
            for (; i + Lanes <= width; i += Lanes)
            {
                (Vector512.Load(row + i) - mean).Store(row + i);
            }

            for (; i < width; i++)
            {
                row[i] -= mean[0];
            }

            scale[r] = 1 / MathF.Sqrt((Kernels.Dot(row, row, width) / width) + Epsilon);
            Scale(row, width, scale[r]);
        }
    }

    /// <summary>y = normalised gain + shift.</summary>
    internal static void GainAndShift(Rows normalised, int rows, int width, float* gain, float* shift, Rows y)
    {
        for (var r = 0; r < rows; r++)
        {
            var from = normalised[r];
            var to = y[r];
            var i = 0;
            for (; i + Lanes <= width; i += Lanes)
            {
                ((Vector512.Load(from + i) * Vector512.Load(gain + i)) + Vector512.Load(shift + i)).Store(to + i);
            }

            for (; i < width; i++)
            {
                to[i] = (from[i] * gain[i]) + shift[i];
            }
        }
    }

    /// <summary>The backward pass.</summary>
    /// <param name="dy">Gradient of its output, [rows, width]; becomes that of its input.</param>
    /// <param name="normalised">Normalised rows.</param>
    /// <param name="scale">What <see cref="Normalise"/> gave.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="width">Width.</param>
    /// <param name="gain">Gain; null where there is none.</param>
    /// <param name="dGain">To it the gain's gradient is added; null where it is not wanted.</param>
    /// <param name="dShift">To it the shift's gradient is added; null where it is not wanted.</param>
    internal static void Backward(Rows dy, Rows normalised, float* scale, int rows, int width, float* gain, float* dGain, float* dShift)
    {
        if (dGain != null)
        {
            for (var r = 0; r < rows; r++)
            {
                var d = dy[r];
                var n = normalised[r];
                var i = 0;
                for (; i + Lanes <= width; i += Lanes)
                {
                    (Vector512.Load(dGain + i) + (Vector512.Load(d + i) * Vector512.Load(n + i))).Store(dGain + i);
                }

                for (; i < width; i++)
                {
                    dGain[i] += d[i] * n[i];
                }
            }

            Kernels.SumRows(dy, rows, width, dShift);
        }

        for (var r = 0; r < rows; r++)
        {
            var d = dy[r];
            var n = normalised[r];
            var i = 0;
            if (gain != null)
            {
                for (; i + Lanes <= width; i += Lanes)
                {
                    (Vector512.Load(d + i) * Vector512.Load(gain + i)).Store(d + i);
                }

                for (; i < width; i++)
                {
                    d[i] *= gain[i];
                }
            }

            var mean = Sum(d, width) / width;
            var along = Kernels.Dot(d, n, width) / width;
            for (i = 0; i + Lanes <= width; i += Lanes)
            {
                ((Vector512.Load(d + i) - Vector512.Create(mean) - (Vector512.Load(n + i) * Vector512.Create(along))) * Vector512.Create(scale[r])).Store(d + i);
            }

            for (; i < width; i++)
            {
                d[i] = (d[i] - mean - (n[i] * along)) * scale[r];
            }
        }
    }

    private static void Scale(float* a, int count, float factor)
    {
        var i = 0;
        for (; i + Lanes <= count; i += Lanes)
        {
            (Vector512.Load(a + i) * Vector512.Create(factor)).Store(a + i);
        }

        for (; i < count; i++)
        {
            a[i] *= factor;
        }
    }

    private static float Sum(float* a, int count)
    {
        var sum = Vector512<float>.Zero;
        var i = 0;
        for (; i + Lanes <= count; i += Lanes)
        {
            sum = Vector512.Add(sum, Vector512.Load(a + i));
        }

        var total = Kernels.Fold(sum);
        for (; i < count; i++)
        {
            total += a[i];
        }

        return total;
    }
}
