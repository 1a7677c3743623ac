namespace Simulator.Lab.Reports;

/// <summary>
/// What a cell has been treated with: its run (with those that are its seeds), where several are compared, and its swept keys other than the learning rates. Variants and mitigations are compared by treatment, at equal
/// rates and seeds.
/// </summary>
internal static class Treatments
{
    /// <summary>The rates: axes of the grid, and no treatment.</summary>
    private static readonly string[] Rates = ["learning.actor_rate", "learning.critic_rate"];

    /// <summary>The treatment in words: <c>variant linear, output inverting</c>; <c>base</c> where nothing is swept but rates.</summary>
    internal static string Of(RecordedCell cell)
    {
        var keys = Swept(cell).Select(p => $"{p.Key[(p.Key.LastIndexOf('.') + 1)..]} {p.Value}").ToList();
        var text = keys.Count > 0 ? string.Join(", ", keys) : cell.Group is null ? "base" : "";
        return cell.Group is { } group ? text.Length > 0 ? $"{group}: {text}" : group : text;
    }

    /// <summary>The treatment as the name of a folder.</summary>
    internal static string FolderOf(RecordedCell cell)
    {
        var parts = (cell.Group is { } group ? [group] : Enumerable.Empty<string>()).Concat(Swept(cell).Select(p => $"{p.Key[(p.Key.LastIndexOf('.') + 1)..]}-{p.Value}")).ToList();
        var name = parts.Count > 0 ? string.Join("-", parts) : "base";
        return string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '_'));
    }

    /// <summary>What tells treatments apart: their whole keys and values, which no two share.</summary>
    internal static string IdentityOf(RecordedCell cell) =>
        string.Join('\n', (cell.Group is { } group ? [group] : Enumerable.Empty<string>()).Concat(Swept(cell).Select(p => $"{p.Key}: {p.Value}")));

    /// <summary>What cells that differ in their seed alone have in common.</summary>
    internal static string ConfigurationOf(RecordedCell cell) =>
        string.Join('\n', cell.Parameters.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}: {p.Value}").Prepend(cell.Run));

    private static IEnumerable<KeyValuePair<string, string>> Swept(RecordedCell cell) =>
        cell.Parameters.Where(p => !Rates.Contains(p.Key, StringComparer.Ordinal));
}
