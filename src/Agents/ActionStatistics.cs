using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
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

    // |z| of each, and room for whole vectors.
    private float[] _magnitudes = [];

    /// <summary>Takes in outputs: every third of what is given, from the first on.</summary>
    /// <param name="z">Pre-activations, those of the other actions between them.</param>
    /// <param name="a">Their actions.</param>
    /// <param name="slopes">da/dz.</param>
    internal void Add(ReadOnlySpan<float> z, ReadOnlySpan<float> a, ReadOnlySpan<double> slopes)
    {
        MakeRoom(_count + ((a.Length + ClientAction.Width - 1) / ClientAction.Width));
        var magnitudes = _magnitudes;
        var (low90, high90, low99, high99, count, slope) = (_low90, _high90, _low99, _high99, _count, _slope);
        for (var i = 0; i < a.Length; i += ClientAction.Width)
        {
            low90 += a[i] < -0.9f ? 1 : 0;
            high90 += a[i] > 0.9f ? 1 : 0;
            low99 += a[i] < -0.99f ? 1 : 0;
            high99 += a[i] > 0.99f ? 1 : 0;
            slope += slopes[i];
            magnitudes[count++] = Math.Abs(z[i]);
        }

        (_low90, _high90, _low99, _high99, _count, _slope) = (low90, high90, low99, high99, count, slope);
    }

    /// <summary>What was seen since the last call, and begins anew. What the minibatch's gradient tells is not in it.</summary>
    internal ActionOutputs Take()
    {
        float n = _count;
        var (z50, z90, z99) = (Quantile(0.50), Quantile(0.90), Quantile(0.99));
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

        MakeRoom(_count);
        reader.Read(_magnitudes.AsSpan(0, _count));
    }

    private void MakeRoom(int count)
    {
        if (count > _magnitudes.Length)
        {
            // Whole vectors.
            Array.Resize(ref _magnitudes, (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(128, count)));
        }
    }

    /// <summary>The smallest |z| that a share q of all does not exceed.</summary>
    /// <remarks>
    /// Floats without a sign are ordered as their bits are, so those of the value are found from the highest down: a bit is set where no more values lie below than the rank allows. No value is moved and no
    /// branch depends on one, which for the few values of an update is several times as fast as a selection.
    /// </remarks>
    private float Quantile(double q)
    {
        var rank = Math.Max(0, (int)Math.Ceiling(q * _count) - 1);
        var vectors = (_count + Vector512<int>.Count - 1) / Vector512<int>.Count;
        var bits = MemoryMarshal.Cast<float, int>(_magnitudes.AsSpan())[..(vectors * Vector512<int>.Count)];
        bits[_count..].Fill(int.MaxValue); // Behind all values.
        var values = MemoryMarshal.Cast<int, Vector512<int>>(bits);
        var found = 0;
        for (var bit = 1 << 30; bit > 0; bit >>= 1)
        {
            var limit = Vector512.Create(found | bit);
            var below = 0;
            foreach (var value in values)
            {
                below += BitOperations.PopCount(Vector512.LessThan(value, limit).ExtractMostSignificantBits());
            }

            found |= below <= rank ? bit : 0;
        }

        return BitConverter.Int32BitsToSingle(found);
    }
}
