using Microsoft.AspNetCore.Components;
using Simulator.Telemetry;

namespace Simulator.Watching.Page;

/// <summary>The population as a grid of cells.</summary>
public sealed partial class PopulationPage
{
    private PopulationView? _view;

    /// <summary>The page of cells that is shown, from 1.</summary>
    [SupplyParameterFromQuery(Name = "page")]
    public int? Number { get; set; }

    private string Sentence => _view is not { Status: { } status } view ? "The run has not begun."
        : $"{Capital(status)}: of {PageText.Count(view.Count, "cell")} {PageText.Count(view.Waiting)} wait, {PageText.Count(view.Running)} run, {(view.Paused > 0 ? $"{PageText.Count(view.Paused)} are paused, " : "")}{PageText.Count(view.Ended)} have ended"
            + (view.Endings.Count > 0 ? $" ({string.Join(", ", view.Endings.Select(e => $"{PageText.Count(e.Value)} {e.Key}"))})." : ".");

    /// <inheritdoc/>
    protected override Task LookAsync()
    {
        // Done in microseconds, and at once: the page that the browser has already must not be empty for a moment.
        _view = PopulationView.Of(Watched, Number ?? 1);
        return Task.CompletedTask;
    }

    private static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];

    private static IEnumerable<(string Name, int Count, double Share)> States(AgentCounts agents)
    {
        int[] counts = [agents.Learning, agents.Saturated, agents.Dead, agents.Frozen];
        return counts.Select((count, i) => (PageText.States[i], count, (double)count / counts.Sum()));
    }
}
