using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Simulator.Observability.Tests;

/// <summary>A recording rule, or an alert; the key that it lacks is empty.</summary>
internal sealed class Rule
{
    public string Record { get; set; } = "";

    public string Alert { get; set; } = "";

    public string Expr { get; set; } = "";

    public string For { get; set; } = "";

    public Dictionary<string, string> Labels { get; set; } = [];

    public Dictionary<string, string> Annotations { get; set; } = [];
}

internal sealed class RuleGroup
{
    public string Name { get; set; } = "";

    public List<Rule> Rules { get; set; } = [];
}

/// <summary>One expectation of a test: of an alert at a time, or of an expression's samples.</summary>
internal sealed class Expectation
{
    public string Alertname { get; set; } = "";

    public string Expr { get; set; } = "";

    public List<object> ExpAlerts { get; set; } = [];

    public List<object> ExpSamples { get; set; } = [];
}

internal sealed class RuleTest
{
    public string Name { get; set; } = "";

    public List<Expectation> AlertRuleTest { get; set; } = [];

    public List<Expectation> PromqlExprTest { get; set; } = [];
}

/// <summary>The files of docker/prometheus.</summary>
internal static class RuleFiles
{
    private static readonly IDeserializer Yaml = new DeserializerBuilder().WithNamingConvention(UnderscoredNamingConvention.Instance).IgnoreUnmatchedProperties().Build();

    public static readonly IReadOnlyList<Rule> Rules = [.. Files("rules").SelectMany(file => Read<RuleFile>(file).Groups).SelectMany(group => group.Rules)];

    public static IEnumerable<Rule> Recording => Rules.Where(rule => rule.Record.Length > 0);

    public static IEnumerable<Rule> Alerts => Rules.Where(rule => rule.Alert.Length > 0);

    public static IReadOnlyList<RuleTest> Tests { get; } = [.. Files("tests").SelectMany(file => Read<TestFile>(file).Tests)];

    public static string[] Files(string folder) => [.. Directory.EnumerateFiles(Repository.File("docker", "prometheus", folder), "*.yml").Order(StringComparer.Ordinal)];

    public static T Read<T>(string path) => Yaml.Deserialize<T>(File.ReadAllText(path));

    internal sealed class RuleFile
    {
        public List<RuleGroup> Groups { get; set; } = [];
    }

    internal sealed class TestFile
    {
        public List<RuleTest> Tests { get; set; } = [];
    }
}
