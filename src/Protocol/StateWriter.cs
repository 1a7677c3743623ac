using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Simulator.Protocol;

/// <summary>
/// Collects what an object must remember from one episode to the next, for a checkpoint: plain values one after the other, little-endian, which <see cref="StateReader"/> takes out in the same
/// order. Spans go with their length, so that a state of another shape is noticed.
/// </summary>
public sealed class StateWriter
{
    private readonly List<byte> _bytes = [];

    /// <summary>Bytes written so far.</summary>
    public int Length => _bytes.Count;

    /// <summary>Writes a truth value.</summary>
    public void Write(bool value) => _bytes.Add(value ? (byte)1 : (byte)0);

    /// <summary>Writes a whole number.</summary>
    public void Write(int value) => Write((long)value);

    /// <summary>Writes a whole number.</summary>
    public void Write(long value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        _bytes.AddRange(bytes);
    }

    /// <summary>Writes a number, all its bits.</summary>
    public void Write(double value) => Write(BitConverter.DoubleToInt64Bits(value));

    /// <summary>Writes numbers, all their bits.</summary>
    public void Write(ReadOnlySpan<float> values) => WriteSpan(values);

    /// <summary>Writes numbers, all their bits.</summary>
    public void Write(ReadOnlySpan<double> values) => WriteSpan(values);

    /// <summary>Writes whole numbers.</summary>
    public void Write(ReadOnlySpan<int> values) => WriteSpan(values);

    /// <summary>Writes bytes.</summary>
    public void Write(ReadOnlySpan<byte> values) => WriteSpan(values);

    /// <summary>Everything written.</summary>
    public byte[] ToArray() => [.. _bytes];

    private void WriteSpan<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        Write(values.Length);
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("states are written on little-endian machines");
        }

        _bytes.AddRange(MemoryMarshal.AsBytes(values));
    }
}

/// <summary>Takes out what a <see cref="StateWriter"/> collected, in the same order.</summary>
/// <param name="bytes">Everything that was written.</param>
public sealed class StateReader(ReadOnlyMemory<byte> bytes)
{
    private ReadOnlyMemory<byte> _rest = bytes;

    /// <summary>Whether everything has been taken out.</summary>
    public bool AtEnd => _rest.IsEmpty;

    /// <summary>Reads a truth value.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public bool ReadBoolean() => Take(1)[0] switch
    {
        0 => false,
        1 => true,
        var other => throw new InvalidDataException($"a saved state has the truth value {other}"),
    };

    /// <summary>Reads a whole number.</summary>
    /// <exception cref="InvalidDataException">There is none, or it is too large.</exception>
    public int ReadInt32() => ReadInt64() is var value and >= int.MinValue and <= int.MaxValue
        ? (int)value
        : throw new InvalidDataException("a saved state has a number that is too large");

    /// <summary>Reads a whole number.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public long ReadInt64() => BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)));

    /// <summary>Reads a number.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public double ReadDouble() => BitConverter.Int64BitsToDouble(ReadInt64());

    /// <summary>Reads as many numbers as there is room for.</summary>
    /// <exception cref="InvalidDataException">Another number of them was written.</exception>
    public void Read(Span<float> values) => ReadSpan(values);

    /// <summary>Reads as many numbers as there is room for.</summary>
    /// <exception cref="InvalidDataException">Another number of them was written.</exception>
    public void Read(Span<double> values) => ReadSpan(values);

    /// <summary>Reads as many whole numbers as there is room for.</summary>
    /// <exception cref="InvalidDataException">Another number of them was written.</exception>
    public void Read(Span<int> values) => ReadSpan(values);

    /// <summary>Reads numbers, as many as were written.</summary>
    /// <exception cref="InvalidDataException">There are none.</exception>
    public float[] ReadFloats()
    {
        var values = new float[ReadCount(sizeof(float))];
        Take(values.Length * sizeof(float)).CopyTo(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    /// <summary>Reads bytes, as many as were written.</summary>
    /// <exception cref="InvalidDataException">There are none.</exception>
    public byte[] ReadBytes() => Take(ReadCount(1)).ToArray();

    /// <summary>The number of values that follow: no more than there are bytes for, so that a damaged state allocates nothing out of proportion.</summary>
    private int ReadCount(int size)
    {
        var count = ReadInt64();
        return count >= 0 && count <= _rest.Length / size ? (int)count : throw new InvalidDataException($"a saved state claims {count} values, and {_rest.Length} bytes are left");
    }

    private void ReadSpan<T>(Span<T> values)
        where T : unmanaged
    {
        var count = ReadInt64();
        if (count != values.Length)
        {
            throw new InvalidDataException($"a saved state has {count} values where {values.Length} belong");
        }

        Take(checked(values.Length * Marshal.SizeOf<T>())).CopyTo(MemoryMarshal.AsBytes(values));
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (_rest.Length < count)
        {
            throw new InvalidDataException("a saved state ends too early");
        }

        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken.Span;
    }
}
