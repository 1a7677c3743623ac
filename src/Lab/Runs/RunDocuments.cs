using System.Runtime.InteropServices;
using System.Text.Json;
using Simulator.Compute;

namespace Simulator.Lab;

/// <summary><c>manifest.json</c> (what ran, where, when) and <c>population.json</c> (a row for each cell) of a run.</summary>
internal static class RunDocuments
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>What an earlier life of a run left in its manifest.</summary>
    /// <param name="Status">How it ended; running where it did not.</param>
    /// <param name="Started">When the run began.</param>
    /// <param name="Recoveries">Cells that were brought back.</param>
    /// <param name="Resumptions">How often the run was continued.</param>
    internal sealed record EarlierManifest(string Status, DateTimeOffset Started, int Recoveries, int Resumptions);

    /// <summary>Reads a manifest; null where there is none that can be read, which loses times alone.</summary>
    internal static EarlierManifest? ReadManifest(string path)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            var root = json.RootElement;
            return new EarlierManifest(
                root.GetProperty("status").GetString() ?? string.Empty,
                root.GetProperty("started").GetDateTimeOffset(),
                root.GetProperty("recoveries").GetInt32(),
                root.TryGetProperty("resumptions", out var resumptions) ? resumptions.GetInt32() : 0);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    internal static void WriteManifest(
        Stream stream, ScenarioPlan plan, string device, DateTimeOffset started, DateTimeOffset? ended, int recoveries, int interventions, int resumptions, string status)
    {
        using var json = new Utf8JsonWriter(stream, Indented);
        json.WriteStartObject();
        json.WriteString("name", plan.Scenario.Name);
        json.WriteString("status", status);
        json.WriteNumber("seed", plan.Scenario.Seed);
        json.WriteNumber("cells", plan.Cells.Count);
        json.WriteString("started", started);
        if (ended is { } end)
        {
            json.WriteString("ended", end);
            json.WriteNumber("seconds", Math.Round((end - started).TotalSeconds, 3));
        }
        else
        {
            json.WriteNull("ended");
        }

        json.WriteNumber("recoveries", recoveries);
        json.WriteNumber("interventions", interventions);
        json.WriteNumber("resumptions", resumptions);
        json.WriteStartObject("versions");
        json.WriteString("simulator", typeof(RunDocuments).Assembly.GetName().Version?.ToString(3));
        json.WriteString("dotnet", System.Environment.Version.ToString());
        json.WriteString("libtorch", ComputeDevice.LibraryVersion);
        json.WriteEndObject();
        json.WriteStartObject("machine");
        json.WriteString("system", RuntimeInformation.OSDescription);
        json.WriteString("architecture", RuntimeInformation.ProcessArchitecture.ToString());
        json.WriteNumber("processors", System.Environment.ProcessorCount);
        json.WriteString("device", device);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    internal static void WritePopulation(Stream stream, PopulationRecorder recorder)
    {
        using var json = new Utf8JsonWriter(stream, Indented);
        json.WriteStartArray();
        for (var i = 0; i < recorder.Histories.Count; i++)
        {
            WriteRow(json, recorder.Histories[i], recorder.Seconds(i));
        }

        json.WriteEndArray();
    }

    private static void WriteRow(Utf8JsonWriter json, CellHistory history, double seconds)
    {
        var outcome = new CellOutcome(history);
        json.WriteStartObject();
        json.WriteString("name", history.Cell.Name);
        json.WriteNumber("configuration", history.Cell.Configuration);
        json.WriteNumber("run", history.Cell.Run);
        json.WriteNumber("seed", history.Cell.Options.Seed);
        json.WriteString("mode", ResultFiles.ModeOf(history));
        json.WriteNumber("actor_lr", history.Cell.Options.Learning.ActorRate);
        json.WriteNumber("critic_lr", history.Cell.Options.Learning.CriticRate);
        json.WriteStartObject("parameters");
        foreach (var (key, value) in history.Cell.Changed)
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
        json.WriteString("status", ResultFiles.StatusOf(history.End));
        json.WriteString("detail", history.End?.Detail);
        json.WriteNumber("episodes", history.EpisodeCount);
        ResultFiles.Number(json, "stopping_episode", history.StoppingEpisode);
        ResultFiles.Number(json, "agents_stopped", outcome.AgentsStopped);
        ResultFiles.Number(json, "saturation", outcome.Saturation);
        ResultFiles.Number(json, "final_reward", history.FinalReward);
        ResultFiles.Number(json, "mean_reward", history.MeanReward);
        ResultFiles.Number(json, "evaluation", outcome.Evaluation);
        ResultFiles.Number(json, "best_constant", history.BestConstant?.Reward);
        ResultFiles.Number(json, "seconds", Math.Round(seconds, 3));
        json.WriteString("folder", history.HasFiles ? RunFolder.CellFolder(history.Cell.Name).Replace('\\', '/') : null);
        json.WriteEndObject();
    }
}
