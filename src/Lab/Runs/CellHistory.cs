using Simulator.Protocol;

namespace Simulator.Lab;

/// <summary>Each agent after an episode's update.</summary>
/// <param name="Episode">The episode, from 1.</param>
/// <param name="Samples">Each agent in short, [N].</param>
/// <param name="Outputs">Its outputs, [N].</param>
public sealed record AgentRows(int Episode, AgentSample[] Samples, OutputDiagnostics[] Outputs);

/// <summary>What one cell has told so far: all that its result files are made of.</summary>
/// <param name="cell">The cell.</param>
/// <param name="keepsEpisodes">Whether each episode is kept, for files of the cell's own; else only what they came to.</param>
public sealed class CellHistory(PlannedCell cell, bool keepsEpisodes = true)
{
    /// <summary>Episodes that <see cref="RecentReward"/> is taken over.</summary>
    private const int Recent = ResultFiles.TrackingInterval;

    /// <summary>Episodes from one row of each agent to the next, where the actors learn after each of them.</summary>
    private const int AgentInterval = 10;

    private readonly double[] _recent = new double[Recent];
    private readonly List<AgentRows> _agents = [];
    private double _sum;
    private OutputDiagnostics[] _outputs = [];
    private AgentRows? _newest;
    private readonly Dictionary<int, float[]> _parameters = [];

    /// <summary>The cell as planned.</summary>
    public PlannedCell Cell => cell;

    /// <summary>Its epoch: how often it was brought back.</summary>
    public int Epoch { get; private set; }

    /// <summary>Whether it ever began: one that did not has no files.</summary>
    public bool Begun { get; private set; }

    /// <summary>Whether it has a folder with files.</summary>
    public bool HasFiles { get; internal set; }

    /// <summary>Whether its networks are among them; those of an earlier life of the run are not, once it goes on.</summary>
    public bool HasNetworks { get; internal set; }

    /// <summary>Mean rewards of the constant and greedy policies on its evaluation episodes.</summary>
    public IReadOnlyList<BaselineReward> Baselines { get; private set; } = [];

    /// <summary>Number of its episodes.</summary>
    public int EpisodeCount { get; private set; }

    /// <summary>Reward of its newest episode; null before the first.</summary>
    public double? FinalReward => EpisodeCount > 0 ? _recent[(EpisodeCount - 1) % Recent] : null;

    /// <summary>Mean reward of its episodes; null before the first.</summary>
    public double? MeanReward => EpisodeCount > 0 ? _sum / EpisodeCount : null;

    /// <summary>Mean reward of its last ten episodes; null before the first.</summary>
    public double? RecentReward => EpisodeCount > 0 ? _recent.AsSpan(0, Math.Min(EpisodeCount, Recent)).ToArray().Average() : null;

    /// <summary>Its episodes, in order; empty where they are not kept.</summary>
    public List<PopulationProtocol.EpisodeFinished> Episodes { get; } = [];

    /// <summary>Agents by state after each episode, in the order of <see cref="Episodes"/>.</summary>
    public List<Telemetry.AgentCounts> States { get; } = [];

    /// <summary>
    /// Each agent after the actors' first update at or behind each tenth episode, and after the last episode where they learned after it, for <c>agents.parquet</c>; empty where episodes are not kept.
    /// </summary>
    internal IEnumerable<AgentRows> Agents => _newest is { } newest && newest.Episode == EpisodeCount && _agents.LastOrDefault()?.Episode != newest.Episode ? _agents.Append(newest) : _agents;

    /// <summary>Its evaluations, in order.</summary>
    public List<PopulationProtocol.Evaluated> Evaluations { get; } = [];

    /// <summary>How it ended; null while it runs.</summary>
    public PopulationProtocol.CellEnded? End { get; internal set; }

    /// <summary>The newest update in which the actors learned; null before the first.</summary>
    public UpdateReport? LastUpdate { get; private set; }

    /// <summary>The reference stopping episode: the first at which every agent had been frozen once; null where it has not come.</summary>
    public int? StoppingEpisode => LastUpdate is { } update && Array.TrueForAll(update.Agents, a => a.Outcomes.ReferenceStop > 0)
        ? update.Agents.Max(a => a.Outcomes.ReferenceStop)
        : null;

    /// <summary>The best of the constant policies; null without evaluation. The greedy rule is none of them.</summary>
    public BaselineReward? BestConstant => BestConstantOf(Baselines);

    /// <summary>Episode at or behind which the next update's agents are kept.</summary>
    internal int AgentsDue { get; private set; } = RowAfter(0);

    /// <summary>Episode at or behind which the agents of an update are kept, where they were last behind another one.</summary>
    internal static int RowAfter(int episode) => episode - (episode % AgentInterval) + AgentInterval;

