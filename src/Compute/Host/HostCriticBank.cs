namespace Simulator.Compute;

/// <summary>
/// Critics on the processor. Candidates are valued in blocks whose activations stay in the cache, and each operation takes its items one after the other, every one over all threads.
/// </summary>
internal sealed unsafe class HostCriticBank : CriticBank
{
    /// <summary>Candidates valued at a time: their first layer, 96 rows of 512, fits the second-level cache beside the weights of the second.</summary>
    private const int Block = 96;

    private readonly HostStore _store;
    private readonly HostNetwork _network;
    private readonly Workers _workers;
    private readonly CriticFirstLayer _firstLayer;

    internal HostCriticBank(ComputeDevice device, HostStore store, CriticLayout shape)
        : base(device, store, shape)
    {
        _store = store;
        _network = new HostNetwork(store.Architecture);
        _workers = new Workers(device.Threads);
        _firstLayer = new CriticFirstLayer(store, _network, shape, _workers);
    }

    private int Hidden1 => Architecture.Hidden1;

    private int Hidden2 => Architecture.Hidden2;

    /// <inheritdoc/>
    public override float[][] Evaluate(int first, ReadOnlySpan<CriticQuery> queries)
    {
        _store.CheckRange(first, queries.Length);
        var values = new float[queries.Length][];
        for (var c = 0; c < queries.Length; c++)
        {
            var query = queries[c];
            using var frame = Scratch.Open();
            using var joint = query.Joint.Pin();
            var rows = Shape.RowsOf(query.Joint);
            Shape.Check(query.Candidates.Span, rows);
            var layer = _firstLayer.Fold(frame, first + c);
            var x = new Rows((float*)joint.Pointer, Shape.JointWidth);
            values[c] = Values(first + c, layer, x, _firstLayer.Joint(frame, layer, x, rows), query.Candidates);
        }

        GC.KeepAlive(this);
        return values;
    }

    /// <inheritdoc/>
    public override CriticStep[] Improve(int first, ReadOnlySpan<CriticLesson> lessons)
    {
        _store.CheckRange(first, lessons.Length);
        _store.PrepareSteps(first, lessons.Length);
        var steps = new CriticStep[lessons.Length];
        for (var c = 0; c < lessons.Length; c++)
        {
            using var frame = Scratch.Open();
            var gradient = frame.Take(Layout.Length);
            var activity = frame.Take(Architecture.Units);
            var (loss, errors) = Learn(frame, first + c, lessons[c], gradient, activity, train: true);
            var outcome = _store.Step(first + c, gradient, new ReadOnlySpan<float>(activity, Architecture.Units), _workers);
            steps[c] = new CriticStep(loss, errors, outcome with { Finite = outcome.Finite && double.IsFinite(loss) });
        }

        GC.KeepAlive(this);
        return steps;
    }

    /// <inheritdoc/>
    public override float[] Gradient(int first, ReadOnlySpan<CriticLesson> lessons)
    {
        _store.CheckRange(first, lessons.Length);
        var gradients = new float[lessons.Length * Layout.Length];
        for (var c = 0; c < lessons.Length; c++)
        {
            using var frame = Scratch.Open();
            var gradient = frame.Take(Layout.Length);
            Learn(frame, first + c, lessons[c], gradient, frame.Take(Architecture.Units), train: false);
            _store.Export(gradient, 0, gradients.AsSpan(c * Layout.Length, Layout.Length));
        }

        GC.KeepAlive(this);
        return gradients;
    }

    /// <inheritdoc/>
    public override ActorAnswer[] Differentiate(int first, ReadOnlySpan<ActorQuestion> questions)
    {
        _store.CheckRange(first, questions.Length);
        var answers = new ActorAnswer[questions.Length];
        for (var c = 0; c < questions.Length; c++)
        {
            answers[c] = Differentiate(first + c, questions[c]);
        }

        GC.KeepAlive(this);
        return answers;
    }

