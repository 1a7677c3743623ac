using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Simulator.Agents;
using Simulator.Environment;

namespace Simulator.Lab;

/// <summary>What reading a value gave: the value, or what is wrong with it.</summary>
internal readonly record struct OptionReading(object? Value, string? Wrong, string? Meant = null)
{
    public static OptionReading Of(object? value) => new(value, null);

    public static OptionReading Fault(string wrong, string? meant = null) => new(null, wrong, meant);

    /// <summary>The fault of a node that is not what <paramref name="wanted"/> names.</summary>
    public static OptionReading NotA(string wanted, SourceNode node) => Fault(node switch
    {
        SourceScalar { IsEmpty: true } => "the value is missing",
        SourceScalar { Plain: false } scalar => $"the text \"{Wording.Shorten(scalar.Text)}\" is not {wanted}",
        SourceScalar scalar => $"{Wording.Quote(scalar.Text)} is not {wanted}",
        SourceList => $"a list is not {wanted}",
        _ => $"a mapping is not {wanted}",
    });
}

/// <summary>The type of an option: how its values are read, written and described.</summary>
internal abstract class OptionType
{
    /// <summary>What is allowed, as messages and the reference put it.</summary>
    public abstract string Allowed { get; }

    public abstract OptionReading Read(SourceNode node);

    /// <summary>What is allowed, as JSON Schema puts it: never narrower than <see cref="Read"/>, so that an editor marks nothing that runs.</summary>
    public abstract JsonObject Schema();

    /// <summary>The value as YAML that reads back to an equal value.</summary>
    public abstract string ToYaml(object? value);

    /// <summary>The value as JSON: YAML's numbers, lists, truth values and quoted texts are JSON's.</summary>
    public virtual JsonNode? ToJson(object? value) => JsonNode.Parse(ToYaml(value));

    /// <summary>The value as part of a cell's name; equal only for equal values.</summary>
    public virtual string ToLabel(object? value) => ToYaml(value);
}

