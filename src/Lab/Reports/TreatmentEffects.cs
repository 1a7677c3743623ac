using Simulator.Lab.Statistics;

namespace Simulator.Lab.Reports;

/// <summary>One treatment against the first on equal seeds and rates.</summary>
/// <param name="Treatment">The treatment.</param>
/// <param name="Reward">Interquartile mean of its cells' rewards, resampled within configurations.</param>
/// <param name="Stopped">Its cells that stopped.</param>
/// <param name="Cells">Its cells.</param>
/// <param name="Paired">Comparison with the first treatment; null for that one, and where no pair has equal seed and rates.</param>
internal sealed record TreatmentEffect(string Treatment, Estimate? Reward, int Stopped, int Cells, PairedComparison? Paired);

/// <summary>Compares treatments (variants, mitigations, runs) by what their policies earn.</summary>
internal static class TreatmentEffects
{
    /// <summary>What a cell's policies earn at the end: without exploration where they were evaluated, else over the last 50 training episodes.</summary>
    internal static double? RewardOf(RecordedCell cell) =>
        cell.Evaluation ?? (cell.Results is { } results ? CellFacts.RewardBefore(results, cell.Episodes, 50) : null);

    /// <summary>An effect for each treatment, the reference first.</summary>
    internal static IReadOnlyList<TreatmentEffect> Of(ReportData data)
    {
        var effects = new List<TreatmentEffect>();
        var reference = Rewards(data, data.TreatmentNames[0]);
        foreach (var treatment in data.TreatmentNames)
        {
            var configurations = data.Configurations.Where(c => c.Treatment == treatment).ToList();
            var strata = configurations.Select(c => (IReadOnlyList<double>)[.. c.Cells.Select(RewardOf).OfType<double>()]).Where(s => s.Count > 0).ToList();
            var cells = configurations.SelectMany(c => c.Cells).ToList();
            var own = Rewards(data, treatment);
            var differences = own.Where(r => reference.ContainsKey(r.Key)).Select(r => r.Value - reference[r.Key]).ToList();
            effects.Add(new TreatmentEffect(
                treatment,
                strata.Count > 0 ? Bootstrap.InterquartileMean(strata) : null,
                cells.Count(c => c.StoppingEpisode is not null),
                cells.Count,
                treatment == data.TreatmentNames[0] || differences.Count == 0 ? null : new PairedComparison(differences)));
        }

        return effects;
    }

    private static Dictionary<(double, double, ulong), double> Rewards(ReportData data, string treatment) =>
        data.Configurations.Where(c => c.Treatment == treatment).SelectMany(c => c.Cells).Where(c => RewardOf(c) is not null)
            .GroupBy(c => (c.ActorRate, c.CriticRate, c.Seed)).ToDictionary(g => g.Key, g => RewardOf(g.First())!.Value);
}
