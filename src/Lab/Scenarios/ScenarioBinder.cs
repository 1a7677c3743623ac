namespace Simulator.Lab;

/// <summary>A value of an option's own type, where it was written, and whether on the command line.</summary>
internal readonly record struct BoundValue(object? Value, Place Place, bool IsOverride);

/// <summary>A swept key as it was written.</summary>
internal sealed record AxisSource(SchemaOption Option, Place Place, IReadOnlyList<BoundValue> Values);

/// <summary>A map of the sweep as it was written.</summary>
internal sealed record ProductSource(Place Place, IReadOnlyList<AxisSource> Axes);

/// <summary>Reads nodes into values of options, and collects every fault on the way.</summary>
internal sealed class ScenarioBinder(List<ScenarioFault> faults)
{
    private readonly Dictionary<SchemaOption, BoundValue> _values = [];

    /// <summary>The values written, by option; a later one has replaced an earlier one.</summary>
    public IReadOnlyDictionary<SchemaOption, BoundValue> Values => _values;

    /// <summary>The sweep as written; empty where nothing is swept.</summary>
    public IReadOnlyList<ProductSource> Sweep { get; private set; } = [];

    /// <summary>Reads a scenario file.</summary>
    public void File(SourceNode root) => Section(ScenarioSchema.Root, root, isOverride: false);

    /// <summary>Reads KEY=VALUE.</summary>
    public void Override(string text)
    {
        var option = $"--set {Wording.Shorten(text)}";
        var place = new Place(option, 0);
        var at = text.IndexOf('=', StringComparison.Ordinal);
        if (at < 0)
        {
            faults.Add(place.Fault("", "there is no '='; write KEY=VALUE, such as learning.actor_rate=0.01"));
            return;
        }

        var key = text[..at].Trim();
        var before = faults.Count;
        var value = YamlSource.ParseOption(option, text[(at + 1)..], faults) ?? new SourceScalar(place, "", Plain: true);
        var node = ScenarioSchema.Resolve(key, out var reached, out var missing);
        if (node is null) faults.Add(place.Fault(Wording.Shorten(key), ScenarioSchema.Unknown(reached, missing, dotted: true)));
        else if (faults.Count == before) Value(node, value, isOverride: true);
    }

    /// <summary>Sets an option to a value that came as an argument of its own, such as --seed.</summary>
    public void Override(string argument, SchemaOption option, string text) =>
        Option(option, new SourceScalar(new Place(argument, 0), text, Plain: true), isOverride: true);

    private void Value(SchemaNode node, SourceNode value, bool isOverride)
    {
        switch (node)
        {
            case SchemaSection section: Section(section, value, isOverride); break;
            case SchemaOption option: Option(option, value, isOverride); break;
            case SchemaSweep: SweepMaps(value); break;
        }
    }

    private void Section(SchemaSection section, SourceNode node, bool isOverride)
    {
        // A section whose lines are all commented out is all defaults, as an empty file is.
        if (node is SourceScalar { IsEmpty: true } && !isOverride) return;
        if (!IsMap(node, section.Path, $"expected a mapping with keys of: {string.Join(", ", section.Children.Select(child => child.Key))}", out var map)) return;

        foreach (var (key, value) in Entries(map, section.Path))
        {
            if (section.Find(key.Text) is { } child) Value(child, value, isOverride);
            else faults.Add(key.Place.Fault(Join(section.Path, key.Text), ScenarioSchema.Unknown(section, key.Text, dotted: false)));
        }
    }

    private void Option(SchemaOption option, SourceNode node, bool isOverride)
    {
        if (Read(option, node, out var value)) _values[option] = new BoundValue(value, node.Place, isOverride);
    }

    private bool Read(SchemaOption option, SourceNode node, out object? value)
    {
        var reading = node is SourceUnusable ? default : option.Type.Read(node);
        value = reading.Value;
        if (reading.Wrong is null) return node is not SourceUnusable;

        var meant = reading.Meant is null ? "" : $"; did you mean '{reading.Meant}'?";
        faults.Add(node.Place.Fault(option.Path, $"{reading.Wrong}; allowed: {option.Type.Allowed}{meant}"));
        return false;
    }

