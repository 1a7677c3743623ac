using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Simulator.Compute;

/// <summary>Element types that the reader knows, named as in the file.</summary>
public enum SafetensorsType
{
    /// <summary>Single precision.</summary>
    F32,

    /// <summary>Double precision.</summary>
    F64,

    /// <summary>64-bit signed integers.</summary>
    I64,

    /// <summary>Bytes.</summary>
    U8,
}

/// <summary>
/// The tensors of a file in the safetensors format: an 8-byte little-endian header length, a JSON header of name to dtype, shape and
/// data_offsets, then little-endian data (https://github.com/huggingface/safetensors, "Format"). Read whole; immutable afterwards.
/// </summary>
/// <remarks>
/// As in the reference implementation the tensors must tile the data exactly, without gaps or overlaps, so that every byte of the file is
/// accounted for. Whatever the header claims, no more is allocated than the file is long.
/// </remarks>
public sealed class SafetensorsFile
{
    /// <summary>Largest header that is read, in bytes; the reference implementation's limit.</summary>
    public const int MaxHeaderBytes = 100_000_000;

    internal const string MetadataKey = "__metadata__";
    internal const int LengthBytes = sizeof(ulong);

    private readonly string _source;
    private readonly FrozenDictionary<string, Entry> _entries;
    private readonly byte[] _data;

    private SafetensorsFile(string source, byte[] data, IReadOnlyDictionary<string, string> metadata, List<KeyValuePair<string, Entry>> entries)
    {
        _source = source;
        _data = data;
        _entries = entries.ToFrozenDictionary(StringComparer.Ordinal);
        Metadata = metadata;
        Names = [.. entries.Select(entry => entry.Key)];
    }

    /// <summary>What error messages call the file.</summary>
    public string Source => _source;

    /// <summary>The free-form metadata of the header; empty where it has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Names of the tensors, in the header's order.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="path">Path of the file.</param>
    /// <exception cref="InvalidDataException">The file is not well-formed; the message names it and the tensor at fault.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SafetensorsFile Read(string path)
    {
        using var stream = File.OpenRead(path);
        return Read(stream, path);
    }

    /// <summary>Reads from the current position of a stream to its end.</summary>
    /// <param name="stream">A readable stream that can seek, so that its length bounds what is allocated.</param>
    /// <param name="source">What error messages call the stream.</param>
    /// <exception cref="InvalidDataException">The content is not well-formed.</exception>
    /// <exception cref="ArgumentException">The stream cannot seek.</exception>
    public static SafetensorsFile Read(Stream stream, string source)
    {
        if (!stream.CanSeek)
            throw new ArgumentException("The stream must be able to seek.", nameof(stream));
        var length = stream.Length - stream.Position;
        if (length < LengthBytes)
            throw Malformed(source, "it is too short to hold a header");

        Span<byte> prefix = stackalloc byte[LengthBytes];
        stream.ReadExactly(prefix);
        var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (headerLength > MaxHeaderBytes)
            throw Malformed(source, $"its header claims {headerLength} bytes, more than the limit of {MaxHeaderBytes}");
        if (headerLength > (ulong)(length - LengthBytes))
            throw Malformed(source, $"its header claims {headerLength} bytes, but only {length - LengthBytes} follow");
        var dataLength = length - LengthBytes - (long)headerLength;
        if (dataLength > Array.MaxLength)
            throw Malformed(source, $"its {dataLength} bytes of data are more than this reader holds");

        var header = new byte[headerLength];
        stream.ReadExactly(header);
        var (metadata, entries) = ParseHeader(source, header, dataLength);
        var data = new byte[dataLength];
        stream.ReadExactly(data);
        return new SafetensorsFile(source, data, metadata, entries);
    }

    /// <summary>Whether a tensor of this name exists.</summary>
    public bool Contains(string name) => _entries.ContainsKey(name);

    /// <summary>Extents of a tensor; empty for a scalar.</summary>
    /// <exception cref="InvalidDataException">There is no tensor of that name.</exception>
    public IReadOnlyList<int> Shape(string name) => Find(name).Shape;

    /// <summary>Element type of a tensor.</summary>
    /// <exception cref="InvalidDataException">There is no tensor of that name.</exception>
    public SafetensorsType Type(string name) => Find(name).Type;

    /// <summary>A copy of a tensor of floating-point type in single precision, row by row.</summary>
    /// <exception cref="InvalidDataException">There is no tensor of that name, or it holds integers.</exception>
    public float[] Floats(string name) => Find(name).Type switch
    {
        SafetensorsType.F32 => Copy<float>(name),
        SafetensorsType.F64 => Array.ConvertAll(Copy<double>(name), value => (float)value),
        _ => throw WrongType(name, "floating-point numbers"),
    };

    /// <summary>A copy of a tensor of floating-point type in double precision, row by row.</summary>
    /// <exception cref="InvalidDataException">There is no tensor of that name, or it holds integers.</exception>
    public double[] Doubles(string name) => Find(name).Type switch
    {
        SafetensorsType.F64 => Copy<double>(name),
        SafetensorsType.F32 => Array.ConvertAll(Copy<float>(name), value => (double)value),
        _ => throw WrongType(name, "floating-point numbers"),
    };

    /// <summary>A copy of a tensor of 64-bit integers, row by row.</summary>
    /// <exception cref="InvalidDataException">There is no tensor of that name, or it holds floating-point numbers.</exception>
    public long[] Longs(string name) => Find(name).Type == SafetensorsType.I64 ? Copy<long>(name) : throw WrongType(name, "64-bit integers");

