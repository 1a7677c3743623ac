using Plotly.Blazor;
using Simulator.Lab.Live;

namespace Simulator.Watching.Page;

/// <summary>The charts of an agent.</summary>
internal static class AgentDrawings
{
    internal static IEnumerable<Drawing> Of(AgentSeries series)
    {
        if (series.Newest is null)
        {
            yield break;
        }

        yield return new Drawing(
            "sides",
            "Saturation by action and side",
            "Upwards: share of outputs over 0.9; downwards: under -0.9.",
            string.Join("; ", series.High.Zip(series.Low, (high, low) => $"{high.Name} {PageText.Percent(-low.Latest)} low, {PageText.Percent(high.Latest)} high")) + ".",
            [.. series.High.SelectMany((line, i) => new ITrace[] { Sided(line, i, true), Sided(series.Low[i], i, false) })],
            Drawings.Axes("share", range: [-1.05, 1.05]));
        yield return new Drawing(
            "slope",
            "Mean slope",
            "Mean da/dz of its outputs: what they let through of a gradient.",
            $"Now {PageText.Norm(series.Slope.Latest)}.",
            [Drawings.Trace(series.Slope, Drawings.Green)],
            Drawings.Axes("da/dz", log: true, legend: false, lines: [series.Slope]));
        yield return new Drawing(
            "factors",
            "Gradient and its factors",
            "The gradient's norm is the product of what the critic sends, what the output function leaves of it, and what the network makes of that. Zero cannot be drawn on a logarithmic axis: the line ends there.",
            Drawings.Latest([series.Gradient, .. series.Factors], PageText.Norm) + ".",
            [
                Drawings.Trace(series.Gradient, Drawings.Blue), Drawings.Trace(series.Factors[0], Drawings.Vermilion, "dash"),
                Drawings.Trace(series.Factors[1], Drawings.Green, "dot"), Drawings.Trace(series.Factors[2], Drawings.Pink, "dashdot"),
            ],
            Drawings.Axes("norm, factor", log: true, height: 340, lines: [series.Gradient, .. series.Factors]))
        {
            Wide = true,
        };
    }

    private static LineTrace Sided(Line line, int action, bool high) => new()
    {
        Name = line.Name,
        X = PackedNumbers.Of(line.X),
        Y = PackedNumbers.Of(line.Y),
        Line = new Stroke(Drawings.OfActions[action], action switch { 0 => "solid", 1 => "dash", _ => "dot" }),
        Mode = line.X.Count == 1 ? "lines+markers" : "lines",
        Group = line.Name,
        InLegend = high,
    };
}
