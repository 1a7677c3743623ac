using System.Globalization;
using Simulator.Lab.Reports;
using Simulator.Protocol;

namespace Simulator.Lab;

/// <summary>
/// <c>population.csv</c>: a row for each cell with what its sweep set and what came of it, for spreadsheets and data frames. It holds nothing but what scenario and seed determine: no times. What is
/// not known is empty.
/// </summary>
internal static class PopulationTable
{
    private static readonly (string Name, Func<CellHistory, double?> Of)[] Outcomes =
    [
        ("episodes", h => h.EpisodeCount),
        ("stopping_episode", h => h.StoppingEpisode),
        ("agents_stopped", h => Count(h, o => o.ReferenceStop > 0)),
        ("agents_saturated", h => Count(h, o => o.SaturationOnset > 0)),
        ("agents_dead", h => Count(h, o => o.GradientDeath > 0)),
        ("agents_frozen", h => Count(h, o => o.Freeze > 0)),
        ("agents_frozen_after_saturation", h => Count(h, o => AgentOutcomes.SaturatedFirst(o.SaturationOnset, o.Freeze))),
        ("saturation", h => new CellOutcome(h).Saturation),
        ("saturated_from", h => new CellOutcome(h).SaturatedFrom),
        ("final_reward", h => h.FinalReward),
        ("mean_reward", h => h.MeanReward),
        ("evaluation", h => new CellOutcome(h).Evaluation),
        ("best_constant", h => h.BestConstant?.Reward),
    ];

    internal static void Write(Stream stream, IReadOnlyList<CellHistory> histories)
    {
        using var writer = new StreamWriter(stream, new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true) { NewLine = "\n" };
        var keys = histories.SelectMany(h => h.Cell.Changed.Keys).Distinct(StringComparer.Ordinal).ToList();
        writer.WriteLine(string.Join(',', ["name", "seed", .. keys, "status", .. Outcomes.Select(o => o.Name)]));
        foreach (var history in histories)
        {
            writer.WriteLine(string.Join(',',
            [
                history.Cell.Name,
                history.Cell.Options.Seed.ToString(CultureInfo.InvariantCulture),
                .. keys.Select(k => CsvTable.Quoted(history.Cell.Changed.GetValueOrDefault(k, string.Empty))),
                ResultFiles.StatusOf(history.End),
                .. Outcomes.Select(o => Text(o.Of(history))),
            ]));
        }
    }

    private static double? Count(CellHistory history, Func<AgentOutcomes, bool> holds) =>
        history.LastUpdate is { } update ? update.Agents.Count(a => holds(a.Outcomes)) : null;

    private static string Text(double? value) => value is { } number && double.IsFinite(number) ? number.ToString("R", CultureInfo.InvariantCulture) : string.Empty;
}
