using System.Runtime.InteropServices;
using System.Text.Json.Serialization;

namespace Simulator.Watching.Page;

/// <summary>
/// Numbers as plotly.js takes them in bulk: the bytes of a typed array, in base64 (https://plotly.com/javascript/reference, data arrays). A tenth of the work of a list of numbers, and NaN, which JSON has not, is a gap.
/// </summary>
internal sealed class PackedNumbers
{
    private PackedNumbers(string type, ReadOnlySpan<byte> bytes, string? shape)
    {
        Type = type;
        Bytes = Convert.ToBase64String(bytes);
        Shape = shape;
    }

    /// <summary>Type of a number, as NumPy names it.</summary>
    [JsonPropertyName("dtype")]
    public string Type { get; }

    /// <summary>The numbers.</summary>
    [JsonPropertyName("bdata")]
    public string Bytes { get; }

    /// <summary>Rows and columns; null for a list.</summary>
    [JsonPropertyName("shape")]
    public string? Shape { get; }

    internal static PackedNumbers Of(IReadOnlyList<float> numbers) => new("f4", MemoryMarshal.AsBytes<float>(numbers as float[] ?? [.. numbers]), null);

    internal static PackedNumbers Of(IReadOnlyList<int> numbers) => new("i4", MemoryMarshal.AsBytes<int>(numbers as int[] ?? [.. numbers]), null);

    /// <summary>A table, row by row.</summary>
    internal static PackedNumbers Of(ReadOnlySpan<byte> table, int rows, int columns) => new("u1", table, $"{rows}, {columns}");
}
