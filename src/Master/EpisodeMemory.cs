using Simulator.Compute;
using Simulator.Protocol;

namespace Simulator.Master;

/// <summary>
/// The transitions of the running episode. They enter the replay memory together at its end, since their priority errors need the target policies' noise-free actions at the next
/// step, which come with the proposals there (with tau = 1 they are the policies' own), and one operation then values them all.
/// </summary>
/// <param name="clients">N.</param>
internal sealed class EpisodeMemory(int clients)
{
    private readonly List<float[]> _states = [];
    private readonly List<float[]> _policies = [];
    private readonly List<float[]> _actions = [];
    private readonly List<bool[]> _selected = [];
    private readonly List<double> _rewards = [];
    private readonly List<bool> _done = [];

    internal int Count => _rewards.Count;

    /// <summary>Begins a step: what all saw, what the policies would do, what they did, and who was selected.</summary>
    internal void Begin(float[] states, float[] policies, float[] actions, bool[] selected)
    {
        if (_states.Count == _rewards.Count)
        {
            _states.Add(states);
        }

        _policies.Add(policies);
        _actions.Add(actions);
        _selected.Add(selected);
    }

    /// <summary>Ends the step.</summary>
    internal void End(double reward, float[] nextStates, bool done)
    {
        _states.Add(nextStates);
        _rewards.Add(reward);
        _done.Add(done);
    }

    /// <summary>
    /// Whom the critic values for the priority errors: for each transition t in row t those selected (or the zero candidate), and for each but the last in row T + t those whose
    /// policy proposes in S' (or the zero candidate). Rows from T on are the target critic's, where there is one.
    /// </summary>
    internal CriticQuery ErrorQuery(JointInput input, bool targets = false)
    {
        var joint = new float[2 * Count * input.Width];
        var candidates = new List<Candidate>(Count * clients);
        var pairs = new int[clients];
        for (var t = 0; t < Count; t++)
        {
            input.WriteStates(joint, t, _states[t]);
            input.WriteActions(joint, t, _actions[t]);
            foreach (var client in pairs.AsSpan(0, Pairs.Write(_selected[t], pairs)))
            {
                candidates.Add(new Candidate(t, client));
            }
        }

        for (var t = 0; t < Count; t++)
        {
            input.WriteStates(joint, Count + t, _states[t + 1]);
            if (!_done[t])
            {
                input.WriteActions(joint, Count + t, _policies[t + 1]);
                CriticBank.AddProposers(_policies[t + 1], ClientAction.Width, Count + t, candidates);
            }
        }

        return new CriticQuery(joint, candidates.ToArray(), targets ? Count : 0);
    }

    /// <summary>The priority errors: the sum of (y - Q)^2 over those selected.</summary>
    /// <param name="query">What <see cref="ErrorQuery"/> gave.</param>
    /// <param name="values">Q of its candidates.</param>
    /// <param name="gamma">Discount factor.</param>
    /// <param name="rewardScale">What rewards are divided by.</param>
    /// <param name="scale">What the critic's outputs mean.</param>
    internal double[] Errors(CriticQuery query, float[] values, double gamma, double rewardScale, ValueScale scale)
    {
        var top = new float[2 * Count];
        CriticBank.Maximisers(query.Candidates.Span, values, new Candidate[2 * Count], top);
        var errors = new double[Count];
        for (var i = 0; i < values.Length; i++)
        {
            var t = query.Candidates.Span[i].Row;
            if (t < Count)
            {
                var difference = TdTarget.Of(_rewards[t] / rewardScale, gamma, _done[t], scale.Restore(top[Count + t])) - scale.Restore(values[i]);
                errors[t] += difference * difference;
            }
        }

        return errors;
    }

    /// <summary>Hands the transitions over to the replay memory, and begins anew.</summary>
    internal void MoveTo(PrioritizedReplay replay, double[] errors)
    {
        replay.BeginEpisode(_states[0]);
        for (var t = 0; t < Count; t++)
        {
            replay.Add(_actions[t], _selected[t], _rewards[t], _states[t + 1], _done[t], errors[t]);
        }

        _states.Clear();
        _policies.Clear();
        _actions.Clear();
        _selected.Clear();
        _rewards.Clear();
        _done.Clear();
    }
}

/// <summary>The critic's target.</summary>
internal static class TdTarget
{
    /// <summary>y = reward + gamma (1 - done) max Q'.</summary>
    internal static double Of(double reward, double gamma, bool done, double best) => done ? reward : reward + (gamma * best);
}
