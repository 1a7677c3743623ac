using Simulator.Compute;
using Simulator.Environment;
using Simulator.Protocol;

namespace Simulator.Master;

/// <summary>
/// A master without its mailbox: the barrier of a step, selection, the running episode, the replay memory, and the minibatch of an update.
/// </summary>
public sealed class MasterAgent
{
    /// <summary>Stored episodes from which on each episode ends in an update.</summary>
    public const int EpisodesBeforeLearning = 2;

    private readonly MasterSettings _settings;
    private readonly JointInput _input;
    private readonly CandidateSelection _selection;
    private PrioritizedReplay? _replay;
    private readonly RewardScaling? _rewards;
    private readonly PopArt? _popArt;
    private readonly AsymmetryScale _asymmetry;
    private readonly EpisodeMemory _episode;
    private readonly int[] _slots;
    private float[]? _states;
    private float[]? _policies;
    private float[]? _actions;
    private int _proposals;
    private int _storedEpisodes;

    /// <summary>Makes a master with an empty memory.</summary>
    public MasterAgent(MasterSettings settings)
    {
        _settings = settings;
        _input = new JointInput(settings.Clients, settings.Scaling);
        _selection = new CandidateSelection(settings.Environment, settings.Selection, settings.Clients, settings.Seed);
        _replay = settings.Learns ? NewReplay(settings, 0, PrioritizedReplay.InitialBeta) : null;
        _rewards = settings.ScaleRewards ? new RewardScaling(settings.Learning.Gamma) : null;
        _popArt = settings.PopArtRate is { } rate ? new PopArt(rate) : null;
        _asymmetry = new AsymmetryScale(settings.Asymmetry, settings.AsymmetryBounds);
        _episode = new EpisodeMemory(settings.Clients);
        _slots = settings.Learns ? new int[settings.Learning.Batch] : [];
    }

    /// <summary>Transitions in the replay memory.</summary>
    public int Stored => _replay?.Count ?? 0;

    private PrioritizedReplay Replay => _replay ?? throw new InvalidOperationException("a master that only acts has no replay memory");

    private bool HasTargets => _settings.Learning.Tau < 1;

    private double RewardScale => _rewards?.Deviation ?? 1;

    /// <summary>What the actors' learning rate is multiplied by in this update.</summary>
    public double ActorRateFactor => _asymmetry.Factor;

    /// <summary>Whether the actors learn in an episode's update, or the critic alone.</summary>
    public bool ActorsLearn(int episode) => episode % _settings.ActorDelay == 0;

    /// <summary>The parameters that the critic starts with: those that were given, or drawn ones.</summary>
    public HostPayload Start() => _settings.Start ?? new HostPayload(InitialParameters());

    /// <summary>The critic's parameters as they are drawn, in the order of its layout; its last layer always starts small.</summary>
    public float[] InitialParameters() => InitialParameters(_settings.Critic, _settings.Seed);

    /// <summary>A critic's parameters as they are drawn, in the order of its layout.</summary>
    /// <param name="critic">Its architecture.</param>
    /// <param name="seed">Seed of the draws.</param>
    public static float[] InitialParameters(NetworkArchitecture critic, ulong seed)
    {
        var random = new RandomStream(seed, DrawPurpose.CriticWeights);
        return InitialWeights.Draw(critic.Layout, InitialWeights.SmallBound, bound => random.NextUniformSingle(-bound, bound));
    }

    /// <summary>A critic as it might have started, in the order of its layout: what dormant units take their new weights from.</summary>
    /// <param name="critic">Its architecture.</param>
    /// <param name="seed">Seed of the draws.</param>
    /// <param name="step">Steps that the critic has made.</param>
    public static float[] FreshParameters(NetworkArchitecture critic, ulong seed, long step)
    {
        var random = new RandomStream(seed, DrawPurpose.RecycledCriticWeights, episode: checked((int)step));
        return InitialWeights.Draw(critic.Layout, InitialWeights.SmallBound, bound => random.NextUniformSingle(-bound, bound));
    }

