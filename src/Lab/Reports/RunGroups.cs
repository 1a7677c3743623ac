namespace Simulator.Lab.Reports;

/// <summary>Runs that are seeds of one another: one scenario, made again with another <c>--seed</c>. They are pooled; all others are treatments to compare.</summary>
internal static class RunGroups
{
    /// <summary>The runs, their cells knowing the group that they are compared by; null where all runs are one group.</summary>
    internal static IReadOnlyList<RecordedRun> Of(IReadOnlyList<RecordedRun> runs)
    {
        var groups = new List<List<RecordedRun>>();
        foreach (var run in runs)
        {
            if (groups.Find(g => g.TrueForAll(other => DifferInSeedAlone(run, other))) is { } group)
            {
                group.Add(run);
            }
            else
            {
                groups.Add([run]);
            }
        }

        return groups.Count == 1 ? runs : [.. runs.Select(run => Grouped(run, string.Join(" + ", groups.Find(g => g.Contains(run))!.Select(r => r.Label))))];
    }

    private static RecordedRun Grouped(RecordedRun run, string group) => run with { Cells = [.. run.Cells.Select(c => c with { Group = group })] };

    private static bool DifferInSeedAlone(RecordedRun one, RecordedRun other)
    {
        if (one.Scenario is null || other.Scenario is null || WithoutSeed(one.Scenario) != WithoutSeed(other.Scenario))
        {
            return false;
        }

        // Runs that were cut off know of fewer configurations, but of none that the other does not have. Twins, of equal seeds, are compared.
        var (mine, theirs) = (Configurations(one), Configurations(other));
        return (mine.IsSubsetOf(theirs) || theirs.IsSubsetOf(mine))
            && !one.Cells.Select(c => (Identity(c), c.Seed)).Intersect(other.Cells.Select(c => (Identity(c), c.Seed))).Any();
    }

    private static string WithoutSeed(string scenario) =>
        string.Join('\n', scenario.Split('\n').Where(l => !l.StartsWith("seed:", StringComparison.Ordinal)).Select(l => l.TrimEnd()));

    private static HashSet<string> Configurations(RecordedRun run) => run.Cells.Select(Identity).ToHashSet(StringComparer.Ordinal);

    private static string Identity(RecordedCell cell) => string.Join('\n', cell.Parameters.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}: {p.Value}"));
}
