using Simulator.Environment;
using Simulator.Protocol;

namespace Simulator.Cells;

/// <summary>What a phase of acting came to.</summary>
/// <param name="Reward">Sum of the rewards.</param>
/// <param name="Violations">Shares of clients that violated a constraint, means over the steps.</param>
public readonly record struct EpisodeTotals(double Reward, Violations Violations);

/// <summary>
/// A cell without its mailbox: physics, the running episode, and the order in which training, evaluation and the end follow each other.
/// </summary>
public sealed class CellSimulation
{
    /// <summary>Episodes that a run goes on after its reference stopping episode (the published stopped runs do).</summary>
    public const int EpisodesAfterStop = 101;

    private readonly CellOptions _options;
    private readonly CellEnvironment _environment;
    private readonly OffloadingAction[] _actions;
    private readonly ObservationStatistics? _statistics;
    private double _reward;
    private Violations _violations;
    private EpisodeTotals _evaluated;
    private int _lastEvaluation = -1;

    /// <summary>Makes a cell before its first episode.</summary>
    public CellSimulation(CellOptions options, int epoch)
    {
        _options = options;
        _environment = new CellEnvironment(options.Environment, options.Clients, options.Seed);
        _actions = new OffloadingAction[options.Clients];
        _statistics = options is { Learns: true, Mitigation.Observations: ObservationScale.Running } ? new ObservationStatistics() : null;
        Turn = new Turn(epoch, Phase.Training, 0, 0);
    }

    /// <summary>Where the cell is.</summary>
    public Turn Turn { get; private set; }

    /// <summary>Training episodes finished, learning included; in a cell that acts its episodes.</summary>
    public int FinishedEpisodes { get; private set; }

    /// <summary>The reference stopping episode: the first at which every agent had been frozen once; 0 where it has not come.</summary>
    public int StoppingEpisode { get; private set; }

    /// <summary>Scale of the exploration noise in the running episode; 0 in a cell that acts.</summary>
    public double Epsilon => _options.Learns ? _options.Exploration.Epsilon(Turn.Episode - 1) : 0;

    /// <summary>Whether the last training episode, as far as is known by now, is finished.</summary>
    public bool TrainingOver => FinishedEpisodes >= _options.Episodes || StoppedEarly;

    /// <summary>Whether training is over because all agents were frozen.</summary>
    public bool StoppedEarly => _options.Tracking.EarlyStop && StoppingEpisode > 0 && FinishedEpisodes >= StoppingEpisode + EpisodesAfterStop;

    /// <summary>Whether an evaluation is due before training goes on: before the first episode, every so many, and after the last. Where nothing is learned the first tells all.</summary>
    public bool EvaluationDue => _options.EvaluationEpisodes > 0
        && _lastEvaluation != FinishedEpisodes
        && (FinishedEpisodes == 0
            || (_options.Learns && (TrainingOver || (_options.Evaluation.Every > 0 && FinishedEpisodes % _options.Evaluation.Every == 0))));

    /// <summary>Mean rewards of the constant and greedy policies on the cell's evaluation episodes; empty without evaluation.</summary>
    public BaselineReward[] Baselines() => _options.EvaluationEpisodes == 0
        ? []
        : [.. Simulator.Environment.Baselines.Evaluate(_options.Environment, _options.Clients, _options.Seed, _options.EvaluationEpisodes).Select(b => new BaselineReward(b.Name, b.Reward, new Violations(b.ServerViolation, b.DeadlineViolation, b.EnergyViolation)))];

    /// <summary>Begins the next episode of training, or of acting.</summary>
    public void BeginEpisode() => Begin(_options.Learns ? Phase.Training : Phase.Acting, FinishedEpisodes + 1);

    /// <summary>Begins an evaluation at its first episode.</summary>
    public void BeginEvaluation()
    {
        _evaluated = default;
        Begin(Phase.Evaluation, 0);
    }

    /// <summary>Raw observations of all clients, [N, 7].</summary>
    public float[] Observe()
    {
        var observations = new float[_options.Clients * Observation.Width];
        _environment.CopyObservations(observations);
        return observations;
    }

