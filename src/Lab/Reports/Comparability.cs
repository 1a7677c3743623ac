namespace Simulator.Lab.Reports;

/// <summary>What has to be equal for two cells' rewards, or their luck, to be compared.</summary>
internal static class Comparability
{
    private static readonly string[] RewardKeys = ["clients", "evaluation.episodes"];

    /// <summary>Keys that decide what networks there are and how they are drawn; an output function counts where it changes their width.</summary>
    private static readonly string[] NetworkKeys =
        ["clients", "policy.variant", "policy.last_layer", "policy.sharing", "policy.from", "mitigation.actor_layer_norm", "mitigation.critic_layer_norm", "mitigation.actor_activation"];

    private static readonly string[] WiderOutputs = ["gaussian", "beta"];

    /// <summary>Why the rewards of two cells are those of different problems; null where they are of one.</summary>
    internal static string? Obstacle(RecordedCell cell, RecordedCell reference)
    {
        if (cell.Run != reference.Run && (cell.RunSettings is null || reference.RunSettings is null))
        {
            return $"without scenario.yaml of {(cell.RunSettings is null ? cell.Run : reference.Run)} nothing tells whether their cells are alike";
        }

        var keys = SettingsReader.Defaults.Keys.Concat(cell.Parameters.Keys).Concat(reference.Parameters.Keys).Distinct(StringComparer.Ordinal)
            .Where(k => k.StartsWith("environment.", StringComparison.Ordinal) || RewardKeys.Contains(k, StringComparer.Ordinal));
        var different = keys.Where(k => cell.Setting(k) != reference.Setting(k)).Select(k => $"{k} is {cell.Setting(k)} rather than {reference.Setting(k)}").ToList();
        return different.Count == 0 ? null : string.Join(", ", different);
    }

    /// <summary>Whether two cells of one seed begin with the same weights.</summary>
    internal static bool BeginAlike(RecordedCell cell, RecordedCell reference) =>
        NetworkKeys.All(k => cell.Setting(k) == reference.Setting(k)) && WidthOf(cell) == WidthOf(reference);

    private static string WidthOf(RecordedCell cell) => cell.Setting("mitigation.output") is { } output && WiderOutputs.Contains(output, StringComparer.Ordinal) ? output : "";
}
