using Simulator.Lab.Reports.Figures;
using Simulator.Protocol;

namespace Simulator.Lab.Reports;

/// <summary>What the runs say, in words. Every sentence is computed from them; what they do not tell is not said.</summary>
internal static class Answer
{
    /// <summary>The sentences.</summary>
    internal static IEnumerable<string> Of(ReportData data)
    {
        if (data.Learning.Count > 0)
        {
            yield return StoppingFigures.Finding(data);
            foreach (var sentence in new[] { Agents(data), Order(data), Why(data), Surviving(data), Earning(data), Diverged(data) })
            {
                if (sentence is not null)
                {
                    yield return sentence;
                }
            }
        }

        if (ActingFigures.Finding(data) is { } acting)
        {
            yield return acting;
        }
    }

    /// <summary>That somebody intervened in a run, whose results are then not those of its scenario alone; null where nobody did.</summary>
    internal static string? Intervened(IReadOnlyList<RecordedRun> runs)
    {
        var touched = runs.Where(r => r.Interventions > 0).ToList();
        return touched.Count == 0 ? null
            : $"While {(runs.Count == 1 ? "it" : string.Join(", ", touched.Select(r => r.Label)))} ran, somebody intervened ({Numbers.Count(touched.Sum(r => r.Interventions), "time")}): "
                + "these results are not those of the scenario alone. events.jsonl tells what was done to which cell, and before which episode.";
    }

    /// <summary>How much is there of what was planned; null where everything is.</summary>
    internal static string? Partial(IReadOnlyList<RecordedRun> runs)
    {
        var planned = runs.Sum(r => r.Planned);
        var cells = runs.SelectMany(r => r.Cells).ToList();
        var done = cells.Count(c => c.IsDone);
        var missing = runs.SelectMany(r => r.Missing.Select(m => runs.Count > 1 ? $"{r.Label}/{m}" : m)).ToList();
        if (done == planned && missing.Count == 0)
        {
            return null;
        }

        var parts = new List<string> { $"Partial: {done} of {Numbers.Count(planned, "cell")} came to their end" };
        Add(cells.Count(c => !c.IsDone && c.Episodes > 0 && c.Status != "failed"), "began and did not");
        Add(cells.Count(c => c.Status == "failed"), "failed");
        Add(planned - cells.Count + cells.Count(c => !c.IsDone && c.Episodes == 0 && c.Status != "failed"), "never began");
        var text = string.Join(", ", parts) + ".";
        return missing.Count == 0 ? text : $"{text} Missing: {string.Join(", ", missing.Take(10))}{(missing.Count > 10 ? $" and {Numbers.Count(missing.Count - 10, "more file")}" : "")}.";

        void Add(int count, string what)
        {
            if (count > 0)
            {
                parts.Add($"{count} {what}");
            }
        }
    }

    /// <summary>Whether saturation came before freezing, agent by agent; null where no agent froze.</summary>
    internal static string? Order(ReportData data)
    {
        var frozen = data.Learning.Where(c => c.Results is not null).SelectMany(c => c.Results!.Onset.Zip(c.Results.Freeze)).Where(p => p.Second is not null).ToList();
        if (frozen.Count == 0)
        {
            return null;
        }

        var before = frozen.Where(p => AgentOutcomes.SaturatedFirst(p.First, p.Second)).Select(p => (double)(p.Second - p.First)!.Value).ToList();
        var ahead = before.Count > 0 ? $", {Numbers.Episode(Numbers.Median(before))} episodes ahead (median)" : "";
        var never = frozen.Count(p => p.First is null);
        return before.Count == frozen.Count
            ? $"Saturation came before freezing, or with it, in every agent that froze ({Numbers.Plain(frozen.Count)}){ahead}."
            : $"Saturation came before freezing, or with it, in {Numbers.Plain(before.Count)} of the {Numbers.Plain(frozen.Count)} agents that froze{ahead}; "
                + $"{Numbers.Plain(frozen.Count - before.Count - never)} saturated only afterwards, {Numbers.Plain(never)} froze without ever having been saturated.";
    }

    /// <summary>Which factor lost the gradient; null where no gradient vanished, or the factors are not known.</summary>
    internal static string? Why(ReportData data)
    {
        var all = data.Learning.Select(c => c.Facts?.Loss).OfType<GradientLoss>().ToList();
        var losses = all.Where(l => !l.FromTheFirst).ToList();
        var never = all.Count - losses.Count;
        if (losses.Count == 0)
        {
            return never == 0 ? null : $"The actors' gradient was exactly zero from the first update in {Numbers.Count(never, "cell")}.";
        }

        var words = losses.GroupBy(l => l.Culprit, StringComparer.Ordinal).OrderByDescending(g => g.Count()).Select(g =>
        {
            var decades = Numbers.Median(g.Select(l => l.Decades));
            return $"{Name(g.Key)} in {g.Count()} ({(double.IsFinite(decades) ? $"median {Numbers.Short(decades)} decades" : g.All(l => double.IsInfinity(l.Decades)) ? "it became exactly zero" : "in most of them to exactly zero")})";
        });
        var windows = data.Learning.Select(c => c.Window).Distinct().Order().ToList();
        return $"The actors' gradient of a cell vanished (to under 10^-6 of what it began with) in {Numbers.Count(losses.Count, "cell")}, at episode {Numbers.Episode(Numbers.Median(losses.Select(l => (double)l.Episode)))} (median); what lost most of it was {string.Join(", ", words)}."
            + (losses.Count(l => l.CameBack) is var back and > 0 ? $" In {back} of them it is above that again at the end." : "")
            + (never > 0 ? $" In {Numbers.Count(never, "more cell")} it was exactly zero from the first update." : "")
            + $" That is the root mean square over the cell's agents; an agent lost its gradient where its own stayed under 10^-12 of its largest for {string.Join(" or ", windows)} updates in a row.";

        static string Name(string culprit) => culprit switch { "critic" => "the critic (dL/da)", "squash" => "the squash (da/dz)", _ => "the body (dz/dθ)" };
    }