    private ActorAnswer Differentiate(int slot, ActorQuestion question)
    {
        Shape.Check(question.Turn);
        using var frame = Scratch.Open();
        using var pinned = question.Joint.Pin();
        var batch = Shape.RowsOf(question.Joint);
        var x = new Rows((float*)pinned.Pointer, Shape.JointWidth);
        var layer = _firstLayer.Fold(frame, slot);
        var u1Joint = question.Turn is { } turn ? _firstLayer.Joint(frame, layer, x, batch, turn) : _firstLayer.Joint(frame, layer, x, batch);
        var candidates = Shape.Proposers(question.Joint.Span, batch);
        var best = new Candidate[batch];
        var top = new float[batch];
        Maximisers(candidates, Values(slot, layer, x, u1Joint, candidates), best, top);

        var weights = question.Weights.Span;
        var loss = 0.0;
        var dq = frame.Take(batch, 1);
        for (var b = 0; b < batch; b++)
        {
            loss -= weights[b] * top[b] / batch;
            *dq[b] = (float)(-weights[b] / batch);
        }

        var trace = _network.Trace(frame, batch);
        _firstLayer.Activate(layer, x, u1Joint, best, trace.U1);
        var parameters = _store.Parameters(slot);
        _network.Forward(parameters, trace, batch);
        var du2 = frame.Take(batch, Hidden2);
        var du1 = frame.Take(batch, Hidden1);
        _network.BackwardOutput(parameters, trace, batch, dq, du2, null);
        _network.BackwardInput(parameters, trace, batch, du2, _network.TransposedW2(parameters, frame), du1, null);
        var candidate = new float[batch * Shape.Action];
        Inner(du1, batch, layer.Candidate[Shape.Observation], Shape.Action, candidate);
        return new ActorAnswer(loss, question.Turn is { } own ? OfClient(own.Client, layer, du1, candidate, best) : OfAll(frame, layer, du1, candidate, best));
    }

    /// <summary>dL/da of all clients, [N, B, 3].</summary>
    private float[] OfAll(Scratch.Frame frame, FirstLayerWeights layer, Rows du1, float[] candidate, Candidate[] best)
    {
        // Columns in whole pairs of vectors: those beyond 3 N are never read.
        var columns = Shape.Clients * Shape.Action;
        var padded = (columns + (2 * ParameterLayout.Alignment) - 1) / (2 * ParameterLayout.Alignment) * 2 * ParameterLayout.Alignment;
        var weights = frame.Take(Hidden1, padded);
        var joint = frame.Take(best.Length, padded);
        _workers.For(columns, 16.0 * columns * Hidden1, (begin, end) =>
            Kernels.Transpose(new Rows(layer.Joint[(Shape.Clients * Shape.Observation) + begin], Hidden1), end - begin, Hidden1, new Rows(weights.At + begin, padded)), 8);
        if (padded > columns)
        {
            for (var h = 0; h < Hidden1; h++)
            {
                new Span<float>(weights[h] + columns, padded - columns).Clear();
            }
        }

        _workers.For(
            padded,
            2.0 * best.Length * Hidden1 * padded,
            (begin, end) => Product.Multiply(new Factor(du1.At, du1.Stride, 1), new Rows(weights.At + begin, padded), new Rows(joint.At + begin, padded), best.Length, Hidden1, end - begin),
            2 * ParameterLayout.Alignment);
        var dense = new float[best.Length * columns];
        for (var b = 0; b < best.Length; b++)
        {
            new ReadOnlySpan<float>(joint[b], columns).CopyTo(dense.AsSpan(b * columns));
        }

        return Shape.ByClient(dense, candidate, best);
    }

    /// <summary>dL/da of one client, [B, 3].</summary>
    private float[] OfClient(int client, FirstLayerWeights layer, Rows du1, float[] candidate, Candidate[] best)
    {
        var gradient = new float[best.Length * Shape.Action];
        Inner(du1, best.Length, layer.Joint[(Shape.Clients * Shape.Observation) + (client * Shape.Action)], Shape.Action, gradient);
        for (var b = 0; b < best.Length; b++)
        {
            for (var k = 0; best[b].Client == client && k < Shape.Action; k++)
            {
                gradient[(b * Shape.Action) + k] += candidate[(b * Shape.Action) + k];
            }
        }

        return gradient;
    }

    /// <summary>Inner products of each row of du1 with a few rows of first-layer weights.</summary>
    private void Inner(Rows du1, int rows, float* weights, int count, float[] products)
    {
        for (var b = 0; b < rows; b++)
        {
            for (var k = 0; k < count; k++)
            {
                products[(b * count) + k] = Kernels.Dot(du1[b], weights + ((nint)k * Hidden1), Hidden1);
            }
        }
    }