    /// <summary>What networks scale observations by from a step on, [2, 7]; empty where that is not by running statistics. In training they take in the step's observations first.</summary>
    /// <param name="observations">What the clients see in the step, [N, 7].</param>
    public HostPayload Statistics(ReadOnlySpan<float> observations)
    {
        if (Turn.Phase == Phase.Training)
        {
            _statistics?.Observe(observations);
        }

        return CurrentStatistics;
    }

    /// <summary>The running statistics at this moment, [2, 7]; empty where there are none.</summary>
    public HostPayload CurrentStatistics => _statistics?.Numbers() ?? HostPayload.Empty;

    /// <summary>Steps the physics.</summary>
    /// <param name="selected">Who offloads, [N].</param>
    /// <param name="actions">Raw actions, [N, 3].</param>
    public StepResult Step(ReadOnlySpan<bool> selected, ReadOnlySpan<float> actions)
    {
        var refused = 0;
        for (var i = 0; i < _actions.Length; i++)
        {
            var raw = actions.Slice(i * ClientAction.Width, ClientAction.Width);
            _actions[i] = OffloadingAction.FromRaw(raw, selected[i]);
            refused += RawAction.Proposes(raw) && !selected[i] ? 1 : 0;
        }

        var result = _environment.Step(_actions);
        _reward += result.Reward;
        _violations = new Violations(
            _violations.Server + ((double)refused / _actions.Length), _violations.Deadline + result.DeadlineViolationRatio, _violations.Energy + result.EnergyViolationRatio);
        Turn = Turn with { Step = Turn.Step + 1 };
        return result;
    }

    /// <summary>What the episode came to so far.</summary>
    public EpisodeTotals Totals => Mean(new(_reward, _violations), 1, Turn.Step);

    /// <summary>Ends an episode after its learning.</summary>
    /// <param name="update">What was learned; null where there was no update.</param>
    public void EndEpisode(UpdateReport? update)
    {
        FinishedEpisodes = Turn.Episode;
        if (StoppingEpisode == 0 && update?.Actors is not null && Array.TrueForAll(update.Agents, a => a.Outcomes.ReferenceStop > 0))
        {
            StoppingEpisode = update.Agents.Max(a => a.Outcomes.ReferenceStop);
        }
    }

    /// <summary>Ends an evaluation episode, and begins the next where there is one.</summary>
    /// <returns>The means of all, where that was the last; else null.</returns>
    public EpisodeTotals? EndEvaluationEpisode()
    {
        var (sum, steps) = (_evaluated.Violations, Totals.Violations);
        _evaluated = new(_evaluated.Reward + _reward, new(sum.Server + steps.Server, sum.Deadline + steps.Deadline, sum.Energy + steps.Energy));
        var next = Turn.Episode + 1;
        if (next == _options.EvaluationEpisodes)
        {
            _lastEvaluation = FinishedEpisodes;
            return Mean(_evaluated, next, next);
        }

        Begin(Phase.Evaluation, next);
        return null;
    }

    /// <summary>Writes what it remembers from one episode to the next: the physics begins each anew.</summary>
    public void Save(StateWriter writer)
    {
        writer.Write([FinishedEpisodes, StoppingEpisode, _lastEvaluation]);
        _statistics?.Save(writer);
    }

    /// <summary>Goes on from what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It did not write that.</exception>
    public void Load(StateReader reader)
    {
        Span<int> counts = stackalloc int[3];
        reader.Read(counts);
        (FinishedEpisodes, StoppingEpisode, _lastEvaluation) = (counts[0], counts[1], counts[2]);
        Turn = new Turn(Turn.Epoch, Phase.Training, FinishedEpisodes, 0);
        _statistics?.Load(reader);
    }

    private static EpisodeTotals Mean(EpisodeTotals sums, int rewards, int ratios) => new(
        sums.Reward / rewards, new(sums.Violations.Server / ratios, sums.Violations.Deadline / ratios, sums.Violations.Energy / ratios));

    private void Begin(Phase phase, int episode)
    {
        Turn = new Turn(Turn.Epoch, phase, episode, 0);
        (_reward, _violations) = (0, default);
        if (phase == Phase.Evaluation)
        {
            _environment.ResetForEvaluation(episode);
        }
        else
        {
            _environment.Reset(episode);
        }
    }
}
