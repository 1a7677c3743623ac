using Plotly.Blazor;
using Plotly.Blazor.LayoutLib;
using Simulator.Lab.Live;

namespace Simulator.Watching.Page;

/// <summary>A chart: what it shows, and what it says in words to those who do not see it.</summary>
/// <param name="Id">Its id on the page.</param>
/// <param name="Title">Its heading.</param>
/// <param name="Note">What a reader must know of it.</param>
/// <param name="Latest">Its newest values, in words.</param>
/// <param name="Traces">What is drawn.</param>
/// <param name="Layout">Axes and legend.</param>
public sealed record Drawing(string Id, string Title, string Note, string Latest, IReadOnlyList<ITrace> Traces, Layout Layout)
{
    /// <summary>Whether it has a row of its own.</summary>
    public bool Wide { get; init; }
}

/// <summary>What charts have in common.</summary>
internal static class Drawings
{
    /// <summary>Colours that readers with any sight tell apart (Okabe and Ito), good on light and on dark.</summary>
    internal const string Blue = "#0083ca", Vermilion = "#d55e00", Green = "#009e73", Pink = "#cc79a7", Orange = "#e69f00";

    /// <summary>Of offload, cpu and power.</summary>
    internal static readonly string[] OfActions = [Blue, Orange, Pink];

    /// <summary>Of learning, saturated, dead and frozen.</summary>
    internal static readonly string[] OfStates = [Green, Orange, Vermilion, Blue];

    internal static LineTrace Trace(Line line, string colour, string dash = "solid", bool negated = false, string? name = null) => new()
    {
        Name = name ?? line.Name,
        X = PackedNumbers.Of(line.X),
        Y = PackedNumbers.Of(negated ? [.. line.Y.Select(y => -y)] : line.Y),
        Line = new Stroke(colour, dash),
        // A line of one point is none.
        Mode = line.X.Count == 1 ? "lines+markers" : "lines",
    };

    /// <summary>The newest values: "actors 1.2e-3, critic 45".</summary>
    internal static string Latest(IEnumerable<Line> lines, Func<double?, string> number) => string.Join(", ", lines.Where(l => l.Latest is not null).Select(l => $"{l.Name} {number(l.Latest)}"));

    internal static Layout Axes(string yTitle, bool log = false, double[]? range = null, bool downwards = false, bool legend = true, int height = 300, IEnumerable<Line>? lines = null) => new()
    {
        Height = height,
        AutoSize = true,
        ShowLegend = legend,
        PaperBgColor = "rgba(0,0,0,0)",
        PlotBgColor = "rgba(0,0,0,0)",
        Margin = new Margin { L = 58, R = 14, T = 8, B = 40 },
        Font = new Font { Family = "system-ui, -apple-system, Segoe UI, Roboto, sans-serif", Size = 12 },
        HoverMode = HoverModeEnum.Closest,
        // What a reader zoomed into stays while the numbers grow.
        UiRevision = "kept",
        Legend = [new Legend { TraceOrder = Plotly.Blazor.LayoutLib.LegendLib.TraceOrderFlag.Normal, Orientation = Plotly.Blazor.LayoutLib.LegendLib.OrientationEnum.H, X = 0, Y = 1.02m, YAnchor = Plotly.Blazor.LayoutLib.LegendLib.YAnchorEnum.Bottom }],
        XAxis =
        [
            new XAxis
            {
                Title = new Plotly.Blazor.LayoutLib.XAxisLib.Title { Text = "episode", Standoff = 6 }, ZeroLine = false, SeparateThousands = true,
                ExponentFormat = Plotly.Blazor.LayoutLib.XAxisLib.ExponentFormatEnum.None,
            },
        ],
        YAxis =
        [
            new YAxis
            {
                Title = new Plotly.Blazor.LayoutLib.YAxisLib.Title { Text = yTitle, Standoff = 4 },
                Type = log ? Plotly.Blazor.LayoutLib.YAxisLib.TypeEnum.Log : Plotly.Blazor.LayoutLib.YAxisLib.TypeEnum.Linear,
                Range = range?.Cast<object>().ToList(),
                AutoRange = downwards ? Plotly.Blazor.LayoutLib.YAxisLib.AutoRangeEnum.Reversed : null,
                ZeroLine = false, SeparateThousands = true, AutoMargin = Plotly.Blazor.LayoutLib.YAxisLib.AutoMarginFlag.True,
                ExponentFormat = log ? Plotly.Blazor.LayoutLib.YAxisLib.ExponentFormatEnum.Power : Plotly.Blazor.LayoutLib.YAxisLib.ExponentFormatEnum.None,
                DTick = log && lines is not null && Decades(lines) is > 0 and var apart ? apart : null,
            },
        ],
    };

    /// <summary>Decades between two marks of a logarithmic axis, so that there are about six; 0 where there are too few decades for it.</summary>
    private static double Decades(IEnumerable<Line> lines)
    {
        var (low, high) = (float.MaxValue, 0f);
        foreach (var value in lines.SelectMany(l => l.Y).Select(MathF.Abs).Where(v => v > 0 && float.IsFinite(v)))
        {
            (low, high) = (Math.Min(low, value), Math.Max(high, value));
        }

        var decades = high > low ? Math.Log10(high) - Math.Log10(low) : 0;
        return decades > 1.5 ? Math.Ceiling(decades / 7) : 0;
    }
}
