using System.Text.RegularExpressions;

namespace Simulator.Observability.Tests;

/// <summary>What an expression asks for, held against <see cref="MetricCatalogue"/> and the recording rules.</summary>
internal static class Names
{
    /// <summary>A line for each name, label or value that nothing will ever export.</summary>
    public static IEnumerable<string> Unknown(string expression)
    {
        foreach (var selector in PromQl.Read(expression).Selectors)
        {
            if (selector.Name.Length > 0 && LabelsOf(selector.Name) is null)
            {
                yield return $"no metric and no recording rule is called {selector.Name}";
                continue;
            }

            foreach (var matcher in selector.Matchers)
            {
                if (!MetricCatalogue.CommonLabels.Contains(matcher.Label) && (selector.Name.Length == 0 || !LabelsOf(selector.Name)!.Contains(matcher.Label)))
                {
                    yield return $"{(selector.Name.Length == 0 ? "not every series" : selector.Name)} has a label {matcher.Label}";
                }
                else if (MetricCatalogue.Values.TryGetValue(matcher.Label, out var values) && !Array.Exists(values, value => Matches(matcher, value)))
                {
                    yield return $"no value of {matcher.Label} is {matcher.Operator} {matcher.Value}";
                }
            }
        }
    }

    /// <summary>Labels of a series beside the common ones; null where nothing has that name.</summary>
    public static IReadOnlyCollection<string>? LabelsOf(string name) =>
        MetricCatalogue.Series.TryGetValue(name, out var labels) ? labels
        : RuleFiles.Recording.FirstOrDefault(rule => rule.Record == name) is { } rule ? [.. PromQl.Read(rule.Expr).Labels.Except(MetricCatalogue.CommonLabels)]
        : null;

    // Prometheus anchors its regular expressions.
    private static bool Matches(LabelMatcher matcher, string value) => matcher.Operator switch
    {
        "=" => matcher.Value == value,
        "!=" => matcher.Value != value,
        "=~" => Regex.IsMatch(value, $"^(?:{matcher.Value})$"),
        _ => !Regex.IsMatch(value, $"^(?:{matcher.Value})$"),
    };
}
