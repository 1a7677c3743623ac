using System.Globalization;
using System.Text.Json;

namespace Simulator.Lab.Reports;

/// <summary>
/// Reads the folders of runs into plain records. Files that are missing make a run partial; files that are damaged, or of something else, are errors. Nothing is written, and nothing
/// outside the folder is read.
/// </summary>
internal static class RunReader
{
    /// <summary>The tables of so many learning cells are read; of more, their rows in population.json tell enough, and hold less memory.</summary>
    internal const int MostCellsWithTables = 200;

    /// <summary>Columns of agents.parquet that a report needs; the rest is for other tools.</summary>
    private static readonly string[] AgentColumns = ["episode", "agent", "saturation", "slope"];

    /// <summary>Reads runs.</summary>
    /// <param name="folders">Their folders.</param>
    /// <param name="withTables">Whether the tables of the cells are read, too.</param>
    /// <exception cref="UnreadableRunException">A folder is no run, or a file in it cannot be understood.</exception>
    internal static IReadOnlyList<RecordedRun> Read(IReadOnlyList<string> folders, bool withTables = true)
    {
        var labels = RunLabels.Of(folders);
        return [.. folders.Select((folder, i) => Read(folder, labels[i], withTables))];
    }

    private static RecordedRun Read(string folder, string label, bool withTables)
    {
        if (!Directory.Exists(folder))
        {
            throw new UnreadableRunException($"there is no folder '{Wording.Shorten(folder)}'; name the folder of a run");
        }

        var missing = new List<string>();
        var population = Path.Combine(folder, "population.json");
        var cells = Path.Combine(folder, "cells");
        if (!File.Exists(population) && !Directory.Exists(cells) && !File.Exists(Path.Combine(folder, "manifest.json")))
        {
            throw new UnreadableRunException($"'{Wording.Shorten(folder)}' is no folder of a run: it holds neither population.json nor manifest.json nor cells");
        }

        var rows = File.Exists(population) ? Rows(population, label) : RowsOfCells(cells, label, missing);
        withTables &= rows.Count(r => r.Learns) <= MostCellsWithTables;
        var read = rows.Select(row => WithFiles(row, folder, withTables, missing)).ToList();
        var scenario = Path.Combine(folder, "scenario.yaml");
        var text = File.Exists(scenario) ? File.ReadAllText(scenario) : null;
        if (text is null)
        {
            missing.Add("scenario.yaml");
        }

        var settings = text is null ? new Dictionary<string, string>(StringComparer.Ordinal) : SettingsReader.Parse(scenario, text);
        read = read.ConvertAll(cell => WithWindow(cell, settings));
        var (name, status, planned, versions) = Manifest(Path.Combine(folder, "manifest.json"), missing);
        return new RecordedRun(
            label, folder, name ?? label, status, versions, Math.Max(planned ?? 0, read.Count), settings, text, read, missing);
    }

    private static (string? Name, string? Status, int? Planned, IReadOnlyList<string> Versions) Manifest(string path, List<string> missing)
    {
        if (!File.Exists(path))
        {
            missing.Add("manifest.json");
            return (null, null, null, []);
        }

        using var file = JsonFile.Read(path);
        var versions = new List<string>();
        foreach (var key in (string[])["versions", "machine"])
        {
            versions.AddRange(file.Entries(file.Root, key).Select(e => $"{e.Name} {e.Value}"));
        }

        versions.AddRange(new[] { ("started", file.TextOrNull(file.Root, "started")), ("seconds", file.Number(file.Root, "seconds")?.ToString("0", System.Globalization.CultureInfo.InvariantCulture)) }
            .Where(v => v.Item2 is not null).Select(v => $"{v.Item1} {v.Item2}"));
        return (file.TextOrNull(file.Root, "name"), file.TextOrNull(file.Root, "status"), file.Whole(file.Root, "cells"), versions);
    }

    private static List<RecordedCell> Rows(string path, string label)
    {
        return JsonFile.ReadRows(path, (file, row) => Row(file, row, label) with
        {
            Episodes = file.Whole(row, "episodes") ?? 0,
            Saturation = file.Number(row, "saturation"),
            MeanReward = file.Number(row, "mean_reward"),
            Evaluation = file.Number(row, "evaluation"),
            BestConstant = file.Number(row, "best_constant"),
            Folder = file.TextOrNull(row, "folder"),
        });
    }

