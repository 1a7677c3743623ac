using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Simulator.Agents;
using Simulator.Cells;
using Simulator.Environment;

namespace Simulator.Lab;

/// <summary>A key of the scenario: a property of an options record.</summary>
internal abstract class SchemaNode(SchemaSection? parent, PropertyInfo? property)
{
    public SchemaSection? Parent { get; } = parent;

    /// <summary>The property behind the key; the root alone has none.</summary>
    public PropertyInfo Property => property ?? throw new InvalidOperationException("The root of a scenario is no property.");

    /// <summary>The key within its section.</summary>
    public string Key { get; } = property is null ? "" : ScenarioSchema.SnakeCase(property.Name);

    /// <summary>The key with its sections, dotted.</summary>
    public string Path { get; } = (parent is null or { Parent: null } ? "" : parent.Path + ".") + (property is null ? "" : ScenarioSchema.SnakeCase(property.Name));

    public string Description { get; } = property?.GetCustomAttribute<DescriptionAttribute>()?.Description ?? "";

    /// <summary>The value that this key has in a scenario.</summary>
    public object? In(ScenarioOptions scenario) => Parent is null ? scenario : Property.GetValue(Parent.In(scenario));
}

/// <summary>A key with a value of its own.</summary>
internal sealed class SchemaOption(SchemaSection parent, PropertyInfo property, OptionType type) : SchemaNode(parent, property)
{
    public OptionType Type { get; } = type;

    /// <summary>Whether the key belongs to a cell, so that cells can differ in it; name, cells, compute and folders belong to the population.</summary>
    public bool CanBeSwept
    {
        get
        {
            SchemaNode top = this;
            while (top.Parent is { Parent: not null } section) top = section;
            return typeof(CellOptions).GetProperty(top.Property.Name) is not null && Type is not OptionalType { Inner: FolderType };
        }
    }

    /// <summary>A copy of the scenario in which this key has another value.</summary>
    public ScenarioOptions Set(ScenarioOptions scenario, object? value)
    {
        SchemaNode node = this;
        while (node.Parent is { } section)
        {
            var copy = section.Copy(section.In(scenario)!);
            node.Property.SetValue(copy, value);
            (node, value) = (section, copy);
        }

        return (ScenarioOptions)value!;
    }
}

/// <summary>A key whose value is a mapping of further keys: an options record.</summary>
internal sealed class SchemaSection : SchemaNode
{
    private readonly Type _type;
    private readonly PropertyInfo[] _properties;

    public SchemaSection(SchemaSection? parent, PropertyInfo? property, Type type)
        : base(parent, property)
    {
        _type = type;
        _properties =
        [
            .. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(p => p.CanWrite && p.GetCustomAttribute<BrowsableAttribute>() is not { Browsable: false })
                .OrderBy(p => p.MetadataToken),
        ];
        Children = [.. _properties.Select(p => ScenarioSchema.Node(this, p))];
    }

    /// <summary>The keys, in the order of declaration.</summary>
    public IReadOnlyList<SchemaNode> Children { get; }

    public SchemaNode? Find(string key) => Children.FirstOrDefault(child => child.Key == key);

    /// <summary>A shallow copy of the section's record.</summary>
    public object Copy(object record)
    {
        var copy = Activator.CreateInstance(_type)!;
        foreach (var property in _properties) property.SetValue(copy, property.GetValue(record));
        return copy;
    }
}

/// <summary>The key whose value says what differs between configurations.</summary>
internal sealed class SchemaSweep(SchemaSection parent, PropertyInfo property) : SchemaNode(parent, property);

/// <summary>Every key of a scenario, read once from the option records.</summary>
internal static class ScenarioSchema
{
    public static SchemaSection Root { get; } = new(null, null, typeof(ScenarioOptions));

    /// <summary>Every key with a value of its own, in the order of declaration.</summary>
    public static IReadOnlyList<SchemaOption> Options { get; } = [.. Nodes(Root).OfType<SchemaOption>()];

    public static SchemaOption Seed { get; } = Option(nameof(ScenarioOptions.Seed));

    public static SchemaOption Episodes { get; } = Option(nameof(ScenarioOptions.Episodes));

