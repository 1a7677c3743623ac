using System.Globalization;
using System.Text.Json;
using Simulator.Protocol;

namespace Simulator.Lab.Reports;

/// <summary>
/// Reads the folders of runs into plain records. Files that are missing make a run partial; files that are damaged, or of something else, are errors. Nothing is written, and nothing
/// outside the folder is read.
/// </summary>
internal static class RunReader
{
    /// <summary>Of many cells no figure draws more agents' tables than these.</summary>
    private const int AgentTables = 16;

    /// <summary>Columns of agents.parquet that a report needs; the rest is for other tools.</summary>
    private static readonly string[] AgentColumns = ["episode", "agent", "saturation", "slope"];

    /// <summary>Reads runs.</summary>
    /// <param name="folders">Their folders.</param>
    /// <param name="withTables">Whether the tables of the cells are read, too.</param>
    /// <exception cref="UnreadableRunException">A folder is no run, or a file in it cannot be understood.</exception>
    internal static IReadOnlyList<RecordedRun> Read(IReadOnlyList<string> folders, bool withTables = true)
    {
        var labels = RunLabels.Of(folders);
        var opened = folders.Select((folder, i) => Open(folder, labels[i])).ToList();
        var cells = opened.SelectMany(o => o.Cells);
        var (windows, many) = (withTables ? Windows.Of(cells) : null, cells.Count(c => c.Learns) > Windows.ManyCells);
        var agents = new HashSet<string>(StringComparer.Ordinal);

        // Cell by cell: of its tables nothing but the windows is kept.
        return RunGroups.Of(opened.ConvertAll(run =>
        {
            var missing = run.Missing.ToList();
            return run with { Cells = [.. run.Cells.Select(c => WithSettings(WithFiles(c, run.Folder, windows, !many || (agents.Count < AgentTables && agents.Add(Treatments.ConfigurationOf(c))), missing)))], Missing = missing };
        }));
    }

    /// <summary>Reads what a run tells of itself, and its cells' rows; not their files.</summary>
    private static RecordedRun Open(string folder, string label)
    {
        if (!Directory.Exists(folder))
        {
            throw new UnreadableRunException($"there is no folder '{Wording.Shorten(folder)}'; name the folder of a run");
        }

        if (Links.Complaint(folder) is { } complaint)
        {
            throw new UnreadableRunException(complaint);
        }

        var missing = new List<string>();
        var population = Path.Combine(folder, "population.json");
        var cells = Path.Combine(folder, "cells");
        if (!File.Exists(population) && !Directory.Exists(cells) && !File.Exists(Path.Combine(folder, "manifest.json")))
        {
            throw new UnreadableRunException($"'{Wording.Shorten(folder)}' is no folder of a run: it holds neither population.json nor manifest.json nor cells");
        }

        var whole = File.Exists(population);
        var rows = whole ? Rows(population, folder, label) : RowsOfCells(cells, label, missing);
        var scenario = Path.Combine(folder, "scenario.yaml");
        var text = File.Exists(scenario) ? SettingsReader.Text(scenario) : null;
        if (text is null)
        {
            missing.Add("scenario.yaml");
        }

        var settings = text is null ? null : SettingsReader.Parse(scenario, text);
        var (name, status, planned, versions) = Manifest(Path.Combine(folder, "manifest.json"), missing);
        if (whole)
        {
            CheckRows(population, cells, rows, planned);
        }

        return new RecordedRun(
            label, folder, name ?? label, status, versions, Math.Max(planned ?? 0, rows.Count), settings ?? new Dictionary<string, string>(StringComparer.Ordinal), text,
            [.. rows.Select(r => r with { RunSettings = settings })], missing)
        {
            Interventions = Interventions(Path.Combine(folder, "events.jsonl")),
        };
    }

    /// <summary>population.json has a row for each cell of the run, whatever became of it.</summary>
    private static void CheckRows(string population, string cells, List<RecordedCell> rows, int? planned)
    {
        if (planned is { } count && count != rows.Count)
        {
            throw new UnreadableRunException($"{population}: it tells of {Numbers.Count(rows.Count, "cell")}, and manifest.json of {count}; one of them is damaged or of another run");
        }

        // A cell that began after the table was written has its folder, but not yet in its row.
        var names = rows.SelectMany(r => new[] { r.Name, r.Folder is null ? "" : Path.GetRelativePath("cells", r.Folder) }).Select(n => n.Split('/', Path.DirectorySeparatorChar)[0]).ToHashSet(StringComparer.Ordinal);
        if (Directory.Exists(cells) && Directory.GetDirectories(cells).Select(Path.GetFileName).FirstOrDefault(f => !names.Contains(f!)) is { } stranger)
        {
            throw new UnreadableRunException($"{population}: it does not tell of the cell in cells/{Wording.OneLine(stranger)}; it is damaged or of another run");
        }
    }

