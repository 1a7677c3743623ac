using Simulator.Protocol;
using static TorchSharp.torch;

namespace Simulator.Compute;

/// <summary>
/// The critics Q(S, A, s_i, a_i) of many cells of equal size, one slot each. Operations take one item for each of a contiguous range of slots. The input is
/// joint [10 N] and candidate [10]; the first layer is linear in both, so its joint part is computed once per row and the candidate's part added for each candidate
/// (identity 1 of ccm-madrl, section 5).
/// </summary>
public sealed class CriticBank : Bank
{
    private readonly int _clients;
    private readonly int _observation;
    private readonly int _action;
    private readonly CriticLayout _layout;

    /// <summary>Makes an empty bank on a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="architecture">Network with (N + 1) (observation + action) inputs and one output.</param>
    /// <param name="clients">N.</param>
    /// <param name="observation">Width of an observation.</param>
    /// <param name="action">Width of a raw action.</param>
    /// <exception cref="ArgumentException">The architecture does not fit.</exception>
    public CriticBank(ComputeDevice device, NetworkArchitecture architecture, int clients, int observation, int action)
        : base(device, architecture)
    {
        if (architecture.Inputs != InputWidth(clients, observation, action) || architecture.Outputs != 1)
        {
            throw new ArgumentException($"a critic of {clients} clients has {InputWidth(clients, observation, action)} inputs and one output", nameof(architecture));
        }

        _clients = clients;
        _observation = observation;
        _action = action;
        _layout = new CriticLayout(clients, observation, action);
    }

    /// <summary>Inputs of the critic of N clients.</summary>
    public static int InputWidth(int clients, int observation, int action) => checked((clients + 1) * (observation + action));

    /// <summary>Values candidates. Changes nothing.</summary>
    /// <returns>Q of each item's candidates, in their order.</returns>
    public float[][] Evaluate(int first, ReadOnlySpan<CriticQuery> queries)
    {
        CheckRange(first, queries.Length);
        using var scope = NewDisposeScope();
        var p = Views(first, queries.Length);
        var rows = PaddedRows(_layout.RowsOf(queries[0].Joint));
        var layer = Fold(first, p);
        var joint = CriticLayout.Gather(queries, q => q.Joint, rows * _layout.JointWidth);
        return Values(p, layer, layer.Apply(Upload(joint, queries.Length, rows, _layout.JointWidth)), joint, rows, queries);
    }

    /// <summary>One critic step on the loss mean over pairs of (w Q - w y)^2. With input normalisation the running statistics take in the rows of the pairs first.</summary>
    public CriticStep[] Improve(int first, ReadOnlySpan<CriticLesson> lessons)
    {
        CheckRange(first, lessons.Length);
        using var scope = NewDisposeScope();
        var (gradient, steps) = Learn(first, lessons, train: true);
        var outcomes = Step(first, gradient.All);
        for (var c = 0; c < steps.Length; c++)
        {
            steps[c] = steps[c] with { Outcome = outcomes[c] with { Finite = outcomes[c].Finite && double.IsFinite(steps[c].Loss) } };
        }

        return steps;
    }

    /// <summary>The gradient that <see cref="Improve"/> would step along, [lessons, parameters] in the order of the layout, without changing anything.</summary>
    public float[] Gradient(int first, ReadOnlySpan<CriticLesson> lessons)
    {
        CheckRange(first, lessons.Length);
        using var scope = NewDisposeScope();
        var gradient = new float[lessons.Length * Layout.Length];
        Download(Learn(first, lessons, train: false).Gradient.All, gradient);
        return gradient;
    }

