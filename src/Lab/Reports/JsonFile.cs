using System.Collections.ObjectModel;
using System.Text.Json;

namespace Simulator.Lab.Reports;

/// <summary>A JSON file of a run, read with errors that name it and the key.</summary>
internal sealed class JsonFile : IDisposable
{
    private readonly string _path;
    private readonly JsonDocument? _document;

    private JsonFile(string path, JsonDocument? document)
    {
        _path = path;
        _document = document;
    }

    /// <summary>The whole document.</summary>
    internal JsonElement Root => _document!.RootElement;

    /// <summary>Reads a file that holds an object.</summary>
    /// <param name="path">Path of the file.</param>
    /// <exception cref="UnreadableRunException">It cannot be read, or is something else.</exception>
    internal static JsonFile Read(string path) => Reading(path, stream =>
    {
        var document = JsonDocument.Parse(stream);
        return document.RootElement.ValueKind == JsonValueKind.Object ? new JsonFile(path, document) : throw new JsonException("it should hold an object");
    });

    /// <summary>Reads a file that holds a list, row by row: it may have a million.</summary>
    /// <param name="path">Path of the file.</param>
    /// <param name="read">Reads a row.</param>
    /// <exception cref="UnreadableRunException">It cannot be read, or is something else.</exception>
    internal static List<T> ReadRows<T>(string path, Func<JsonFile, JsonElement, T> read) => Reading(path, stream =>
    {
        var file = new JsonFile(path, null);
        return JsonSerializer.DeserializeAsyncEnumerable<JsonElement>(stream).ToBlockingEnumerable().Select(row => read(file, row)).ToList();
    });

    private static T Reading<T>(string path, Func<FileStream, T> read)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return read(stream);
        }
        catch (JsonException fault)
        {
            throw new UnreadableRunException($"{path}: this is the file of something else, or it is damaged: {Wording.OneLine(fault.Message)}", fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new UnreadableRunException($"{path}: it cannot be read: {Wording.OneLine(fault.Message)}", fault);
        }
    }

    public void Dispose() => _document?.Dispose();

    /// <summary>Checks that the document has keys that a report cannot do without; their values may be null.</summary>
    /// <exception cref="UnreadableRunException">One is not there.</exception>
    internal void Require(params string[] keys)
    {
        if (Array.Find(keys, k => Find(Root, k) is null) is { } absent)
        {
            throw new UnreadableRunException($"{_path}: there is no key {absent}; the file is damaged or of something else");
        }
    }

    /// <summary>Text of a key that must be there.</summary>
    internal string Text(JsonElement of, string key) =>
        Find(of, key) is { } value ? AsText(value, key) : throw Fault(key, "a text");

    /// <summary>Text of a key; null where it is absent or null.</summary>
    internal string? TextOrNull(JsonElement of, string key) => Find(of, key) switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { } value => AsText(value, key),
    };

    /// <summary>Number of a key; null where it is absent or null.</summary>
    internal double? Number(JsonElement of, string key) => Find(of, key) is { } value ? AsNumber(value, key) : null;

    /// <summary>Whole number of a key; null where it is absent or null.</summary>
    internal int? Whole(JsonElement of, string key) => Find(of, key) is { } value ? AsWhole(value, key) : null;

    /// <summary>Seed of a cell.</summary>
    internal ulong Seed(JsonElement of, string key) =>
        Find(of, key) is { ValueKind: JsonValueKind.Number } value && value.TryGetUInt64(out var seed) ? seed : throw Fault(key, "a whole number");

    /// <summary>The elements of a list; none where the key is absent.</summary>
    internal IEnumerable<JsonElement> List(JsonElement of, string key) => Find(of, key) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } list => list.EnumerateArray(),
        _ => throw Fault(key, "a list"),
    };

    /// <summary>The entries of an object; none where the key is absent.</summary>
    internal IEnumerable<JsonProperty> Entries(JsonElement of, string key) => Find(of, key) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Object } entries => entries.EnumerateObject().DistinctBy(e => e.Name, StringComparer.Ordinal),
        _ => throw Fault(key, "an object"),
    };

    /// <summary>A list of numbers, null where one is null.</summary>
    internal double?[] Numbers(JsonElement of, string key) => [.. List(of, key).Select(e => AsNumber(e, key))];

    /// <summary>A list of whole numbers, null where one is null.</summary>
    internal int?[] Wholes(JsonElement of, string key) => [.. List(of, key).Select(e => AsWhole(e, key))];

    /// <summary>An object of numbers, without those that are null.</summary>
    internal Dictionary<string, double> NumbersByName(JsonElement of, string key)
    {
        var numbers = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var entry in Entries(of, key))
        {
            if (AsNumber(entry.Value, entry.Name) is { } number)
            {
                numbers[entry.Name] = number;
            }
        }

        return numbers;
    }

    /// <summary>An object of texts, empty where the key is absent.</summary>
    internal IReadOnlyDictionary<string, string> Texts(JsonElement of, string key)
    {
        var texts = Entries(of, key).ToDictionary(e => e.Name, e => AsText(e.Value, e.Name), StringComparer.Ordinal);
        return texts.Count > 0 ? texts : ReadOnlyDictionary<string, string>.Empty;
    }

    /// <summary>What is wrong with a key.</summary>
    internal UnreadableRunException Fault(string key, string expected) => new($"{_path}: {Wording.OneLine(key)} should be {expected}; the file is damaged or of something else");

    private JsonElement? Find(JsonElement of, string key) =>
        of.ValueKind != JsonValueKind.Object ? throw Fault(key, "within an object") : of.TryGetProperty(key, out var value) ? value : null;

    /// <summary>A value as a number; null where it is null.</summary>
    internal double? AsNumber(JsonElement value, string key) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Number => value.GetDouble(),
        _ => throw Fault(key, "a number"),
    };

    private string AsText(JsonElement value, string key)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Fault(key, "a text");
        }
        catch (InvalidOperationException)
        {
            throw Fault(key, "a text"); // Half of a surrogate pair is JSON, and no text.
        }
    }

    private int? AsWhole(JsonElement value, string key) =>
        AsNumber(value, key) is not { } number ? null : number == Math.Floor(number) && Math.Abs(number) <= int.MaxValue ? (int)number : throw Fault(key, "a whole number");
}
