using System.Globalization;
using System.Text.Json;

namespace Simulator.Lab.Reports;

/// <summary>
/// Writes results as the research's own code lays them out: <c>actor_&lt;lr&gt;_critic_&lt;lr&gt;_run_&lt;k&gt;/results.json</c> and <c>tracking_data.json</c> with the research's keys in
/// its order and none else, so that its plotting scripts read them unchanged.
/// </summary>
public static class ReferenceLayout
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>Lays runs out.</summary>
    /// <param name="folders">Folders of runs.</param>
    /// <param name="output">Folder to write, empty or not there.</param>
    /// <exception cref="UnreadableRunException">A run cannot be read.</exception>
    /// <exception cref="OutputFolderException">The folder is not empty, or cannot be written.</exception>
    public static LayoutOutcome Write(IReadOnlyList<string> folders, string output)
    {
        RunFolder.Check(output);
        var runs = RunReader.Read(folders, withTables: false);
        var notes = new List<string>();
        var laidOut = new List<(RecordedCell Cell, string Results, string Tracking, string Treatment)>();
        foreach (var cell in runs.SelectMany(r => r.Cells))
        {
            var results = cell.Folder is null ? null : Path.Combine(cell.Folder, "results.json");
            var tracking = cell.Folder is null ? null : Path.Combine(cell.Folder, "tracking_data.json");
            var name = runs.Count > 1 ? $"{cell.Run}/{cell.Name}" : cell.Name;
            if (!cell.Learns)
            {
                notes.Add($"{name} is not laid out: it only acted, and the research's files are of learning");
            }
            else if (!File.Exists(results) || !File.Exists(tracking))
            {
                notes.Add($"{name} is not laid out: it has no {(File.Exists(results) ? "tracking_data.json" : "results.json")}");
            }
            else
            {
                laidOut.Add((cell, results, tracking, Treatments.IdentityOf(cell)));
                if (!cell.IsFinished)
                {
                    notes.Add($"{name} is laid out unfinished: it {(cell.Status == "interrupted" ? "was interrupted" : cell.Status)} after {Numbers.Count(cell.Episodes, "episode")}");
                }
            }
        }

        // The research's folders are named by rates and run alone: whatever else differs needs folders above them.
        var treatments = FoldersOf(laidOut.ConvertAll(c => (c.Cell, c.Treatment)));
        var taken = new Dictionary<string, int>(StringComparer.Ordinal);
        try
        {
            Directory.CreateDirectory(output);
            foreach (var (cell, results, tracking, treatment) in laidOut)
            {
                var pair = Path.Combine(output, treatments.Count > 1 ? treatments[treatment] : "", $"actor_{Rate(cell.ActorRate)}_critic_{Rate(cell.CriticRate)}");
                var run = taken[pair] = taken.GetValueOrDefault(pair) + 1;
                var folder = $"{pair}_run_{run.ToString(CultureInfo.InvariantCulture)}";
                WriteResults(Path.Combine(folder, "results.json"), results);
                WriteTracking(Path.Combine(folder, "tracking_data.json"), tracking);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new OutputFolderException($"the reference layout cannot be written to '{output}': {fault.Message}", fault);
        }

        if (treatments.Count > 1)
        {
            notes.Add($"other keys than the learning rates differ: there is a layout for each configuration of them, in {string.Join(", ", treatments.Values)}");
        }

        return new LayoutOutcome(laidOut.Count, notes);
    }

    /// <summary>A learning rate as the folders have it: 0.0001, never 1e-4.</summary>
    internal static string Rate(double rate) => rate.ToString("0.####################", CultureInfo.InvariantCulture);

    /// <summary>A folder for each treatment, in the order in which they come. Where the letters that a folder can have make two names equal, the later one has a number behind it.</summary>
    private static Dictionary<string, string> FoldersOf(List<(RecordedCell Cell, string Treatment)> cells)
    {
        var folders = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (cell, treatment) in cells.Where(c => !folders.ContainsKey(c.Treatment)))
        {
            var name = Treatments.FolderOf(cell);
            var free = name;
            for (var i = 2; folders.Values.Contains(free, StringComparer.OrdinalIgnoreCase); i++)
            {
                free = $"{name}-{i.ToString(CultureInfo.InvariantCulture)}";
            }

            folders.Add(treatment, free);
        }

        return folders;
    }

    private static void WriteResults(string path, string source)
    {
        using var file = JsonFile.Read(source);
        RunFolder.WriteFile(path, stream =>
        {
            using var json = new Utf8JsonWriter(stream, Indented);
            json.WriteStartObject();
            Float(json, file, file.Root, "actor_lr");
            Float(json, file, file.Root, "critic_lr");
            Whole(json, "stopping_episode", file.Whole(file.Root, "stopping_episode") ?? file.Whole(file.Root, "total_episodes"));
            Whole(json, "total_episodes", file.Whole(file.Root, "total_episodes"));
            json.WriteStartArray("all_rewards");
            Array.ForEach(file.Numbers(file.Root, "all_rewards"), reward => Float(json, reward));
            json.WriteEndArray();
            Float(json, file, file.Root, "final_reward");
            json.WriteStartArray("per_actor_stopped");
            foreach (var episode in file.Wholes(file.Root, "per_actor_stopped"))
            {
                Whole(json, episode);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private static void WriteTracking(string path, string source)
    {
        using var file = JsonFile.Read(source);
        RunFolder.WriteFile(path, stream =>
        {
            using var json = new Utf8JsonWriter(stream, Indented);
            json.WriteStartObject();
            Rows("gradient_history", row =>
            {
                Float(json, file, row, "actor_grad");
                Float(json, file, row, "critic_grad");
                Layers(json, file, row, "actor_per_layer");
                Layers(json, file, row, "critic_per_layer");
            });
            Rows("asymmetry_history", row => Array.ForEach(["ratio", "actor_grad", "critic_grad"], key => Float(json, file, row, key)));
            Rows("activation_history", row =>
            {
                Array.ForEach(["mean_preact", "std_preact", "min_preact", "max_preact", "avg_actor_output_saturation"], key => Float(json, file, row, key));
                json.WriteStartObject("actor_activations_sample");
                foreach (var layer in file.Entries(row, "actor_activations_sample"))
                {
                    json.WriteStartObject(layer.Name);
                    Array.ForEach(["min", "max", "mean", "saturation"], key => Float(json, file, layer.Value, key));
                    json.WriteEndObject();
                }

                json.WriteEndObject();
            });
            json.WriteEndObject();

            void Rows(string key, Action<JsonElement> write)
            {
                json.WriteStartArray(key);
                foreach (var row in file.List(file.Root, key))
                {
                    json.WriteStartObject();
                    Whole(json, "episode", file.Whole(row, "episode"));
                    write(row);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            }
        });
    }

    private static void Layers(Utf8JsonWriter json, JsonFile file, JsonElement row, string key)
    {
        json.WriteStartObject(key);
        foreach (var layer in file.Entries(row, key))
        {
            json.WritePropertyName(layer.Name);
            Float(json, file.AsNumber(layer.Value, layer.Name));
        }

        json.WriteEndObject();
    }

    private static void Whole(Utf8JsonWriter json, string key, int? value)
    {
        json.WritePropertyName(key);
        Whole(json, value);
    }

    private static void Whole(Utf8JsonWriter json, int? value)
    {
        if (value is { } number)
        {
            json.WriteNumberValue(number);
        }
        else
        {
            json.WriteNullValue();
        }
    }

    private static void Float(Utf8JsonWriter json, JsonFile file, JsonElement of, string key)
    {
        json.WritePropertyName(key);
        Float(json, file.Number(of, key));
    }

    /// <summary>A number that Python reads as a float: 0.0 rather than 0. What was not finite stays null.</summary>
    private static void Float(Utf8JsonWriter json, double? value)
    {
        if (value is not { } number)
        {
            json.WriteNullValue();
            return;
        }

        var text = number.ToString("R", CultureInfo.InvariantCulture);
        json.WriteRawValue(text.AsSpan().IndexOfAny(".E") < 0 ? text + ".0" : text);
    }
}