    private void SweepMaps(SourceNode node)
    {
        if (node is SourceScalar { IsEmpty: true })
        {
            Sweep = [];
            return;
        }

        const string Wanted = "expected a map of key to list, or a list of such maps";
        if (node is not SourceList list)
        {
            Sweep = IsMap(node, "sweep", Wanted, out var map) ? [Product(map)] : [];
        }
        else
        {
            if (list.Items.Count == 0) faults.Add(list.Place.Fault("sweep", "an empty list stands for no configuration at all; leave the sweep out, or write {}"));
            var products = new List<ProductSource>();
            foreach (var item in list.Items.TakeWhile(_ => !ScenarioFault.Enough(faults)))
                if (IsMap(item, "sweep", Wanted, out var map)) products.Add(Product(map));
            Sweep = products;
        }

        // One map without keys is no sweep: both stand for the base configuration alone.
        if (Sweep is [{ Axes: [] }]) Sweep = [];
    }

    private ProductSource Product(SourceMap map)
    {
        var axes = new List<AxisSource>();
        foreach (var (key, value) in Entries(map, "sweep"))
            if (SweptOption(key) is { } option && Axis(option, key.Place, value) is { } axis) axes.Add(axis);
        return new ProductSource(map.Place, axes);
    }

    private SchemaOption? SweptOption(SourceScalar key)
    {
        var path = Join("sweep", key.Text);
        switch (ScenarioSchema.Resolve(key.Text, out var reached, out var missing))
        {
            case SchemaOption { CanBeSwept: true } option:
                return option;
            case SchemaSection { Children: [SchemaOption { CanBeSwept: true } first, ..] }:
                faults.Add(key.Place.Fault(path, $"a section cannot be swept; write dotted keys, such as {first.Path}: [...]"));
                return null;
            case null:
                faults.Add(key.Place.Fault(path, ScenarioSchema.Unknown(reached, missing, dotted: true)));
                return null;
            default:
                faults.Add(key.Place.Fault(path, "this key belongs to the whole population and cannot be swept; cells differ in the other keys"));
                return null;
        }
    }

    private AxisSource? Axis(SchemaOption option, Place place, SourceNode node)
    {
        var path = Join("sweep", option.Path);
        if (node is SourceUnusable) return null;
        if (node is not SourceList { Items.Count: > 0 } list)
        {
            faults.Add(node.Place.Fault(path, node switch
            {
                SourceList => "the list is empty; give the values to sweep",
                SourceScalar { IsEmpty: false } scalar => $"a single value is not a list; write [{Wording.Shorten(scalar.Text)}]",
                _ => $"expected a list of values; each allowed: {option.Type.Allowed}",
            }));
            return null;
        }

        var values = new List<BoundValue>();
        var known = new HashSet<object?>();
        foreach (var item in list.Items.TakeWhile(_ => !ScenarioFault.Enough(faults)))
        {
            if (!Read(option, item, out var value)) continue;

            if (!known.Add(value)) faults.Add(item.Place.Fault(path, $"{option.Type.ToYaml(value)} is listed twice; every configuration must differ"));
            else values.Add(new BoundValue(value, item.Place, IsOverride: false));
        }

        return values.Count > 0 ? new AxisSource(option, place, values) : null;
    }

    private bool IsMap(SourceNode node, string path, string wanted, out SourceMap map)
    {
        map = node as SourceMap ?? new SourceMap(node.Place, []);
        if (node is SourceMap) return true;

        var found = node switch
        {
            SourceScalar { IsNull: true } => "nothing",
            SourceScalar scalar => Wording.Quote(scalar.Text),
            _ => "a list",
        };
        if (node is not SourceUnusable) faults.Add(node.Place.Fault(path, $"{found} stands where a mapping belongs; {wanted}"));
        return false;
    }

    /// <summary>The entries of a mapping; a key that comes again is a fault, and its first value counts.</summary>
    private IEnumerable<(SourceScalar Key, SourceNode Value)> Entries(SourceMap map, string path)
    {
        var seen = new Dictionary<string, Place>(StringComparer.Ordinal);
        foreach (var (key, value) in map.Entries.TakeWhile(_ => !ScenarioFault.Enough(faults)))
        {
            if (seen.TryAdd(key.Text, key.Place)) yield return (key, value);
            else faults.Add(key.Place.Fault(Join(path, key.Text), $"the key is given twice, first on {seen[key.Text]}; a key is given once"));
        }
    }

    private static string Join(string path, string key) => path.Length == 0 ? Wording.Shorten(key) : $"{path}.{Wording.Shorten(key)}";
}
