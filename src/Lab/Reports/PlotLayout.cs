using Plotly.NET;

namespace Simulator.Lab.Reports;

/// <content>Axes, marks, legend and margins.</content>
internal sealed partial class Plot
{
    private const int PageWidth = 1080;

    /// <summary>Pixels that a letter of a panel's title takes, and a little of the gap.</summary>
    private const int LetterWidth = 8;

    private readonly HashSet<string> _shared = new(StringComparer.Ordinal);

    /// <summary>Traces and layout as plotly.js takes them.</summary>
    internal string ToJson()
    {
        var layout = new Layout();
        foreach (var (key, value) in _layout)
        {
            Divide(key, value);
            layout.SetProperty(key, value);
        }

        // plotly sets the legend's rows by their width: about seven pixels a letter, and forty for the line.
        var legend = _legend.Count > 1 ? 24 * (1 + (_legend.Sum(l => 45 + (7 * l.Length)) / PageWidth)) : 0;
        Height += legend;
        layout.SetProperty("height", Height);
        layout.SetProperty("showlegend", legend > 0);
        layout.SetProperty("legend", new { orientation = "h", yref = "container", y = 0, yanchor = "bottom", x = 0, font = new { size = 11 } });
        layout.SetProperty("margin", new { l = 75, r = 25, t = 48, b = 62 + legend });
        layout.SetProperty("font", new { family = "system-ui, -apple-system, Segoe UI, Roboto, sans-serif", size = 12, color = "#222222" });
        layout.SetProperty("paper_bgcolor", "#ffffff");
        layout.SetProperty("plot_bgcolor", "#ffffff");
        layout.SetProperty("annotations", _annotations);
        layout.SetProperty("shapes", _shapes);
        layout.SetProperty("hovermode", "closest");
        return GenericChart.toFigureJson(GenericChart.setLayout(layout, GenericChart.ofTraceObjects(false, _traces)));
    }

    /// <summary>Marks of a logarithmic axis by how far its values reach: decades, or 1, 2 and 5 of each, or where there is not even one what plotly finds.</summary>
    private void Divide(string key, object value)
    {
        if (value is not Dictionary<string, object> axis || !Equals(axis["type"], "log") || !_extents.TryGetValue(Extent(key.Replace("axis", "", StringComparison.Ordinal)), out var extent))
        {
            return;
        }

        var decades = Math.Log10(extent.High / extent.Low);
        if (decades is > 1 or < 0.3)
        {
            axis["dtick"] = decades > 3 ? Math.Ceiling(decades / 8) : "D2";
        }

        if (decades <= 3 && extent is { Low: > 1e-5, High: < 1e5 })
        {
            axis["tickformat"] = ",~r";
        }
    }

    private void Extend(string axis, int panel, IEnumerable<double> values)
    {
        var key = Extent(axis + Suffix(panel));
        foreach (var value in values.Where(v => v > 0 && double.IsFinite(v)))
        {
            _extents[key] = _extents.TryGetValue(key, out var extent) ? (Math.Min(extent.Low, value), Math.Max(extent.High, value)) : (value, value);
        }
    }

    /// <summary>Axes of one range have one extent.</summary>
    private string Extent(string axis) => _shared.Contains(axis) ? axis[..1] : axis;

    private Dictionary<string, object> Describe(Axis axis, string letter, int panel)
    {
        var described = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["title"] = new { text = axis.Title, standoff = 6, font = new { size = 12 } },
            ["type"] = axis.Categories is not null ? "category" : axis.Log ? "log" : "linear",
            ["automargin"] = true,
            ["gridcolor"] = "#e6e6e6",
            ["linecolor"] = "#888888",
            ["zeroline"] = false,
            ["exponentformat"] = axis.Log ? "power" : "none",
            ["separatethousands"] = true,
        };
        if (axis.Shared && panel > 0)
        {
            _shared.Add(letter + Suffix(panel));
            described["matches"] = letter;

            // One range needs its numbers once a row; where panels lie under one another the page's script shows them again.
            described["showticklabels"] = letter == "x" || panel % _columns == 0;
        }

        if (axis.Range is not null)
        {
            described["range"] = axis.Reversed ? axis.Range.Reverse().ToArray() : axis.Range;
        }
        else if (axis.Reversed)
        {
            described["autorange"] = "reversed";
        }

        if (axis.Categories is not null)
        {
            described["categoryorder"] = "array";
            described["categoryarray"] = axis.Categories;
        }

        return described;
    }
}