    /// <summary>How trained policies stand beside the best constant policy; null without evaluation.</summary>
    internal static string? Earning(ReportData data)
    {
        var cells = data.Learning.Where(c => c.IsFinished && c.Evaluation is not null && c.BestConstant is < 0).ToList();
        if (cells.Count == 0)
        {
            return null;
        }

        var ratios = cells.Select(c => (Cell: c, Ratio: c.Evaluation!.Value / c.BestConstant!.Value)).OrderBy(r => r.Ratio).ToList();
        var (best, worst) = (ratios[0], ratios[^1]);
        var standings = cells.ConvertAll(c => ConstantComparison.Compare(c.Evaluation!.Value, c.BestConstant!.Value));
        var better = standings.Count(s => s == AgainstConstant.Better);
        var equal = standings.Count(s => s == AgainstConstant.Equal);
        var within = ratios.Count(r => r.Ratio <= 3);
        var verdict = (better == 0 ? "no trained cell beats the best constant policy" : $"{better} of {Numbers.Count(cells.Count, "trained cell")} beat{(better == 1 ? "s" : "")} the best constant policy")
            + (equal == 0 ? "" : $", {equal} equal{(equal == 1 ? "s" : "")} it");
        return $"Without exploration {verdict}; {(within == 0 ? "none loses" : within == 1 ? "1 loses" : $"{within} lose")} at most three times as much. "
            + (cells.Count == 1
                ? $"{best.Cell.Name} earns {Numbers.Plain(best.Cell.Evaluation!.Value)} an episode, {Numbers.Short(best.Ratio)} times the constant's loss ({Numbers.Plain(best.Cell.BestConstant!.Value)})."
                : $"The best, {best.Cell.Name}, earns {Numbers.Plain(best.Cell.Evaluation!.Value)} an episode ({Numbers.Short(best.Ratio)} times the constant's loss), the worst, {worst.Cell.Name}, {Numbers.Plain(worst.Cell.Evaluation!.Value)} ({Numbers.Short(worst.Ratio)} times).");
    }

    private static string? Agents(ReportData data)
    {
        var results = data.Learning.Select(c => c.Results).OfType<CellResults>().ToList();
        var agents = results.Sum(r => r.Freeze.Length);
        return agents == 0
            ? null
            : $"Of {Numbers.Count(agents, "agent")} {Numbers.Plain(results.Sum(r => r.Onset.Count(e => e is not null)))} became saturated, {Numbers.Plain(results.Sum(r => r.GradientDeath.Count(e => e is not null)))} lost their gradient and {Numbers.Plain(results.Sum(r => r.Freeze.Count(e => e is not null)))} froze.";
    }

    internal static string? Surviving(ReportData data)
    {
        // Only who came to the end can be said to have survived: all seeds of a configuration, or it is not counted.
        var groups = data.Configurations.Where(c => c.Cells.All(cell => cell.IsFinished && cell.Results is not null)).ToList();
        var alive = groups.Where(c => c.Cells.All(cell => cell.Results!.Freeze.All(e => e is null) && cell.Results.GradientDeath.All(e => e is null))).ToList();
        if (groups.Count < 2)
        {
            return null;
        }

        var (finished, left) = (groups.Count == data.Configurations.Count ? "" : "finished ", data.Configurations.Count - groups.Count);
        return (alive.Count switch
        {
            0 => $"In each of {groups.Count} {finished}configurations some agent froze or lost its gradient",
            _ when alive.Count == groups.Count => $"No agent of any of {groups.Count} {finished}configurations froze or lost its gradient",
            _ => $"In {alive.Count} of {groups.Count} {finished}configurations no agent froze or lost its gradient: {string.Join("; ", alive.Take(6).Select(c => c.Label))}{(alive.Count > 6 ? "; and more" : "")}",
        }) + (left > 0 ? $"; {left} more did not finish." : ".");
    }

    private static string? Diverged(ReportData data)
    {
        var diverged = data.Cells.Where(c => c.Status == "diverged").ToList();
        return diverged.Count == 0 ? null : $"{Numbers.Count(diverged.Count, "cell")} diverged: {string.Join(", ", diverged.Take(5).Select(c => $"{c.Name} at episode {c.Episodes}{(c.Detail is { } why ? $" ({why})" : "")}"))}{(diverged.Count > 5 ? " and more" : "")}.";
    }
}
