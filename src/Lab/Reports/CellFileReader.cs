using System.Text.Json;
using Simulator.Environment;

namespace Simulator.Lab.Reports;

/// <summary>Reads the JSON files of a cell.</summary>
internal static class CellFileReader
{
    /// <summary>Reads results.json.</summary>
    /// <exception cref="UnreadableRunException">It cannot be understood.</exception>
    /// <param name="path">Path of the file.</param>
    /// <param name="cell">Name of the cell whose results they should be.</param>
    internal static CellResults Results(string path, string cell)
    {
        using var file = JsonFile.Read(path);
        var root = file.Root;
        file.Require("name", "all_rewards", "per_actor_stopped", "onset_episode", "gradient_death_episode", "freeze_episode", "evaluation", "baselines");
        if (file.Text(root, "name") is var name && name != cell)
        {
            throw new UnreadableRunException($"{path}: these are the results of {Wording.OneLine(name)}, not of {Wording.OneLine(cell)}");
        }

        var results = new CellResults(
            file.Numbers(root, "all_rewards"),
            file.Wholes(root, "per_actor_stopped"),
            file.Wholes(root, "onset_episode"),
            file.Wholes(root, "gradient_death_episode"),
            file.Wholes(root, "freeze_episode"),
            [.. file.List(root, "evaluation").Select(e => new RecordedEvaluation(
                file.Whole(e, "episode") ?? throw file.Fault("evaluation", "rows with an episode"), file.Number(e, "reward"), Violations(file, e, "_violation")))],
            file.NumbersByName(root, "baselines"),
            file.Entries(root, "baseline_violations").ToDictionary(e => e.Name, e => Violations(file, e.Value, ""), StringComparer.Ordinal));
        foreach (var (key, episodes) in new[] { ("onset_episode", results.Onset), ("gradient_death_episode", results.GradientDeath), ("freeze_episode", results.Freeze) })
        {
            if (episodes.Length != results.Stopped.Length)
            {
                throw file.Fault(key, "as long as per_actor_stopped");
            }
        }

        return results;
    }

    /// <summary>Reads the gradients by layer of tracking_data.json.</summary>
    /// <exception cref="UnreadableRunException">It cannot be understood.</exception>
    internal static IReadOnlyList<LayerGradients> Layers(string path)
    {
        using var file = JsonFile.Read(path);
        file.Require("gradient_history");
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
