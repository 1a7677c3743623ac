using Simulator.Lab;
using Spectre.Console;

namespace Simulator;

/// <summary>What is said when a run is over: each cell in words, and where the results are.</summary>
internal sealed class ClosingSummary(IAnsiConsole console)
{
    /// <summary>Cells that are spoken of one by one; of more only the counts.</summary>
    private const int MostCells = 20;

    internal void Show(PopulationRun run, RunStatus status)
    {
        console.WriteLine();
        foreach (var history in run.Histories.Take(MostCells))
        {
            console.Write(new Text(history.Cell.Name, new Style(decoration: Decoration.Bold)));
            console.WriteLine();
            console.Write(new Padder(new Text(new CellOutcome(history).InWords()), new Padding(2, 0, 0, 0)));
        }

        if (run.Histories.Count > MostCells)
        {
            console.WriteLine($"... and {run.Histories.Count - MostCells} more cells.");
        }

        console.WriteLine();
        var ended = run.Histories.GroupBy(h => h.End?.Status).Where(g => g.Key is not null).OrderBy(g => g.Key)
            .Select(g => $"{g.Count()} {g.Key!.Value.ToString().ToLowerInvariant()}");
        console.WriteLine($"{run.Histories.Count} cells: {string.Join(", ", ended)}.");
        console.WriteLine($"{(status == RunStatus.Interrupted ? "Interrupted; the results so far" : "The results")} are in {run.Folder}: population.json has a row for each cell, cells/ its files.");
    }
}
