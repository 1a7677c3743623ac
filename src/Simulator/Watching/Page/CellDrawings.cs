using Plotly.Blazor;
using Simulator.Lab.Live;

namespace Simulator.Watching.Page;

/// <summary>The charts of a cell.</summary>
internal static class CellDrawings
{
    internal static IEnumerable<Drawing> Of(CellView view)
    {
        if (view.Map.Agents.Count > 0)
        {
            yield return Saturation(view.Map);
        }

        if (view.Series.Rewards.Y.Count > 0 || view.Series.Evaluations.Y.Count > 0)
        {
            yield return Rewards(view.Series);
        }

        if (view.Series.CriticGradient.Latest is null)
        {
            yield break;
        }

        yield return States(view.Series);
        yield return Gradients(view.Series);
        yield return Asymmetry(view.Series);
        yield return PreActivations(view.Series);
    }

    private static string Points(CellSeries series, string statistic) => series.Width == 1 ? string.Empty : $" Each point is the {statistic} of {series.Width} episodes.";

    private static Drawing Saturation(SaturationMap map)
    {
        var trace = new PercentMapTrace
        {
            X = PackedNumbers.Of(map.Episodes),
            // Names of agents make an axis of categories; where all are shown, rows and agents have the same numbers.
            Y = map.OnlyWorst ? [.. map.Agents.Select(a => $"agent {a}")] : null,
            Z = PackedNumbers.Of(map.Percent.Span, map.Agents.Count, map.Episodes.Count),
            Hover = map.OnlyWorst ? "%{y}, episode %{x}: %{z} %<extra></extra>" : "agent %{y}, episode %{x}: %{z} %<extra></extra>",
        };
        var columns = map.Episodes.Count;
        var newest = Enumerable.Range(0, map.Agents.Count).Select(r => (int)map.Percent.Span[(r * columns) + columns - 1]).ToList();
        return new Drawing(
            "saturation",
            "Saturation of each agent",
            map.OnlyWorst
                ? $"The {map.Agents.Count} most saturated of {PageText.Count(map.AllAgents, "agent")}, at each tenth episode and the newest; the worst is at the bottom."
                : "A row for each agent, a column for each tenth episode and the newest; bright is saturated: |a| > 0.9.",
            $"At episode {PageText.Count(map.Episodes[^1])}, {PageText.Count(newest.Count(p => p > 90))} of {PageText.Count(newest.Count, "agent")} shown are over 90 %, {PageText.Count(newest.Count(p => p < 10))} under 10 %.",
            [trace],
            Drawings.Axes(map.OnlyWorst ? string.Empty : "agent", legend: false, height: Math.Clamp(140 + (5 * map.Agents.Count), 220, 520)))
        {
            Wide = true,
        };
    }

    private static Drawing Rewards(CellSeries series)
    {
        var costs = series.AreCosts;
        var traces = new List<ITrace>();
        if (series.Rewards.Y.Count > 0)
        {
            traces.Add(Drawings.Trace(series.Rewards, Drawings.Blue, negated: costs));
        }

        if (series.Evaluations.Y.Count > 0)
        {
            traces.Add(Drawings.Trace(series.Evaluations, Drawings.Vermilion, negated: costs));
        }

        var greedy = series.Baselines.Where(b => !Simulator.Environment.Baselines.IsConstant(b.Key)).Select(b => (double?)b.Value).FirstOrDefault();
        var last = Math.Max(1, series.Rewards.X.Count > 0 ? series.Rewards.X[^1] : 1);
        foreach (var (name, reward, colour, dash) in new[] { ("best constant", series.BestConstant, Drawings.Green, "dash"), ("greedy", greedy, Drawings.Pink, "dot") })
        {
            if (reward is { } value)
            {
                traces.Add(Drawings.Trace(new Line(name, [0, last], [(float)value, (float)value]), colour, dash, negated: costs));
            }
        }

        return new Drawing(
            "rewards",
            costs ? "Cost of an episode" : "Reward of an episode",
            (costs ? "Minus the reward, on an axis that runs downwards: up is better." : "Sum over the episode.") + " Evaluations are without exploration." + Points(series, "mean"),
            Drawings.Latest([series.Rewards, series.Evaluations], v => PageText.Reward(costs ? -v : v)) + (series.BestConstant is { } best ? $"; best constant policy {PageText.Reward(costs ? -best : best)}" : string.Empty) + ".",
            traces,
            Drawings.Axes(costs ? "cost" : "reward", log: costs, downwards: costs, lines: [series.Rewards, series.Evaluations, new Line("", [], [(float)(series.BestConstant ?? series.Rewards.Latest ?? 1)])]));
    }

    private static Drawing States(CellSeries series) => new(
        "states",
        "Agents by state",
        "Saturated: over 90 % of its outputs; dead: no gradient; frozen: no parameter moves." + Points(series, "mean"),
        Drawings.Latest(series.States, v => PageText.Reward(v)) + ".",
        [.. series.States.Select((line, i) => new LineTrace
        {
            Name = line.Name, X = PackedNumbers.Of(line.X), Y = PackedNumbers.Of(line.Y), Line = new Stroke(Drawings.OfStates[i], Width: 0.5), Stack = "states", Fill = Drawings.OfStates[i],
        })],
        Drawings.Axes("agents"));

    private static Drawing Gradients(CellSeries series) => new(
        "gradients",
        "Gradients",
        "L2 norms before clipping; of the actors the root mean square over agents. Zero cannot be drawn on a logarithmic axis: the line ends there." + Points(series, "median"),
        Drawings.Latest([series.ActorGradient, series.CriticGradient], PageText.Norm) + ".",
        [Drawings.Trace(series.ActorGradient, Drawings.Blue), Drawings.Trace(series.CriticGradient, Drawings.Vermilion)],
        Drawings.Axes("L2 norm", log: true, lines: [series.ActorGradient, series.CriticGradient]));

    private static Drawing Asymmetry(CellSeries series) => new(
        "asymmetry",
        "Asymmetry of gradients",
        "The actors' gradient over the critic's." + Points(series, "median"),
        $"Now {PageText.Norm(series.Asymmetry.Latest)}.",
        [Drawings.Trace(series.Asymmetry, Drawings.Green)],
        Drawings.Axes("actors / critic", log: true, legend: false, lines: [series.Asymmetry]));

    private static Drawing PreActivations(CellSeries series) => new(
        "preactivations",
        "Pre-activations",
        "The |z| that half of an action's outputs (dotted), and 99 % (solid), do not exceed; means over agents. A tanh is saturated from 1.47 on." + Points(series, "median"),
        Drawings.Latest(series.PreActivations, PageText.Norm) + ".",
        [.. series.PreActivations.Select((line, i) => Drawings.Trace(line, Drawings.OfActions[i / 2], i % 2 == 0 ? "dot" : "solid"))],
        Drawings.Axes("|z|", log: true, lines: series.PreActivations));
}
