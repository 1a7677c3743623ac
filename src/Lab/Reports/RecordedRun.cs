namespace Simulator.Lab.Reports;

/// <summary>A run as its folder tells it.</summary>
/// <param name="Label">Name that its cells carry where several runs are compared: the folder's.</param>
/// <param name="Folder">Path, as it was given.</param>
/// <param name="Name">Name of the scenario.</param>
/// <param name="Status">done, failed, interrupted or running, as the manifest says; null without one.</param>
/// <param name="Versions">Program, machine and time in words, from the manifest; empty without one.</param>
/// <param name="Planned">Cells that the run was to have.</param>
/// <param name="Settings">The resolved scenario by dotted keys, without the sweep; empty where it is missing.</param>
/// <param name="Scenario">Text of scenario.yaml; null where it is missing.</param>
/// <param name="Cells">The cells that the run knows of.</param>
/// <param name="Missing">Files that should be there and are not, relative to the folder.</param>
internal sealed record RecordedRun(
    string Label,
    string Folder,
    string Name,
    string? Status,
    IReadOnlyList<string> Versions,
    int Planned,
    IReadOnlyDictionary<string, string> Settings,
    string? Scenario,
    IReadOnlyList<RecordedCell> Cells,
    IReadOnlyList<string> Missing)
{
    /// <summary>How often somebody did something to its cells that results depend on.</summary>
    public int Interventions { get; init; }
}

/// <summary>A cell as its row in population.json and its files tell it. Absent numbers are null.</summary>
internal sealed record RecordedCell
{
    private readonly EpisodeFacts? _facts;

    /// <summary>Name of the cell.</summary>
    public required string Name { get; init; }

    /// <summary>Label of its run.</summary>
    public required string Run { get; init; }

    /// <summary>What its run is compared by: the label of it and of the runs that are its seeds; null where there is nothing to compare.</summary>
    public string? Group { get; init; }

    /// <summary>Seed.</summary>
    public ulong Seed { get; init; }

    /// <summary>Whether it learned, rather than only acted.</summary>
    public bool Learns { get; init; } = true;

    /// <summary>Learning rate of the actors.</summary>
    public double ActorRate { get; init; }

    /// <summary>Learning rate of the critic.</summary>
    public double CriticRate { get; init; }

    /// <summary>The swept keys with their values.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>completed, stopped, interrupted, diverged or failed.</summary>
    public required string Status { get; init; }

    /// <summary>Why it diverged or failed; null otherwise.</summary>
    public string? Detail { get; init; }

    /// <summary>Episodes that it did.</summary>
    public int Episodes { get; init; }

    /// <summary>The reference stopping episode; null where it never stopped.</summary>
    public int? StoppingEpisode { get; init; }

    /// <summary>Share of saturated outputs at the last update.</summary>
    public double? Saturation { get; init; }

    /// <summary>Mean reward of its episodes.</summary>
    public double? MeanReward { get; init; }

    /// <summary>Mean reward of the evaluation after its last episode, without exploration; null where it was not evaluated since.</summary>
    public double? Evaluation { get; init; }

    /// <summary>Mean reward of the best constant policy on the evaluation episodes.</summary>
    public double? BestConstant { get; init; }

    /// <summary>Its folder; null where it has no files.</summary>
    public string? Folder { get; init; }

    /// <summary>results.json; null where it is missing.</summary>
    public CellResults? Results { get; init; }

    /// <summary>tracking_data.json: the layers' gradients; empty where it is missing.</summary>
    public IReadOnlyList<LayerGradients> Layers { get; init; } = [];

    /// <summary>episodes.parquet, reduced to the windows of the report's curves; null where it is missing.</summary>
    public ColumnTable? EpisodeTable { get; init; }

    /// <summary>What the whole table says; null where it is missing.</summary>
    public EpisodeFacts? Facts
    {
        get => _facts ?? EpisodeFacts.Of(EpisodeTable, Episodes);
        init => _facts = value;
    }

