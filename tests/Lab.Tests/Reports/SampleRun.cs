using System.Text.Json;
using Parquet;
using Parquet.Schema;

namespace Simulator.Lab.Tests.Reports;

/// <summary>
/// Writes the folder of a run that never ran, with every file and column that a report reads. Cells with an actor rate from 0.01 on saturate, lose their gradient in the squash and freeze;
/// the others go on learning.
/// </summary>
internal sealed class SampleRun
{
    private static readonly string[] Actions = ["offload", "cpu", "power"];

    private readonly List<Cell> _cells = [];

    public int Agents { get; init; } = 4;

    public int Episodes { get; init; } = 60;

    public string Name { get; init; } = "sample";

    /// <summary>Whether the newer columns and keys are written, as runs of today do.</summary>
    public bool WithDiagnostics { get; init; } = true;

    internal sealed record Cell(string Name, double ActorRate, double CriticRate, ulong Seed, IReadOnlyDictionary<string, string> Parameters)
    {
        public string Status { get; init; } = "completed";

        public bool Begun { get; init; } = true;

        public bool Acts { get; init; }

        public bool Freezes => ActorRate >= 0.01;
    }

    internal SampleRun Add(double actorRate, double criticRate, ulong seed = 42, string status = "completed", bool begun = true, params (string Key, string Value)[] more)
    {
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal) { ["learning.actor_rate"] = Text(actorRate), ["learning.critic_rate"] = Text(criticRate) };
        foreach (var (key, value) in more)
        {
            parameters[key] = value;
        }