    /// <summary>A copy of a tensor of bytes, row by row.</summary>
    /// <exception cref="InvalidDataException">There is no tensor of that name, or it holds numbers.</exception>
    public byte[] Bytes(string name) => Find(name).Type == SafetensorsType.U8 ? Copy<byte>(name) : throw WrongType(name, "bytes");

    internal static void RequireLittleEndian()
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("Safetensors data is little-endian; this processor is not.");
    }

    private static (Dictionary<string, string> Metadata, List<KeyValuePair<string, Entry>> Entries) ParseHeader(
        string source, byte[] header, long dataLength)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var entries = new List<KeyValuePair<string, Entry>>();
        try
        {
            using var document = JsonDocument.Parse(header);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw Malformed(source, "its header is not a JSON object");
            var names = new HashSet<string>(StringComparer.Ordinal);
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (!names.Add(property.Name))
                    throw Malformed(source, $"'{property.Name}' appears twice in its header");
                if (property.NameEquals(MetadataKey))
                    ParseMetadata(source, property.Value, metadata);
                else
                    entries.Add(new(property.Name, ParseEntry(source, property.Name, property.Value, dataLength)));
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // JsonElement reports text that is not UTF-8, or half a surrogate pair, as an invalid operation.
            throw Malformed(source, "its header is not JSON in UTF-8", fault);
        }

        RequireTiling(source, entries, dataLength);
        return (metadata, entries);
    }

    private static void ParseMetadata(string source, JsonElement element, Dictionary<string, string> metadata)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw Malformed(source, $"'{MetadataKey}' is not an object of strings");
        foreach (var property in element.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.String)
                throw Malformed(source, $"the metadata value '{property.Name}' is not a string");
            metadata[property.Name] = property.Value.GetString()!;
        }
    }

    private static Entry ParseEntry(string source, string name, JsonElement element, long dataLength)
    {
        if (element.ValueKind != JsonValueKind.Object
            || !element.TryGetProperty("dtype", out var dtype) || dtype.ValueKind != JsonValueKind.String
            || !element.TryGetProperty("shape", out var shape) || shape.ValueKind != JsonValueKind.Array
            || !element.TryGetProperty("data_offsets", out var offsets) || offsets.ValueKind != JsonValueKind.Array)
        {
            throw Malformed(source, $"tensor '{name}' lacks a dtype, a shape or data_offsets");
        }

        var type = dtype.GetString() switch
        {
            "F32" => SafetensorsType.F32,
            "F64" => SafetensorsType.F64,
            "I64" => SafetensorsType.I64,
            "U8" => SafetensorsType.U8,
            var other => throw Malformed(source, $"tensor '{name}' has the unknown dtype '{other}'"),
        };
        if (offsets.GetArrayLength() != 2 || !TryGetExtent(offsets[0], out var begin) || !TryGetExtent(offsets[1], out var end)
            || begin > end || end > dataLength)
        {
            throw Malformed(source, $"tensor '{name}' has data_offsets {offsets.GetRawText()} outside the {dataLength} bytes of data");
        }

        var extents = new int[shape.GetArrayLength()];
        var bytes = (Int128)SizeOf(type);
        for (var axis = 0; axis < extents.Length; axis++)
        {
            if (!TryGetExtent(shape[axis], out var extent) || extent > int.MaxValue)
                throw Malformed(source, $"tensor '{name}' has the impossible shape {shape.GetRawText()}");
            extents[axis] = (int)extent;

            // Beyond the file it is wrong anyway, unless a later extent is 0: saturate instead of overflowing.
            bytes = Int128.Min(bytes * extent, long.MaxValue);
        }

        if (bytes != end - begin)
            throw Malformed(source, $"tensor '{name}' of shape {shape.GetRawText()} does not fill its {end - begin} bytes");
        return new Entry(type, extents, begin, end);
    }

    private static bool TryGetExtent(JsonElement element, out long value)
    {
        value = 0;
        return element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out value) && value >= 0;
    }

    private static void RequireTiling(string source, List<KeyValuePair<string, Entry>> entries, long dataLength)
    {
        var position = 0L;
        foreach (var (name, entry) in entries.OrderBy(entry => entry.Value.Begin).ThenBy(entry => entry.Value.End))
        {
            if (entry.Begin != position)
            {
                var fault = entry.Begin < position ? "overlaps another tensor" : "leaves a gap before it";
                throw Malformed(source, $"tensor '{name}' {fault} at byte {entry.Begin} of the data");
            }

            position = entry.End;
        }

        if (position != dataLength)
            throw Malformed(source, $"its tensors end at byte {position} of {dataLength} bytes of data");
    }

    internal static int SizeOf(SafetensorsType type) => type switch { SafetensorsType.U8 => 1, SafetensorsType.F32 => sizeof(float), _ => sizeof(double) };

    private static InvalidDataException Malformed(string source, string fault, Exception? inner = null) =>
        new($"{source} is not a well-formed safetensors file: {fault}.", inner);

    private InvalidDataException WrongType(string name, string wanted) =>
        new($"{_source}: tensor '{name}' is {Find(name).Type}, not {wanted}.");

    private Entry Find(string name) =>
        _entries.TryGetValue(name, out var entry) ? entry : throw new InvalidDataException($"{_source} has no tensor '{name}'.");

    private T[] Copy<T>(string name)
        where T : unmanaged
    {
        RequireLittleEndian();
        var entry = Find(name);
        return MemoryMarshal.Cast<byte, T>(_data.AsSpan((int)entry.Begin, (int)(entry.End - entry.Begin))).ToArray();
    }

    private sealed record Entry(SafetensorsType Type, int[] Shape, long Begin, long End);
}
