using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

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

    /// <summary>Reads settings, without the sweep.</summary>
    /// <exception cref="UnreadableRunException">The text is no scenario.</exception>
    internal static IReadOnlyDictionary<string, string> Parse(string path, string text)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException fault)
        {
            throw new UnreadableRunException($"{path}: the YAML cannot be read: {Wording.OneLine(fault.Message)}", fault);
        }

        if (stream.Documents is not [{ RootNode: YamlMappingNode root }])
        {
            throw new UnreadableRunException($"{path}: this is no scenario");
        }

        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        Add(settings, "", root);
        return settings;
    }

    private static void Add(Dictionary<string, string> settings, string prefix, YamlMappingNode map)
    {
        foreach (var (key, value) in map.Children)
        {
            var name = prefix + key;
            switch (value)
            {
                case YamlMappingNode inner when name != Sweep:
                    Add(settings, name + ".", inner);
                    break;
                case YamlScalarNode scalar:
                    settings[name] = scalar.Value ?? "";
                    break;
                case YamlSequenceNode list when name != Sweep:
                    settings[name] = $"[{string.Join(", ", list.Children)}]";
                    break;
                default:
                    break;
            }
        }
    }
}
