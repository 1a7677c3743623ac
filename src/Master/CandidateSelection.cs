using Simulator.Environment;
using Simulator.Protocol;

namespace Simulator.Master;

/// <summary>
/// The master's choice of who offloads (ccm-madrl, section 3): all who propose, unless they are more than the limit or larger than the server's storage; then, while
/// training and with probability eps, clients at random, else proposers by descending Q.
/// </summary>
/// <param name="environment">Limit and storage.</param>
/// <param name="options">Whom exploration draws from.</param>
/// <param name="clients">N.</param>
/// <param name="seed">Seed of the cell.</param>
public sealed class CandidateSelection(EnvironmentOptions environment, SelectionOptions options, int clients, ulong seed)
{
    /// <summary>Most clients that may offload at once, K.</summary>
    public int Limit => Math.Min(environment.SelectionLimit, clients);

    /// <summary>Chooses without valuing anybody, where that is possible.</summary>
    /// <param name="turn">The step, which exploration is drawn for.</param>
    /// <param name="states">Raw observations, [N, 7].</param>
    /// <param name="actions">Raw actions with exploration, [N, 3].</param>
    /// <param name="epsilon">Probability of a random choice under contention; 0 in evaluation.</param>
    /// <param name="selected">Receives the choice, [N]; all false where null is not returned.</param>
    /// <returns>The proposers to be valued, ascending; null where the choice is made.</returns>
    public int[]? Choose(Turn turn, ReadOnlySpan<float> states, ReadOnlySpan<float> actions, double epsilon, Span<bool> selected)
    {
        selected.Clear();
        var proposers = new List<int>(clients);
        var size = 0.0;
        for (var i = 0; i < clients; i++)
        {
            if (RawAction.Proposes(actions.Slice(i * RawAction.Width, RawAction.Width)))
            {
                proposers.Add(i);
                size += SizeOf(states, i);
            }
        }

        if (proposers.Count <= Limit && size <= environment.StorageMb)
        {
            foreach (var i in proposers)
            {
                selected[i] = true;
            }

            return null;
        }

        if (epsilon > 0)
        {
            var random = new RandomStream(seed, DrawPurpose.SelectionExploration, episode: turn.Episode, step: turn.Step);
            if (random.NextDouble() < epsilon)
            {
                Explore(ref random, options.Explore == SelectionExploration.All ? [.. Enumerable.Range(0, clients)] : [.. proposers], states, selected);
                return null;
            }
        }

        return [.. proposers];
    }

    /// <summary>Chooses by value: proposers by descending Q, each taken if fewer than K are taken and it fits, others skipped. The lowest index wins a tie; NaN is never taken.</summary>
    /// <param name="states">Raw observations, [N, 7].</param>
    /// <param name="proposers">Who proposes, ascending.</param>
    /// <param name="values">Q of each.</param>
    /// <param name="selected">Receives the choice, [N].</param>
    public void Choose(ReadOnlySpan<float> states, ReadOnlySpan<int> proposers, ReadOnlySpan<float> values, Span<bool> selected)
    {
        selected.Clear();
        var keys = new List<(float Value, int Client)>(proposers.Length);
        for (var i = 0; i < proposers.Length; i++)
        {
            if (!float.IsNaN(values[i]))
            {
                keys.Add((-values[i], proposers[i]));
            }
        }

        keys.Sort();
        var taken = 0;
        var size = 0.0;
        foreach (var (_, client) in keys)
        {
            var own = SizeOf(states, client);
            if (taken < Limit && size + own < environment.StorageMb)
            {
                selected[client] = true;
                taken++;
                size += own;
            }
        }
    }

    private static double SizeOf(ReadOnlySpan<float> states, int client) => states[(client * Observation.Width) + Observation.Size];

    private void Explore(ref RandomStream random, int[] pool, ReadOnlySpan<float> states, Span<bool> selected)
    {
        var drawn = Math.Min(Limit, pool.Length);
        var size = 0.0;
        for (var k = 0; k < drawn; k++)
        {
            var at = k + random.NextInt(pool.Length - k);
            (pool[k], pool[at]) = (pool[at], pool[k]);
            size += SizeOf(states, pool[k]);
        }

        while (drawn > 0 && size > environment.StorageMb)
        {
            drawn--;
            size -= SizeOf(states, pool[drawn]);
        }

        foreach (var client in pool.AsSpan(0, drawn))
        {
            selected[client] = true;
        }
    }
}
