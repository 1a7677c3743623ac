using Simulator.Lab;
using Spectre.Console;

namespace Simulator;

/// <summary>What is said when a run is over: each cell in words, and where the results are.</summary>
internal static class ClosingSummary
{
    /// <summary>Cells that are spoken of one by one; of more only the counts.</summary>
    private const int MostCells = 20;

    /// <summary>Shows it on a terminal, wrapped to its width.</summary>
    internal static void Show(IAnsiConsole console, PopulationRun run, RunStatus status)
    {
        console.WriteLine();
        foreach (var (name, words) in Cells(run))
        {
            console.Write(new Text(name, new Style(decoration: Decoration.Bold)));
            console.WriteLine();
            console.Write(new Padder(new Text(words), new Padding(2, 0, 0, 0)));
        }

        console.WriteLine();
        foreach (var line in Closing(run, status))
        {
            console.WriteLine(line);
        }
    }

    /// <summary>Writes it as plain lines, one for each cell.</summary>
    internal static void Write(TextWriter output, PopulationRun run, RunStatus status)
    {
        foreach (var (name, words) in Cells(run))
        {
            output.WriteLine($"{name}: {words}");
        }

        foreach (var line in Closing(run, status))
        {
            output.WriteLine(line);
        }
    }

    private static IEnumerable<(string Name, string Words)> Cells(PopulationRun run) =>
        run.Histories.Take(MostCells).Select(h => (h.Cell.Name, new CellOutcome(h).InWords()));

    private static IEnumerable<string> Closing(PopulationRun run, RunStatus status)
    {
        var more = run.Histories.Count - MostCells;
        var counts = run.Histories.GroupBy(h => h.End?.Status).Where(g => g.Key is not null).OrderBy(g => g.Key)
            .Select(g => $"{g.Count()} {g.Key!.Value.ToString().ToLowerInvariant()}");
        yield return $"{ProgressText.Cells(run.Histories.Count)}: {string.Join(", ", counts)}{(more > 0 ? $"; {MostCells} of them are described above" : string.Empty)}.";
        if (run.EarlyEnds is { } words)
        {
            yield return words;
        }

        yield return $"{(status == RunStatus.Interrupted ? "Interrupted; the results so far" : "The results")} are in {run.Folder}: population.json has a row for each cell{(run.WritesCells ? ", cells/ its files" : string.Empty)}.";
        if (status == RunStatus.Interrupted)
        {
            yield return $"simulator run --output {run.Folder} --resume continues it.";
        }
    }
}