    private static (string? Name, string? Status, int? Planned, IReadOnlyList<string> Versions) Manifest(string path, List<string> missing)
    {
        if (!File.Exists(path))
        {
            missing.Add("manifest.json");
            return (null, null, null, []);
        }

        using var file = JsonFile.Read(path);
        file.Require("name", "status", "cells");
        var versions = new List<string>();
        foreach (var key in (string[])["versions", "machine"])
        {
            versions.AddRange(file.Entries(file.Root, key).Select(e => $"{e.Name} {e.Value}"));
        }

        versions.AddRange(new[] { ("started", file.TextOrNull(file.Root, "started")), ("seconds", file.Number(file.Root, "seconds")?.ToString("0", System.Globalization.CultureInfo.InvariantCulture)) }
            .Where(v => v.Item2 is not null).Select(v => $"{v.Item1} {v.Item2}"));
        return (file.TextOrNull(file.Root, "name"), file.TextOrNull(file.Root, "status"), file.Whole(file.Root, "cells"), versions);
    }

    /// <summary>How often somebody did something that results depend on. A run that goes on or was killed has it in no other file.</summary>
    private static int Interventions(string path)
    {
        var kinds = Enum.GetValues<InterventionKind>().Where(RunInterventions.ChangesResults).Select(k => $"\"kind\":\"{RunInterventions.WordOf(k)}\"").ToList();
        return (File.Exists(path) ? File.ReadLines(path) : []).Count(l =>
            l.Contains($"\"event\":\"{InterventionJournal.Effective}\"", StringComparison.Ordinal) && kinds.Exists(k => l.Contains(k, StringComparison.Ordinal)));
    }

    private static List<RecordedCell> Rows(string path, string run, string label)
    {
        return JsonFile.ReadRows(path, (file, row) => Row(file, row, label) with
        {
            Episodes = file.Whole(row, "episodes") ?? 0,
            Saturation = file.Number(row, "saturation"),
            MeanReward = file.Number(row, "mean_reward"),
            Evaluation = file.Number(row, "evaluation"),
            BestConstant = file.Number(row, "best_constant"),
            Folder = Inside(path, run, file.Text(row, "name"), file.TextOrNull(row, "folder")),
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

    private static RecordedCell WithSettings(RecordedCell cell)
    {
        UnreadableRunException Fault(string key, string expected) =>
            new($"cell {Wording.OneLine(cell.Name)}: {key} should be {expected}, not '{Wording.Shorten(cell.Setting(key)!)}'");
        int Whole(string key) => int.TryParse(cell.Setting(key), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : throw Fault(key, "a whole number");
        double Number(string key) => double.TryParse(cell.Setting(key), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : throw Fault(key, "a number");

        var window = Whole("tracking.window");
        return cell with { Window = window, Unseen = (window - 1) * Whole("mitigation.actor_delay"), Threshold = Number("tracking.saturation_threshold") };
    }

    /// <summary>The folder of a cell, which lies within cells/; null where it has none.</summary>
    private static string? Inside(string population, string run, string name, string? folder) =>
        folder is not null && (folder.Contains('\0', StringComparison.Ordinal) || (Path.GetRelativePath(Path.Combine(run, "cells"), Path.Combine(run, folder)) is var relative && (relative == "." || relative.StartsWith("..", StringComparison.Ordinal) || Path.IsPathRooted(relative))))
            ? throw new UnreadableRunException($"{population}: the folder '{Wording.OneLine(Wording.Shorten(folder))}' of cell {Wording.OneLine(name)} lies outside cells/")
            : folder;

    private static RecordedCell WithFiles(RecordedCell row, string run, Windows? windows, bool withAgents, List<string> missing)
    {
        // Each cell is evaluated before its first episode: without its files nothing tells whether the last evaluation is that of a trained policy, but that it came to its end.
        row = row.Learns && !row.IsFinished ? row with { Evaluation = null } : row;
        if (row.Folder is null)
        {
            return row;
        }

        var folder = Path.Combine(run, row.Folder);

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

        var results = Existing("results.json") is { } r ? CellFileReader.Results(r, row.Name) : null;
        var cell = row with { Folder = folder, Results = results, Evaluation = row.Learns && results is not null ? results.EvaluationAfter(row.Episodes)?.Reward : row.Evaluation };
        if (results is not null)
        {
            cell = cell with { BestConstant = row.BestConstant ?? CellFileReader.BestConstant(results) };
        }

        if (!row.Learns || windows is null)
        {
            return cell;
        }

        var table = Existing("episodes.parquet") is { } e ? ColumnTable.Read(e, null, "episode", "reward") : null;
        return cell with
        {
            Layers = Existing("tracking_data.json") is { } t ? [.. CellFileReader.Layers(t).GroupBy(l => windows.WindowOf(l.Episode)).Select(g => g.Last())] : [],
            Facts = EpisodeFacts.Of(table, cell.Episodes),
            EpisodeTable = table?.Reduced(windows),
            AgentTable = withAgents && Existing("agents.parquet", expected: false) is { } a ? ColumnTable.Read(a, AgentColumns, "episode", "agent") : null,
        };
    }
}
