namespace Simulator.Lab.Reports;

/// <summary>
/// Reads a resolved scenario as dotted keys with the texts of their values. The scenario itself is not bound again: a run can be told of where its networks
/// (<c>policy.from</c>) are gone, or where it was made by another version.
/// </summary>
internal static class SettingsReader
{
    private const string Sweep = "sweep";

    /// <summary>The settings of every default: the original's.</summary>
    internal static IReadOnlyDictionary<string, string> Defaults { get; } = Parse("defaults", ScenarioWriter.Write(new ScenarioOptions()));

    /// <summary>The text of a resolved scenario.</summary>
    /// <exception cref="UnreadableRunException">It cannot be read, or is none.</exception>
    internal static string Text(string path)
    {
        var faults = new List<ScenarioFault>();
        return YamlSource.ReadText(path, faults) ?? throw new UnreadableRunException(faults[0].ToString());
    }

    /// <summary>Reads settings, without the sweep.</summary>
    /// <exception cref="UnreadableRunException">The text is no scenario.</exception>
    internal static IReadOnlyDictionary<string, string> Parse(string path, string text)
    {
        // By the reader of scenarios, which refuses aliases and deep nesting: YamlDotNet's model follows both to any end.
        var faults = new List<ScenarioFault>();
        var root = YamlSource.ParseFile(path, text, faults);
        if (faults is [var fault, ..])
        {
            throw new UnreadableRunException(fault.ToString());
        }

        if (root is not SourceMap map)
        {
            throw new UnreadableRunException($"{path}: this is no scenario");
        }

        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        Add(settings, "", map);
        return settings;
    }

    private static void Add(Dictionary<string, string> settings, string prefix, SourceMap map)
    {
        foreach (var (key, value) in map.Entries)
        {
            var name = prefix + key.Text;
            switch (value)
            {
                case SourceMap inner when name != Sweep:
                    Add(settings, name + ".", inner);
                    break;
                case SourceScalar scalar:
                    settings[name] = scalar.Text;
                    break;
                case SourceList list when name != Sweep:
                    settings[name] = $"[{string.Join(", ", list.Items.OfType<SourceScalar>().Select(item => item.Text))}]";
                    break;
                default:
                    break;
            }
        }
    }
}
