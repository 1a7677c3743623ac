using System.Runtime.CompilerServices;

namespace Simulator.Master;

/// <summary>
/// Rows of one width, numbered in the order in which they were appended. The oldest can be forgotten, and memory follows what is kept:
/// rows live in chunks, allocated when they are first written and used again when all their rows are forgotten.
/// </summary>
/// <typeparam name="T">Type of a row's values.</typeparam>
internal sealed class RowLog<T>
    where T : unmanaged
{
    // Small enough to stay out of the large object heap (85,000 bytes) where one row is.
    private const int ChunkBytes = 64 * 1024;

    private readonly int _width;
    private readonly int _rowsPerChunk;
    private readonly List<T[]> _chunks = [];
    private long _firstChunk;
    private T[]? _spare;

    /// <summary>An empty log.</summary>
    /// <param name="width">Values of a row, at least 1.</param>
    /// <param name="first">Number of the first row to be appended.</param>
    internal RowLog(int width, long first = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        _width = width;
        _rowsPerChunk = Math.Max(1, ChunkBytes / Unsafe.SizeOf<T>() / width);
        _firstChunk = first / _rowsPerChunk;
        First = End = first;
    }

    /// <summary>Number of the oldest row kept.</summary>
    internal long First { get; private set; }

    /// <summary>Number that the next appended row gets.</summary>
    internal long End { get; private set; }

    /// <summary>Values for which memory is allocated at present.</summary>
    internal long AllocatedValues => (long)(_chunks.Count + (_spare is null ? 0 : 1)) * _rowsPerChunk * _width;

    /// <summary>A row that is kept, [width]; valid until it is forgotten.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The row is forgotten or not written yet.</exception>
    internal Span<T> this[long row]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(row, First);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, End);
            return Locate(row);
        }
    }

    /// <summary>Appends a copy of a row and returns its number.</summary>
    /// <param name="values">Its values, [width].</param>
    /// <exception cref="ArgumentException"><paramref name="values"/> has another length.</exception>
    internal long Append(ReadOnlySpan<T> values)
    {
        if (values.Length != _width)
            throw new ArgumentException($"Expected {_width} values, not {values.Length}.", nameof(values));
        if (End / _rowsPerChunk == _firstChunk + _chunks.Count)
        {
            _chunks.Add(_spare ?? new T[_rowsPerChunk * _width]);
            _spare = null;
        }

        values.CopyTo(Locate(End));
        return End++;
    }

    /// <summary>Forgets the rows before a number.</summary>
    internal void ForgetBefore(long row)
    {
        First = Math.Max(First, Math.Min(row, End));
        while (_chunks.Count > 0 && (_firstChunk + 1) * _rowsPerChunk <= First)
        {
            _spare = _chunks[0];
            _chunks.RemoveAt(0);
            _firstChunk++;
        }
    }

    private Span<T> Locate(long row)
    {
        var (chunk, place) = Math.DivRem(row, _rowsPerChunk);
        return _chunks[(int)(chunk - _firstChunk)].AsSpan((int)place * _width, _width);
    }
}
