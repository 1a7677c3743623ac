namespace Simulator.Lab.Reports;

/// <summary>An axis of a panel.</summary>
/// <param name="Title">Quantity and unit.</param>
/// <param name="Log">Whether it is logarithmic: where values span decades.</param>
/// <param name="Range">Its range, on a logarithmic axis as powers of ten; null: the data's.</param>
/// <param name="Reversed">Whether it runs from high to low.</param>
internal sealed record Axis(string Title, bool Log = false, double[]? Range = null, bool Reversed = false)
{
    /// <summary>Names in place of numbers, in this order.</summary>
    public IReadOnlyList<string>? Categories { get; init; }

    /// <summary>Whether all panels have the range of the first one's, so that they can be compared.</summary>
    public bool Shared { get; init; }
}

/// <summary>How a series looks.</summary>
/// <param name="Colour">Colour, #rrggbb.</param>
/// <param name="Dash">plotly's word for the dash of a line.</param>
/// <param name="Symbol">plotly's word for the symbol of a point.</param>
internal sealed record Look(string Colour, string Dash = "solid", string Symbol = "circle");

/// <summary>Lengths of the intervals of points.</summary>
internal sealed record Interval(double?[] Below, double?[] Above, bool AlongX = false);

/// <summary>How a map looks.</summary>
/// <param name="Title">Of the colour bar.</param>
/// <param name="Low">Value of the scale's first colour.</param>
/// <param name="High">Value of its last.</param>
/// <param name="Scale">plotly's name of the scale.</param>
internal sealed record MapLook(string Title, double Low, double High, string Scale = "Viridis")
{
    /// <summary>The one colour of all its cells, in place of a scale; null where the scale counts.</summary>
    public string? Colour { get; init; }
}
