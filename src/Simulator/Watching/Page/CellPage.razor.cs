using Microsoft.AspNetCore.Components;
using Simulator.Lab;

namespace Simulator.Watching.Page;

/// <summary>One cell over its episodes.</summary>
public sealed partial class CellPage
{
    /// <summary>Agents of one page.</summary>
    private const int PageSize = 20;

    private CellView? _view;
    private int _cell = -1;
    private IReadOnlyList<Drawing> _drawings = [];

    /// <summary>Index of the cell.</summary>
    [Parameter]
    public int Cell { get; set; }

    /// <summary>The page of agents that is shown, from 1.</summary>
    [SupplyParameterFromQuery(Name = "agents")]
    public int? Number { get; set; }

    [Inject]
    private CellViews Views { get; set; } = null!;

    private PlannedCell? Planned => Cell >= 0 && Cell < Watched.Cells.Count ? Watched.Cells[Cell] : null;

    private int PageCount => ((_view?.Agents.Count ?? 0) + PageSize - 1) / PageSize;

    private int PageShown => Math.Clamp(Number ?? 1, 1, Math.Max(1, PageCount));

    /// <inheritdoc/>
    protected override async Task LookAsync()
    {
        if (Planned is null)
        {
            Missing();
            return;
        }

        if (_cell != Cell)
        {
            // What was computed for the page that the browser has already is shown until there is something newer.
            _cell = Cell;
            Show(Views.Kept(Cell));
        }

        var cell = Cell;
        var view = await Views.CellAsync(cell);
        if (cell == Cell && !ReferenceEquals(view, _view)) // The reader may have gone on to another cell.
        {
            Show(view);
        }
    }

    private void Show(CellView? view)
    {
        _view = view;
        _drawings = view is null ? [] : [.. CellDrawings.Of(view)];
    }

    private static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..].ToLowerInvariant();
}