    /// <summary>Takes in all observations of a step.</summary>
    /// <param name="states">Raw observations, [N, 7].</param>
    /// <param name="statistics">Mean, then deviation of each column, which observations are scaled by from now on, [2, 7]; where it is empty, all stays as it is.</param>
    /// <returns>Whether all that a decision needs is there.</returns>
    public bool Begin(IPayload states, IPayload statistics)
    {
        if (statistics.Length > 0)
        {
            ReadOnlySpan<float> numbers = statistics.ToArray();
            _input.Scaling = new ObservationScaling(numbers[..Observation.Width], numbers[Observation.Width..]);
        }

        _states = states.ToArray();
        return StepComplete;
    }

    /// <summary>Takes in a client's proposal.</summary>
    /// <returns>Whether all that a decision needs is there.</returns>
    public bool Propose(int client, ClientAction policy, ClientAction explored)
    {
        _policies ??= new float[_settings.Clients * ClientAction.Width];
        _actions ??= new float[_settings.Clients * ClientAction.Width];
        policy.CopyTo(_policies.AsSpan(client * ClientAction.Width));
        explored.CopyTo(_actions.AsSpan(client * ClientAction.Width));
        _proposals++;
        return StepComplete;
    }

    /// <summary>Decides who offloads, where nobody need be valued.</summary>
    /// <param name="turn">The step.</param>
    /// <param name="query">Whom the critic must value first, where no decision is returned.</param>
    public CellProtocol.Decide? Decide(Turn turn, out CriticQuery? query)
    {
        query = null;
        var selected = new bool[_settings.Clients];
        var epsilon = turn.Phase == Phase.Training ? _settings.Epsilon(turn.Episode - 1) : 0;
        if (_selection.Choose(turn, _states, _actions, epsilon, selected) is not { } proposers)
        {
            return Decided(turn, selected);
        }

        var joint = new float[_input.Width];
        _input.WriteStates(joint, 0, _states);
        _input.WriteActions(joint, 0, _actions);
        query = new CriticQuery(joint, Array.ConvertAll(proposers, i => new Candidate(0, i)));
        return null;
    }

    /// <summary>Decides who offloads by value.</summary>
    /// <param name="turn">The step.</param>
    /// <param name="query">What <see cref="Decide(Turn, out CriticQuery?)"/> asked.</param>
    /// <param name="values">Q of its candidates.</param>
    public CellProtocol.Decide Decide(Turn turn, CriticQuery query, float[] values)
    {
        var selected = new bool[_settings.Clients];
        var proposers = new int[values.Length];
        for (var i = 0; i < proposers.Length; i++)
        {
            proposers[i] = query.Candidates.Span[i].Client;
        }

        _selection.Choose(_states, proposers, values, selected);
        return Decided(turn, selected);
    }

    /// <summary>Takes in what came of a training step.</summary>
    public void Outcome(double reward, IPayload nextStates, bool done)
    {
        _rewards?.Observe(reward, done);
        _episode.End(reward, nextStates.ToArray(), done);
    }

    /// <summary>Whom the critic must value before the episode can be stored.</summary>
    public CriticQuery ErrorQuery() => _episode.ErrorQuery(_input, HasTargets);

    /// <summary>The priority errors of the finished episode's transitions.</summary>
    /// <param name="query">What <see cref="ErrorQuery"/> gave.</param>
    /// <param name="values">Q of its candidates.</param>
    public double[] Errors(CriticQuery query, float[] values) => _episode.Errors(query, values, _settings.Learning.Gamma, RewardScale, _popArt?.Scale ?? ValueScale.None);

    /// <summary>Stores the finished episode.</summary>
    /// <param name="errors">What <see cref="Errors"/> gave.</param>
    /// <returns>False where an error is not finite: nothing was stored, the cell has diverged.</returns>
    public bool Store(double[] errors)
    {
        if (!Array.TrueForAll(errors, double.IsFinite))
        {
            return false;
        }

        _episode.MoveTo(Replay, errors);
        _storedEpisodes++;
        return true;
    }

