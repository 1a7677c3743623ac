namespace Simulator.Lab.Reports;

/// <summary>What was run, in words.</summary>
internal static class WhatRan
{
    /// <summary>Keys that say how a run was carried out and nothing about what was simulated, or that are said anyhow.</summary>
    private static readonly string[] Aside = ["name", "seed", "episodes", "clients", "cells", "mode"];

    /// <summary>A line on all runs together.</summary>
    internal static string InShort(ReportData data)
    {
        var groups = data.Cells.Select(c => c.Group ?? "").Distinct(StringComparer.Ordinal).Count();
        var runs = data.Runs.Count == 1 ? "" : groups == 1 ? $"{data.Runs.Count} runs, seeds of one scenario: " : groups < data.Runs.Count ? $"{data.Runs.Count} runs, {groups} scenarios compared: " : $"{data.Runs.Count} runs compared: ";
        var clients = data.Runs.Select(r => r.Settings.GetValueOrDefault("clients")).Distinct(StringComparer.Ordinal).ToList();
        var each = clients is [{ } one] ? $" of {one} clients each" : "";
        var longest = data.Cells.Select(c => c.Episodes).DefaultIfEmpty(0).Max();
        var configurations = data.Configurations.Count > 0 ? $", {Numbers.Count(data.Configurations.Count, "configuration")} with {Seeds(data)}" : "";
        return $"{runs}{Numbers.Count(data.Cells.Count, "cell")}{each}{configurations}, up to {Numbers.Count(longest, "episode")}.";
    }

    /// <summary>Sentences on one run: size, what differs from the original's settings, what was swept, where it ran.</summary>
    internal static IEnumerable<string> InFull(RecordedRun run)
    {
        yield return $"{Numbers.Count(run.Planned, "cell")} in {run.Folder}{(run.Status is { } status ? $"; the run's status is {status}" : "")}.";
        var changed = run.Settings
            .Where(s => !Aside.Contains(s.Key, StringComparer.Ordinal) && !s.Key.StartsWith("compute.", StringComparison.Ordinal) && SettingsReader.Defaults.TryGetValue(s.Key, out var value) && value != s.Value)
            .Select(s => $"{s.Key} {s.Value}").ToList();
        if (run.Settings.Count > 0)
        {
            yield return changed.Count > 0 ? $"Different from the original's settings in every cell: {string.Join(", ", changed)}." : "What is not swept is as in the original's settings.";
        }

        var swept = run.Cells.SelectMany(c => c.Parameters).GroupBy(p => p.Key, p => p.Value, StringComparer.Ordinal)
            .Select(g => $"{g.Key} ({string.Join(", ", g.Distinct(StringComparer.Ordinal).Take(20))})").ToList();
        if (swept.Count > 0)
        {
            yield return $"Swept: {string.Join("; ", swept)}.";
        }

        if (run.Versions.Count > 0)
        {
            yield return string.Join(", ", run.Versions) + ".";
        }
    }

    private static string Seeds(ReportData data)
    {
        var seeds = data.Configurations.Select(c => c.Cells.Count).ToList();
        return seeds.Min() == seeds.Max() ? $"{Numbers.Count(seeds[0], "seed")} each" : $"{seeds.Min()} to {seeds.Max()} seeds each";
    }
}
