using System.Diagnostics.CodeAnalysis;
using Plotly.NET;

namespace Simulator.Lab.Reports;

/// <summary>
/// A figure of panels: traces and layout of Plotly.NET, drawn by the plotly.js that it brings along. Whatever is drawn goes into the table of the figure's numbers, too.
/// </summary>
internal sealed partial class Plot
{
    /// <summary>plotly's word for a line that goes along x first: the steps of a survival curve.</summary>
    internal const string Steps = "hv";

    private const int PanelHeight = 250;

    /// <summary>Diameter of the smallest bubble, as a share of the largest: it is still seen.</summary>
    private const double LeastBubble = 0.18;

    private readonly List<Trace> _traces = [];
    private readonly Dictionary<string, object> _layout = new(StringComparer.Ordinal);
    private readonly List<object> _annotations = [];
    private readonly List<object> _shapes = [];
    private readonly HashSet<string> _legend = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (double Low, double High)> _extents = new(StringComparer.Ordinal);
    private readonly string[] _titles;
    private readonly int _columns;

    /// <summary>Makes a figure without data.</summary>
    /// <param name="panels">Number of panels.</param>
    /// <param name="columns">Panels side by side.</param>
    /// <param name="height">Height of a row of panels, in pixels.</param>
    /// <param name="table">The numbers, where they are not those of series.</param>
    internal Plot(int panels = 1, int columns = 1, int height = 0, CsvTable? table = null)
    {
        columns = _columns = Math.Min(panels, columns);
        var rows = (panels + columns - 1) / columns;
        _titles = new string[panels];
        Array.Fill(_titles, "");
        Table = table ?? new CsvTable("panel", "series", "x", "y", "low", "high");
        Height = (rows * (height > 0 ? height : panels == 1 ? 420 : PanelHeight)) + 80;
        _layout["grid"] = new { rows, columns, pattern = "independent", xgap = 0.12, ygap = rows > 2 ? 0.35 : 0.28 };
    }

    /// <summary>The numbers that are drawn.</summary>
    internal CsvTable Table { get; }

    /// <summary>Height in pixels.</summary>
    internal int Height { get; private set; }

    /// <summary>Names a panel and its axes.</summary>
    internal Plot Panel(int panel, string title, Axis x, Axis y)
    {
        _titles[panel] = title;
        _layout["xaxis" + Suffix(panel)] = Describe(x, "x", panel);
        _layout["yaxis" + Suffix(panel)] = Describe(y, "y", panel);
        if (title.Length > 0)
        {
            var s = Suffix(panel);
            _annotations.Add(new { text = Wrapped(title, PageWidth / _columns / LetterWidth), xref = $"x{s} domain", yref = $"y{s} domain", x = 0, y = 1, xanchor = "left", yanchor = "bottom", align = "left", showarrow = false, font = new { size = 13 } });
        }

        return this;
    }

    /// <summary>A line, with a band around it where there are intervals.</summary>
    internal Plot Line(int panel, string name, Look look, double[] x, double?[] y, double?[]? low = null, double?[]? high = null, string shape = "linear", bool band = true, bool inTable = true)
    {
        // What a logarithmic axis cannot show is a gap: plotly would draw a fall to the bottom. The table has the numbers as they are.
        var (shownY, shownLow, shownHigh) = IsLog(panel) ? (Positive(y), Positive(low), Positive(high)) : (y, low, high);
        if (band && low is not null && high is not null && low.Any(v => v is not null))
        {
            // One closed line round the band: where an end is missing the band is as thin as its line.
            var outline = Series("scatter", panel, name, shown: false);
            var upper = Edge(x, shownY, shownHigh!, shape == Steps);
            var lower = Enumerable.Reverse(Edge(x, shownY, shownLow!, shape == Steps)).ToList();
            outline.SetProperty("x", upper.Concat(lower).Select(p => p.X).ToArray());
            outline.SetProperty("y", Rounded(upper.Concat(lower).Select(p => p.Y)));
            outline.SetProperty("fill", "toself");
            outline.SetProperty("fillcolor", look.Colour + "26");
            outline.SetProperty("line", new { width = 0 });
            outline.SetProperty("mode", "lines");
            outline.SetProperty("hoverinfo", "skip");
        }

        Extend("y", panel, y.OfType<double>());
        Extend("x", panel, x);
        var line = Series("scatter", panel, name, _legend.Add(name));
        line.SetProperty("x", x);
        line.SetProperty("y", Rounded(shownY));
        line.SetProperty("mode", "lines");
        line.SetProperty("line", new { color = look.Colour, dash = look.Dash, width = 1.8, shape });
        for (var i = 0; i < x.Length && inTable; i++)
        {
            if (y[i] is { } value)
            {
                Table.Add(_titles[panel], name, x[i], value, low?[i], high?[i]);
            }
        }

        return this;
    }

