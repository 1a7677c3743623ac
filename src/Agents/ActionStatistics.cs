using Simulator.Protocol;

namespace Simulator.Agents;

/// <summary>Noise-free outputs of one action since the last update: how many are near either bound, how steep they are, quantiles of |z|.</summary>
internal sealed class ActionStatistics
{
    private int _low90;
    private int _high90;
    private int _low99;
    private int _high99;
    private int _count;
    private double _slope;

    // |z| of each; quantiles are selected in it.
    private float[] _magnitudes = [];

    /// <summary>Takes in one output.</summary>
    /// <param name="z">Its pre-activation.</param>
    /// <param name="a">Its action.</param>
    /// <param name="slope">da/dz.</param>
    internal void Add(float z, float a, double slope)
    {
        _low90 += a < -0.9f ? 1 : 0;
        _high90 += a > 0.9f ? 1 : 0;
        _low99 += a < -0.99f ? 1 : 0;
        _high99 += a > 0.99f ? 1 : 0;
        _slope += slope;
        if (_count == _magnitudes.Length)
        {
            Array.Resize(ref _magnitudes, Math.Max(128, 2 * _count));
        }

        _magnitudes[_count++] = Math.Abs(z);
    }

    /// <summary>What was seen since the last call, and begins anew. What the minibatch's gradient tells is not in it.</summary>
    internal ActionOutputs Take()
    {
        // From the largest down: what lies below a quantile holds the next one.
        float n = _count;
        var values = _magnitudes.AsSpan(0, _count);
        var z99 = Quantile(ref values, 0.99);
        var z90 = Quantile(ref values, 0.90);
        var z50 = Quantile(ref values, 0.50);
        var taken = new ActionOutputs(
            _low90 / n, _high90 / n, _low99 / n, _high99 / n, (float)(_slope / _count), z50, z90, z99, float.NaN, float.NaN, 0);
        (_low90, _high90, _low99, _high99, _count, _slope) = (0, 0, 0, 0, 0, 0);
        return taken;
    }

    /// <summary>Writes what was seen since the last <see cref="Take"/>.</summary>
    internal void Save(StateWriter writer)
    {
        writer.Write([_low90, _high90, _low99, _high99, _count]);
        writer.Write(_slope);
        writer.Write(_magnitudes.AsSpan(0, _count));
    }

    /// <summary>Goes on from what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It did not write that.</exception>
    internal void Load(StateReader reader)
    {
        Span<int> counts = stackalloc int[5];
        reader.Read(counts);
        (_low90, _high90, _low99, _high99, _count) = (counts[0], counts[1], counts[2], counts[3], counts[4]);
        _slope = reader.ReadDouble();
        if (_count is < 0 or > 1 << 28)
        {
            throw new InvalidDataException($"a saved state counts {_count} outputs");
        }

        _magnitudes = new float[_count];
        reader.Read(_magnitudes.AsSpan());
    }

    /// <summary>The smallest value that a share q of all values does not exceed; leaves the values up to it, in some order.</summary>
    private float Quantile(ref Span<float> values, double q)
    {
        var rank = Math.Max(0, (int)Math.Ceiling(q * _count) - 1);
        Select(values, rank);
        values = values[..(rank + 1)];
        return values[rank];
    }

    /// <summary>Hoare's selection: puts at a rank what stands there in order, nothing larger before it.</summary>
    private static void Select(Span<float> values, int rank)
    {
        var (low, high) = (0, values.Length - 1);
        while (low < high)
        {
            var pivot = values[rank];
            var (i, j) = (low, high);
            while (i <= j)
            {
                // NaN ends both searches, as it is neither below nor above.
                while (values[i] < pivot)
                {
                    i++;
                }

                while (pivot < values[j])
                {
                    j--;
                }

                if (i <= j)
                {
                    (values[i], values[j]) = (values[j], values[i]);
                    i++;
                    j--;
                }
            }

            if (j < rank)
            {
                low = i;
            }

            if (rank < i)
            {
                high = j;
            }
        }
    }
}
