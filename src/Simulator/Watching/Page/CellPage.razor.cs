using Microsoft.AspNetCore.Components;
using Simulator.Lab;

namespace Simulator.Watching.Page;

/// <summary>One cell over its episodes.</summary>
public sealed partial class CellPage
{
    /// <summary>Agents of one page.</summary>
    private const int PageSize = 20;

    private CellView? _view;
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

        var view = await Views.CellAsync(Cell);
        if (!ReferenceEquals(view, _view))
        {
            _drawings = view is null ? [] : await Task.Run(() => CellDrawings.Of(view).ToList());
            _view = view;
        }
    }

    private static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..].ToLowerInvariant();
}