    /// <summary>A run that was killed has no population.json: its finished cells tell of themselves.</summary>
    private static List<RecordedCell> RowsOfCells(string cells, string label, List<string> missing)
    {
        missing.Add("population.json");
        var rows = new List<RecordedCell>();
        var folders = Directory.Exists(cells) ? Directory.GetDirectories(cells) : [];
        foreach (var folder in folders.Order(StringComparer.Ordinal))
        {
            var path = Path.Combine(folder, "results.json");
            if (File.Exists(path))
            {
                using var file = JsonFile.Read(path);
                rows.Add(Row(file, file.Root, label) with { Episodes = file.Whole(file.Root, "total_episodes") ?? 0, Folder = $"cells/{Path.GetFileName(folder)}" });
            }
        }

        return rows;
    }

    /// <summary>What population.json and results.json say of a cell in the same words.</summary>
    private static RecordedCell Row(JsonFile file, JsonElement row, string label) => new()
    {
        Name = file.Text(row, "name"),
        Run = label,
        Seed = file.Seed(row, "seed"),
        Learns = file.TextOrNull(row, "mode") != "act",
        ActorRate = file.Number(row, "actor_lr") ?? 0,
        CriticRate = file.Number(row, "critic_lr") ?? 0,
        Parameters = file.Texts(row, "parameters"),
        Status = file.Text(row, "status"),
        Detail = file.TextOrNull(row, "detail"),
        StoppingEpisode = file.Whole(row, "stopping_episode"),
    };

    private static RecordedCell WithWindow(RecordedCell cell, IReadOnlyDictionary<string, string> settings)
    {
        int Setting(string key)
        {
            var text = cell.Parameters.GetValueOrDefault(key) ?? settings.GetValueOrDefault(key) ?? SettingsReader.Defaults[key];
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
                ? value : throw new UnreadableRunException($"cell {Wording.OneLine(cell.Name)}: {key} should be a whole number, not '{Wording.Shorten(text)}'");
        }

        var window = Setting("tracking.window");
        return cell with { Window = window, Unseen = (window - 1) * Setting("mitigation.actor_delay") };
    }

    private static RecordedCell WithFiles(RecordedCell row, string run, bool withTables, List<string> missing)
    {
        // Each cell is evaluated before its first episode: without its files nothing tells whether the last evaluation is that of a trained policy, but that it came to its end.
        row = row.Learns && !row.IsFinished ? row with { Evaluation = null } : row;
        if (row.Folder is null)
        {
            return row;
        }

        var folder = Path.Combine(run, row.Folder);
        if (Path.GetRelativePath(Path.Combine(run, "cells"), folder) is var relative && (relative == "." || relative.StartsWith("..", StringComparison.Ordinal) || Path.IsPathRooted(relative)))
        {
            throw new UnreadableRunException($"{Path.Combine(run, "population.json")}: the folder '{Wording.Shorten(row.Folder)}' of cell {Wording.OneLine(row.Name)} lies outside cells/");
        }

        string? Existing(string file, bool expected = true)
        {
            var path = Path.Combine(folder, file);
            if (File.Exists(path))
            {
                return path;
            }

            if (expected)
            {
                missing.Add($"{row.Folder}/{file}");
            }

            return null;
        }

        var results = Existing("results.json") is { } r ? CellFileReader.Results(r) : null;
        var cell = row with { Folder = folder, Results = results, Evaluation = row.Learns && results is not null ? results.EvaluationAfter(row.Episodes)?.Reward : row.Evaluation };
        if (results is not null)
        {
            cell = cell with { BestConstant = row.BestConstant ?? CellFileReader.BestConstant(results) };
        }

        return !row.Learns || !withTables ? cell : cell with
        {
            Layers = Existing("tracking_data.json") is { } t ? CellFileReader.Layers(t) : [],
            EpisodeTable = Existing("episodes.parquet") is { } e ? ColumnTable.Read(e, null, "episode", "reward") : null,
            AgentTable = Existing("agents.parquet", expected: false) is { } a ? ColumnTable.Read(a, AgentColumns, "episode", "agent") : null,
        };
    }
}
