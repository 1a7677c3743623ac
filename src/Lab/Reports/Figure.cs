namespace Simulator.Lab.Reports;

/// <summary>A figure of a report.</summary>
/// <param name="Id">Name in the page and of its files.</param>
/// <param name="Title">Title.</param>
/// <param name="Finding">The sentence that it supports, computed from what it shows.</param>
/// <param name="Plot">What it shows.</param>
/// <param name="Note">How to read it.</param>
internal sealed record Figure(string Id, string Title, string Finding, Plot Plot, string Note = "");

/// <summary>Figures on one question, and those that a run has no data for.</summary>
/// <param name="Title">The question.</param>
internal sealed record Section(string Title)
{
    private readonly List<Figure> _figures = [];
    private readonly List<string> _leftOut = [];

    /// <summary>The figures, in order.</summary>
    internal IReadOnlyList<Figure> Figures => _figures;

    /// <summary>A line for each figure that is left out, with the reason.</summary>
    internal IReadOnlyList<string> LeftOut => _leftOut;

    /// <summary>Adds a figure.</summary>
    internal void Add(Figure figure) => _figures.Add(figure);

    /// <summary>Leaves a figure out.</summary>
    internal void Omit(string title, string reason) => _leftOut.Add($"{title} is left out: {reason}.");
}