        var name = $"{string.Concat(more.Select(m => $"{m.Value}-"))}{Text(actorRate)}-{Text(criticRate)}-s{seed}";
        _cells.Add(new Cell(name, actorRate, criticRate, seed, parameters) { Status = status, Begun = begun });
        return this;
    }

    internal SampleRun AddActing(int count)
    {
        for (var i = 0; i < count; i++)
        {
            _cells.Add(new Cell($"base-s{i}", 0.001, 0.001, (ulong)i, new Dictionary<string, string>(StringComparer.Ordinal)) { Acts = true });
        }

        return this;
    }

    /// <summary>Writes the folder.</summary>
    internal string Write(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "scenario.yaml"), $"name: {Name}\nseed: {_cells[0].Seed}\nclients: {Agents}\nepisodes: {Episodes}\nenvironment:\n  steps: 10\nlearning:\n  update: simultaneous\n");
        Json(Path.Combine(folder, "manifest.json"), new { name = Name, status = "done", seed = 42, cells = _cells.Count, started = "2026-01-01T00:00:00Z", seconds = 12.5, versions = new { simulator = "0.1.0" } });
        Json(Path.Combine(folder, "population.json"), _cells.Select(Row).ToList());
        foreach (var cell in _cells.Where(c => c.Begun && !c.Acts))
        {
            var path = Path.Combine(folder, "cells", cell.Name);
            Directory.CreateDirectory(path);
            Json(Path.Combine(path, "results.json"), Results(cell));
            Json(Path.Combine(path, "tracking_data.json"), Tracking(cell));
            WriteEpisodes(Path.Combine(path, "episodes.parquet"), cell).GetAwaiter().GetResult();
            if (WithDiagnostics)
            {
                WriteAgents(Path.Combine(path, "agents.parquet"), cell).GetAwaiter().GetResult();
            }
        }

        return folder;
    }

    internal int StopOf(Cell cell) => (Episodes / 2) + (int)(cell.Seed % 3);

    private object Row(Cell cell) => new
    {
        name = cell.Name,
        configuration = 0,
        run = 1,
        seed = cell.Seed,
        mode = cell.Acts ? "act" : "learn",
        actor_lr = cell.ActorRate,
        critic_lr = cell.CriticRate,
        parameters = cell.Parameters,
        status = cell.Status,
        detail = (string?)null,
        episodes = cell.Begun ? Episodes : 0,
        stopping_episode = cell is { Begun: true, Acts: false, Freezes: true } ? StopOf(cell) : (int?)null,
        saturation = cell.Begun && !cell.Acts ? Saturation(cell, Episodes) : (double?)null,
        mean_reward = cell.Begun ? -400 - (double)(cell.Seed % 50) : (double?)null,
        evaluation = cell.Begun && !cell.Acts ? Evaluation(cell, Episodes) : (double?)null,
        best_constant = -389.0,
        folder = cell.Begun && !cell.Acts ? $"cells/{cell.Name}" : null,
    };

    private object Results(Cell cell)
    {
        int?[] PerAgent(int? episode) => [.. Enumerable.Range(0, Agents).Select(i => episode + i)];
        var stop = StopOf(cell);
        return new
        {
            actor_lr = cell.ActorRate,
            critic_lr = cell.CriticRate,
            stopping_episode = cell.Freezes ? stop : (int?)null,
            total_episodes = Episodes,
            all_rewards = Enumerable.Range(1, Episodes).Select(e => Reward(cell, e)).ToArray(),
            final_reward = Reward(cell, Episodes),
            per_actor_stopped = PerAgent(cell.Freezes ? stop - Agents + 1 : null),
            name = cell.Name,
            mode = "learn",
            seed = cell.Seed,
            status = cell.Status,
            detail = (string?)null,
            onset_episode = PerAgent(cell.Freezes ? 5 : null),
            gradient_death_episode = PerAgent(cell.Freezes ? 12 : null),
            freeze_episode = PerAgent(cell.Freezes ? stop - Agents + 1 : null),
            evaluation = new[] { 0, Episodes / 2, Episodes }.Select(e => WithDiagnostics
                ? (object)new { episode = e, reward = Evaluation(cell, e), server_violation = 0.1, deadline_violation = 0.2, energy_violation = 0.0 }
                : new { episode = e, reward = Evaluation(cell, e) }).ToArray(),
            baselines = new { all_local_1_percent_cpu = -389.0, all_local_full_cpu = -138000.0, greedy_offload = -508.0 },
            baseline_violations = new { all_local_1_percent_cpu = new { server = 0.0, deadline = 1.0, energy = 0.0 } },
            parameters = cell.Parameters,
        };
    }

    private object Tracking(Cell cell)
    {
        var episodes = Enumerable.Range(1, Episodes / 10).Select(i => 10 * i).ToList();
        return new
        {
            gradient_history = episodes.Select(e => new
            {
                episode = e,
                actor_grad = Gradient(cell, e),
                critic_grad = 1e5,
                actor_per_layer = new { fc1 = Gradient(cell, e) / 2, fc2 = Gradient(cell, e) / 4, fc3 = Gradient(cell, e) },
                critic_per_layer = new { fc1 = 1e4, fc2 = 2e4, fc3 = 9e4 },
            }),
            asymmetry_history = episodes.Select(e => new { episode = e, ratio = Gradient(cell, e) / 1e5, actor_grad = Gradient(cell, e), critic_grad = 1e5 }),
            activation_history = episodes.Select(e => new
            {
                episode = e,
                mean_preact = 0.5,
                std_preact = 2.0,
                min_preact = -9.0,
                max_preact = 12.0,
                avg_actor_output_saturation = Saturation(cell, e),
                mean_output_slope = 0.5,
                actor_activations_sample = new { fc3 = new { min = -1, max = 1.0, mean = 0.25, saturation = Saturation(cell, e) } },
            }),
        };
    }

    private static double Progress(Cell cell) => cell.Parameters.Count > 2 ? 0.9 : cell.Freezes ? 0.05 : 0.5;

    private double Reward(Cell cell, int episode) => -50000 * (1 - (Progress(cell) * episode / Episodes)) - (7 * (double)cell.Seed);

    private double Evaluation(Cell cell, int episode) => Reward(cell, episode) * 0.9;

    private double Saturation(Cell cell, int episode) => cell.Freezes ? Math.Min(1, episode / (0.2 * Episodes)) : 0.1;

    /// <summary>Squash loses twelve and a half decades within the first half of a freezing cell's life, and is exactly zero afterwards.</summary>
    private double Squash(Cell cell, int episode) => !cell.Freezes ? 0.8 : 2 * episode > Episodes ? 0 : Math.Pow(10, -25.0 * episode / Episodes);

    private double Gradient(Cell cell, int episode) => 100 * Squash(cell, episode) * 3;

    private async Task WriteEpisodes(string path, Cell cell)
    {
        var columns = new List<(string Name, Func<int, double> Of)>
        {
            ("reward", e => Reward(cell, e)), ("critic_loss", _ => 5), ("actor_gradient", e => Gradient(cell, e)), ("critic_gradient", _ => 1e5), ("asymmetry", e => Gradient(cell, e) / 1e5),
            ("saturation", e => Saturation(cell, e)), ("output_slope", e => Squash(cell, e)), ("preactivation_deviation", e => 1 + e), ("preactivation_min", e => -e), ("preactivation_max", e => e),
        };
        if (WithDiagnostics)
        {
            columns.AddRange([("action_gradient", _ => 100), ("squash_factor", e => Squash(cell, e)), ("body_factor", _ => 3), ("dormant_units", _ => 0.25)]);
            foreach (var action in Actions)
            {
                columns.AddRange([
                    ($"{action}_low_90", _ => 0.3), ($"{action}_low_99", _ => 0.2), ($"{action}_high_90", _ => 0.4), ($"{action}_high_99", _ => 0.1), ($"{action}_slope", e => Squash(cell, e)), ($"{action}_z_50", e => e),
                    ($"{action}_z_90", e => 2 * e), ($"{action}_z_99", e => 3 * e), ($"{action}_stuck", _ => 0.6), ($"{action}_boundary", _ => 0.3), ($"{action}_variance", _ => cell.Freezes ? 1e-6 : 0.02)]);
            }
        }

        // Without an update there is nothing but a reward.
        var episodes = Enumerable.Range(1, Episodes).ToArray();
        await Table(
            path,
            [("episode", episodes), ("agents_learning", episodes.Select(e => cell.Freezes && 2 * e > Episodes ? 0 : Agents).ToArray()), ("agents_saturated", new int[Episodes]), ("agents_dead", new int[Episodes]), ("agents_frozen", episodes.Select(e => cell.Freezes && 2 * e > Episodes ? Agents : 0).ToArray())],
            [.. columns.Select(c => (c.Name, episodes.Select(e => e == 1 && c.Name != "reward" ? (double?)null : c.Of(e)).ToArray()))]);
    }

    private Task WriteAgents(string path, Cell cell)
    {
        var rows = Enumerable.Range(1, Episodes / 10).SelectMany(e => Enumerable.Range(0, Agents).Select(a => (Episode: 10 * e, Agent: a))).ToArray();
        return Table(
            path,
            [("episode", [.. rows.Select(r => r.Episode)]), ("agent", [.. rows.Select(r => r.Agent)])],
            [("saturation", [.. rows.Select(r => (double?)Saturation(cell, r.Episode))]), ("slope", [.. rows.Select(r => (double?)Squash(cell, r.Episode))])]);
    }

    private static async Task Table(string path, (string Name, int[] Values)[] whole, (string Name, double?[] Values)[] numbers)
    {
        var fields = whole.Select(c => (DataField)new DataField<int>(c.Name)).Concat(numbers.Select(c => new DataField<double?>(c.Name))).ToArray();
        await using var stream = File.Create(path);
        await using var writer = await ParquetWriter.CreateAsync(new ParquetSchema(fields), stream);
        using var group = writer.CreateRowGroup();
        foreach (var (i, column) in whole.Index())
        {
            await group.WriteAsync<int>(fields[i], column.Values);
        }

        foreach (var (i, column) in numbers.Index())
        {
            await group.WriteAsync<double>(fields[whole.Length + i], column.Values);
        }
    }

    private static string Text(double value) => value.ToString("0.######", System.Globalization.CultureInfo.InvariantCulture);

    private static void Json(string path, object value) => File.WriteAllText(path, JsonSerializer.Serialize(value));
}
