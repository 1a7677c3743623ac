using Simulator.Protocol;

namespace Simulator.Compute;

/// <summary>
/// The critics Q(S, A, s_i, a_i) of many cells of equal size, one slot each. Operations take one item for each of a contiguous range of slots. The input is
/// joint [10 N] and candidate [10]; the first layer is linear in both, so its joint part is computed once per row and the candidate's part added for each candidate
/// (identity 1 of ccm-madrl, section 5).
/// </summary>
public abstract class CriticBank : Bank
{
    private protected CriticBank(ComputeDevice device, BankStore store, CriticLayout shape)
        : base(device, store) => Shape = shape;

    /// <summary>How the input is laid out.</summary>
    private protected CriticLayout Shape { get; }

    /// <summary>Makes an empty bank on a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="architecture">Network with (N + 1) (observation + action) inputs and one output.</param>
    /// <param name="clients">N.</param>
    /// <param name="observation">Width of an observation.</param>
    /// <param name="action">Width of a raw action.</param>
    /// <exception cref="ArgumentException">The architecture does not fit.</exception>
    public static CriticBank Create(ComputeDevice device, NetworkArchitecture architecture, int clients, int observation, int action)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(architecture);
        if (architecture.Inputs != InputWidth(clients, observation, action) || architecture.Outputs != 1)
        {
            throw new ArgumentException($"a critic of {clients} clients has {InputWidth(clients, observation, action)} inputs and one output", nameof(architecture));
        }

        var shape = new CriticLayout(clients, observation, action);
        return device.IsHost
            ? new HostCriticBank(device, new HostStore(architecture), shape)
            : new TorchCriticBank(device, new TorchStore(device, architecture), shape);
    }

    /// <summary>Inputs of the critic of N clients.</summary>
    public static int InputWidth(int clients, int observation, int action) => checked((clients + 1) * (observation + action));

    /// <summary>What is wrong with a query: rows of another width than the joint input's, or candidates that are not in them; null where nothing is.</summary>
    internal string? FaultOf(CriticQuery query) => Shape.FaultOf(query);

    /// <summary>Values candidates. Changes nothing.</summary>
    /// <returns>Q of each item's candidates, in their order.</returns>
    public abstract float[][] Evaluate(int first, ReadOnlySpan<CriticQuery> queries);

    /// <summary>Values candidates of the first rows with a critic, and of the query's target rows with its target. Changes nothing.</summary>
    /// <param name="slot">The critic.</param>
    /// <param name="target">Its target.</param>
    /// <param name="query">Whom to value.</param>
    /// <returns>Q of each candidate, in their order.</returns>
    public float[] EvaluateWithTarget(int slot, int target, CriticQuery query)
    {
        var own = Shape.RowsOf(query.Joint) - query.TargetRows;
        var values = new float[query.Candidates.Length];
        Part(slot, query.Joint[..(own * Shape.JointWidth)], c => c.Row < own, 0);
        Part(target, query.Joint[(own * Shape.JointWidth)..], c => c.Row >= own, own);
        return values;

        void Part(int critic, ReadOnlyMemory<float> joint, Predicate<Candidate> belongs, int firstRow)
        {
            var all = query.Candidates.Span;
            var places = new List<int>(all.Length);
            var candidates = new List<Candidate>(all.Length);
            for (var i = 0; i < all.Length; i++)
            {
                if (belongs(all[i]))
                {
                    places.Add(i);
                    candidates.Add(all[i] with { Row = all[i].Row - firstRow });
                }
            }

            if (candidates.Count == 0)
            {
                return;
            }

            var part = Evaluate(critic, [new CriticQuery(joint, candidates.ToArray())])[0];
            for (var i = 0; i < part.Length; i++)
            {
                values[places[i]] = part[i];
            }
        }
    }

    /// <summary>
    /// One critic step on the loss mean over pairs of (w Q - w y)^2. With input normalisation the running statistics take in the rows of the pairs first. What a lesson says of rescaling is
    /// done before, by <see cref="Rescale"/>.
    /// </summary>
    public abstract CriticStep[] Improve(int first, ReadOnlySpan<CriticLesson> lessons);

    /// <summary>
    /// Rescales the last layer of a critic, so that each of its outputs q becomes factor q + shift but for rounding: W becomes factor W and b becomes factor b + shift. Adam's moments stay.
    /// </summary>
    /// <param name="slot">The critic.</param>
    /// <param name="rescaling">Factor and shift.</param>
    public void Rescale(int slot, OutputRescaling rescaling)
    {
        var (weight, bias) = (Layout["fc3.weight"], Layout["fc3.bias"]);
        var weights = new float[weight.Length];
        Read(slot, weight.Offset, weights);
        foreach (ref var value in weights.AsSpan())
        {
            value = (float)(value * rescaling.Factor);
        }

        Write(slot, weight.Offset, weights);
        Span<float> offset = stackalloc float[1];
        Read(slot, bias.Offset, offset);
        offset[0] = (float)((offset[0] * rescaling.Factor) + rescaling.Shift);
        Write(slot, bias.Offset, offset);
    }

    /// <summary>The gradient that <see cref="Improve"/> would step along, [lessons, parameters] in the order of the layout, without changing anything.</summary>
    public abstract float[] Gradient(int first, ReadOnlySpan<CriticLesson> lessons);

    /// <summary>
    /// The actors' loss and its gradient for all clients, in one backward pass with one row per transition: only the maximising candidate passes gradient on
    /// (identity 2 of ccm-madrl, section 5). Candidates are those whose action proposes; the lowest client wins a tie, NaN never wins, and where nobody proposes the
    /// zero candidate stands in. Changes nothing.
    /// </summary>
    public abstract ActorAnswer[] Differentiate(int first, ReadOnlySpan<ActorQuestion> questions);

    /// <summary>The best candidate of each row and its value: the highest value, the lowest client in a tie, NaN never, the zero candidate where it stands alone.</summary>
    /// <param name="candidates">Candidates, clients ascending within a row.</param>
    /// <param name="values">Their values.</param>
    /// <param name="best">Receives the best of each row.</param>
    /// <param name="top">Receives its value; NaN where all values of a row are NaN.</param>
    public static void Maximisers(ReadOnlySpan<Candidate> candidates, ReadOnlySpan<float> values, Span<Candidate> best, Span<float> top)
    {
        top.Fill(float.NaN);
        for (var b = 0; b < best.Length; b++)
        {
            best[b] = new Candidate(b, Candidate.Zero);
        }

        for (var i = 0; i < candidates.Length; i++)
        {
            var row = candidates[i].Row;
            if (values[i] > top[row] || (float.IsNaN(top[row]) && !float.IsNaN(values[i])))
            {
                top[row] = values[i];
                best[row] = candidates[i];
            }
        }
    }

    /// <summary>Appends the candidates of one row: the clients whose raw action proposes, ascending, or the zero candidate if nobody does.</summary>
    /// <param name="actions">Raw actions, [N, action width].</param>
    /// <param name="actionWidth">Width of a raw action.</param>
    /// <param name="row">The row.</param>
    /// <param name="candidates">Receives the candidates.</param>
    public static void AddProposers(ReadOnlySpan<float> actions, int actionWidth, int row, ICollection<Candidate> candidates)
    {
        var before = candidates.Count;
        for (var i = 0; i * actionWidth < actions.Length; i++)
        {
            if (ClientAction.From(actions[(i * actionWidth)..]).Proposes)
            {
                candidates.Add(new Candidate(row, i));
            }
        }

        if (candidates.Count == before)
        {
            candidates.Add(new Candidate(row, Candidate.Zero));
        }
    }
}