    public static SchemaOption Cells { get; } = Option(nameof(ScenarioOptions.Cells));

    public static SchemaOption Name { get; } = Option(nameof(ScenarioOptions.Name));

    public static string SnakeCase(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    /// <summary>Finds a dotted key. Where there is none, says how far the key was right: the section, and the part that it lacks.</summary>
    public static SchemaNode? Resolve(string path, out SchemaSection reached, out string missing)
    {
        reached = Root;
        missing = "";
        SchemaNode node = Root;
        foreach (var part in path.Split('.'))
        {
            // Behind an option nothing follows: the whole key is then unknown to the option's section.
            if (node is SchemaSection section) reached = section;
            var child = (node as SchemaSection)?.Find(part);
            if (child is null)
            {
                missing = node is SchemaSection ? part : $"{node.Key}.{part}";
                return null;
            }

            node = child;
        }

        return node;
    }

    /// <summary>Says that a section lacks a key, what it has, where else the key is, and which was probably meant.</summary>
    /// <param name="section">The section.</param>
    /// <param name="key">What was written in place of one of its keys.</param>
    /// <param name="dotted">Whether keys are to be written with their sections, as in a sweep.</param>
    public static string Unknown(SchemaSection section, string key, bool dotted)
    {
        string Spell(SchemaNode node) => dotted ? node.Path : node.Key;

        var message = section.Parent is null ? "unknown key" : $"unknown key in {section.Path}";
        var elsewhere = Nodes(Root).Where(node => node.Parent is not null && (node.Key == key || node.Path == key)).ToArray();
        if (elsewhere.Length > 0)
        {
            var places = elsewhere.Select(node => dotted || node.Parent!.Parent is null ? $"write {node.Path}" + (dotted ? "" : " at the top level") : $"write {node.Key} under {node.Parent.Path}");
            return $"{message}; it belongs elsewhere: {string.Join(", or ", places)}";
        }

        var allowed = string.Join(", ", section.Children.Select(child => child.Key));
        var nearest = Wording.Nearest(key, section.Children.Select(child => child.Key));
        return $"{message}; allowed: {allowed}" + (nearest is null ? "" : $"; did you mean '{Spell(section.Find(nearest)!)}'?");
    }

    public static SchemaNode Node(SchemaSection parent, PropertyInfo property)
    {
        if (property.PropertyType == typeof(SweepOptions)) return new SchemaSweep(parent, property);

        return TypeOf(property) is { } type ? new SchemaOption(parent, property, type) : new SchemaSection(parent, property, property.PropertyType);
    }

    private static OptionType? TypeOf(PropertyInfo property)
    {
        var inner = Nullable.GetUnderlyingType(property.PropertyType);
        var type = inner ?? property.PropertyType;
        var range = property.GetCustomAttribute<RangeAttribute>();
        OptionType? option = type switch
        {
            _ when type == typeof(int) => new WholeNumberType<int>((int?)range?.Minimum ?? int.MinValue, (int?)range?.Maximum ?? int.MaxValue),
            _ when type == typeof(ulong) => new WholeNumberType<ulong>(ulong.MinValue, ulong.MaxValue),
            _ when type == typeof(double) => new NumberType(Bound(range?.Minimum, double.MinValue), Bound(range?.Maximum, double.MaxValue)),
            _ when type == typeof(Interval) => new IntervalType(Bound(range?.Minimum, double.MinValue), Bound(range?.Maximum, double.MaxValue)),
            _ when type == typeof(bool) => new SwitchType(),
            _ when type == typeof(string) => new NameType(),
            _ when type == typeof(FolderPath) => new OptionalType(new FolderType()),
            { IsEnum: true } => new ChoiceType(type),
            _ => null,
        };
        return inner is null || option is null ? option : new OptionalType(option);
    }

    private static double Bound(object? bound, double otherwise) => bound is null ? otherwise : Convert.ToDouble(bound, CultureInfo.InvariantCulture);

    private static SchemaOption Option(string property) => (SchemaOption)Root.Find(SnakeCase(property))!;

    private static IEnumerable<SchemaNode> Nodes(SchemaNode node) =>
        node is SchemaSection section ? section.Children.SelectMany(Nodes).Prepend(node) : [node];
}
