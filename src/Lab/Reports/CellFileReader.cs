using System.Text.Json;
using Simulator.Environment;

namespace Simulator.Lab.Reports;

/// <summary>Reads the JSON files of a cell.</summary>
internal static class CellFileReader
{
    /// <summary>Reads results.json.</summary>
    /// <exception cref="UnreadableRunException">It cannot be understood.</exception>
    internal static CellResults Results(string path)
    {
        using var file = JsonFile.Read(path);
        var root = file.Root;
        return new CellResults(
            file.Numbers(root, "all_rewards"),
            file.Wholes(root, "per_actor_stopped"),
            file.Wholes(root, "onset_episode"),
            file.Wholes(root, "gradient_death_episode"),
            file.Wholes(root, "freeze_episode"),
            [.. file.List(root, "evaluation").Select(e => new RecordedEvaluation(
                file.Whole(e, "episode") ?? throw file.Fault("evaluation", "rows with an episode"), file.Number(e, "reward"), Violations(file, e, "_violation")))],
            file.NumbersByName(root, "baselines"),
            file.Entries(root, "baseline_violations").ToDictionary(e => e.Name, e => Violations(file, e.Value, ""), StringComparer.Ordinal));
    }

    /// <summary>Reads the gradients by layer of tracking_data.json.</summary>
    /// <exception cref="UnreadableRunException">It cannot be understood.</exception>
    internal static IReadOnlyList<LayerGradients> Layers(string path)
    {
        using var file = JsonFile.Read(path);
        return [.. file.List(file.Root, "gradient_history").Select(row => new LayerGradients(
            file.Whole(row, "episode") ?? throw file.Fault("gradient_history", "rows with an episode"),
            file.NumbersByName(row, "actor_per_layer"),
            file.NumbersByName(row, "critic_per_layer")))];
    }

    /// <summary>Reward of the best constant policy; null where there is none. The greedy rule is none of them.</summary>
    internal static double? BestConstant(CellResults results) =>
        results.Baselines.Where(b => Baselines.IsConstant(b.Key)).Select(b => (double?)b.Value).Max();

    private static Violations Violations(JsonFile file, JsonElement of, string suffix) =>
        new(file.Number(of, "server" + suffix), file.Number(of, "deadline" + suffix), file.Number(of, "energy" + suffix));
}