    /// <summary>Points, with intervals along y (or along x, where they lie) where there are any.</summary>
    internal Plot Points(
        int panel, string name, Look look, IReadOnlyList<object> x, IReadOnlyList<object> y, Interval? interval = null, IReadOnlyList<double>? sizes = null, IReadOnlyList<string>? namesInTable = null)
    {
        Extend("y", panel, y.OfType<double>());
        Extend("x", panel, x.OfType<double>());
        var points = Series("scatter", panel, name, _legend.Add(name));
        points.SetProperty("x", x.Select(Rounded).ToArray());
        points.SetProperty("y", y.Select(Rounded).ToArray());
        points.SetProperty("mode", "markers");
        points.SetProperty("marker", new { color = look.Colour, symbol = look.Symbol, size = sizes ?? (object)8, opacity = 0.85, line = new { width = 1, color = look.Symbol.EndsWith("-open", StringComparison.Ordinal) ? look.Colour : "#ffffff" } });
        if (interval is not null)
        {
            points.SetProperty(interval.AlongX ? "error_x" : "error_y", new { type = "data", symmetric = false, array = Rounded(interval.Above), arrayminus = Rounded(interval.Below), color = look.Colour, thickness = 1.5, width = 4 });
        }

        for (var i = 0; i < x.Count; i++)
        {
            var along = interval is null ? null : (interval.AlongX ? x[i] : y[i]) as double?;
            Table.Add(_titles[panel], namesInTable?[i] ?? name, x[i], y[i], along - interval?.Below[i], along + interval?.Above[i]);
        }

        return this;
    }

    /// <summary>Bubbles over two axes of categories. The page's script sets how large the largest is by the room that a category has, so that neighbours hardly touch.</summary>
    /// <param name="panel">Panel.</param>
    /// <param name="name">Name of the series.</param>
    /// <param name="look">How it looks.</param>
    /// <param name="x">Categories.</param>
    /// <param name="y">Categories.</param>
    /// <param name="diameters">Diameters, 1 being the largest.</param>
    internal Plot Bubbles(int panel, string name, Look look, IReadOnlyList<string> x, IReadOnlyList<string> y, IReadOnlyList<double> diameters)
    {
        Points(panel, name, look, x, y, sizes: [.. diameters.Select(d => Math.Round(LeastBubble + ((1 - LeastBubble) * d), 3))]);
        _traces[^1].SetProperty("meta", "bubbles");
        return this;
    }

    /// <summary>Bars that stand on one another.</summary>
    internal Plot Bars(int panel, string name, Look look, IReadOnlyList<string> x, IReadOnlyList<double?> y)
    {
        var bars = Series("bar", panel, name, _legend.Add(name));
        bars.SetProperty("x", x);
        bars.SetProperty("y", Rounded(y));
        bars.SetProperty("marker", new { color = look.Colour });
        _layout["barmode"] = "stack";
        for (var i = 0; i < x.Count; i++)
        {
            Table.Add(_titles[panel], name, x[i], y[i]);
        }

        return this;
    }

    /// <summary>Boxes over all values, each value beside them.</summary>
    internal Plot Box(int panel, string name, Look look, IReadOnlyList<double> values)
    {
        Extend("y", panel, values);
        var box = Series("box", panel, name, shown: false);
        box.SetProperty("y", values.Select(v => Rounded(v)).ToArray());
        box.SetProperty("x", Enumerable.Repeat(name, values.Count).ToArray());
        box.SetProperty("boxpoints", "all");
        box.SetProperty("jitter", 0.5);
        box.SetProperty("pointpos", 0);
        box.SetProperty("marker", new { color = look.Colour, size = 3, opacity = 0.5 });
        box.SetProperty("line", new { width = 1.2 });
        foreach (var value in values)
        {
            Table.Add(_titles[panel], name, name, value);
        }

        return this;
    }

