using Simulator.Compute;
using Simulator.Environment;
using Simulator.Protocol;

namespace Simulator.Master.Tests;

/// <summary>A stand-in for the critic: some function of everything that a critic sees, whose value is the same wherever it is computed.</summary>
internal static class PlainCritic
{
    private const int Width = Observation.Width + ClientAction.Width;

    /// <summary>Values of a query's candidates.</summary>
    internal static float[] Values(CriticQuery query, int clients)
    {
        var width = clients * Width;
        var values = new List<float>();
        foreach (var candidate in query.Candidates.ToArray())
        {
            var row = query.Joint.Slice(candidate.Row * width, width).ToArray();
            values.Add(Value(row[..(clients * Observation.Width)], row[(clients * Observation.Width)..], candidate.Client));
        }

        return [.. values];
    }

    /// <summary>Q(S, A, s_i, a_i), or that of the zero candidate.</summary>
    internal static float Value(float[] states, float[] actions, int client)
    {
        var sum = 0.0;
        for (var i = 0; i < states.Length; i++)
            sum += states[i] * Math.Sin(i + 1);
        for (var i = 0; i < actions.Length; i++)
            sum += actions[i] * Math.Cos(i + 1) * 10;
        if (client >= 0)
        {
            sum += 3 * states[(client * Observation.Width) + 2];
            sum += 5 * actions[(client * ClientAction.Width) + 1];
            sum += client;
        }

        return (float)sum;
    }

    /// <summary>The largest value among those who propose, or that of the zero candidate.</summary>
    internal static float Best(float[] states, float[] actions)
    {
        var proposers = Enumerable.Range(0, actions.Length / ClientAction.Width).Where(i => actions[i * ClientAction.Width] >= 0).ToList();
        return proposers.Count == 0 ? Value(states, actions, -1) : proposers.Max(i => Value(states, actions, i));
    }

    internal static float[] Random(Random random, int length) => [.. Enumerable.Range(0, length).Select(_ => (float)((2 * random.NextDouble()) - 1))];
}
