using Simulator.Protocol;

namespace Simulator.Lab.Live;

/// <summary>The saturation of agents over time, in percent: a row for each agent, a column for each of at most <see cref="Line.MostPoints"/> episodes.</summary>
public sealed class SaturationMap
{
    /// <summary>Up to so many agents each has a row.</summary>
    public const int MostAgents = 2000;

    /// <summary>Of more agents so many have one: the most saturated.</summary>
    public const int WorstAgents = 200;

    private SaturationMap(int[] agents, int[] episodes, byte[] percent, int all)
    {
        Agents = agents;
        Episodes = episodes;
        Percent = percent;
        AllAgents = all;
    }

    /// <summary>Indices of the agents, by row: in order, or the most saturated first where they are not all.</summary>
    public IReadOnlyList<int> Agents { get; }

    /// <summary>The episodes, by column.</summary>
    public IReadOnlyList<int> Episodes { get; }

    /// <summary>Share of saturated outputs in whole percent, row by row, [agents * episodes].</summary>
    public ReadOnlyMemory<byte> Percent { get; }

    /// <summary>How many agents there are.</summary>
    public int AllAgents { get; }

    /// <summary>Whether only the worst agents have rows.</summary>
    public bool OnlyWorst => Agents.Count < AllAgents;

    /// <summary>Computes the map.</summary>
    public static SaturationMap Of(IReadOnlyList<AgentRows> rows)
    {
        if (rows.Count == 0)
        {
            return new SaturationMap([], [], [], 0);
        }

        var shown = Array.ConvertAll(Line.Thin(rows.Count), i => rows[i]);
        var all = rows[^1].Samples.Length;
        int[] agents = all > MostAgents ? [.. WorstFirst(rows[^1].Samples).Take(WorstAgents)] : [.. Enumerable.Range(0, all)];
        var percent = new byte[agents.Length * shown.Length];
        for (var column = 0; column < shown.Length; column++)
        {
            var samples = shown[column].Samples;
            for (var row = 0; row < agents.Length; row++)
            {
                percent[(row * shown.Length) + column] = (byte)Math.Clamp(MathF.Round(100 * samples[agents[row]].SaturationRatio), 0, 100);
            }
        }

        return new SaturationMap(agents, Array.ConvertAll(shown, r => r.Episode), percent, all);
    }

    /// <summary>Indices of agents, the most saturated first; of equal saturation those that are worse off, then the first.</summary>
    public static int[] WorstFirst(IReadOnlyList<AgentSample> samples)
    {
        var indices = Enumerable.Range(0, samples.Count).ToArray();
        Array.Sort(indices, (a, b) =>
        {
            var (left, right) = (samples[a], samples[b]);
            var order = right.SaturationRatio.CompareTo(left.SaturationRatio);
            order = order != 0 ? order : right.State.CompareTo(left.State);
            return order != 0 ? order : a.CompareTo(b);
        });
        return indices;
    }
}
