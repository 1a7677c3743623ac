using System.Text.Json.Serialization;
using Plotly.Blazor;

namespace Simulator.Watching.Page;

/// <summary>A line, or points joined by one. Plotly.Blazor's own class takes each number as an object.</summary>
internal sealed class LineTrace : ITrace
{
    /// <inheritdoc/>
    [JsonPropertyName("type")]
    public TraceTypeEnum? Type => TraceTypeEnum.Scatter;

    /// <summary>plotly's word for lines, markers, or both.</summary>
    [JsonPropertyName("mode")]
    public string Mode { get; init; } = "lines";

    /// <summary>Name in the legend.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>Abscissae.</summary>
    [JsonPropertyName("x")]
    public required PackedNumbers X { get; init; }

    /// <summary>Ordinates.</summary>
    [JsonPropertyName("y")]
    public required PackedNumbers Y { get; init; }

    /// <summary>How the line looks.</summary>
    [JsonPropertyName("line")]
    public required Stroke Line { get; init; }

    /// <summary>The stack that it is a part of; null: it stands alone.</summary>
    [JsonPropertyName("stackgroup")]
    public string? Stack { get; init; }

    /// <summary>Colour below it, down to the next of the stack; null: none.</summary>
    [JsonPropertyName("fillcolor")]
    public string? Fill { get; init; }

    /// <summary>Lines of one group appear and disappear together.</summary>
    [JsonPropertyName("legendgroup")]
    public string? Group { get; init; }

    /// <summary>Whether it has a place in the legend.</summary>
    [JsonPropertyName("showlegend")]
    public bool InLegend { get; init; } = true;
}

/// <summary>How a line looks.</summary>
/// <param name="Colour">#rrggbb.</param>
/// <param name="Dash">plotly's word for its dash.</param>
/// <param name="Width">Its width in pixels.</param>
internal sealed record Stroke([property: JsonPropertyName("color")] string Colour, [property: JsonPropertyName("dash")] string Dash = "solid", [property: JsonPropertyName("width")] double Width = 2);

/// <summary>A map of whole percents.</summary>
internal sealed class PercentMapTrace : ITrace
{
    /// <inheritdoc/>
    [JsonPropertyName("type")]
    public TraceTypeEnum? Type => TraceTypeEnum.HeatMap;

    /// <summary>Abscissae of the columns.</summary>
    [JsonPropertyName("x")]
    public required PackedNumbers X { get; init; }

    /// <summary>Ordinates of the rows; null: from 0.</summary>
    [JsonPropertyName("y")]
    public IReadOnlyList<string>? Y { get; init; }

    /// <summary>The percents.</summary>
    [JsonPropertyName("z")]
    public required PackedNumbers Z { get; init; }

    /// <summary>What is said of a place.</summary>
    [JsonPropertyName("hovertemplate")]
    public required string Hover { get; init; }

    /// <summary>plotly's name of the colours.</summary>
    [JsonPropertyName("colorscale")]
    public string Colours => "Viridis";

    /// <summary>Value of the first colour.</summary>
    [JsonPropertyName("zmin")]
    public int Least => 0;

    /// <summary>Value of the last colour.</summary>
    [JsonPropertyName("zmax")]
    public int Most => 100;

    /// <summary>The bar that explains the colours.</summary>
    [JsonPropertyName("colorbar")]
    public object Bar => new { ticksuffix = " %", thickness = 12, outlinewidth = 0 };
}
