using System.Text;

namespace Simulator.Observability.Tests;

/// <summary>What each panel means stands in docs/observability.md in the words of the dashboards.</summary>
public sealed class PanelReferenceTests
{
    private const string Begin = "<!-- Panels: written by tests/Observability. -->\n";
    private const string End = "<!-- End of the panels. -->\n";

    [Fact]
    public void The_documentation_has_the_panels_of_the_dashboards()
    {
        var file = Repository.File("docs", "observability.md");
        var text = File.ReadAllText(file);
        var (begin, end) = (text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, text.IndexOf(End, StringComparison.Ordinal));
        Assert.InRange(begin, Begin.Length, end);
        if (System.Environment.GetEnvironmentVariable("SIMULATOR_UPDATE_DOCS") == "1")
        {
            File.WriteAllText(file, text[..begin] + Tables() + text[end..]);
        }

        Assert.True(File.ReadAllText(file)[begin..].StartsWith(Tables() + End, StringComparison.Ordinal), "docs/observability.md is out of date. Write it anew: SIMULATOR_UPDATE_DOCS=1 dotnet test tests/Observability");
    }

    private static string Tables()
    {
        var text = new StringBuilder();
        foreach (var dashboard in Dashboard.All)
        {
            text.Append("\n### ").Append(DashboardPanel.Text(dashboard.Json, "title")).Append("\n\n").Append(DashboardPanel.Text(dashboard.Json, "description")).Append("\n\n| panel | what it means |\n|---|---|\n");
            foreach (var panel in dashboard.Panels)
            {
                var title = Cell(DashboardPanel.Text(panel.Json, "title"));
                text.Append(panel.Type == "row" ? $"| **{title}** | |\n" : $"| {title} | {Cell(DashboardPanel.Text(panel.Json, "description"))} |\n");
            }
        }

        return text.Append('\n').ToString();
    }

    private static string Cell(string? text) => (text ?? string.Empty).Replace("|", "\\|", StringComparison.Ordinal);
}
