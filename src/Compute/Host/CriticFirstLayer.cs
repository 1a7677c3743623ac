namespace Simulator.Compute;

/// <summary>
/// The first layer of critics on the processor. It is linear in the joint input and in the candidate: the joint part is computed once for each row, and a candidate's own part added on top
/// (identity 1 of ccm-madrl, section 5).
/// </summary>
/// <param name="store">The parameters.</param>
/// <param name="network">Where they lie in a slot.</param>
/// <param name="shape">How the input is laid out.</param>
/// <param name="workers">Who shares the work.</param>
internal sealed unsafe class CriticFirstLayer(HostStore store, HostNetwork network, CriticLayout shape, Workers workers)
{
    private int Hidden1 => store.Architecture.Hidden1;

    /// <summary>The first layer, with the input's normalisation folded in where there is one: W / deviation and b - W mean / deviation.</summary>
    internal FirstLayerWeights Fold(Scratch.Frame frame, int slot)
    {
        var parameters = store.Parameters(slot);
        var weights = network.W1(parameters);
        var bias = network.B1(parameters);
        if (store.Architecture.InputNorm)
        {
            var statistics = store.Statistics(slot);
            var folded = frame.Take(store.Architecture.Inputs, Hidden1);
            var foldedBias = frame.Take(Hidden1);
            new ReadOnlySpan<float>(bias, Hidden1).CopyTo(new Span<float>(foldedBias, Hidden1));
            for (var i = 0; i < store.Architecture.Inputs; i++)
            {
                var from = weights[i];
                var to = folded[i];
                var mean = statistics[i];
                var deviation = RunningStatistics.Deviation(statistics, store.Architecture.Inputs, i);
                for (var h = 0; h < Hidden1; h++)
                {
                    to[h] = from[h] / deviation;
                    foldedBias[h] -= to[h] * mean;
                }
            }

            weights = folded;
            bias = foldedBias;
        }

        return new FirstLayerWeights(weights, new Rows(weights[shape.JointWidth], Hidden1), new Rows(bias, 0));
    }

    /// <summary>Takes the rows of the pairs into the running statistics of the input.</summary>
    internal void Observe(int slot, Rows x, Candidate[] pairs, Rows features)
    {
        // One row for each pair: the joint row of its transition, then its own features.
        using var frame = Scratch.Open();
        var full = frame.Take(pairs.Length, store.Architecture.Inputs);
        for (var i = 0; i < pairs.Length; i++)
        {
            new ReadOnlySpan<float>(x[pairs[i].Row], shape.JointWidth).CopyTo(new Span<float>(full[i], shape.JointWidth));
            new ReadOnlySpan<float>(features[i], shape.CandidateWidth).CopyTo(new Span<float>(full[i] + shape.JointWidth, shape.CandidateWidth));
        }

        RunningStatistics.Update(store.Statistics(slot), full, pairs.Length, store.Architecture.Inputs);
    }

    /// <summary>The joint part of the first layer's pre-activation, bias included, [rows, hidden1].</summary>
    internal Rows Joint(Scratch.Frame frame, FirstLayerWeights layer, Rows x, int rows)
    {
        var u1 = frame.Take(rows, Hidden1);
        Extend(layer, x, rows, 0, shape.JointWidth, layer.Bias, u1);
        return u1;
    }

    /// <summary>As above, where only the actions of a client and those behind it may have changed since the last turn: what comes before them is summed up already.</summary>
    internal Rows Joint(Scratch.Frame frame, FirstLayerWeights layer, Rows x, int rows, ClientTurn turn)
    {
        var settled = (shape.Clients * shape.Observation) + (turn.Client * shape.Action);
        var u1 = frame.Take(rows, Hidden1);
        fixed (float* sums = turn.Sums(rows * Hidden1))
        {
            if (settled < turn.Columns)
            {
                throw new ArgumentException($"turns go upwards, and client {turn.Client} has had its own", nameof(turn));
            }

            var prefix = new Rows(sums, Hidden1);
            Extend(layer, x, rows, turn.Columns, settled, turn.Columns == 0 ? layer.Bias : prefix, prefix);
            turn.Columns = settled;
            Extend(layer, x, rows, settled, shape.JointWidth, prefix, u1);
        }

        return u1;
    }

