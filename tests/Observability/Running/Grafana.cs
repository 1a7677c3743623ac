using System.Globalization;
using System.Text.RegularExpressions;

namespace Simulator.Observability.Tests.Running;

/// <summary>What Grafana makes of an expression before it asks Prometheus.</summary>
internal static partial class Grafana
{
    /// <summary>Puts in what a user has chosen.</summary>
    /// <param name="expression">The expression, with variables.</param>
    /// <param name="dashboard">Whose variables they are.</param>
    /// <param name="chosen">Values that were chosen, by variable; all of them where it is not there.</param>
    public static string Fill(string expression, Dashboard dashboard, IReadOnlyDictionary<string, string[]> chosen) =>
        Variable().Replace(expression, match => match.Groups[1].Value switch
        {
            // At least four scrapes, and one more than a point of the graph is wide: here points are as far apart as scrapes.
            // https://grafana.com/docs/grafana/latest/datasources/prometheus/template-variables/#use-__rate_interval
            "__rate_interval" => (4 * PrometheusServer.Interval.TotalSeconds).ToString(CultureInfo.InvariantCulture) + "s",
            var name when chosen.TryGetValue(name, out var values) => values.Length == 1 ? Escape(values[0]) : $"({string.Join('|', values.Select(Escape))})",
            var name => AllOf(name, dashboard),
        });

    /// <summary>The selector and the label of a variable's query.</summary>
    public static (string Selector, string Label) LabelValues(string query) =>
        Query().Match(query) is { Success: true } match ? (match.Groups[1].Value, match.Groups[2].Value) : throw new FormatException($"no query of values: {query}");

    private static string AllOf(string name, Dashboard dashboard) =>
        dashboard.Variables.FirstOrDefault(variable => DashboardPanel.Text(variable, "name") == name) is { ValueKind: not System.Text.Json.JsonValueKind.Undefined } variable && DashboardPanel.Text(variable, "allValue") is { } all
            ? all
            : throw new InvalidOperationException($"{dashboard.File}: nothing says what ${name} is");

    // Chosen values are taken literally within the regular expression, and its backslashes within the string: prometheusSpecialRegexEscape of Grafana's data source.
    private static string Escape(string value) => Special().Replace(value, @"\\$0");

    [GeneratedRegex(@"\$(\w+)")]
    private static partial Regex Variable();

    [GeneratedRegex(@"^label_values\((.+), *(\w+)\)$")]
    private static partial Regex Query();

    [GeneratedRegex(@"[$^*{}\[\]'+?.()|]")]
    private static partial Regex Special();
}