    private (double Loss, double[] Errors) Learn(Scratch.Frame frame, int slot, CriticLesson lesson, float* gradient, float* activity, bool train)
    {
        using var pinned = lesson.Joint.Pin();
        var batch = Shape.Check(lesson);
        var x = new Rows((float*)pinned.Pointer, Shape.JointWidth);
        var pairs = Present(lesson, batch);
        var features = frame.Take(pairs.Length, Shape.CandidateWidth);
        _firstLayer.Features(x, pairs, features);
        if (train && Architecture.InputNorm)
        {
            _firstLayer.Observe(slot, x, pairs, features);
        }

        new Span<float>(gradient, Layout.Length).Clear();
        var parameters = _store.Parameters(slot);
        var layer = _firstLayer.Fold(frame, slot);
        var u1Joint = _firstLayer.Joint(frame, layer, x, batch);
        var trace = _network.Trace(frame, pairs.Length);
        _workers.For(pairs.Length, 2.0 * pairs.Length * Hidden1 * Hidden2, (begin, end) =>
        {
            var part = trace.From(begin);
            _firstLayer.Activate(layer, x, u1Joint, pairs.AsSpan(begin, end - begin), part.U1);
            _network.Forward(parameters, part, end - begin);
        });

        new Span<float>(activity, Architecture.Units).Clear();
        _network.AddActivity(trace, pairs.Length, activity);
        var dq = frame.Take(pairs.Length, 1);
        var (loss, errors) = Loss(lesson, pairs, new ReadOnlySpan<float>(trace.Z.At, pairs.Length), new Span<float>(dq.At, pairs.Length));
        var du2 = frame.Take(pairs.Length, Hidden2);
        var du1 = frame.Take(pairs.Length, Hidden1);
        _network.BackwardOutput(parameters, trace, pairs.Length, dq, du2, gradient);
        _workers.For(
            Hidden1, 2.0 * pairs.Length * Hidden1 * Hidden2, (begin, end) => _network.SecondLayerGradient(trace, pairs.Length, du2, gradient, begin, end), ParameterLayout.Alignment);
        var transposed = _network.TransposedW2(parameters, frame);
        if (Architecture.HasHiddenGains)
        {
            _network.BackwardInput(parameters, trace, pairs.Length, du2, transposed, du1, gradient);
        }
        else
        {
            _workers.For(pairs.Length, 2.0 * pairs.Length * Hidden1 * Hidden2, (begin, end) => _network.BackwardInput(
                parameters, trace.From(begin), end - begin, new Rows(du2[begin], Hidden2), transposed, new Rows(du1[begin], Hidden1), null));
        }

        _firstLayer.Gradient(frame, slot, x, batch, pairs, features, du1, gradient);
        _store.AddInitialL2(slot, gradient);
        return (loss, errors);
    }

    /// <summary>The pairs that are there, in order.</summary>
    private static Candidate[] Present(CriticLesson lesson, int batch)
    {
        var clients = lesson.Pairs.Span;
        var places = clients.Length / batch;
        var pairs = new List<Candidate>(clients.Length);
        for (var i = 0; i < clients.Length; i++)
        {
            if (clients[i] != Candidate.None)
            {
                pairs.Add(new Candidate(i / places, clients[i]));
            }
        }

        return [.. pairs];
    }

    private static (double Loss, double[] Errors) Loss(CriticLesson lesson, Candidate[] pairs, ReadOnlySpan<float> q, Span<float> dq)
    {
        var targets = lesson.Targets.Span;
        var weights = lesson.Weights.Span;
        var errors = new double[targets.Length];
        var loss = 0.0;
        for (var i = 0; i < pairs.Length; i++)
        {
            var b = pairs[i].Row;
            var difference = q[i] - targets[b];
            errors[b] += difference * difference;
            loss += weights[b] * difference * weights[b] * difference / pairs.Length;
            dq[i] = (float)(2 * weights[b] * weights[b] * difference / pairs.Length);
        }

        return (loss, errors);
    }

    /// <summary>Q of each candidate.</summary>
    private float[] Values(int slot, FirstLayerWeights layer, Rows x, Rows u1Joint, ReadOnlyMemory<Candidate> candidates)
    {
        var parameters = _store.Parameters(slot);
        var values = new float[candidates.Length];
        _workers.Each((candidates.Length + Block - 1) / Block, block =>
        {
            var begin = block * Block;
            var count = Math.Min(Block, candidates.Length - begin);
            using var frame = Scratch.Open();
            var trace = _network.Trace(frame, count);
            _firstLayer.Activate(layer, x, u1Joint, candidates.Span.Slice(begin, count), trace.U1);
            _network.Forward(parameters, trace, count);
            new ReadOnlySpan<float>(trace.Z.At, count).CopyTo(values.AsSpan(begin));
        });
        return values;
    }
}
