using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Simulator.Compute;

/// <summary>
/// Writes tensors in the safetensors format. The layout is declared first, then each tensor's data is streamed, in order,
/// in as many pieces as its owner likes; equal input gives equal bytes.
/// </summary>
/// <example>
/// <code>
/// var writer = new SafetensorsWriter(stream, metadata, [("weight", [2, 3]), ("bias", [2])]);
/// writer.Write(weights);
/// writer.Write(biases);
/// writer.Complete();
/// </code>
/// </example>
public sealed class SafetensorsWriter
{
    private readonly Stream _stream;
    private readonly (string Name, SafetensorsType Type, long Values)[] _tensors;
    private int _current;
    private long _written;

    /// <summary>Writes the header of a file of single-precision tensors.</summary>
    /// <param name="stream">Where to write; stays open.</param>
    /// <param name="metadata">Free-form metadata; null or empty writes none.</param>
    /// <param name="tensors">Names and shapes of the tensors, in the order in which their data will follow.</param>
    /// <exception cref="ArgumentException">A name is repeated or reserved, or an extent is negative.</exception>
    public SafetensorsWriter(
        Stream stream, IReadOnlyDictionary<string, string>? metadata, IReadOnlyList<(string Name, IReadOnlyList<int> Shape)> tensors)
        : this(stream, metadata, [.. tensors.Select(t => (t.Name, SafetensorsType.F32, t.Shape))])
    {
    }

    /// <summary>Writes the header: metadata in ordinal order of its keys, tensors in the order given, spaces up to a multiple of 8 bytes.</summary>
    /// <param name="stream">Where to write; stays open.</param>
    /// <param name="metadata">Free-form metadata; null or empty writes none.</param>
    /// <param name="tensors">Names, types and shapes of the tensors, in the order in which their data will follow.</param>
    /// <exception cref="ArgumentException">A name is repeated or reserved, or an extent is negative.</exception>
    public SafetensorsWriter(
        Stream stream, IReadOnlyDictionary<string, string>? metadata, IReadOnlyList<(string Name, SafetensorsType Type, IReadOnlyList<int> Shape)> tensors)
    {
        SafetensorsFile.RequireLittleEndian();
        _stream = stream;
        _tensors = new (string, SafetensorsType, long)[tensors.Count];
        var names = new HashSet<string>(StringComparer.Ordinal) { SafetensorsFile.MetadataKey };
        for (var i = 0; i < _tensors.Length; i++)
        {
            var (name, type, shape) = tensors[i];
            if (!names.Add(name))
                throw new ArgumentException($"The tensor name '{name}' is repeated or reserved.", nameof(tensors));
            _tensors[i] = (name, type, Count(name, shape));
        }

        WriteHeader(metadata, tensors);
        SkipFinished();
    }

    /// <summary>Writes the next values, of one tensor or of several that follow each other, row by row.</summary>
    /// <exception cref="InvalidOperationException">There are more values than were declared, or the tensor's are of another size.</exception>
    public void Write(ReadOnlySpan<float> values) => Write<float>(values);

    /// <summary>Writes the next values, of one tensor or of several that follow each other, row by row.</summary>
    /// <exception cref="InvalidOperationException">There are more values than were declared, or the tensor's are of another size.</exception>
    public void Write<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        _stream.Write(MemoryMarshal.AsBytes(values));
        var left = (long)values.Length;
        while (left > 0)
        {
            if (_current == _tensors.Length)
                throw new InvalidOperationException($"{left} values more than the declared tensors hold.");
            if (SafetensorsFile.SizeOf(_tensors[_current].Type) != Unsafe.SizeOf<T>())
                throw new InvalidOperationException($"tensor '{_tensors[_current].Name}' holds {_tensors[_current].Type}, not values of {Unsafe.SizeOf<T>()} bytes.");
            var taken = Math.Min(left, _tensors[_current].Values - _written);
            _written += taken;
            left -= taken;
            SkipFinished();
        }
    }

    /// <summary>Checks that every tensor is complete. Does not flush or close the stream.</summary>
    /// <exception cref="InvalidOperationException">A tensor lacks values.</exception>
    public void Complete()
    {
        if (_current < _tensors.Length)
        {
            var (name, _, values) = _tensors[_current];
            throw new InvalidOperationException($"Tensor '{name}' has {_written} of its {values} values.");
        }
    }

    private static long Count(string name, IReadOnlyList<int> shape)
    {
        var count = 1L;
        foreach (var extent in shape)
        {
            if (extent < 0)
                throw new ArgumentException($"Tensor '{name}' has the negative extent {extent}.", nameof(shape));
            count = checked(count * extent);
        }

        return count;
    }

    private void WriteHeader(IReadOnlyDictionary<string, string>? metadata, IReadOnlyList<(string Name, SafetensorsType Type, IReadOnlyList<int> Shape)> tensors)
    {
        var header = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject(SafetensorsFile.MetadataKey);
                foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                    json.WriteString(key, value);
                json.WriteEndObject();
            }

            var position = 0L;
            for (var i = 0; i < _tensors.Length; i++)
            {
                json.WriteStartObject(_tensors[i].Name);
                json.WriteString("dtype", tensors[i].Type.ToString());
                json.WriteStartArray("shape");
                foreach (var extent in tensors[i].Shape)
                    json.WriteNumberValue(extent);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(position);
                position = checked(position + (_tensors[i].Values * SafetensorsFile.SizeOf(_tensors[i].Type)));
                json.WriteNumberValue(position);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        var padding = -header.WrittenCount & (SafetensorsFile.LengthBytes - 1);
        header.GetSpan(padding)[..padding].Fill((byte)' ');
        header.Advance(padding);

        Span<byte> length = stackalloc byte[SafetensorsFile.LengthBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.WrittenCount);
        _stream.Write(length);
        _stream.Write(header.WrittenSpan);
    }

    /// <summary>Steps over tensors that have all their values, empty ones included.</summary>
    private void SkipFinished()
    {
        while (_current < _tensors.Length && _written == _tensors[_current].Values)
        {
            _current++;
            _written = 0;
        }
    }
}