    /// <summary>Draws the minibatch of an update; null before there are <see cref="EpisodesBeforeLearning"/> episodes.</summary>
    public UpdateRound? BeginUpdate(int episode)
    {
        if (_storedEpisodes < EpisodesBeforeLearning)
        {
            return null;
        }

        var size = _settings.Learning.Batch;
        var random = new RandomStream(_settings.Seed, DrawPurpose.Replay, episode: episode);
        var uniforms = new double[size];
        for (var b = 0; b < size; b++)
        {
            uniforms[b] = random.NextDouble();
        }

        var weights = new double[size];
        Replay.Sample(uniforms, _slots, weights);
        var arrays = new RentedArrays();
        return new UpdateRound(Minibatch.Of(Replay, _slots, _settings.Clients, RewardScale, weights, arrays), _input.Scaling, _selection.Limit, _settings.Learning.Gamma, _settings.Learning.Update == UpdateMode.Sequential, arrays)
        {
            Targets = HasTargets,
            Episode = episode,
            Smoothing = _settings.Smoothing,
            PopArt = _popArt,
        };
    }

    /// <summary>Takes the critic's errors on the minibatch into the priorities.</summary>
    /// <returns>The step with errors in the units of the rewards that the critic sees.</returns>
    public CriticStep Learned(CriticStep step)
    {
        if (_popArt?.Scale.Deviation is { } deviation)
        {
            step = step with { Errors = Array.ConvertAll(step.Errors, e => e * deviation * deviation) };
        }

        for (var b = 0; b < _slots.Length; b++)
        {
            Replay.UpdatePriority(_slots[b], step.Errors[b]);
        }

        return step;
    }

    /// <summary>Takes in an update in which the actors learned: from now on <see cref="ActorRateFactor"/> is the next one's.</summary>
    /// <returns>The report with the factor that this update was scaled by.</returns>
    public UpdateReport Learned(UpdateReport report)
    {
        report = report with { ActorRateFactor = ActorRateFactor };
        _asymmetry.Observe(report.Asymmetry);
        return report;
    }

    /// <summary>All that it would need to go on from an episode's boundary.</summary>
    /// <param name="critic">Its critic.</param>
    /// <param name="replayFrom">Number of the first transition that is wanted; an earlier checkpoint has those before it.</param>
    public MasterCheckpoint Remember(TrainingState critic, long replayFrom)
    {
        var writer = new StateWriter();
        Save(writer);
        return new MasterCheckpoint(critic, ReplaySegment.Since(Replay, replayFrom), Replay.Priorities(), Replay.Added, Replay.Beta, writer.ToArray());
    }

    /// <summary>Goes on from a checkpoint that holds all of its replay memory.</summary>
    /// <exception cref="InvalidDataException">It is of another cell.</exception>
    public void Restore(MasterCheckpoint checkpoint)
    {
        Load(new StateReader(checkpoint.Own));
        var replay = NewReplay(_settings, checkpoint.Added - checkpoint.Priorities.Length, checkpoint.Beta);
        ReplaySegment.Refill(replay, checkpoint.Replay, checkpoint.Priorities, checkpoint.Added);
        _replay = replay;
    }

    /// <summary>Writes what it remembers from one episode to the next, apart from its critic and its replay memory.</summary>
    public void Save(StateWriter writer)
    {
        writer.Write(_storedEpisodes);
        _rewards?.Save(writer);
        _popArt?.Save(writer);
        _asymmetry.Save(writer);
    }

    /// <summary>Goes on from what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It did not write that.</exception>
    public void Load(StateReader reader)
    {
        _storedEpisodes = reader.ReadInt32();
        _rewards?.Load(reader);
        _popArt?.Load(reader);
        _asymmetry.Load(reader);
    }

    private static PrioritizedReplay NewReplay(MasterSettings settings, long first, double beta) =>
        new(settings.Learning.Replay, settings.Clients, first, beta, settings.Learning.PriorityExponent);

    private bool StepComplete => _states is not null && _proposals == _settings.Clients;

    private CellProtocol.Decide Decided(Turn turn, bool[] selected)
    {
        var actions = _actions!;
        if (turn.Phase == Phase.Training)
        {
            _episode.Begin(_states!, _policies!, actions, selected);
        }

        // Nothing of a step is held to the next: a population has many masters that wait.
        (_states, _policies, _actions, _proposals) = (null, null, null, 0);
        return new CellProtocol.Decide(turn, selected, new HostPayload(actions));
    }
}
