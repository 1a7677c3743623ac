using Simulator.Compute;
using Simulator.Environment;
using Simulator.Protocol;

namespace Simulator.Master;

/// <summary>
/// One update of a cell on one minibatch, from the master's side (ccm-madrl, section 5): what each client is asked, what the critic learns, and what each client's action should
/// change by. The calls come in this order: actions of all clients, targets, critic step, then gradients, for all clients at once or one after the other. What the payloads, queries and
/// lessons hold is used again after <see cref="Dispose"/>: by then all who were asked must have answered.
/// </summary>
public sealed class UpdateRound : IDisposable
{
    private readonly Minibatch _batch;
    private readonly JointInput _input;
    private readonly int _limit;
    private readonly double _gamma;
    private readonly ClientTurn? _turn;
    private readonly float[] _states;
    private readonly float[] _nextStates;
    private readonly RentedArrays _arrays;
    private readonly float[] _current;
    private readonly float[] _next;

    /// <summary>Begins an update.</summary>
    /// <param name="batch">The minibatch.</param>
    /// <param name="scaling">Scaling of observations; null for raw ones.</param>
    /// <param name="selectionLimit">Most clients selected at once, min(K, N): pairs of a transition.</param>
    /// <param name="gamma">Discount factor.</param>
    /// <param name="sequential">Whether clients learn one after the other.</param>
    public UpdateRound(Minibatch batch, ObservationScaling? scaling, int selectionLimit, double gamma, bool sequential = false)
        : this(batch, scaling, selectionLimit, gamma, sequential, new RentedArrays())
    {
    }

    /// <summary>Begins an update whose minibatch lies in rented arrays, which the round gives back.</summary>
    internal UpdateRound(Minibatch batch, ObservationScaling? scaling, int selectionLimit, double gamma, bool sequential, RentedArrays arrays)
    {
        _arrays = arrays;
        _turn = sequential ? new ClientTurn() : null;
        _batch = batch;
        _input = new JointInput(batch.Clients, scaling);
        _limit = selectionLimit;
        _gamma = gamma;
        _states = ByClient(batch.States);
        _nextStates = ByClient(batch.NextStates);
        _current = Joint(batch.States);
        _next = Joint(batch.NextStates);
    }

    /// <summary>Whether a target critic values S'.</summary>
    public bool Targets { get; init; }

    /// <summary>Noise on the target actions; null for none.</summary>
    public TargetSmoothing? Smoothing { get; init; }

    /// <summary>Episode after which the update takes place, which noise is drawn for.</summary>
    public int Episode { get; init; }

    /// <summary>Running normalisation of the targets; null where the critic learns them as they are.</summary>
    public PopArt? PopArt { get; init; }

    /// <summary>Raw observations S_i of a client, [B, 7].</summary>
    public HostPayload StatesOf(int client) => Part(_states, client);

    /// <summary>Raw observations S'_i of a client, [B, 7].</summary>
    public HostPayload NextStatesOf(int client) => Part(_nextStates, client);

    /// <summary>Takes in what a client's policy does on the minibatch: pi_i(S_i) and pi'_i(S'_i), [B, 3] each.</summary>
    public void SetActions(int client, IPayload actions, IPayload nextActions)
    {
        Write(_current, client, actions);
        Write(_next, client, nextActions, Smoothing);
    }

    /// <summary>Takes in what a client's policy does on S_i after its step, [B, 3]; it is the turn of the next one.</summary>
    public void SetActions(int client, IPayload actions)
    {
        Write(_current, client, actions);
        if (_turn is not null)
        {
            _turn.Client = client + 1;
        }
    }

    /// <summary>Whom the targets value: in each S' those whose policy proposes, or the zero candidate.</summary>
    public CriticQuery TargetQuery()
    {
        var candidates = new List<Candidate>(_batch.Size * _batch.Clients);
        for (var b = 0; b < _batch.Size; b++)
        {
            CriticBank.AddProposers(_input.Actions(_next, b), ClientAction.Width, b, candidates);
        }

        return new CriticQuery(Whole(_next), candidates.ToArray(), Targets ? _batch.Size : 0);
    }

