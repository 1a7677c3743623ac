using Simulator.Cells;
using Simulator.Protocol;
using Simulator.Telemetry;

namespace Simulator.Lab;

/// <summary>What a run shows while it runs: how far each cell is (<see cref="PopulationProgress"/>), and the instruments that count. Told of each message after the cell's history, by one thread at a time.</summary>
internal sealed class LiveProgress
{
    private static readonly KeyValuePair<string, object?> Training = new("phase", "training");
    private static readonly KeyValuePair<string, object?> Acting = new("phase", "acting");
    private static readonly KeyValuePair<string, object?> Evaluation = new("phase", "evaluation");
    private static readonly KeyValuePair<string, object?> Actor = new("network", "actor");
    private static readonly KeyValuePair<string, object?> Critic = new("network", "critic");
    private static readonly KeyValuePair<string, object?>[] Actions = [.. OutputDiagnostics.Actions.Select(a => new KeyValuePair<string, object?>("action", a))];

    private readonly Layers[] _layers;

    internal LiveProgress(IReadOnlyList<PlannedCell> cells)
    {
        Progress = new PopulationProgress(cells.Select(Waiting));
        Begin(cells);
        var known = new Dictionary<(Compute.NetworkArchitecture, Compute.NetworkArchitecture), Layers>();
        _layers = [.. cells.Select(c =>
        {
            var key = (CellMembers.PolicyOf(c.Options), CellMembers.CriticOf(c.Options));
            return known.TryGetValue(key, out var layers) ? layers : known[key] = new Layers(key.Item1.Layout.Layers, key.Item2.Layout.Layers);
        })];
    }

    internal PopulationProgress Progress { get; }

    /// <summary>Shows a cell that begins, goes on from a checkpoint, or has ended.</summary>
    internal void Show(int cell, CellHistory history, CellActivity activity, double seconds)
    {
        var newest = history.Episodes.Count > 0 ? history.Episodes[^1] : null;
        Progress[cell] = Waiting(history.Cell) with
        {
            Activity = activity,
            Ending = history.End is { } end ? ResultFiles.StatusOf(end) : null,
            Episode = history.EpisodeCount,
            Seconds = seconds,
            Reward = history.RecentReward,
            LastReward = history.FinalReward,
            Epsilon = newest?.Epsilon,
            Violations = newest is null ? null : Shares(newest.Violations),
            Evaluation = history.Evaluations.Count > 0 ? history.Evaluations[^1].Reward : null,
            BestConstant = history.BestConstant?.Reward,
            Baselines = [.. history.Baselines.Select(b => KeyValuePair.Create(b.Name, b.Reward))],
            Saturation = history.LastUpdate?.Activations?.SaturationRatio,
            Agents = CellHistory.Count(history.LastUpdate),
            Transitions = Stored(history),
            Learning = history.LastUpdate is { } update ? Vitals(cell, update, null) : null,
        };
    }

    /// <summary>Takes in an episode.</summary>
    internal void Add(int cell, CellHistory history, PopulationProtocol.EpisodeFinished message, double seconds)
    {
        var before = Progress[cell];
        Progress[cell] = before with
        {
            Episode = message.Episode,
            Seconds = seconds,
            Reward = history.RecentReward,
            LastReward = message.Reward,
            Epsilon = before.Acts ? null : message.Epsilon,
            Violations = Shares(message.Violations),
            Saturation = message.Update?.Activations?.SaturationRatio ?? before.Saturation,
            Agents = message.Update?.Actors is null ? before.Agents : CellHistory.Count(message.Update),
            Transitions = Stored(history),
            Learning = message.Update is { } update ? Vitals(cell, update, before.Learning) : before.Learning,
        };
        var options = history.Cell.Options;
        Count(before.Acts ? Acting : Training, 1, options);
        Record(message.Reward, before.Acts ? Acting : Training);
        if (message.Update is { } learned)
        {
            Count(learned);
        }
    }

    /// <summary>Takes in an evaluation.</summary>
    internal void Add(int cell, CellHistory history, PopulationProtocol.Evaluated message)
    {
        Progress[cell] = Progress[cell] with { Evaluation = message.Reward };
        Count(Evaluation, history.Cell.Options.EvaluationEpisodes, history.Cell.Options);
        Record(message.Reward, Evaluation);
    }

