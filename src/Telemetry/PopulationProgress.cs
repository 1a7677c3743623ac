namespace Simulator.Telemetry;

/// <summary>What a cell of a population is doing.</summary>
public enum CellActivity
{
    /// <summary>It has not begun.</summary>
    Waiting,

    /// <summary>It runs.</summary>
    Running,

    /// <summary>It was paused from outside.</summary>
    Paused,

    /// <summary>It has ended; <see cref="CellProgress.Ending"/> tells how.</summary>
    Ended,
}

/// <summary>How many agents are in each state.</summary>
/// <param name="Learning">Agents that learn.</param>
/// <param name="Saturated">Agents whose outputs are saturated.</param>
/// <param name="Dead">Agents whose gradient has vanished.</param>
/// <param name="Frozen">Agents whose parameters have stopped moving.</param>
public readonly record struct AgentCounts(int Learning, int Saturated, int Dead, int Frozen);

/// <summary>How an agent's learning stands: the first that holds, from the end of this list.</summary>
public enum AgentCondition : byte
{
    /// <summary>None of the others.</summary>
    Learning,

    /// <summary>Its outputs are saturated.</summary>
    Saturated,

    /// <summary>Its gradient has vanished.</summary>
    Dead,

    /// <summary>Its parameters have stopped moving.</summary>
    Frozen,
}

/// <summary>One agent at its last update.</summary>
/// <param name="Condition">How its learning stands.</param>
/// <param name="Saturation">Share of saturated outputs.</param>
/// <param name="Slope">Mean da/dz.</param>
/// <param name="GradientNorm">L2 norm of its gradient, before clipping.</param>
public readonly record struct AgentVitals(AgentCondition Condition, float Saturation, float Slope, float GradientNorm);

/// <summary>A gradient's L2 norms.</summary>
/// <param name="Norm">Of the whole network; of actors the root mean square over agents.</param>
/// <param name="Layers">Of its layers, by name.</param>
public sealed record GradientVitals(double Norm, IReadOnlyList<KeyValuePair<string, double>> Layers);

/// <summary>Shares of outputs beyond two thresholds, on either side.</summary>
/// <param name="Low90">a &lt; -0.9.</param>
/// <param name="High90">a &gt; 0.9.</param>
/// <param name="Low99">a &lt; -0.99.</param>
/// <param name="High99">a &gt; 0.99.</param>
public readonly record struct SaturationSides(double Low90, double High90, double Low99, double High99);

/// <summary>What a cell's last update told; never changed.</summary>
public sealed record LearningVitals
{
    /// <summary>Loss of the critic before its step.</summary>
    public double CriticLoss { get; init; }

    /// <summary>The critic's gradient.</summary>
    public required GradientVitals Critic { get; init; }

    /// <summary>The actors' gradients; null before their first step.</summary>
    public GradientVitals? Actors { get; init; }

    /// <summary>Root mean square of the actors' gradient norms over the critic's; null where the critic's is zero, or the actors have made no step.</summary>
    public double? Asymmetry { get; init; }

    /// <summary>Saturation by side, mean over agents and actions; null before the actors' first step.</summary>
    public SaturationSides? Sides { get; init; }

    /// <summary>Each agent, [N]; empty before the actors' first step.</summary>
    public IReadOnlyList<AgentVitals> Agents { get; init; } = [];
}

/// <summary>Shares of clients that violated a constraint.</summary>
/// <param name="Server">Those whose task the server refused.</param>
/// <param name="Deadline">Those that were late.</param>
/// <param name="Energy">Those with a battery below the reserve.</param>
public readonly record struct ViolationShares(double Server, double Deadline, double Energy);

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

    /// <summary>Number of its clients.</summary>
    public int Clients { get; init; }

    /// <summary>What its configuration changes, by key.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Changed { get; init; } = [];

    /// <summary>Reward of the last training episode; null before the first.</summary>
    public double? LastReward { get; init; }

    /// <summary>Scale of the exploration noise in the last training episode; null before the first.</summary>
    public double? Epsilon { get; init; }

    /// <summary>Constraints in the last training episode; null before the first.</summary>
    public ViolationShares? Violations { get; init; }

    /// <summary>Mean rewards of the policies without learning, by name.</summary>
    public IReadOnlyList<KeyValuePair<string, double>> Baselines { get; init; } = [];

    /// <summary>Transitions in the replay memory.</summary>
    public long Transitions { get; init; }

    /// <summary>The last update; null before the first.</summary>
    public LearningVitals? Learning { get; init; }

    /// <summary>What a cell is doing, in a word: waiting, running, paused, ended.</summary>
    public static string WordOf(CellActivity activity) =>
        activity switch { CellActivity.Waiting => "waiting", CellActivity.Running => "running", CellActivity.Paused => "paused", _ => "ended" };

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
