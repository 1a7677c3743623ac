using System.Text.Json;
using System.Text.RegularExpressions;

namespace Simulator.Observability.Tests;

/// <summary>An expression of a dashboard.</summary>
/// <param name="Place">Where it stands, for messages.</param>
/// <param name="Expression">The PromQL, with Grafana's variables.</param>
/// <param name="Legend">What names its series.</param>
/// <param name="Format">time_series, table or heatmap.</param>
/// <param name="DataSource">Uid of the data source.</param>
/// <param name="Instant">Whether it is asked for one moment rather than for the time that the dashboard shows.</param>
internal sealed record DashboardTarget(string Place, string Expression, string Legend, string Format, string DataSource, bool Instant)
{
    /// <summary>Labels that the legend shows.</summary>
    public IEnumerable<string> LegendLabels => Regex.Matches(Legend, @"\{\{\s*(\w+)\s*\}\}").Select(match => match.Groups[1].Value);
}

/// <summary>A panel of a dashboard.</summary>
internal sealed record DashboardPanel(string Place, JsonElement Json, IReadOnlyList<DashboardTarget> Targets)
{
    public override string ToString() => Place;

    public string Type => Json.GetProperty("type").GetString()!;

    public int Id => Json.GetProperty("id").GetInt32();

    public string? Unit => Text(Json, "fieldConfig", "defaults", "unit");

    public (int X, int Y, int Width, int Height) Position
    {
        get
        {
            var position = Json.GetProperty("gridPos");
            return (position.GetProperty("x").GetInt32(), position.GetProperty("y").GetInt32(), position.GetProperty("w").GetInt32(), position.GetProperty("h").GetInt32());
        }
    }

    /// <summary>A text under a path of keys; null where one of them is missing.</summary>
    public static string? Text(JsonElement json, params string[] path)
    {
        foreach (var key in path)
        {
            if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty(key, out json))
            {
                return null;
            }
        }

        return json.ValueKind == JsonValueKind.String ? json.GetString() : null;
    }
}

/// <summary>A dashboard of docker/grafana/dashboards.</summary>
internal sealed record Dashboard(string File, JsonElement Json, IReadOnlyList<DashboardPanel> Panels)
{
    /// <summary>Every file that Grafana would load.</summary>
    public static readonly IReadOnlyList<Dashboard> All =
        [.. Directory.EnumerateFiles(Repository.File("docker", "grafana", "dashboards"), "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(Read)];

    /// <summary>The one that is about nodes.</summary>
    public static readonly Dashboard Cluster = All.Single(dashboard => dashboard.File == "cluster.json");

    /// <summary>Those that show something of a run that is on no cluster.</summary>
    public static readonly IReadOnlyList<Dashboard> OfRuns = [.. All.Where(dashboard => dashboard != Cluster)];

    public override string ToString() => File;

    /// <summary>Panels that show something: all but the rows that they stand under.</summary>
    public IEnumerable<DashboardPanel> Shown => Panels.Where(panel => panel.Type != "row");

    /// <summary>The expressions of its panels and its annotations.</summary>
    public IEnumerable<DashboardTarget> Targets => Panels.SelectMany(panel => panel.Targets).Concat(
        Json.GetProperty("annotations").GetProperty("list").EnumerateArray().Where(annotation => annotation.TryGetProperty("expr", out _))
            .Select(annotation => new DashboardTarget($"{File}, annotation {DashboardPanel.Text(annotation, "name")}", DashboardPanel.Text(annotation, "expr")!, DashboardPanel.Text(annotation, "titleFormat") ?? "", "time_series", DashboardPanel.Text(annotation, "datasource", "uid") ?? "", Instant: false)));

    public IEnumerable<JsonElement> Variables => Json.GetProperty("templating").GetProperty("list").EnumerateArray();

    private static Dashboard Read(string path)
    {
        using var document = JsonDocument.Parse(System.IO.File.ReadAllBytes(path));
        var (json, file) = (document.RootElement.Clone(), Path.GetFileName(path));
        return new Dashboard(file, json, [.. PanelsOf(json, file)]);
    }

    /// <summary>Panels, those of collapsed rows too.</summary>
    private static IEnumerable<DashboardPanel> PanelsOf(JsonElement parent, string file)
    {
        foreach (var json in parent.TryGetProperty("panels", out var panels) ? panels.EnumerateArray() : default)
        {
            var place = $"{file}, panel {DashboardPanel.Text(json, "title") ?? "without a title"}";
            yield return new DashboardPanel(place, json, json.TryGetProperty("targets", out var targets)
                ? [.. targets.EnumerateArray().Select(t => new DashboardTarget($"{place}, {DashboardPanel.Text(t, "refId")}", DashboardPanel.Text(t, "expr") ?? "", DashboardPanel.Text(t, "legendFormat") ?? "", DashboardPanel.Text(t, "format") ?? "", DashboardPanel.Text(t, "datasource", "uid") ?? "", t.TryGetProperty("instant", out var instant) && instant.GetBoolean()))]
                : []);
            foreach (var inner in PanelsOf(json, file))
            {
                yield return inner;
            }
        }
    }
}