    /// <summary>
    /// What the critic learns: the stored actions, the pairs of those selected, targets and weights. Where targets are normalised, they are taken into the running moments first. It lies where the query's joint rows lay.
    /// </summary>
    /// <param name="query">What <see cref="TargetQuery"/> gave.</param>
    /// <param name="values">Q' of its candidates.</param>
    public CriticLesson Lesson(CriticQuery query, float[] values)
    {
        var size = _batch.Size;
        var top = new float[size];
        CriticBank.Maximisers(query.Candidates.Span, values, new Candidate[size], top);

        // The next states have been valued: their place is free.
        WriteStates(_next, _batch.States);
        var scale = PopArt?.Scale ?? ValueScale.None;
        var pairs = new int[size * _limit];
        Array.Fill(pairs, Candidate.None);
        var targets = new double[size];
        for (var b = 0; b < size; b++)
        {
            _input.WriteActions(_next, b, Row(_batch.Actions, b, ClientAction.Width));
            targets[b] = TdTarget.Of(_batch.Rewards[b], _gamma, _batch.Done[b], scale.Restore(top[b]));
            Pairs.Write(_batch.Selected.AsSpan(b * _batch.Clients, _batch.Clients), pairs.AsSpan(b * _limit, _limit));
        }

        return new CriticLesson(Whole(_next), pairs, targets, _batch.Weights, Normalise(targets));
    }

    /// <summary>What the actors' loss asks of the critic, with the newest action of each client.</summary>
    public ActorQuestion Question() => new(Whole(_current), _batch.Weights, _turn);

    /// <summary>dL/da_i of a client, [B, 3]; where clients learn one after the other, of the one whose turn it was when the critic was asked.</summary>
    public HostPayload GradientOf(int client, ActorAnswer answer)
    {
        var length = _batch.Size * ClientAction.Width;
        return new HostPayload(_turn is null ? answer.Gradients.AsMemory(client * length, length) : answer.Gradients);
    }

    /// <summary>Gives its memory back.</summary>
    public void Dispose() => _arrays.Dispose();

    private OutputRescaling? Normalise(double[] targets)
    {
        if (PopArt is null)
        {
            return null;
        }

        var rescaling = PopArt.Observe(targets);
        foreach (ref var target in targets.AsSpan())
        {
            target = PopArt.Scale.Normalise(target);
        }

        return rescaling;
    }

    private void Write(float[] joint, int client, IPayload actions, TargetSmoothing? smoothing = null)
    {
        Span<float> all = stackalloc float[ClientAction.Width * 64];
        var length = _batch.Size * ClientAction.Width;
        var values = length <= all.Length ? all[..length] : new float[length];
        actions.CopyTo(values);
        smoothing?.Apply(client, Episode, values);
        for (var b = 0; b < _batch.Size; b++)
        {
            values.Slice(b * ClientAction.Width, ClientAction.Width).CopyTo(_input.Actions(joint, b)[(client * ClientAction.Width)..]);
        }
    }

    private float[] Joint(float[] states)
    {
        var joint = _arrays.Take(_batch.Size * _input.Width);
        WriteStates(joint, states);
        return joint;
    }

    private void WriteStates(float[] joint, float[] states)
    {
        for (var b = 0; b < _batch.Size; b++)
        {
            _input.WriteStates(joint, b, Row(states, b, Observation.Width));
        }
    }

    private ReadOnlyMemory<float> Whole(float[] joint) => joint.AsMemory(0, _batch.Size * _input.Width);

    private ReadOnlySpan<float> Row(float[] values, int b, int width) => values.AsSpan(b * _batch.Clients * width, _batch.Clients * width);

    private float[] ByClient(float[] states)
    {
        var all = _arrays.Take(_batch.Size * _batch.Clients * Observation.Width);
        for (var b = 0; b < _batch.Size; b++)
        {
            for (var i = 0; i < _batch.Clients; i++)
            {
                states.AsSpan(((b * _batch.Clients) + i) * Observation.Width, Observation.Width)
                    .CopyTo(all.AsSpan(((i * _batch.Size) + b) * Observation.Width));
            }
        }

        return all;
    }

    private HostPayload Part(float[] all, int client)
    {
        var length = _batch.Size * Observation.Width;
        return new HostPayload(all.AsMemory(client * length, length));
    }
}
