using Parquet;
using Parquet.Schema;
using Simulator.Protocol;

namespace Simulator.Lab;

/// <summary><c>episodes.parquet</c> of a cell: a row for each training episode. What an update tells is null where there was none, what it tells of the actors also where they did not learn.</summary>
internal static class EpisodesFile
{
    private delegate double? UpdateValue(UpdateReport update);

    private static readonly (string Name, UpdateValue Of)[] UpdateColumns =
    [
        ("critic_loss", u => u.Critic.Loss),
        ("actor_loss", u => u.Actors?.Loss),
        ("critic_gradient", u => u.Critic.GradientNorm),
        ("actor_gradient", u => u.Actors?.GradientNorm),
        ("asymmetry", u => u.Asymmetry),
        ("actor_rate_factor", u => u.ActorRateFactor),
        ("priority_error", u => u.MeanError),
        ("saturation", u => u.Activations?.SaturationRatio),
        ("output_slope", u => u.Activations?.Slope),
        ("preactivation_mean", u => u.Activations?.PreActivationMean),
        ("preactivation_deviation", u => u.Activations?.PreActivationDeviation),
        ("preactivation_min", u => u.Activations?.PreActivationMin),
        ("preactivation_max", u => u.Activations?.PreActivationMax),
        ("action_gradient", u => u.Outputs?.ActionGradient),
        ("squash_factor", u => u.Outputs?.SquashFactor),
        ("body_factor", u => u.Outputs?.BodyFactor),
        ("dormant_units", u => u.Outputs?.DormantUnits),
    ];

    private static readonly (string Name, Func<Telemetry.AgentCounts, int> Of)[] StateColumns =
    [
        ("agents_learning", c => c.Learning),
        ("agents_saturated", c => c.Saturated),
        ("agents_dead", c => c.Dead),
        ("agents_frozen", c => c.Frozen),
    ];

    private static readonly (string Name, Func<PopulationProtocol.EpisodeFinished, double> Of)[] EpisodeColumns =
    [
        ("reward", e => e.Reward),
        ("epsilon", e => e.Epsilon),
        ("energy_violation", e => e.Violations.Energy),
        ("deadline_violation", e => e.Violations.Deadline),
        ("server_violation", e => e.Violations.Server),
    ];

    internal static async Task WriteAsync(Stream stream, CellHistory history)
    {
        var episode = new DataField<int>("episode");
        var episodes = Array.ConvertAll(EpisodeColumns, c => new DataField<double>(c.Name));
        var updates = Array.ConvertAll(UpdateColumns, c => new DataField<double?>(c.Name));
        var states = Array.ConvertAll(StateColumns, c => new DataField<int>(c.Name));
        var outputs = OutputColumns.Fields<double>();
        var schema = new ParquetSchema([episode, .. episodes, .. updates, .. outputs, .. states]);
        await using var writer = await ParquetWriter.CreateAsync(schema, stream).ConfigureAwait(false);
        using var group = writer.CreateRowGroup();
        var rows = history.Episodes;
        await group.WriteAsync<int>(episode, rows.Select(e => e.Episode).ToArray()).ConfigureAwait(false);
        for (var i = 0; i < episodes.Length; i++)
        {
            await group.WriteAsync<double>(episodes[i], rows.Select(EpisodeColumns[i].Of).ToArray()).ConfigureAwait(false);
        }

        for (var i = 0; i < updates.Length; i++)
        {
            await group.WriteAsync<double>(updates[i], rows.Select(e => e.Update is { } u ? UpdateColumns[i].Of(u) : null).ToArray()).ConfigureAwait(false);
        }

        var values = OutputColumns.Values([.. rows.Select(e => e.Update?.Outputs)]);
        for (var i = 0; i < outputs.Length; i++)
        {
            await group.WriteAsync<double>(outputs[i], Array.ConvertAll(values[i], v => (double?)v)).ConfigureAwait(false);
        }

        for (var i = 0; i < states.Length; i++)
        {
            await group.WriteAsync<int>(states[i], history.States.Select(StateColumns[i].Of).ToArray()).ConfigureAwait(false);
        }
    }
}
