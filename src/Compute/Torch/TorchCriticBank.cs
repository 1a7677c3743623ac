using static TorchSharp.torch;

namespace Simulator.Compute;

/// <summary>Critics on libtorch's tensors: a GPU's. Operations take all their items at once, stacked.</summary>
internal sealed class TorchCriticBank : CriticBank
{
    private readonly TorchStore _store;

    internal TorchCriticBank(ComputeDevice device, TorchStore store, CriticLayout shape)
        : base(device, store, shape) => _store = store;

    /// <inheritdoc/>
    public override float[][] Evaluate(int first, ReadOnlySpan<CriticQuery> queries)
    {
        _store.CheckRange(first, queries.Length);
        foreach (var query in queries)
        {
            Shape.Check(query.Candidates.Span, Shape.RowsOf(query.Joint));
        }

        using var scope = NewDisposeScope();
        var p = _store.Views(first, queries.Length);
        var rows = Transfer.PaddedRows(Shape.RowsOf(queries[0].Joint));
        var layer = Fold(first, p);
        var joint = CriticLayout.Gather(queries, q => q.Joint, rows * Shape.JointWidth);
        return Values(p, layer, layer.Apply(Device.Upload(joint, queries.Length, rows, Shape.JointWidth)), joint, rows, queries);
    }

    /// <inheritdoc/>
    public override CriticStep[] Improve(int first, ReadOnlySpan<CriticLesson> lessons)
    {
        _store.CheckRange(first, lessons.Length);
        using var scope = NewDisposeScope();
        var (gradient, activity, steps) = Learn(first, lessons, train: true);
        var outcomes = _store.Step(first, gradient.All, activity);
        for (var c = 0; c < steps.Length; c++)
        {
            steps[c] = steps[c] with { Outcome = outcomes[c] with { Finite = outcomes[c].Finite && double.IsFinite(steps[c].Loss) } };
        }

        return steps;
    }

    /// <inheritdoc/>
    public override float[] Gradient(int first, ReadOnlySpan<CriticLesson> lessons)
    {
        _store.CheckRange(first, lessons.Length);
        using var scope = NewDisposeScope();
        var gradient = new float[lessons.Length * Layout.Length];
        Transfer.Download(Learn(first, lessons, train: false).Gradient.All, gradient);
        return gradient;
    }

