using Simulator.Telemetry;

namespace Simulator;

/// <summary>What the page of the population shows: all cells in sum, and those of one page.</summary>
/// <param name="Status">running, done, failed or interrupted; null before the run has begun.</param>
/// <param name="Folder">Folder of the results.</param>
/// <param name="Count">Number of cells.</param>
/// <param name="Waiting">Cells that have not begun.</param>
/// <param name="Running">Cells that run.</param>
/// <param name="Paused">Cells that were paused from outside.</param>
/// <param name="Ended">Cells that have ended.</param>
/// <param name="Endings">How many ended how.</param>
/// <param name="OnlyActs">Whether no cell learns.</param>
/// <param name="Agents">Agents by state, over all cells.</param>
/// <param name="First">Index of the first cell shown.</param>
/// <param name="Cells">The cells of the page.</param>
internal sealed record PopulationView(
    string? Status,
    string Folder,
    int Count,
    int Waiting,
    int Running,
    int Paused,
    int Ended,
    IReadOnlyList<KeyValuePair<string, int>> Endings,
    bool OnlyActs,
    AgentCounts Agents,
    int First,
    IReadOnlyList<CellProgress> Cells)
{
    /// <summary>Cells of one page.</summary>
    internal const int PageSize = 200;

    /// <summary>Number of pages.</summary>
    internal int Pages => Math.Max(1, (Count + PageSize - 1) / PageSize);

    /// <summary>Looks at a population.</summary>
    /// <param name="watched">The run.</param>
    /// <param name="page">The page, from 1; one that is not there is the nearest.</param>
    internal static PopulationView Of(Watched watched, int page)
    {
        if (watched.Run is not { } run)
        {
            return new PopulationView(null, string.Empty, 0, 0, 0, 0, 0, [], false, default, 0, []);
        }

        var cells = run.Progress.Snapshot();
        var activities = new int[Enum.GetValues<CellActivity>().Length];
        var endings = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var (learning, saturated, dead, frozen, onlyActs) = (0, 0, 0, 0, true);
        foreach (var cell in cells)
        {
            activities[(int)cell.Activity]++;
            if (cell is { Activity: CellActivity.Ended, Ending: { } ending })
            {
                endings[ending] = endings.GetValueOrDefault(ending) + 1;
            }

            learning += cell.Agents.Learning;
            saturated += cell.Agents.Saturated;
            dead += cell.Agents.Dead;
            frozen += cell.Agents.Frozen;
            onlyActs &= cell.Acts;
        }

        var first = PageSize * (Math.Clamp(page, 1, Math.Max(1, (cells.Count + PageSize - 1) / PageSize)) - 1);
        return new PopulationView(
            run.StatusWord, run.Folder, cells.Count, activities[(int)CellActivity.Waiting], activities[(int)CellActivity.Running], activities[(int)CellActivity.Paused], activities[(int)CellActivity.Ended], [.. endings], onlyActs, new AgentCounts(learning, saturated, dead, frozen), first, [.. cells.Skip(first).Take(PageSize)]);
    }
}
