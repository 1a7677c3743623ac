using System.Globalization;
using Microsoft.AspNetCore.Components;
using Simulator.Lab;
using Simulator.Protocol;
using Simulator.Telemetry;

namespace Simulator.Watching.Page;

/// <summary>What the reader can do to a cell or an agent. The page's script asks for it over the API, by whose rules it is allowed or not.</summary>
public sealed partial class Controls
{
    private const int Most = 20;

    /// <summary>Index of the cell.</summary>
    [Parameter]
    [EditorRequired]
    public int Cell { get; set; }

    /// <summary>Index of the agent; null for the cell itself.</summary>
    [Parameter]
    public int? Agent { get; set; }

    /// <summary>Interventions of the run; that this is no simple value has the component drawn anew with its page.</summary>
    [Parameter]
    [EditorRequired]
    public IReadOnlyList<InterventionRecord> Interventions { get; set; } = [];

    [Inject]
    private Watched Watched { get; set; } = null!;

    private bool Over => Watched.Run is not { } run || Watched.IsOver || run.Progress[Cell].Activity == CellActivity.Ended;

    /// <summary>Whether nothing can be asked for; nor while the page's scripts take over, since what is said to the reader then would be lost.</summary>
    private bool Closed => Over || !RendererInfo.IsInteractive;

    private bool Paused => Watched.Run?.Interventions.IsPaused(Cell) == true;

    private bool Shared => Agent is not null && Watched.Cells[Cell].Options.SharesPolicy;

    private IReadOnlyList<InterventionRecord> Records { get; set; } = [];

    /// <inheritdoc/>
    protected override void OnParametersSet() => Records =
        [.. Interventions.Where(r => r.Intervention.Cell == Cell && (Agent is null || !r.Intervention.OnAgent || r.Intervention.Agent == Agent || Shared)).Reverse()];

    private static string Words(Intervention intervention) => intervention.Kind switch
    {
        InterventionKind.Pause => "paused",
        InterventionKind.Resume => "resumed",
        InterventionKind.Stop => "stopped",
        InterventionKind.ResetOutput => string.Create(CultureInfo.InvariantCulture, $"agent {intervention.Agent}: output layer reset"),
        _ => string.Create(CultureInfo.InvariantCulture, $"agent {intervention.Agent}: learning rate times {intervention.Factor}"),
    };
}
