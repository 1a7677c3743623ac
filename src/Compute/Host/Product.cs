using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Simulator.Compute;

/// <summary>The left factor of a product: element (i, k) lies at <c>At[i * Row + k * Column]</c>, so that a matrix and its transpose are both at hand without a copy.</summary>
internal readonly unsafe struct Factor(float* at, nint row, nint column)
{
    internal float* At { get; } = at;

    internal nint Row { get; } = row;

    internal nint Column { get; } = column;

    /// <summary>From row <paramref name="i"/> on.</summary>
    internal Factor From(nint i) => new(At + (i * Row), Row, Column);
}

/// <summary>The right factor or the result of a product: row-major, <paramref name="stride"/> floats from row to row (0 repeats one row).</summary>
internal readonly unsafe struct Rows(float* at, nint stride)
{
    internal float* At { get; } = at;

    internal nint Stride { get; } = stride;

    internal float* this[nint row] => At + (row * Stride);
}

/// <summary>
/// The matrix product of the processor, C = start + A B. Each element is one chain of fused multiply-adds over ascending k, whatever the tile, the vector width or the number of rows: so
/// a row's result depends on nothing but the row, on any processor (docs/decisions, 0007). Six rows by two vectors fill the registers of AVX2 and keep the multipliers of AVX-512 busy.
/// </summary>
internal static unsafe class Product
{
    private const int TileRows = 6;

