using Simulator.Lab.Statistics;

namespace Simulator.Lab.Reports;

/// <summary>One treatment against the first on equal seeds and rates.</summary>
/// <param name="Treatment">The treatment.</param>
/// <param name="Reward">Interquartile mean of its cells' rewards, resampled within configurations.</param>
/// <param name="Stopped">Its cells that stopped.</param>
/// <param name="Cells">Its cells.</param>
/// <param name="Diverged">Of its cells, those that diverged: no reward of theirs is compared.</param>
/// <param name="Unfinished">Those that were interrupted or failed, likewise.</param>
/// <param name="Ended">Those that diverged, failed or were interrupted without having stopped: whether they would have is not known.</param>
/// <param name="Seeds">Seeds among the pairs: pairs of one seed share their luck.</param>
/// <param name="Paired">Comparison with the first treatment; null for that one, and where no pair has equal seed and rates.</param>
/// <param name="Obstacle">Why rewards are not compared with the first treatment's; null where they are.</param>
internal sealed record TreatmentEffect(
    string Treatment, Estimate? Reward, int Stopped, int Cells, int Diverged, int Unfinished, int Ended, int Seeds, PairedComparison? Paired, string? Obstacle);

/// <summary>Compares treatments (variants, mitigations, runs) by what their policies earn.</summary>
internal static class TreatmentEffects
{
    /// <summary>What the policies of a finished cell earn: without exploration where they were evaluated, else over the last 50 training episodes. Null for any other cell.</summary>
    internal static double? RewardOf(RecordedCell cell) =>
        !cell.IsFinished ? null : cell.Evaluation ?? (cell.Results is { } results ? CellFacts.RewardBefore(results, cell.Episodes, 50) : null);

    /// <summary>An effect for each treatment, the reference first.</summary>
    internal static IReadOnlyList<TreatmentEffect> Of(ReportData data)
    {
        var effects = new List<TreatmentEffect>();
        var reference = Rewards(data, data.TreatmentNames[0]);
        foreach (var treatment in data.TreatmentNames)
        {
            var group = new LineGroup(treatment, new Look("#000000"), [.. data.Configurations.Where(c => c.Treatment == treatment)]);
            var (strata, cells) = (group.Strata(RewardOf), group.Cells);
            var obstacle = data.Obstacle(treatment);
            var differences = Rewards(data, treatment).Where(r => reference.ContainsKey(r.Key)).Select(r => new SeedValue(r.Key.Seed, r.Value - reference[r.Key])).ToList();
            effects.Add(new TreatmentEffect(
                treatment,
                strata.Count > 0 && obstacle is null ? Bootstrap.InterquartileMean(strata) : null,
                cells.Count(c => c.StoppingEpisode is not null),
                cells.Count,
                cells.Count(c => c.Status == "diverged"),
                cells.Count(c => !c.IsDone),
                cells.Count(c => c.StoppingEpisode is null && !c.IsFinished),
                differences.Select(d => d.Seed).Distinct().Count(),
                treatment == data.TreatmentNames[0] || differences.Count == 0 || obstacle is not null ? null : new PairedComparison(differences),
                obstacle));
        }

        return effects;
    }

    private static Dictionary<(double Actor, double Critic, ulong Seed), double> Rewards(ReportData data, string treatment) =>
        data.Configurations.Where(c => c.Treatment == treatment).SelectMany(c => c.Cells).Where(c => RewardOf(c) is not null)
            .GroupBy(c => (c.ActorRate, c.CriticRate, c.Seed)).ToDictionary(g => g.Key, g => RewardOf(g.First())!.Value);
}
