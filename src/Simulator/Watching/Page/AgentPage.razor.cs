using Microsoft.AspNetCore.Components;
using Simulator.Lab;

namespace Simulator.Watching.Page;

/// <summary>One agent over its cell's episodes.</summary>
public sealed partial class AgentPage
{
    private const int MostTransitions = 50;

    private AgentView? _view;
    private (int Cell, int Agent) _agent = (-1, -1);
    private IReadOnlyList<Drawing> _drawings = [];

    /// <summary>Index of the cell.</summary>
    [Parameter]
    public int Cell { get; set; }

    /// <summary>Index of the agent.</summary>
    [Parameter]
    public int Agent { get; set; }

    [Inject]
    private CellViews Views { get; set; } = null!;

    private PlannedCell? PlannedCell => Cell >= 0 && Cell < Watched.Cells.Count ? Watched.Cells[Cell] : null;

    private PlannedCell? Planned => PlannedCell is { } cell && Agent >= 0 && Agent < cell.Options.Clients ? cell : null;

    private string Sentence => _view is null ? Pending
        : _view.Newest is { } newest ? $"It is {PageText.State(newest.State)}."
        : _view.Progress.Acts ? "It acts with its policy and does not learn, so there is nothing to tell of its learning."
        : "It has not learned yet.";

    /// <inheritdoc/>
    protected override async Task LookAsync()
    {
        if (Planned is null)
        {
            Missing();
            return;
        }

        if (_agent != (Cell, Agent))
        {
            _agent = (Cell, Agent);
            Show(Views.Kept(Cell, Agent));
        }

        var agent = (Cell, Agent);
        var view = await Views.AgentAsync(Cell, Agent);
        if (agent == (Cell, Agent) && !ReferenceEquals(view, _view)) // The reader may have gone on to another agent.
        {
            Show(view);
        }
    }

    private void Show(AgentView? view)
    {
        _view = view;
        _drawings = view is null ? [] : [.. AgentDrawings.Of(view.Series)];
    }
}