    /// <summary>A map of values; the numbers go to the table by whoever makes the map.</summary>
    internal Plot Map(int panel, IReadOnlyList<object> x, IReadOnlyList<object> y, double?[][] values, MapLook look, string[][]? texts = null)
    {
        var map = Series("heatmap", panel, "", shown: false);
        map.SetProperty("x", x);
        map.SetProperty("y", y);
        map.SetProperty("z", values.Select(row => Rounded(row)).ToArray());
        map.SetProperty("colorscale", look.Colour is { } colour ? new object[][] { [0, colour], [1, colour] } : look.Scale);
        map.SetProperty("zmin", look.Low);
        map.SetProperty("zmax", look.High);
        map.SetProperty("showscale", panel == 0 && look.Colour is null);
        map.SetProperty("colorbar", new { title = new { text = look.Title, side = "right" }, thickness = 14 });
        map.SetProperty("hoverongaps", false);
        if (texts is not null)
        {
            map.SetProperty("text", texts);
            map.SetProperty("texttemplate", "%{text}");
        }

        return this;
    }

    /// <summary>A line across a panel, with words at its end.</summary>
    internal Plot Level(int panel, double y, string text, string colour = "#555555")
    {
        Extend("y", panel, [y]);
        var s = Suffix(panel);
        _shapes.Add(new { type = "line", xref = $"x{s} domain", yref = "y" + s, x0 = 0, x1 = 1, y0 = y, y1 = y, line = new { color = colour, width = 1.3, dash = "dash" } });
        var log = IsLog(panel);
        _annotations.Add(new { text, xref = $"x{s} domain", yref = "y" + s, x = 1, y = log ? Math.Log10(y) : y, xanchor = "right", yanchor = "top", showarrow = false, font = new { size = 11, color = colour } });
        Table.Add(_titles[panel], text, null, y);
        return this;
    }

    /// <summary>A line along the diagonal of a panel whose axes are alike.</summary>
    internal Plot Diagonal(int panel, double from, double to)
    {
        var s = Suffix(panel);
        _shapes.Add(new { type = "line", xref = "x" + s, yref = "y" + s, x0 = from, x1 = to, y0 = from, y1 = to, line = new { color = "#999999", width = 1, dash = "dot" } });
        return this;
    }

    /// <summary>One edge of a band: the ends of the intervals, or the line itself where one is missing; with the corners of steps where it goes in steps.</summary>
    private static List<(double X, double? Y)> Edge(double[] x, double?[] y, double?[] end, bool steps)
    {
        var edge = new List<(double X, double? Y)>();
        for (var i = 0; i < x.Length; i++)
        {
            if ((end[i] ?? y[i]) is { } value)
            {
                if (steps && edge.Count > 0)
                {
                    edge.Add((x[i], edge[^1].Y));
                }

                edge.Add((x[i], value));
            }
        }

        return edge;
    }

    private Trace Series(string type, int panel, string name, bool shown)
    {
        var trace = new Trace(type);
        var s = Suffix(panel);
        trace.SetProperty("xaxis", "x" + s);
        trace.SetProperty("yaxis", "y" + s);
        trace.SetProperty("name", name);
        trace.SetProperty("legendgroup", name);
        trace.SetProperty("showlegend", shown);
        _traces.Add(trace);
        return trace;
    }

    private bool IsLog(int panel) => _layout.TryGetValue("yaxis" + Suffix(panel), out var axis) && axis is IDictionary<string, object> described && Equals(described["type"], "log");

    [return: NotNullIfNotNull(nameof(values))]
    private static double?[]? Positive(double?[]? values) => values is null ? null : Array.ConvertAll(values, v => v > 0 ? v : null);

    /// <summary>A title in lines that are no wider than their panel, broken between words.</summary>
    internal static string Wrapped(string title, int letters)
    {
        var lines = new List<string>();
        foreach (var word in title.Split(' '))
        {
            if (lines.Count > 0 && lines[^1].Length + 1 + word.Length <= letters)
            {
                lines[^1] += " " + word;
            }
            else
            {
                lines.Add(word);
            }
        }

        return string.Join("<br>", lines);
    }

    private static string Suffix(int panel) => panel == 0 ? "" : (panel + 1).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static double?[] Rounded(IEnumerable<double?> values) => [.. values.Select(v => v is { } number ? Numbers.Rounded(number) : v)];

    private static object Rounded(object value) => value is double number ? Numbers.Rounded(number) : value;
}
