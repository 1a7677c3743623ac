namespace Simulator.Compute;

/// <summary>
/// How the critic's input is laid out: joint rows of all observations, then all raw actions, and candidates of one observation and one raw action.
/// </summary>
/// <param name="clients">N.</param>
/// <param name="observation">Width of an observation.</param>
/// <param name="action">Width of a raw action.</param>
internal sealed class CriticLayout(int clients, int observation, int action)
{
    /// <summary>N.</summary>
    internal int Clients => clients;

    /// <summary>Width of an observation.</summary>
    internal int Observation => observation;

    /// <summary>Width of a raw action.</summary>
    internal int Action => action;

    /// <summary>Floats of a candidate.</summary>
    internal int CandidateWidth => observation + action;

    /// <summary>Floats of a joint row.</summary>
    internal int JointWidth => clients * CandidateWidth;

    /// <summary>Rows of a joint input.</summary>
    internal int RowsOf(ReadOnlyMemory<float> joint) => joint.Length % JointWidth == 0 && joint.Length > 0
        ? joint.Length / JointWidth
        : throw new ArgumentException($"a joint input of {joint.Length} floats is no multiple of {JointWidth}", nameof(joint));

    internal delegate ReadOnlyMemory<float> JointOf<T>(T item);

    /// <summary>The joint inputs one after the other, each at a multiple of <paramref name="length"/>, zero behind its end.</summary>
    internal static float[] Gather<T>(ReadOnlySpan<T> items, JointOf<T> jointOf, int length)
    {
        var all = new float[items.Length * length];
        for (var c = 0; c < items.Length; c++)
        {
            var joint = jointOf(items[c]);
            if (joint.Length != jointOf(items[0]).Length)
            {
                throw new ArgumentException("items of one operation have joint inputs of equal length", nameof(items));
            }

            joint.Span.CopyTo(all.AsSpan(c * length));
        }

        return all;
    }

    /// <summary>Observation and raw action of each place, [cells * perCell, 10]; zero for the zero candidate and for no candidate.</summary>
    internal float[] Features(float[] joint, Candidate[] places, int perCell, int rows)
    {
        var features = new float[places.Length * CandidateWidth];
        for (var i = 0; i < places.Length; i++)
        {
            var client = places[i].Client;
            if (client >= 0)
            {
                var row = joint.AsSpan((((i / perCell) * rows) + places[i].Row) * JointWidth, JointWidth);
                var target = features.AsSpan(i * CandidateWidth, CandidateWidth);
                row.Slice(client * observation, observation).CopyTo(target);
                row.Slice((clients * observation) + (client * action), action).CopyTo(target[observation..]);
            }
        }

        return features;
    }

    /// <summary>Refuses candidates whose row or client is not there.</summary>
    internal void Check(ReadOnlySpan<Candidate> candidates, int rows)
    {
        if (FaultOf(candidates, rows) is { } fault)
        {
            throw new ArgumentException(fault, nameof(candidates));
        }
    }

    /// <summary>What is wrong with a query; null where nothing is.</summary>
    internal string? FaultOf(CriticQuery query) => query.Joint.Length == 0 || query.Joint.Length % JointWidth != 0
        ? $"a joint input of {query.Joint.Length} floats is no multiple of {JointWidth}"
        : query.TargetRows < 0 || query.TargetRows > query.Joint.Length / JointWidth
            ? $"{query.TargetRows} of {query.Joint.Length / JointWidth} rows cannot be the target's"
            : FaultOf(query.Candidates.Span, query.Joint.Length / JointWidth);

    private string? FaultOf(ReadOnlySpan<Candidate> candidates, int rows)
    {
        foreach (var candidate in candidates)
        {
            if ((uint)candidate.Row >= (uint)rows || candidate.Client < Candidate.Zero || candidate.Client >= clients)
            {
                return $"client {candidate.Client} of row {candidate.Row} is no candidate of {clients} clients and {rows} rows";
            }
        }

        return null;
    }

    /// <summary>Refuses a lesson whose parts do not belong together; returns its transitions.</summary>
    internal int Check(CriticLesson lesson)
    {
        var batch = RowsOf(lesson.Joint);
        if (lesson.Targets.Length != batch || lesson.Weights.Length != batch || lesson.Pairs.Length < batch || lesson.Pairs.Length % batch != 0)
        {
            throw new ArgumentException(
                $"{lesson.Pairs.Length} pairs, {lesson.Targets.Length} targets and {lesson.Weights.Length} weights are none of {batch} transitions", nameof(lesson));
        }

        foreach (var client in lesson.Pairs.Span)
        {
            if (client < Candidate.None || client >= clients)
            {
                throw new ArgumentException($"client {client} is no pair's of {clients} clients", nameof(lesson));
            }
        }

        return batch;
    }

    /// <summary>Refuses the turn of a client that is not there.</summary>
    internal void Check(ClientTurn? turn)
    {
        if (turn is not null && (turn.Client < 0 || turn.Client >= clients))
        {
            throw new ArgumentException($"it is the turn of client {turn.Client}, and there are {clients}", nameof(turn));
        }
    }

    /// <summary>The candidates of every row: who proposes, or the zero candidate.</summary>
    internal Candidate[] Proposers(ReadOnlySpan<float> joint, int batch)
    {
        var proposers = new List<Candidate>(batch * clients);
        for (var b = 0; b < batch; b++)
        {
            CriticBank.AddProposers(joint.Slice((b * JointWidth) + (clients * observation), clients * action), action, b, proposers);
        }

        return [.. proposers];
    }

    /// <summary>
    /// From gradients by row, joint [B, 3 N] and of the chosen candidate [B, 3], to gradients by client, [N, B, 3].
    /// </summary>
    internal float[] ByClient(ReadOnlySpan<float> joint, ReadOnlySpan<float> candidate, ReadOnlySpan<Candidate> best)
    {
        var batch = best.Length;
        var gradients = new float[clients * batch * action];
        for (var b = 0; b < batch; b++)
        {
            for (var i = 0; i < clients; i++)
            {
                joint.Slice(((b * clients) + i) * action, action).CopyTo(gradients.AsSpan(((i * batch) + b) * action));
            }

            if (best[b].Client >= 0)
            {
                var own = gradients.AsSpan(((best[b].Client * batch) + b) * action, action);
                for (var k = 0; k < action; k++)
                {
                    own[k] += candidate[(b * action) + k];
                }
            }
        }

        return gradients;
    }
}