/// <summary>A whole number of the .NET type <typeparamref name="T"/> between two bounds.</summary>
internal sealed class WholeNumberType<T>(T low, T high) : OptionType
    where T : struct, System.Numerics.IBinaryInteger<T>, System.Numerics.IMinMaxValue<T>
{
    public override string Allowed => $"whole numbers from {ToYaml(low)} to {ToYaml(high)}";

    public override OptionReading Read(SourceNode node)
    {
        if (node is not SourceScalar { Plain: true } scalar || !Int128.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
            return OptionReading.NotA("a whole number", node);

        return value >= Int128.CreateChecked(low) && value <= Int128.CreateChecked(high)
            ? OptionReading.Of(T.CreateChecked(value))
            : OptionReading.Fault($"{Wording.Shorten(scalar.Text)} is out of range");
    }

    public override JsonObject Schema() => new() { ["type"] = "integer", ["minimum"] = ToJson(low), ["maximum"] = ToJson(high) };

    public override string ToYaml(object? value) => ((T)value!).ToString(null, CultureInfo.InvariantCulture);
}

/// <summary>A finite number between two bounds.</summary>
internal sealed class NumberType(double low, double high) : OptionType
{
    public override string Allowed => $"numbers from {Wording.Bound(low)} to {Wording.Bound(high)}";

    public override OptionReading Read(SourceNode node)
    {
        if (!TryNumber(node, out var value)) return OptionReading.NotA("a number", node);
        if (!double.IsFinite(value)) return OptionReading.NotA("a finite number", node);

        return value >= low && value <= high ? OptionReading.Of(value) : OptionReading.Fault($"{Wording.Shorten(((SourceScalar)node).Text)} is out of range");
    }

    public override JsonObject Schema() => new() { ["type"] = "number", ["minimum"] = ToJson(low), ["maximum"] = ToJson(high) };

    public override string ToYaml(object? value) => Wording.YamlNumber((double)value!);

    public override string ToLabel(object? value) => Wording.Shortest((double)value!);

    /// <summary>Reads a number as YAML writes it, infinities and NaN included: what is done about these is the caller's.</summary>
    public static bool TryNumber(SourceNode node, out double value)
    {
        value = double.NaN;
        if (node is not SourceScalar { Plain: true } scalar) return false;
        if (scalar.Text.TrimStart('+', '-').ToUpperInvariant() is ".INF" or ".NAN") return true;

        // -0 becomes 0: they would be equal configurations under two names.
        if (!double.TryParse(scalar.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out value)) return false;
        value += 0.0;
        return true;
    }
}

/// <summary>true or false.</summary>
internal sealed class SwitchType : OptionType
{
    public override string Allowed => "true, false";

    // YAML's spellings and no others: what YAML takes for text an editor takes for text.
    public override OptionReading Read(SourceNode node) => node switch
    {
        SourceScalar { Plain: true, Text: "true" or "True" or "TRUE" } => OptionReading.Of(true),
        SourceScalar { Plain: true, Text: "false" or "False" or "FALSE" } => OptionReading.Of(false),
        _ => OptionReading.NotA("a truth value", node),
    };

    public override JsonObject Schema() => new() { ["type"] = "boolean" };

    public override string ToYaml(object? value) => (bool)value! ? "true" : "false";
}

/// <summary>One of an enumeration's names: lower-case, or as declared where the declaration is all capitals.</summary>
internal sealed class ChoiceType : OptionType
{
    private readonly Dictionary<string, object> _values;
    private readonly Dictionary<object, string> _words;

    public ChoiceType(Type type)
    {
        _words = Enum.GetValues(type).Cast<object>().ToDictionary(value => value, value => Word(value.ToString()!));
        _values = _words.ToDictionary(pair => pair.Value, pair => pair.Key, StringComparer.OrdinalIgnoreCase);
    }

    public override string Allowed => string.Join(", ", _words.Values);

    public override OptionReading Read(SourceNode node)
    {
        if (node is not SourceScalar { IsEmpty: false } scalar) return OptionReading.NotA("one word", node);

        return _values.TryGetValue(scalar.Text, out var value)
            ? OptionReading.Of(value)
            : OptionReading.Fault($"{Wording.Quote(scalar.Text)} is not allowed", Wording.Nearest(scalar.Text, _words.Values));
    }

    public override JsonObject Schema() => new()
    {
        ["anyOf"] = new JsonArray(
            new JsonObject { ["enum"] = new JsonArray([.. _words.Values.Select(word => JsonValue.Create(word))]) },
            new JsonObject { ["type"] = "string", ["pattern"] = $"^({string.Join('|', _words.Values.Select(InAnyCase))})$" }),
    };

    public override string ToYaml(object? value) => _words[value!];

    public override JsonNode? ToJson(object? value) => JsonValue.Create(ToYaml(value));

    private static string InAnyCase(string word) =>
        string.Concat(word.Select(c => char.IsAsciiLetter(c) ? $"[{char.ToUpperInvariant(c)}{char.ToLowerInvariant(c)}]" : $"{c}"));

    private static string Word(string name) => name.Any(char.IsLower) ? ScenarioSchema.SnakeCase(name) : name;
}

/// <summary>Text that matches a pattern of characters safe in file names.</summary>
internal sealed partial class NameType : OptionType
{
    public override string Allowed => "1 to 100 of the characters A-Z a-z 0-9 . _ -, not dots alone";

    public override OptionReading Read(SourceNode node)
    {
        if (node is not SourceScalar { IsNull: false } scalar) return OptionReading.NotA("a name", node);

        return Valid().IsMatch(scalar.Text) ? OptionReading.Of(scalar.Text) : OptionReading.NotA("a name", node);
    }

    // A name may look like a number or a truth value.
    public override JsonObject Schema() => new()
    {
        ["type"] = new JsonArray("string", "number", "boolean"),
        ["pattern"] = ScenarioOptions.NamePattern.Replace(@"\A", "^", StringComparison.Ordinal).Replace(@"\z", "$", StringComparison.Ordinal),
    };

    // Quoted always: a name may read as a number, a truth value or a list's dash.
    public override string ToYaml(object? value) => $"\"{value}\"";

    public override string ToLabel(object? value) => (string)value!;

    /// <summary>Whether the text can name a scenario.</summary>
    [GeneratedRegex(ScenarioOptions.NamePattern, RegexOptions.CultureInvariant, 1000)]
    public static partial Regex Valid();
}

/// <summary>The path of a folder.</summary>
internal sealed class FolderType : OptionType
{
    private const int Longest = 4096;

    public override string Allowed => "the path of a folder";

    public override OptionReading Read(SourceNode node) =>
        node is SourceScalar { IsNull: false, Text: { Length: > 0 and <= Longest } text } && !text.Any(char.IsControl)
            ? OptionReading.Of(new FolderPath(text))
            : OptionReading.NotA("a path", node);

    public override JsonObject Schema() => new()
    {
        ["type"] = new JsonArray("string", "number", "boolean"),
        ["minLength"] = 1,
        ["maxLength"] = Longest,
    };

    public override string ToYaml(object? value) =>
        $"\"{((FolderPath)value!).Path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}

/// <summary>An interval, written as a list of two numbers; both ends lie between two bounds.</summary>
internal sealed class IntervalType(double low, double high) : OptionType
{
    public override string Allowed => $"[low, high] with low <= high, both from {Wording.Bound(low)} to {Wording.Bound(high)}";

    public override OptionReading Read(SourceNode node)
    {
        if (node is not SourceList list) return OptionReading.NotA("an interval", node);
        if (list.Items.Count != 2) return OptionReading.Fault($"a list of {list.Items.Count} is not an interval");

        Span<double> ends = stackalloc double[2];
        for (var i = 0; i < 2; i++)
        {
            var item = list.Items[i];
            if (!NumberType.TryNumber(item, out ends[i])) return OptionReading.NotA("a number", item);
            if (!double.IsFinite(ends[i])) return OptionReading.NotA("a finite number", item);
            if (ends[i] <= 0 && low > 0) return OptionReading.Fault($"{Wording.Shortest(ends[i])} is not positive, as the physics needs it");
            if (ends[i] < low || ends[i] > high) return OptionReading.Fault($"{Wording.Shortest(ends[i])} is out of range");
        }

        return ends[0] <= ends[1]
            ? OptionReading.Of(new Interval(ends[0], ends[1]))
            : OptionReading.Fault($"low {Wording.Shortest(ends[0])} is above high {Wording.Shortest(ends[1])}");
    }

    public override JsonObject Schema() => new()
    {
        ["type"] = "array",
        ["items"] = new NumberType(low, high).Schema(),
        ["minItems"] = 2,
        ["maxItems"] = 2,
    };

    public override string ToYaml(object? value) => $"[{Wording.YamlNumber(((Interval)value!).Low)}, {Wording.YamlNumber(((Interval)value).High)}]";

    // No number has an underscore, so this keeps intervals apart where a hyphen would not.
    public override string ToLabel(object? value) => $"{Wording.Shortest(((Interval)value!).Low)}_{Wording.Shortest(((Interval)value).High)}";
}

/// <summary>Another type's values, or null.</summary>
internal sealed class OptionalType(OptionType inner) : OptionType
{
    public OptionType Inner => inner;

    public override string Allowed => $"{inner.Allowed}, or null";

    public override OptionReading Read(SourceNode node) => node is SourceScalar { IsNull: true } ? OptionReading.Of(null) : inner.Read(node);

    public override JsonObject Schema() => new() { ["anyOf"] = new JsonArray(inner.Schema(), new JsonObject { ["type"] = "null" }) };

    public override string ToYaml(object? value) => value is null ? "null" : inner.ToYaml(value);

    public override JsonNode? ToJson(object? value) => value is null ? null : inner.ToJson(value);

    public override string ToLabel(object? value) => value is null ? "null" : inner.ToLabel(value);
}
