using System.Text.Json;
using Simulator.Protocol;

namespace Simulator.Lab;

/// <summary>
/// <c>results.json</c> and <c>tracking_data.json</c> of a cell, in the research's own schema with keys of ours added. They hold nothing but what seed and options determine:
/// no time, no host.
/// </summary>
internal static class ResultFiles
{
    /// <summary>Episodes between two rows of <c>tracking_data.json</c>, as in the research's files, where the actors learn after each of them.</summary>
    internal const int TrackingInterval = 10;

    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    internal static void WriteResults(Stream stream, CellHistory history)
    {
        using var json = new Utf8JsonWriter(stream, Indented);
        var options = history.Cell.Options;
        var end = history.End;
        json.WriteStartObject();
        json.WriteNumber("actor_lr", options.Learning.ActorRate);
        json.WriteNumber("critic_lr", options.Learning.CriticRate);
        Number(json, "stopping_episode", history.StoppingEpisode);
        json.WriteNumber("total_episodes", history.EpisodeCount);
        Array(json, "all_rewards", history.Episodes.Select(e => (double?)e.Reward));
        Number(json, "final_reward", history.FinalReward);
        var agents = history.LastUpdate?.Agents ?? new AgentSample[options.Clients];
        Episodes(json, "per_actor_stopped", agents, o => o.ReferenceStop);
        json.WriteString("name", history.Cell.Name);
        json.WriteString("mode", ModeOf(history));
        json.WriteNumber("seed", options.Seed);
        json.WriteString("status", StatusOf(end));
        Number(json, "diverged_episode", end?.Status == CellStatus.Diverged ? history.EpisodeCount : null);
        json.WriteString("detail", end?.Detail);
        Episodes(json, "onset_episode", agents, o => o.SaturationOnset);
        Episodes(json, "gradient_death_episode", agents, o => o.GradientDeath);
        Episodes(json, "freeze_episode", agents, o => o.Freeze);
        json.WriteStartArray("evaluation");
        foreach (var evaluation in history.Evaluations)
        {
            json.WriteStartObject();
            json.WriteNumber("episode", evaluation.Episode);
            Number(json, "reward", evaluation.Reward);
            Number(json, "server_violation", evaluation.Violations.Server);
            Number(json, "deadline_violation", evaluation.Violations.Deadline);
            Number(json, "energy_violation", evaluation.Violations.Energy);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("baselines");
        foreach (var baseline in history.Baselines)
        {
            Number(json, baseline.Name, baseline.Reward);
        }

        json.WriteEndObject();
        json.WriteStartObject("baseline_violations");
        foreach (var baseline in history.Baselines)
        {
            json.WriteStartObject(baseline.Name);
            Number(json, "server", baseline.Violations.Server);
            Number(json, "deadline", baseline.Violations.Deadline);
            Number(json, "energy", baseline.Violations.Energy);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteStartObject("parameters");
        foreach (var (key, value) in history.Cell.Changed)
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    internal static void WriteTracking(Stream stream, CellHistory history)
    {
        using var json = new Utf8JsonWriter(stream, Indented);
        var rows = TrackedUpdates(history).Select(e => (e.Episode, Update: e.Update!, Actors: e.Update!.Actors!, Activations: e.Update!.Activations!)).ToList();
        json.WriteStartObject();
        json.WriteStartArray("gradient_history");
        foreach (var (episode, update, actors, _) in rows)
        {
            json.WriteStartObject();
            json.WriteNumber("episode", episode);
            Number(json, "actor_grad", actors.GradientNorm);
            Number(json, "critic_grad", update.Critic.GradientNorm);
            Layers(json, "actor_per_layer", actors, Cells.CellMembers.PolicyOf(history.Cell.Options).Layout.Layers);
            Layers(json, "critic_per_layer", update.Critic, Cells.CellMembers.CriticOf(history.Cell.Options).Layout.Layers);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("asymmetry_history");
        foreach (var (episode, update, actors, _) in rows)
        {
            json.WriteStartObject();
            json.WriteNumber("episode", episode);
            Number(json, "ratio", update.Asymmetry);
            Number(json, "actor_grad", actors.GradientNorm);
            Number(json, "critic_grad", update.Critic.GradientNorm);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("activation_history");
        foreach (var (episode, _, _, activations) in rows)
        {
            Activations(json, episode, activations);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>
    /// The actors' first update at or behind each tenth episode: rows tell of actors and critic together, and where the actors' learning is delayed, updates of the critic alone have none.
    /// </summary>
    private static IEnumerable<PopulationProtocol.EpisodeFinished> TrackedUpdates(CellHistory history)
    {
        var due = TrackingInterval;
        foreach (var episode in history.Episodes.Where(e => e.Update?.Actors is not null && e.Episode >= due))
        {
            due = episode.Episode - (episode.Episode % TrackingInterval) + TrackingInterval;
            yield return episode;
        }
    }

    /// <summary>The word for a status in results: completed, stopped, interrupted, diverged, failed.</summary>
#pragma warning disable CA1308 // The words of the result files are lower case.
    internal static string StatusOf(PopulationProtocol.CellEnded? end) => (end?.Status ?? CellStatus.Interrupted).ToString().ToLowerInvariant();
#pragma warning restore CA1308

    /// <summary>The word for what a cell does: learn, act.</summary>
    internal static string ModeOf(CellHistory history) => history.Cell.Options.Learns ? "learn" : "act";

    private static void Activations(Utf8JsonWriter json, int episode, ActivationSummary summary)
    {
        json.WriteStartObject();
        json.WriteNumber("episode", episode);
        Number(json, "mean_preact", summary.PreActivationMean);
        Number(json, "std_preact", summary.PreActivationDeviation);
        Number(json, "min_preact", summary.PreActivationMin);
        Number(json, "max_preact", summary.PreActivationMax);
        Number(json, "avg_actor_output_saturation", summary.SaturationRatio);
        Number(json, "mean_output_slope", summary.Slope);
        json.WriteStartObject("actor_activations_sample");
        json.WriteStartObject("fc3");
        Number(json, "min", summary.ActionMin);
        Number(json, "max", summary.ActionMax);
        Number(json, "mean", summary.ActionMean);
        Number(json, "saturation", summary.SaturationRatio);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Layers(Utf8JsonWriter json, string name, GradientReport report, IReadOnlyList<string> layers)
    {
        json.WriteStartObject(name);
        for (var i = 0; i < layers.Count; i++)
        {
            Number(json, layers[i], report.LayerNorms[i]);
        }

        json.WriteEndObject();
    }

    private static void Episodes(Utf8JsonWriter json, string name, AgentSample[] agents, Func<AgentOutcomes, int> of) =>
        Array(json, name, agents.Select(a => of(a.Outcomes) is > 0 and var episode ? (double?)episode : null));

    private static void Array(Utf8JsonWriter json, string name, IEnumerable<double?> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            if (value is { } number && double.IsFinite(number))
            {
                json.WriteNumberValue(number);
            }
            else
            {
                json.WriteNullValue();
            }
        }

        json.WriteEndArray();
    }

    /// <summary>JSON knows no NaN and no infinity: they are written as null.</summary>
    internal static void Number(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number && double.IsFinite(number))
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
