namespace Simulator.Telemetry;

/// <summary>What a cell of a population is doing.</summary>
public enum CellActivity
{
    /// <summary>It has not begun.</summary>
    Waiting,

    /// <summary>It runs.</summary>
    Running,

    /// <summary>It has ended; <see cref="CellProgress.Ending"/> tells how.</summary>
    Ended,
}

/// <summary>How many agents are in each state.</summary>
/// <param name="Learning">Agents that learn.</param>
/// <param name="Saturated">Agents whose outputs are saturated.</param>
/// <param name="Dead">Agents whose gradient has vanished.</param>
/// <param name="Frozen">Agents whose parameters have stopped moving.</param>
public readonly record struct AgentCounts(int Learning, int Saturated, int Dead, int Frozen);

/// <summary>How far one cell is; replaced as a whole.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Episodes">Episodes that it will run at most.</param>
public sealed record CellProgress(string Name, int Episodes)
{
    /// <summary>Whether it only acts: then there is nothing to tell of learning.</summary>
    public bool Acts { get; init; }

    /// <summary>What it is doing.</summary>
    public CellActivity Activity { get; init; }

    /// <summary>How it ended; null before that.</summary>
    public string? Ending { get; init; }

    /// <summary>Episodes finished.</summary>
    public int Episode { get; init; }

    /// <summary>Seconds since it began, at the last episode.</summary>
    public double Seconds { get; init; }

    /// <summary>Mean reward of the last ten training episodes; null before the first.</summary>
    public double? Reward { get; init; }

    /// <summary>Mean reward of the last evaluation, without exploration; null before the first.</summary>
    public double? Evaluation { get; init; }

    /// <summary>Mean reward of the best constant policy on the evaluation episodes; null without evaluation.</summary>
    public double? BestConstant { get; init; }

    /// <summary>Share of saturated outputs at the last update; null before the first.</summary>
    public double? Saturation { get; init; }

    /// <summary>Agents by state at the last update.</summary>
    public AgentCounts Agents { get; init; }

    /// <summary>Seconds to its last episode at the pace so far; null where nothing can be said.</summary>
    public double? SecondsLeft => Activity == CellActivity.Running && Episode > 0 ? Seconds / Episode * (Episodes - Episode) : null;
}

/// <summary>
/// How far a population is, for whoever shows it: written by the recorder of a run, read from any thread without waiting.
/// </summary>
public sealed class PopulationProgress
{
    private readonly CellProgress[] _cells;

    /// <summary>Makes the progress of a population in which nothing has begun.</summary>
    public PopulationProgress(IEnumerable<CellProgress> cells) => _cells = [.. cells];

    /// <summary>Number of cells.</summary>
    public int Count => _cells.Length;

    /// <summary>How far a cell is.</summary>
    public CellProgress this[int cell]
    {
        get => Volatile.Read(ref _cells[cell]);
        set => Volatile.Write(ref _cells[cell], value);
    }

    /// <summary>How far all cells are, each as it was at some moment during the call.</summary>
    public IReadOnlyList<CellProgress> Snapshot()
    {
        var snapshot = new CellProgress[_cells.Length];
        for (var i = 0; i < snapshot.Length; i++)
        {
            snapshot[i] = this[i];
        }

        return snapshot;
    }
}