    /// <summary>agents.parquet; null where it is missing, or no figure draws it.</summary>
    public ColumnTable? AgentTable { get; init; }

    /// <summary>The settings of its run, sweep aside; null where scenario.yaml is missing.</summary>
    public IReadOnlyDictionary<string, string>? RunSettings { get; init; }

    /// <summary>A setting of it: swept, of its run, or the default; null where there is no such key.</summary>
    internal string? Setting(string key) => Parameters.GetValueOrDefault(key) ?? RunSettings?.GetValueOrDefault(key) ?? SettingsReader.Defaults.GetValueOrDefault(key);

    /// <summary>Whether it came to an end of its own: all episodes, stopped, or diverged.</summary>
    public bool IsDone => Status is "completed" or "stopped" or "diverged";

    /// <summary>Whether its policies are what its training was to make of them: all episodes, or stopped.</summary>
    public bool IsFinished => Status is "completed" or "stopped";

    /// <summary>Whether it ended without having stopped, and not by doing all its episodes: whether it would have stopped is not known.</summary>
    public bool EndedOpen => StoppingEpisode is null && !IsFinished;

    /// <summary>How it ended, where it was not by doing all its episodes or stopping: diverged, failed or cut off.</summary>
    internal string EarlyEnd => Status is "diverged" or "failed" ? Status : "cut off";

    /// <summary>Updates W in a row that make a gradient death or a freeze.</summary>
    public int Window { get; init; } = 10;

    /// <summary>|a| above which an output counts as saturated.</summary>
    public double Threshold { get; init; } = 0.9;

    /// <summary>Episodes at the end in which a freeze or a gradient death can begin without being seen: both are dated to the first of W updates.</summary>
    public int Unseen { get; init; } = 9;
}

/// <summary>results.json of a cell.</summary>
/// <param name="Rewards">Reward of each training episode.</param>
/// <param name="Stopped">Reference stopping episode of each agent, [N]; null where it never came, as in the next three.</param>
/// <param name="Onset">Episode of each agent's saturation onset.</param>
/// <param name="GradientDeath">Episode of each agent's gradient death.</param>
/// <param name="Freeze">Episode of each agent's freeze.</param>
/// <param name="Evaluations">Evaluations without exploration, in order.</param>
/// <param name="Baselines">Mean reward of the constant and greedy policies on the evaluation episodes.</param>
/// <param name="BaselineViolations">Their violation ratios.</param>
internal sealed record CellResults(
    double?[] Rewards,
    int?[] Stopped,
    int?[] Onset,
    int?[] GradientDeath,
    int?[] Freeze,
    IReadOnlyList<RecordedEvaluation> Evaluations,
    IReadOnlyDictionary<string, double> Baselines,
    IReadOnlyDictionary<string, Violations> BaselineViolations)
{
    /// <summary>The evaluation that was made after an episode, the last; null where the last one was made before.</summary>
    internal RecordedEvaluation? EvaluationAfter(int episode) => episode > 0 && Evaluations is [.., var last] && last.Episode >= episode ? last : null;
}

/// <summary>Shares of clients that violate a constraint; null where it was not measured.</summary>
internal readonly record struct Violations(double? Server, double? Deadline, double? Energy);

/// <summary>An evaluation without exploration.</summary>
/// <param name="Episode">Finished training episodes.</param>
/// <param name="Reward">Mean reward of its episodes.</param>
/// <param name="Violations">Mean violation ratios.</param>
internal sealed record RecordedEvaluation(int Episode, double? Reward, Violations Violations);

/// <summary>L2 norms of the layers' gradients at one update.</summary>
/// <param name="Episode">Episode of the update.</param>
/// <param name="Actor">Root mean square over the agents, by layer.</param>
/// <param name="Critic">By layer.</param>
internal sealed record LayerGradients(int Episode, IReadOnlyDictionary<string, double> Actor, IReadOnlyDictionary<string, double> Critic);
