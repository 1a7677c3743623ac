using Simulator.Lab.Live;
using Simulator.Protocol;
using Simulator.Telemetry;

namespace Simulator;

/// <summary>What a cell's page shows.</summary>
/// <param name="Progress">How far the cell is.</param>
/// <param name="Series">It over its episodes.</param>
/// <param name="Map">The saturation of its agents over time.</param>
/// <param name="Agents">Its agents at their newest update.</param>
/// <param name="Worst">Their indices, the most saturated first.</param>
/// <param name="Fault">Why something is missing; null where nothing is.</param>
internal sealed record CellView(CellProgress Progress, CellSeries Series, SaturationMap Map, IReadOnlyList<AgentSample> Agents, IReadOnlyList<int> Worst, string? Fault);

/// <summary>What an agent's page shows.</summary>
/// <param name="Progress">How far its cell is.</param>
/// <param name="Series">The agent over time.</param>
/// <param name="Newest">The agent at its newest update; null before the first.</param>
/// <param name="Fault">Why something is missing; null where nothing is.</param>
internal sealed record AgentView(CellProgress Progress, AgentSeries Series, AgentSample? Newest, string? Fault);

/// <summary>
/// Computes what pages show of cells and agents, beside the threads of pages, and once for all pages and as long as nothing new is told: a cell's progress is replaced as a whole, so that it is what the rest is of.
/// </summary>
internal sealed class CellViews(Watched watched)
{
    /// <summary>How many cells and agents are kept for the next page that asks.</summary>
    private const int MostKept = 16;

    private readonly Lock _lock = new();
    private readonly Dictionary<(int Cell, int? Agent), (CellProgress Version, Task<object> View)> _views = [];
    private readonly List<(int Cell, int? Agent)> _newestLast = [];

    /// <summary>What was last computed of a cell, for a page that has nothing yet; null where nothing was.</summary>
    internal CellView? Kept(int cell) => Kept((cell, null)) as CellView;

    /// <summary>Of an agent, likewise.</summary>
    internal AgentView? Kept(int cell, int agent) => Kept((cell, (int?)agent)) as AgentView;

    /// <summary>A cell; null where there is none of the index, or no run yet.</summary>
    internal async Task<CellView?> CellAsync(int cell) => watched.Run is { } run && cell >= 0 && cell < run.Progress.Count
        ? (CellView)await KeptAsync((cell, null), run.Progress[cell], progress => LookAtCellAsync(cell, progress)).ConfigureAwait(false)
        : null;

    /// <summary>An agent; null where there is none of the index, or no run yet.</summary>
    internal async Task<AgentView?> AgentAsync(int cell, int agent) => watched.Run is { } run && cell >= 0 && cell < run.Progress.Count && agent >= 0 && agent < run.Progress[cell].Clients
        ? (AgentView)await KeptAsync((cell, agent), run.Progress[cell], progress => LookAtAgentAsync(cell, agent, progress)).ConfigureAwait(false)
        : null;

    private object? Kept((int Cell, int? Agent) key)
    {
        lock (_lock)
        {
            return _views.TryGetValue(key, out var kept) && kept.View.IsCompletedSuccessfully ? kept.View.Result : null;
        }
    }

    private Task<object> KeptAsync((int Cell, int? Agent) key, CellProgress version, Func<CellProgress, Task<object>> look)
    {
        lock (_lock)
        {
            _newestLast.Remove(key);
            _newestLast.Add(key);
            if (_views.TryGetValue(key, out var kept) && (ReferenceEquals(kept.Version, version) || !kept.View.IsCompleted))
            {
                return kept.View;
            }

            var view = Task.Run(() => look(version));
            _views[key] = (version, view);
            if (_newestLast.Count > MostKept)
            {
                _views.Remove(_newestLast[0]);
                _newestLast.RemoveAt(0);
            }

            return view;
        }
    }

    private async Task<object> LookAtCellAsync(int cell, CellProgress progress)
    {
        var look = watched.Run!.Look(cell);
        var (rows, fault) = await TryAsync(look.RowsAsync, look).ConfigureAwait(false);
        var agents = look.LastUpdate?.Agents ?? [];
        return new CellView(progress, CellSeries.Of(look), SaturationMap.Of(rows), agents, SaturationMap.WorstFirst(agents), fault);
    }

    private async Task<object> LookAtAgentAsync(int cell, int agent, CellProgress progress)
    {
        var look = watched.Run!.Look(cell);
        var (moments, fault) = await TryAsync(() => look.AgentAsync(agent), look).ConfigureAwait(false);
        return new AgentView(progress, AgentSeries.Of(moments), look.LastUpdate?.Agents is { } agents && agent < agents.Length ? agents[agent] : null, fault);
    }

    private static async Task<(IReadOnlyList<T> Rows, string? Fault)> TryAsync<T>(Func<Task<IReadOnlyList<T>>> read, CellLook look)
    {
        try
        {
            return (await read().ConfigureAwait(false), null);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return ([], $"{look.RowsFile} cannot be read: {fault.Message}");
        }
    }
}