    /// <summary>
    /// The actors' loss and its gradient for all clients, in one backward pass with one row per transition: only the maximising candidate passes gradient on
    /// (identity 2 of ccm-madrl, section 5). Candidates are those whose action proposes; the lowest client wins a tie, NaN never wins, and where nobody proposes the
    /// zero candidate stands in. Changes nothing.
    /// </summary>
    public ActorAnswer[] Differentiate(int first, ReadOnlySpan<ActorQuestion> questions)
    {
        CheckRange(first, questions.Length);
        using var scope = NewDisposeScope();
        var cells = questions.Length;
        var batch = _layout.RowsOf(questions[0].Joint);
        var rows = PaddedRows(batch);
        var p = Views(first, cells);
        var layer = Fold(first, p);
        var joint = CriticLayout.Gather(questions, q => q.Joint, rows * _layout.JointWidth);
        var u1Joint = layer.Apply(Upload(joint, cells, rows, _layout.JointWidth));

        var queries = new CriticQuery[cells];
        for (var c = 0; c < cells; c++)
        {
            queries[c] = new CriticQuery(questions[c].Joint, _layout.Proposers(questions[c].Joint.Span, batch));
        }

        var values = Values(p, layer, u1Joint, joint, rows, queries);
        var losses = new double[cells];
        var best = new Candidate[cells * rows];
        Array.Fill(best, new Candidate(0, Candidate.None));
        var dq = new float[cells * rows];
        var top = new float[batch];
        for (var c = 0; c < cells; c++)
        {
            var weights = questions[c].Weights.Span;
            Maximisers(queries[c].Candidates.Span, values[c], best.AsSpan(c * rows, batch), top);
            for (var b = 0; b < batch; b++)
            {
                losses[c] -= weights[b] * top[b] / batch;
                dq[(c * rows) + b] = (float)(-weights[b] / batch);
            }
        }

        var candidates = Upload(_layout.Features(joint, best, rows, rows), cells, rows, _layout.CandidateWidth);
        var trace = StackedNetwork.Forward(Architecture, p, StackedNetwork.MultiplyAdd(u1Joint, candidates, layer.Candidate.transpose(1, 2)));
        var du1 = StackedNetwork.Backward(Architecture, p, trace, Upload(dq, cells, rows, 1), null);
        var dJoint = new float[cells * rows * _clients * _action];
        Download(bmm(du1, layer.Joint.narrow(2, _clients * _observation, _clients * _action)), dJoint);
        var dCandidate = new float[cells * rows * _action];
        Download(bmm(du1, layer.Candidate.narrow(2, _observation, _action)), dCandidate);

        var answers = new ActorAnswer[cells];
        for (var c = 0; c < cells; c++)
        {
            answers[c] = new ActorAnswer(losses[c], _layout.ByClient(
                dJoint.AsSpan(c * rows * _clients * _action, batch * _clients * _action),
                dCandidate.AsSpan(c * rows * _action, batch * _action),
                best.AsSpan(c * rows, batch)));
        }

        return answers;
    }

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

    private (ParameterViews Gradient, CriticStep[] Steps) Learn(int first, ReadOnlySpan<CriticLesson> lessons, bool train)
    {
        var cells = lessons.Length;
        var transitions = _layout.RowsOf(lessons[0].Joint);
        var pairs = lessons[0].Pairs.Length / transitions;
        var batch = PaddedRows(transitions);
        var rows = batch * pairs;
        var p = Views(first, cells);
        var joint = CriticLayout.Gather(lessons, l => l.Joint, batch * _layout.JointWidth);
        var places = new Candidate[cells * rows];
        Array.Fill(places, new Candidate(0, Candidate.None));
        for (var c = 0; c < cells; c++)
        {
            var clients = lessons[c].Pairs.Span;
            for (var i = 0; i < clients.Length; i++)
            {
                places[(c * rows) + i] = new Candidate(i / pairs, clients[i]);
            }
        }

        var x = Upload(joint, cells, batch, _layout.JointWidth);
        var candidates = Upload(_layout.Features(joint, places, rows, batch), cells, rows, _layout.CandidateWidth);
        if (train && Statistics is not null)
        {
            ObservePairs(first, x, candidates, places, batch, pairs);
        }

        var layer = Fold(first, p);
        var u1 = bmm(candidates, layer.Candidate.transpose(1, 2)).view(cells, batch, pairs, Architecture.Hidden1)
            .add_(layer.Apply(x).unsqueeze(2), Scalars.One)
            .view(cells, rows, Architecture.Hidden1);
        var trace = StackedNetwork.Forward(Architecture, p, u1);
        var q = new float[cells * rows];
        Download(trace.Output, q);

        var steps = new CriticStep[cells];
        var dq = new float[cells * rows];
        for (var c = 0; c < cells; c++)
        {
            var (loss, errors) = Loss(lessons[c], q.AsSpan(c * rows, transitions * pairs), pairs, dq.AsSpan(c * rows, rows));
            steps[c] = new CriticStep(loss, errors, null!);
        }

        var gradient = NewGradient(cells);
        var du1 = StackedNetwork.Backward(Architecture, p, trace, Upload(dq, cells, rows, 1), gradient);

        // All pairs of a transition share its joint row: their gradients are added pair by pair, always K of them.
        var byPair = du1.view(cells, batch, pairs, Architecture.Hidden1);
        var duJoint = byPair.select(2, 0).clone();
        for (var k = 1; k < pairs; k++)
        {
            duJoint.add_(byPair.select(2, k), Scalars.One);
        }

        var bias = StackedNetwork.RowSum(duJoint);
        gradient["fc1.bias"].copy_(bias);
        var weight = gradient["fc1.weight"];
        weight.narrow(2, 0, _layout.JointWidth).copy_(bmm(duJoint.transpose(1, 2), x));
        weight.narrow(2, _layout.JointWidth, _layout.CandidateWidth).copy_(bmm(du1.transpose(1, 2), candidates));
        if (Statistics is not null)
        {
            // The normalisation is folded into the first layer: dW = (dW_raw - db mean') / deviation.
            var statistics = Statistics.narrow(0, first, cells);
            weight.sub_(bmm(bias.transpose(1, 2), RunningNorm.Mean(statistics))).div_(RunningNorm.Deviation(statistics));
        }

        return (gradient, steps);
    }

