using System.Globalization;
using System.Text.RegularExpressions;

namespace Simulator.Observability.Tests.Running;

/// <summary>One series of a scrape, with its value.</summary>
internal sealed record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value);

/// <summary>What /metrics answers, in Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats).</summary>
/// <param name="Text">The answer.</param>
/// <param name="Kinds">What each metric is said to be: gauge, counter, histogram.</param>
/// <param name="Samples">Its series.</param>
internal sealed partial record Scrape(string Text, IReadOnlyDictionary<string, string> Kinds, IReadOnlyList<Sample> Samples)
{
    public static Scrape Read(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return new Scrape(
            text,
            lines.Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal)).Select(line => line.Split(' ')).ToDictionary(words => words[2], words => words[3], StringComparer.Ordinal),
            [.. lines.Where(line => line[0] != '#').Select(line => SampleLine().Match(line) is { Success: true } match ? SampleOf(match) : throw new FormatException($"no sample: {line}"))]);
    }

    private static Sample SampleOf(Match line) => new(
        line.Groups["name"].Value,
        Label().Matches(line.Groups["labels"].Value).ToDictionary(label => label.Groups[1].Value, label => label.Groups[2].Value, StringComparer.Ordinal),
        double.Parse(line.Groups["value"].Value.Replace("+Inf", "Infinity", StringComparison.Ordinal).Replace("-Inf", "-Infinity", StringComparison.Ordinal), CultureInfo.InvariantCulture));

    [GeneratedRegex("""^(?<name>[a-zA-Z_:][\w:]*)(?:\{(?<labels>.*)\})? (?<value>\S+)(?: -?\d+)?$""")]
    private static partial Regex SampleLine();

    [GeneratedRegex("""(\w+)="((?:\\.|[^"\\])*)["]""")]
    private static partial Regex Label();
}