    /// <summary>Adds the joint columns from <paramref name="begin"/> to <paramref name="end"/>: the sum goes on where it stopped, so the bits are those of one sum.</summary>
    private void Extend(FirstLayerWeights layer, Rows x, int rows, int begin, int end, Rows start, Rows sums) => workers.For(
        rows,
        2.0 * rows * (end - begin) * Hidden1,
        (from, to) => Product.Multiply(
            new Factor(x[from] + begin, x.Stride, 1), new Rows(layer.Joint[begin], Hidden1), new Rows(sums[from], Hidden1), to - from, end - begin, Hidden1, new Rows(start[from], start.Stride)));

    /// <summary>The first layer's sum of candidates, after the ReLU where that comes right behind it: the joint part of their rows, and their own part on top.</summary>
    internal void Activate(FirstLayerWeights layer, Rows x, Rows u1Joint, ReadOnlySpan<Candidate> candidates, Rows u1)
    {
        using var frame = Scratch.Open();
        var features = frame.Take(candidates.Length, shape.CandidateWidth);
        Features(x, candidates, features);
        for (var i = 0; i < candidates.Length; i++)
        {
            new ReadOnlySpan<float>(u1Joint[candidates[i].Row], Hidden1).CopyTo(new Span<float>(u1[i], Hidden1));
        }

        Product.Multiply(
            new Factor(features.At, features.Stride, 1), layer.Candidate, u1, candidates.Length, shape.CandidateWidth, Hidden1, u1, store.Architecture.ReluFollowsSum);
    }

    /// <summary>Observation and raw action of each candidate, zero for the zero candidate.</summary>
    internal void Features(Rows x, ReadOnlySpan<Candidate> candidates, Rows features)
    {
        for (var i = 0; i < candidates.Length; i++)
        {
            var own = new Span<float>(features[i], shape.CandidateWidth);
            var client = candidates[i].Client;
            if (client < 0)
            {
                own.Clear();
                continue;
            }

            var row = x[candidates[i].Row];
            new ReadOnlySpan<float>(row + (client * shape.Observation), shape.Observation).CopyTo(own);
            new ReadOnlySpan<float>(row + (shape.Clients * shape.Observation) + (client * shape.Action), shape.Action).CopyTo(own[shape.Observation..]);
        }
    }

    /// <summary>The gradient of the first layer. All pairs of a transition share its joint row: their gradients are added, in the pairs' order.</summary>
    internal void Gradient(Scratch.Frame frame, int slot, Rows x, int batch, Candidate[] pairs, Rows features, Rows du1, float* gradient)
    {
        var joint = frame.Take(batch, Hidden1);
        new Span<float>(joint.At, batch * Hidden1).Clear();
        for (var i = 0; i < pairs.Length; i++)
        {
            Kernels.Add(joint[pairs[i].Row], du1[i], Hidden1);
        }

        var bias = network.B1(gradient);
        var weights = network.W1(gradient);
        Kernels.SumRows(joint, batch, Hidden1, bias);
        var statistics = store.Architecture.InputNorm ? store.Statistics(slot) : null;
        workers.For(shape.JointWidth, 2.0 * batch * Hidden1 * shape.JointWidth, (begin, end) =>
            Product.Multiply(new Factor(x.At + begin, 1, x.Stride), joint, new Rows(weights[begin], Hidden1), end - begin, batch, Hidden1));
        Product.Multiply(new Factor(features.At, 1, features.Stride), du1, new Rows(weights[shape.JointWidth], Hidden1), shape.CandidateWidth, pairs.Length, Hidden1);
        if (statistics == null)
        {
            return;
        }

        // The normalisation is folded into the first layer: dW = (dW_raw - mean db) / deviation.
        for (var i = 0; i < store.Architecture.Inputs; i++)
        {
            var row = weights[i];
            var mean = statistics[i];
            var deviation = RunningStatistics.Deviation(statistics, store.Architecture.Inputs, i);
            for (var h = 0; h < Hidden1; h++)
            {
                row[h] = (row[h] - (mean * bias[h])) / deviation;
            }
        }
    }
}

/// <summary>The first layer's weights, of the joint part [10 N, hidden1] and of the candidate [10, hidden1], and its bias, one row for all.</summary>
internal readonly struct FirstLayerWeights(Rows joint, Rows candidate, Rows bias)
{
    internal Rows Joint { get; } = joint;

    internal Rows Candidate { get; } = candidate;

    internal Rows Bias { get; } = bias;
}