    private static (double Loss, double[] Errors) Loss(CriticLesson lesson, ReadOnlySpan<float> q, int pairs, Span<float> dq)
    {
        var clients = lesson.Pairs.Span;
        var targets = lesson.Targets.Span;
        var weights = lesson.Weights.Span;
        var errors = new double[targets.Length];
        var count = 0;
        foreach (var client in clients)
        {
            count += client == Candidate.None ? 0 : 1;
        }

        var loss = 0.0;
        for (var i = 0; i < q.Length; i++)
        {
            if (clients[i] == Candidate.None)
            {
                continue;
            }

            var b = i / pairs;
            var difference = q[i] - targets[b];
            errors[b] += difference * difference;
            loss += weights[b] * difference * weights[b] * difference / count;
            dq[i] = (float)(2 * weights[b] * weights[b] * difference / count);
        }

        return (loss, errors);
    }

    /// <summary>The first layer, with the input's normalisation folded in where there is one: W / deviation and b - W mean / deviation.</summary>
    private FirstLayer Fold(int first, ParameterViews p)
    {
        var w1 = p["fc1.weight"];
        var b1 = p["fc1.bias"];
        if (Statistics is not null)
        {
            var statistics = Statistics.narrow(0, first, p.Count);
            w1 = w1 / RunningNorm.Deviation(statistics);
            b1 = b1 - (w1 * RunningNorm.Mean(statistics)).sum(2).unsqueeze(1);
        }

        return new FirstLayer(w1.narrow(2, 0, _layout.JointWidth), w1.narrow(2, _layout.JointWidth, _layout.CandidateWidth), b1);
    }

    private void ObservePairs(int first, Tensor joint, Tensor candidates, Candidate[] places, int batch, int pairs)
    {
        // Rows of the pairs, with the empty places left out by weight: mean and variance over what is there.
        var cells = (int)joint.shape[0];
        var rows = batch * pairs;
        var present = new float[cells * rows];
        for (var i = 0; i < present.Length; i++)
        {
            present[i] = places[i].Client == Candidate.None ? 0 : 1;
        }

        var weights = Upload(present, cells, rows, 1);
        var full = cat([joint.unsqueeze(2).expand(cells, batch, pairs, _layout.JointWidth).reshape(cells, rows, _layout.JointWidth), candidates], 2);
        RunningNorm.Update(Statistics!.narrow(0, first, cells), full, weights);
    }

    private float[][] Values(ParameterViews p, FirstLayer layer, Tensor u1Joint, float[] joint, int rows, ReadOnlySpan<CriticQuery> queries)
    {
        var cells = queries.Length;
        var most = StackedNetwork.RowPadding;
        foreach (var query in queries)
        {
            most = Math.Max(most, query.Candidates.Length);
        }

        var width = (most + ParameterLayout.Alignment - 1) / ParameterLayout.Alignment * ParameterLayout.Alignment;
        var places = new Candidate[cells * width];
        Array.Fill(places, new Candidate(0, Candidate.None));
        var index = new long[cells * width];
        for (var c = 0; c < cells; c++)
        {
            queries[c].Candidates.Span.CopyTo(places.AsSpan(c * width));
            for (var i = c * width; i < (c + 1) * width; i++)
            {
                index[i] = ((long)c * rows) + places[i].Row;
            }
        }

        var candidates = Upload(_layout.Features(joint, places, width, rows), cells, width, _layout.CandidateWidth);
        var u1 = u1Joint.view(-1, Architecture.Hidden1).index_select(0, Upload(index, index.Length)).view(cells, width, Architecture.Hidden1);
        u1.add_(bmm(candidates, layer.Candidate.transpose(1, 2)), Scalars.One);
        var all = new float[cells * width];
        Download(StackedNetwork.Forward(Architecture, p, u1).Output, all);
        var values = new float[cells][];
        for (var c = 0; c < cells; c++)
        {
            values[c] = all.AsSpan(c * width, queries[c].Candidates.Length).ToArray();
        }

        return values;
    }

    /// <summary>The first layer's weights, joint [cells, hidden1, 10 N] and candidate [cells, hidden1, 10], and bias [cells, 1, hidden1].</summary>
    private sealed record FirstLayer(Tensor Joint, Tensor Candidate, Tensor Bias)
    {
        /// <summary>The joint part of the pre-activation, bias included: [cells, rows, 10 N] to [cells, rows, hidden1].</summary>
        internal Tensor Apply(Tensor joint) => StackedNetwork.MultiplyAdd(Bias, joint, Joint.transpose(1, 2));
    }
}