    /// <summary>Records what an update did to some agents.</summary>
    internal static void Record(PopulationProtocol.AgentsLearned message)
    {
        if (!Instruments.Saturation.Enabled && !Instruments.Preactivation.Enabled)
        {
            return;
        }

        foreach (var outputs in message.Outputs)
        {
            Record(outputs.Offload, Actions[0]);
            Record(outputs.Cpu, Actions[1]);
            Record(outputs.Power, Actions[2]);
        }
    }

    /// <summary>Shows that a cell is paused, or goes on.</summary>
    internal void Pause(int cell, bool paused) => Progress[cell] = Progress[cell] with { Activity = paused ? CellActivity.Paused : CellActivity.Running };

    /// <summary>Shows that a cell has ended.</summary>
    internal void End(int cell, PopulationProtocol.CellEnded message) =>
        Progress[cell] = Progress[cell] with { Activity = CellActivity.Ended, Ending = ResultFiles.StatusOf(message) };

    /// <summary>Lets counters that may never count begin at zero: a series that is not there is no zero.</summary>
    private static void Begin(IReadOnlyList<PlannedCell> cells)
    {
        Instruments.Recoveries.Add(0);
        Instruments.Episodes.Add(0, cells.Any(c => c.Options.Learns) ? Training : Acting);
        if (cells.Any(c => c.Options.Learns))
        {
            Instruments.Clipped.Add(0, Actor);
            Instruments.Clipped.Add(0, Critic);
        }
    }

    private static CellProgress Waiting(PlannedCell cell) =>
        new(cell.Name, cell.Options.Episodes) { Acts = !cell.Options.Learns, Clients = cell.Options.Clients, Changed = [.. cell.Changed] };

    private static void Record(in ActionOutputs outputs, KeyValuePair<string, object?> action)
    {
        Instruments.Saturation.Record(outputs.Low90 + outputs.High90, action);
        Instruments.Preactivation.Record(outputs.Z50, action);
    }

    private static void Count(KeyValuePair<string, object?> phase, int episodes, CellOptions options)
    {
        long steps = (long)episodes * options.Environment.Steps;
        Instruments.Episodes.Add(episodes, phase);
        Instruments.EnvironmentSteps.Add(steps, phase);
        Instruments.ClientSteps.Add(steps * options.Clients, phase);
    }

    private static void Record(double reward, KeyValuePair<string, object?> phase)
    {
        if (double.IsFinite(reward))
        {
            Instruments.EpisodeCost.Record(-reward, phase);
        }
    }

    private static void Count(UpdateReport update)
    {
        Instruments.Updates.Add(1, Critic);
        Instruments.Clipped.Add(update.Critic.Clipped, Critic);
        if (update.Actors is { } actors)
        {
            Instruments.Updates.Add(update.Agents.Length, Actor);
            Instruments.Clipped.Add(actors.Clipped, Actor);
        }
    }

    private static ViolationShares Shares(Violations violations) => new(violations.Server, violations.Deadline, violations.Energy);

    private static long Stored(CellHistory history) => history.Cell.Options.Learns
        ? Math.Min((long)history.EpisodeCount * history.Cell.Options.Environment.Steps, history.Cell.Options.Learning.Replay)
        : 0;

    private static GradientVitals Norms(GradientReport report, IReadOnlyList<string> layers) =>
        new(report.GradientNorm, [.. layers.Zip(report.LayerNorms, KeyValuePair.Create)]);

    private LearningVitals Vitals(int cell, UpdateReport update, LearningVitals? before) => new()
    {
        CriticLoss = update.Critic.Loss,
        Critic = Norms(update.Critic, _layers[cell].Critic),
        Actors = update.Actors is { } actors ? Norms(actors, _layers[cell].Policy) : before?.Actors,
        Asymmetry = update.Actors is null ? before?.Asymmetry : update.Asymmetry,
        Sides = update.Outputs is { } outputs ? Sides(outputs) : before?.Sides,
        Agents = update.Actors is null ? before?.Agents ?? [] : Array.ConvertAll(update.Agents, a => new AgentVitals((AgentCondition)a.State, a.SaturationRatio, a.Slope, a.GradientNorm)),
    };

    private static SaturationSides Sides(OutputDiagnostics o) => new(
        Mean(o, a => a.Low90), Mean(o, a => a.High90), Mean(o, a => a.Low99), Mean(o, a => a.High99));

    private static double Mean(OutputDiagnostics outputs, Func<ActionOutputs, double> of) => (of(outputs.Offload) + of(outputs.Cpu) + of(outputs.Power)) / 3;

    /// <summary>Names of the layers of a cell's networks.</summary>
    private sealed record Layers(IReadOnlyList<string> Policy, IReadOnlyList<string> Critic);
}