    /// <summary>C = start + A B.</summary>
    /// <param name="a">A, [m, k].</param>
    /// <param name="b">B, [k, n].</param>
    /// <param name="c">C, [m, n].</param>
    /// <param name="m">Rows of the result.</param>
    /// <param name="k">Length of the sums.</param>
    /// <param name="n">Columns of the result.</param>
    /// <param name="start">What the sums start from, [m, n]; a null pointer for zero. May be C itself.</param>
    /// <param name="relu">Whether negative results become zero.</param>
    internal static void Multiply(Factor a, Rows b, Rows c, int m, int k, int n, Rows start = default, bool relu = false)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Multiply<Vector16>(a, b, c, m, k, n, start, relu);
        }
        else
        {
            Multiply<Vector8>(a, b, c, m, k, n, start, relu);
        }
    }

    /// <summary>As above, with vectors of one width.</summary>
    internal static void Multiply<T>(Factor a, Rows b, Rows c, int m, int k, int n, Rows start, bool relu)
        where T : struct, IVector<T>
    {
        var width = 2 * T.Count;
        var j = 0;
        for (; j + width <= n; j += width)
        {
            var i = 0;
            for (; i + TileRows <= m; i += TileRows)
            {
                Tile6<T>(a.From(i), b.At + j, b.Stride, c[i] + j, c.Stride, k, Start(start, i, j), start.Stride, relu);
            }

            for (; i + 2 <= m; i += 2)
            {
                Tile2<T>(a.From(i), b.At + j, b.Stride, c[i] + j, c.Stride, k, Start(start, i, j), start.Stride, relu);
            }

            if (i < m)
            {
                Tile1<T>(a.From(i), b.At + j, b.Stride, c[i] + j, k, Start(start, i, j), relu);
            }
        }

        for (; j < n; j++)
        {
            Column(a, b.At + j, b.Stride, c, j, m, k, start, relu);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* Start(Rows start, int i, int j) => start.At == null ? null : start[i] + j;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile6<T>(Factor a, float* b, nint nextB, float* c, nint nextC, int k, float* start, nint nextStart, bool relu)
        where T : struct, IVector<T>
    {
        T x0, x1, x2, x3, x4, x5, y0, y1, y2, y3, y4, y5;
        if (start == null)
        {
            x0 = x1 = x2 = x3 = x4 = x5 = y0 = y1 = y2 = y3 = y4 = y5 = T.Zero;
        }
        else
        {
            (x0, y0) = Pair<T>(start);
            (x1, y1) = Pair<T>(start += nextStart);
            (x2, y2) = Pair<T>(start += nextStart);
            (x3, y3) = Pair<T>(start += nextStart);
            (x4, y4) = Pair<T>(start += nextStart);
            (x5, y5) = Pair<T>(start + nextStart);
        }

        var (row, row2, column) = (a.Row, 2 * a.Row, a.Column);
        var upper = a.At;
        var lower = upper + (3 * row);
        for (; k > 0; k--)
        {
            var p = T.Load(b);
            var q = T.Load(b + T.Count);
            var v = T.Broadcast(*upper);
            x0 = T.MultiplyAdd(v, p, x0);
            y0 = T.MultiplyAdd(v, q, y0);
            v = T.Broadcast(upper[row]);
            x1 = T.MultiplyAdd(v, p, x1);
            y1 = T.MultiplyAdd(v, q, y1);
            v = T.Broadcast(upper[row2]);
            x2 = T.MultiplyAdd(v, p, x2);
            y2 = T.MultiplyAdd(v, q, y2);
            v = T.Broadcast(*lower);
            x3 = T.MultiplyAdd(v, p, x3);
            y3 = T.MultiplyAdd(v, q, y3);
            v = T.Broadcast(lower[row]);
            x4 = T.MultiplyAdd(v, p, x4);
            y4 = T.MultiplyAdd(v, q, y4);
            v = T.Broadcast(lower[row2]);
            x5 = T.MultiplyAdd(v, p, x5);
            y5 = T.MultiplyAdd(v, q, y5);
            b += nextB;
            upper += column;
            lower += column;
        }

        Store(x0, y0, c, relu);
        Store(x1, y1, c += nextC, relu);
        Store(x2, y2, c += nextC, relu);
        Store(x3, y3, c += nextC, relu);
        Store(x4, y4, c += nextC, relu);
        Store(x5, y5, c + nextC, relu);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile2<T>(Factor a, float* b, nint nextB, float* c, nint nextC, int k, float* start, nint nextStart, bool relu)
        where T : struct, IVector<T>
    {
        T x0, x1, y0, y1;
        if (start == null)
        {
            x0 = x1 = y0 = y1 = T.Zero;
        }
        else
        {
            (x0, y0) = Pair<T>(start);
            (x1, y1) = Pair<T>(start + nextStart);
        }

        var at = a.At;
        var (row, column) = (a.Row, a.Column);
        for (; k > 0; k--)
        {
            var p = T.Load(b);
            var q = T.Load(b + T.Count);
            var v = T.Broadcast(*at);
            x0 = T.MultiplyAdd(v, p, x0);
            y0 = T.MultiplyAdd(v, q, y0);
            v = T.Broadcast(at[row]);
            x1 = T.MultiplyAdd(v, p, x1);
            y1 = T.MultiplyAdd(v, q, y1);
            b += nextB;
            at += column;
        }

        Store(x0, y0, c, relu);
        Store(x1, y1, c + nextC, relu);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1<T>(Factor a, float* b, nint nextB, float* c, int k, float* start, bool relu)
        where T : struct, IVector<T>
    {
        var (x, y) = start == null ? (T.Zero, T.Zero) : Pair<T>(start);
        var at = a.At;
        var column = a.Column;
        for (; k > 0; k--)
        {
            var v = T.Broadcast(*at);
            x = T.MultiplyAdd(v, T.Load(b), x);
            y = T.MultiplyAdd(v, T.Load(b + T.Count), y);
            b += nextB;
            at += column;
        }

        Store(x, y, c, relu);
    }

    /// <summary>The columns that fill no pair of vectors.</summary>
    private static void Column(Factor a, float* b, nint nextB, Rows c, int j, int m, int k, Rows start, bool relu)
    {
        for (var i = 0; i < m; i++)
        {
            var sum = start.At == null ? 0 : start[i][j];
            var left = a.From(i).At;
            for (var l = 0; l < k; l++)
            {
                sum = MathF.FusedMultiplyAdd(left[l * a.Column], b[l * nextB], sum);
            }

            c[i][j] = relu && sum < 0 ? 0 : sum;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (T X, T Y) Pair<T>(float* source)
        where T : struct, IVector<T> => (T.Load(source), T.Load(source + T.Count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<T>(T x, T y, float* destination, bool relu)
        where T : struct, IVector<T>
    {
        if (relu)
        {
            x = T.Relu(x);
            y = T.Relu(y);
        }

        x.Store(destination);
        y.Store(destination + T.Count);
    }
}
