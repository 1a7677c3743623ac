using System.Runtime.InteropServices;
using System.Text.Json;
using Simulator.Compute;

namespace Simulator.Lab;

/// <summary><c>manifest.json</c> (what ran, where, when) and <c>population.json</c> (a row for each cell) of a run.</summary>
internal static class RunDocuments
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    internal static void WriteManifest(Stream stream, ScenarioPlan plan, string device, DateTimeOffset started, DateTimeOffset? ended, int recoveries, string status)
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