    /// <summary>Begins, or begins anew: what was told of an older epoch is void.</summary>
    internal void Begin(PopulationProtocol.CellStarted message)
    {
        Begun = true;
        Epoch = message.Epoch;
        Baselines = message.Baselines;
        Episodes.Clear();
        EpisodeCount = 0;
        _sum = 0;
        Evaluations.Clear();
        States.Clear();
        _agents.Clear();
        _newest = null;
        AgentsDue = RowAfter(0);
        _parameters.Clear();
        LastUpdate = null;
        HasNetworks = false;
        End = null;
    }

    /// <summary>Goes on from what was stored of it: what is told from now on belongs to another epoch.</summary>
    internal void Continue(PopulationProtocol.CellStarted message) => (Epoch, HasNetworks) = (message.Epoch, false);

    /// <summary>Takes in an episode.</summary>
    internal void Add(PopulationProtocol.EpisodeFinished message) =>
        Add(message, Count(message.Update is null ? null : message.Update.Actors is null ? LastUpdate : message.Update));

    /// <summary>Takes in an episode.</summary>
    /// <param name="message">The episode; its update may come without the agents.</param>
    /// <param name="states">Agents by state after it.</param>
    internal void Add(PopulationProtocol.EpisodeFinished message, Telemetry.AgentCounts states)
    {
        // Each agent is kept of the newest update and of those that are rows: the per-agent outcomes in it are cumulative.
        LastUpdate = message.Update?.Actors is null ? LastUpdate : message.Update;
        _recent[EpisodeCount++ % Recent] = message.Reward;
        _sum += message.Reward;
        if (!keepsEpisodes)
        {
            return;
        }

        Episodes.Add(WithoutAgents(message));
        States.Add(states);
        if (message.Update is not { Agents.Length: > 0 } update)
        {
            return;
        }

        _newest = new AgentRows(message.Episode, update.Agents, _outputs);
        if (message.Episode >= AgentsDue)
        {
            _agents.Add(_newest);
            AgentsDue = RowAfter(message.Episode);
        }
    }

    internal void Add(PopulationProtocol.AgentsLearned message)
    {
        if (!keepsEpisodes)
        {
            return;
        }

        // The arrays of rows that are kept stay as they are.
        _outputs = message.First == 0 ? new OutputDiagnostics[cell.Options.Clients] : _outputs;
        message.Outputs.CopyTo(_outputs, message.First);
    }

    /// <summary>Takes in agent by agent what the newest update told in which the actors learned.</summary>
    internal void RenewUpdate(PopulationProtocol.EpisodeFinished message)
    {
        LastUpdate = message.Update;
        _newest = new AgentRows(message.Episode, message.Update!.Agents, _outputs);
    }

    /// <summary>An episode without what its update tells of each agent.</summary>
    internal static PopulationProtocol.EpisodeFinished WithoutAgents(PopulationProtocol.EpisodeFinished message) =>
        message with { Update = message.Update is { } u ? u with { Agents = [] } : null };

    internal void Add(PopulationProtocol.Evaluated message) => Evaluations.Add(message);

    internal void Add(CellProtocol.Parameters part)
    {
        if (!_parameters.TryGetValue(part.Owner, out var values))
        {
            _parameters.Add(part.Owner, values = new float[part.Total]);
        }

        part.Values.CopyTo(values.AsSpan(part.Offset));
    }

    /// <summary>Final parameters of a client's policy, or of the critic; null where the cell did not hand them over.</summary>
    public float[]? Parameters(int owner) => _parameters.GetValueOrDefault(owner);

    /// <summary>What it has told, for whoever shows it: references, copied in microseconds.</summary>
    /// <param name="rowsFile">Path of agents.parquet.</param>
    internal Live.CellLook Look(string rowsFile) => new(
        cell, Baselines, [.. Episodes], [.. States], [.. Evaluations], [.. Agents], LastUpdate, End, HasFiles && _newest is null && LastUpdate is not null ? rowsFile : null);

    /// <summary>Lets go of the parameters and of the agents' rows, once they are written.</summary>
    internal void DropWritten()
    {
        _parameters.Clear();
        _agents.Clear();
        _agents.Capacity = 0;
        _newest = null;
    }

    internal static BaselineReward? BestConstantOf(IReadOnlyList<BaselineReward> baselines) => baselines.Where(b => Simulator.Environment.Baselines.IsConstant(b.Name)).MaxBy(b => b.Reward);

    internal static Telemetry.AgentCounts Count(UpdateReport? update)
    {
        if (update is null)
        {
            return default;
        }

        Span<int> counts = stackalloc int[4];
        foreach (var agent in update.Agents)
        {
            counts[(int)agent.State]++;
        }

        return new Telemetry.AgentCounts(
            counts[(int)AgentState.Learning], counts[(int)AgentState.Saturated], counts[(int)AgentState.Dead], counts[(int)AgentState.Frozen]);
    }
}
