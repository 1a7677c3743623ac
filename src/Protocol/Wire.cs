using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Simulator.Protocol;

/// <summary>Thrown when bytes are no message of this protocol.</summary>
public sealed class MalformedMessageException : Exception
{
    /// <summary>Makes the exception with what is wrong.</summary>
    public MalformedMessageException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with what is wrong and its cause.</summary>
    public MalformedMessageException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Makes the exception.</summary>
    public MalformedMessageException()
    {
    }
}

/// <summary>Writes a message's fields, little-endian, lengths before contents.</summary>
internal sealed class WireWriter
{
    private byte[] _buffer = new byte[256];
    private int _length;

    internal byte[] ToArray() => _buffer.AsSpan(0, _length).ToArray();

    internal void Byte(byte value) => Reserve(1)[0] = value;

    internal void Bool(bool value) => Byte(value ? (byte)1 : (byte)0);

    internal void Int(int value) => BinaryPrimitives.WriteInt32LittleEndian(Reserve(4), value);

    internal void Long(long value) => BinaryPrimitives.WriteInt64LittleEndian(Reserve(8), value);

    internal void Guid(Guid value) => value.TryWriteBytes(Reserve(16), bigEndian: true, out _);

    internal void Single(float value) => BinaryPrimitives.WriteSingleLittleEndian(Reserve(4), value);

    internal void Double(double value) => BinaryPrimitives.WriteDoubleLittleEndian(Reserve(8), value);

    internal void Text(string? value)
    {
        if (value is null)
        {
            Int(-1);
            return;
        }

        var length = Encoding.UTF8.GetByteCount(value);
        Int(length);
        Encoding.UTF8.GetBytes(value, Reserve(length));
    }

    internal void Bools(bool[] values)
    {
        Int(values.Length);
        var target = Reserve(values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            target[i] = values[i] ? (byte)1 : (byte)0;
        }
    }

    internal void Bytes(byte[] values)
    {
        Int(values.Length);
        values.CopyTo(Reserve(values.Length));
    }

    internal void Doubles(double[] values)
    {
        Int(values.Length);
        foreach (var value in values)
        {
            Double(value);
        }
    }

    internal void Payload(IPayload payload)
    {
        Int(payload.Length);
        var target = Reserve(payload.Length * sizeof(float));
        if (BitConverter.IsLittleEndian)
        {
            payload.CopyTo(MemoryMarshal.Cast<byte, float>(target));
            return;
        }

        var values = payload.ToArray();
        for (var i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(target[(i * sizeof(float))..], values[i]);
        }
    }

    internal void Turn(Turn turn)
    {
        Int(turn.Epoch);
        Byte((byte)turn.Phase);
        Int(turn.Episode);
        Int(turn.Step);
    }

    internal void Items<T>(T[] items, Action<WireWriter, T> write)
    {
        Int(items.Length);
        foreach (var item in items)
        {
            write(this, item);
        }
    }

    private Span<byte> Reserve(int count)
    {
        var needed = checked(_length + count);
        if (needed > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(needed, _buffer.Length * 2));
        }

        var span = _buffer.AsSpan(_length, count);
        _length = needed;
        return span;
    }
}

/// <summary>
/// Reads what <see cref="WireWriter"/> wrote. Never allocates more than a small multiple of the bytes that are there: each length is checked against what is left first.
/// </summary>
internal ref struct WireReader(ReadOnlySpan<byte> bytes)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> _left = bytes;

    internal delegate T ItemReader<out T>(ref WireReader reader);

    internal readonly void End()
    {
        if (!_left.IsEmpty)
        {
            throw new MalformedMessageException($"{_left.Length} bytes after the end of the message");
        }
    }

    internal byte Byte() => Take(1)[0];

    internal bool Bool() => Byte() switch
    {
        0 => false,
        1 => true,
        var other => throw new MalformedMessageException($"{other} is neither true nor false"),
    };

    internal int Int() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    internal long Long() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    internal Guid Guid() => new(Take(16), bigEndian: true);

    internal float Single() => BinaryPrimitives.ReadSingleLittleEndian(Take(4));

    internal double Double() => BinaryPrimitives.ReadDoubleLittleEndian(Take(8));

    internal T Enumeration<T>()
        where T : struct, Enum
    {
        var value = (T)Enum.ToObject(typeof(T), Byte());
        return Enum.IsDefined(value) ? value : throw new MalformedMessageException($"{value} is no {typeof(T).Name}");
    }

    internal string? Text()
    {
        var length = Int();
        if (length == -1)
        {
            return null;
        }

        try
        {
            return Strict.GetString(Take(Checked(length, 1)));
        }
        catch (DecoderFallbackException fault)
        {
            throw new MalformedMessageException("a text is not UTF-8", fault);
        }
    }

    internal bool[] Bools()
    {
        var values = new bool[Checked(Int(), 1)];
        foreach (ref var value in values.AsSpan())
        {
            value = Bool();
        }

        return values;
    }

    internal byte[] Bytes() => Take(Checked(Int(), 1)).ToArray();

    internal double[] Doubles()
    {
        var values = new double[Checked(Int(), sizeof(double))];
        foreach (ref var value in values.AsSpan())
        {
            value = Double();
        }

        return values;
    }

    internal HostPayload Payload()
    {
        var values = new float[Checked(Int(), sizeof(float))];
        foreach (ref var value in values.AsSpan())
        {
            value = Single();
        }

        return new HostPayload(values);
    }

    internal Turn Turn() => new(Int(), Enumeration<Phase>(), Int(), Int());

    /// <summary>Reads an array.</summary>
    /// <param name="smallest">Fewest bytes that an item takes.</param>
    /// <param name="read">Reads one item.</param>
    internal T[] Items<T>(int smallest, ItemReader<T> read)
    {
        var items = new T[Checked(Int(), smallest)];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = read(ref this);
        }

        return items;
    }

    private readonly int Checked(int count, int size) => count >= 0 && (long)count * size <= _left.Length
        ? count
        : throw new MalformedMessageException($"a length of {count} with {_left.Length} bytes left");

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _left.Length)
        {
            throw new MalformedMessageException($"{count} bytes wanted, {_left.Length} left");
        }

        var taken = _left[..count];
        _left = _left[count..];
        return taken;
    }
}