    /// <inheritdoc/>
    public override ActorAnswer[] Differentiate(int first, ReadOnlySpan<ActorQuestion> questions)
    {
        _store.CheckRange(first, questions.Length);
        using var scope = NewDisposeScope();
        foreach (var question in questions)
        {
            Shape.Check(question.Turn);
        }

        var cells = questions.Length;
        var batch = Shape.RowsOf(questions[0].Joint);
        var rows = Transfer.PaddedRows(batch);
        var p = _store.Views(first, cells);
        var layer = Fold(first, p);
        var joint = CriticLayout.Gather(questions, q => q.Joint, rows * Shape.JointWidth);
        var u1Joint = layer.Apply(Device.Upload(joint, cells, rows, Shape.JointWidth));

        var queries = new CriticQuery[cells];
        for (var c = 0; c < cells; c++)
        {
            queries[c] = new CriticQuery(questions[c].Joint, Shape.Proposers(questions[c].Joint.Span, batch));
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

        var candidates = Device.Upload(Shape.Features(joint, best, rows, rows), cells, rows, Shape.CandidateWidth);
        var trace = StackedNetwork.Forward(Architecture, p, StackedNetwork.MultiplyAdd(u1Joint, candidates, layer.Candidate.transpose(1, 2)));
        var du1 = StackedNetwork.Backward(Architecture, p, trace, Device.Upload(dq, cells, rows, 1), null);
        var dJoint = new float[cells * rows * Shape.Clients * Shape.Action];
        Transfer.Download(bmm(du1, layer.Joint.narrow(2, Shape.Clients * Shape.Observation, Shape.Clients * Shape.Action)), dJoint);
        var dCandidate = new float[cells * rows * Shape.Action];
        Transfer.Download(bmm(du1, layer.Candidate.narrow(2, Shape.Observation, Shape.Action)), dCandidate);

        var answers = new ActorAnswer[cells];
        for (var c = 0; c < cells; c++)
        {
            var gradients = Shape.ByClient(
                dJoint.AsSpan(c * rows * Shape.Clients * Shape.Action, batch * Shape.Clients * Shape.Action),
                dCandidate.AsSpan(c * rows * Shape.Action, batch * Shape.Action),
                best.AsSpan(c * rows, batch));
            var own = batch * Shape.Action;
            answers[c] = new ActorAnswer(losses[c], questions[c].Turn is { } turn ? gradients.AsSpan(turn.Client * own, own).ToArray() : gradients);
        }

        return answers;
    }

    private (ParameterViews Gradient, float[] Activity, CriticStep[] Steps) Learn(int first, ReadOnlySpan<CriticLesson> lessons, bool train)
    {
        var cells = lessons.Length;
        foreach (var lesson in lessons)
        {
            Shape.Check(lesson);
        }

        var transitions = Shape.RowsOf(lessons[0].Joint);
        var pairs = lessons[0].Pairs.Length / transitions;
        var batch = Transfer.PaddedRows(transitions);
        var rows = batch * pairs;
        var p = _store.Views(first, cells);
        var joint = CriticLayout.Gather(lessons, l => l.Joint, batch * Shape.JointWidth);
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

        var x = Device.Upload(joint, cells, batch, Shape.JointWidth);
        var candidates = Device.Upload(Shape.Features(joint, places, rows, batch), cells, rows, Shape.CandidateWidth);
        var present = Present(places, cells, rows);
        if (train && _store.Statistics is not null)
        {
            ObservePairs(first, x, candidates, present, pairs);
        }

        var layer = Fold(first, p);
        var u1 = bmm(candidates, layer.Candidate.transpose(1, 2)).view(cells, batch, pairs, Architecture.Hidden1)
            .add_(layer.Apply(x).unsqueeze(2), Scalars.One)
            .view(cells, rows, Architecture.Hidden1);
        var trace = StackedNetwork.Forward(Architecture, p, u1);
        var q = new float[cells * rows];
        Transfer.Download(trace.Output, q);
        var activity = StackedNetwork.Activity(trace, present);

        var steps = new CriticStep[cells];
        var dq = new float[cells * rows];
        for (var c = 0; c < cells; c++)
        {
            var (loss, errors) = Loss(lessons[c], q.AsSpan(c * rows, transitions * pairs), pairs, dq.AsSpan(c * rows, rows));
            steps[c] = new CriticStep(loss, errors, null!);
        }

        var gradient = _store.NewGradient(cells);
        var du1 = StackedNetwork.Backward(Architecture, p, trace, Device.Upload(dq, cells, rows, 1), gradient);

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
        weight.narrow(2, 0, Shape.JointWidth).copy_(bmm(duJoint.transpose(1, 2), x));
        weight.narrow(2, Shape.JointWidth, Shape.CandidateWidth).copy_(bmm(du1.transpose(1, 2), candidates));
        if (_store.Statistics is not null)
        {
            // The normalisation is folded into the first layer: dW = (dW_raw - db mean') / deviation.
            var statistics = _store.Statistics.narrow(0, first, cells);
            weight.sub_(bmm(bias.transpose(1, 2), RunningNorm.Mean(statistics))).div_(RunningNorm.Deviation(statistics));
        }

        _store.AddInitialL2(first, gradient.All);
        return (gradient, activity, steps);
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
        if (_store.Statistics is not null)
        {
            var statistics = _store.Statistics.narrow(0, first, p.Count);
            w1 = w1 / RunningNorm.Deviation(statistics);
            b1 = b1 - (w1 * RunningNorm.Mean(statistics)).sum(2).unsqueeze(1);
        }

        return new FirstLayer(w1.narrow(2, 0, Shape.JointWidth), w1.narrow(2, Shape.JointWidth, Shape.CandidateWidth), b1);
    }

    /// <summary>1 for each pair that is there, 0 for each place that is empty, [cells, rows, 1].</summary>
    private Tensor Present(Candidate[] places, int cells, int rows) =>
        Device.Upload(Array.ConvertAll(places, p => p.Client == Candidate.None ? 0f : 1f), cells, rows, 1);

    private void ObservePairs(int first, Tensor joint, Tensor candidates, Tensor present, int pairs)
    {
        // Rows of the pairs, with the empty places left out by weight: mean and variance over what is there.
        var (cells, batch) = (joint.shape[0], joint.shape[1]);
        var full = cat([joint.unsqueeze(2).expand(cells, batch, pairs, Shape.JointWidth).reshape(cells, batch * pairs, Shape.JointWidth), candidates], 2);
        RunningNorm.Update(_store.Statistics!.narrow(0, first, cells), full, present);
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

        var candidates = Device.Upload(Shape.Features(joint, places, width, rows), cells, width, Shape.CandidateWidth);
        var u1 = u1Joint.view(-1, Architecture.Hidden1).index_select(0, Device.Upload(index, index.Length)).view(cells, width, Architecture.Hidden1);
        u1.add_(bmm(candidates, layer.Candidate.transpose(1, 2)), Scalars.One);
        var all = new float[cells * width];
        Transfer.Download(StackedNetwork.Forward(Architecture, p, u1).Output, all);
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
