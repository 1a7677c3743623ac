namespace Simulator.Lab.Reports.Figures;

/// <summary>Variants, mitigations and runs compared, at equal rates and seeds.</summary>
internal static class ComparisonFigures
{
    private const int MostTreatments = 40;

    internal static Section Of(ReportData data)
    {
        var section = new Section("What do variants and mitigations change?");
        if (data.TreatmentNames.Count < 2)
        {
            section.Omit("The comparison of variants and mitigations", "nothing but learning rates and seeds differs between the cells");
            return section;
        }

        var effects = TreatmentEffects.Of(data).Take(MostTreatments).ToList();
        foreach (var group in effects.Where(e => e.Obstacle is not null).GroupBy(e => e.Obstacle, StringComparer.Ordinal))
        {
            section.Omit($"The comparison of what {string.Join(", ", group.Select(e => e.Treatment))} and {data.TreatmentNames[0]} earn", $"these are different problems ({group.Key})");
        }

        var rewarded = effects.Where(e => e.Reward is not null).ToList();
        if (rewarded.Count > 0 && (rewarded.Count > 1 || effects.TrueForAll(e => e.Obstacle is null)))
        {
            section.Add(Rewards(rewarded, LeftOut(effects)));
        }

        section.Add(Stops(effects));
        var paired = effects.Where(e => e.Paired is not null).ToList();
        if (paired.Count > 0)
        {
            section.Add(Paired(data, paired, LeftOut(effects)));
        }
        else if (effects.Exists(e => e.Obstacle is null && e.Treatment != data.TreatmentNames[0]))
        {
            section.Omit("The paired comparison", "no two finished cells of different treatments have equal rates and seed, and a reward");
        }

        return section;
    }

    private static Axis Names(IEnumerable<string> names) => new("") { Categories = [.. names.Reverse()] };

    /// <summary>How many cells are not compared; a space before it, or nothing where all are.</summary>
    private static string LeftOut(List<TreatmentEffect> effects)
    {
        var (diverged, unfinished) = (effects.Sum(e => e.Diverged), effects.Sum(e => e.Unfinished));
        return diverged + unfinished == 0 ? "" : $" Left out: {diverged} diverged, {unfinished} interrupted or failed of {Numbers.Count(effects.Sum(e => e.Cells), "cell")}.";
    }

    private static Figure Rewards(List<TreatmentEffect> effects, string leftOut)
    {
        var costs = effects.TrueForAll(e => e.Reward!.Value.Value < 0 && e.Reward.Value.High is null or < 0);
        var plot = new Plot(height: 120 + (26 * effects.Count));
        plot.Panel(0, "", costs ? new Axis("cost of an episode (-reward), interquartile mean", Log: true, Reversed: true) : new Axis("reward of an episode, interquartile mean"), Names(effects.Select(e => e.Treatment)));
        var estimates = effects.Select(e => e.Reward!.Value).ToList();
        plot.Points(
            0, "interquartile mean", new Look("#0072B2"), [.. estimates.Select(e => (object)(costs ? -e.Value : e.Value))], [.. effects.Select(e => (object)e.Treatment)],
            new Interval([.. estimates.Select(e => costs ? e.High - e.Value : e.Value - e.Low)], [.. estimates.Select(e => costs ? e.Value - e.Low : e.High - e.Value)], AlongX: true));
        var best = effects.MaxBy(e => e.Reward!.Value.Value)!;
        return new Figure("treatments", "Reward by treatment", $"{best.Treatment} earns most: {Numbers.Text(best.Reward!.Value, Numbers.Plain)} an episode.", plot,
            $"Interquartile mean over configurations and seeds of the last evaluation (of the last 50 training episodes where there is none), with {(ReportData.SpreadOf(estimates.Select(e => e.Seeds)) is { Length: > 0 } spread ? spread : "one seed, and so without an interval")}. Further right is better." + leftOut);
    }

    private static Figure Stops(List<TreatmentEffect> effects)
    {
        var plot = new Plot(height: 320);
        plot.Panel(0, "", new Axis("") { Categories = [.. effects.Select(e => e.Treatment)] }, new Axis("cells"));
        plot.Bars(0, "stopped", new Look("#D55E00"), [.. effects.Select(e => e.Treatment)], [.. effects.Select(e => (double?)e.Stopped)]);
        plot.Bars(0, "did not stop", new Look("#0072B2"), [.. effects.Select(e => e.Treatment)], [.. effects.Select(e => (double?)(e.Cells - e.Stopped - e.Ended))]);
        if (effects.Exists(e => e.Ended > 0))
        {
            plot.Bars(0, "diverged, failed or cut off before", new Look("#BBBBBB"), [.. effects.Select(e => e.Treatment)], [.. effects.Select(e => (double?)e.Ended)]);
        }

        return new Figure("treatment-stops", "Stopped cells by treatment", $"Stopped: {string.Join("; ", effects.Take(8).Select(e => $"{e.Treatment} {e.Stopped} of {e.Cells}{(e.Ended > 0 ? $" ({e.Ended} ended early)" : "")}"))}{(effects.Count > 8 ? "; and more" : "")}.", plot);
    }

    private static Figure Paired(ReportData data, List<TreatmentEffect> effects, string leftOut)
    {
        var reference = data.TreatmentNames[0];
        var table = new CsvTable("treatment", "reference", "pairs", "mean_difference", "low", "high", "ends", "wins", "losses", "ties", "wilcoxon_p");
        var plot = new Plot(height: 120 + (26 * effects.Count), table: table);
        plot.Panel(0, "", new Axis($"reward more than {reference}, mean over pairs"), Names(effects.Select(e => e.Treatment)));
        var differences = effects.Select(e => e.Paired!.Difference).ToList();
        plot.Points(
            0, "mean difference", new Look("#009E73"), [.. differences.Select(d => (object)d.Value)], [.. effects.Select(e => (object)e.Treatment)],
            new Interval([.. differences.Select(d => d.Value - d.Low)], [.. differences.Select(d => d.High - d.Value)], AlongX: true));
        foreach (var effect in effects)
        {
            var p = effect.Paired!;
            table.Add(effect.Treatment, reference, p.Pairs, p.Difference.Value, p.Difference.Low, p.Difference.High, p.Difference.Low is null ? null : p.Difference.IsRange ? $"range of {p.Difference.Seeds} seeds" : "95 %", p.Wins, p.Losses, p.Ties, PValue(effect));
        }

        return new Figure("paired", $"Paired with {reference}", string.Join(" ", effects.Take(6).Select(e => Sentence(e, reference))) + (effects.Count > 6 ? " The table has the others." : ""), plot,
            $"Pairs have equal rates and seed, and so equal devices, tasks and noise. {Weights(data, effects)}"
            + (effects.Exists(e => e.Seeds > 1)
                ? $" Pairs of one seed share that luck, so seeds are resampled, each with all its pairs: ends are {ReportData.SpreadOf(effects.Select(e => e.Paired!.Difference.Seeds)).Replace(", runs drawn within their configuration", "", StringComparison.Ordinal)}. p is Wilcoxon's signed-rank test, two-sided, in which the signs of a seed's pairs flip together: with n seeds it is 2 / 2^n at least. It is not corrected for the number of treatments."
                : " All pairs have one seed, and so share their luck: there is neither interval nor p-value.") + leftOut);
    }

    private static string Weights(ReportData data, List<TreatmentEffect> effects)
    {
        var different = effects.Where(e => !data.BeginsAlike(e.Treatment)).Select(e => e.Treatment).ToList();
        return different.Count == 0
            ? "Their initial weights are equal, too."
            : different.Count == effects.Count ? "Their networks differ, and so their initial weights." : $"Their initial weights are equal where the networks are: not with {string.Join("; ", different.Take(8))}{(different.Count > 8 ? "; and more" : "")}.";
    }

    /// <summary>Null with one seed: the test takes pairs as independent, and pairs of one seed differ in nothing but rates.</summary>
    private static double? PValue(TreatmentEffect effect) => effect.Seeds > 1 ? effect.Paired!.PValue : null;

    private static string Sentence(TreatmentEffect effect, string reference)
    {
        var p = effect.Paired!;
        var value = PValue(effect) is { } test ? $", {Numbers.PValue(test)}" : "";
        return $"{effect.Treatment} earns {Numbers.Plain(Math.Abs(p.Difference.Value))} {(p.Difference.Value >= 0 ? "more" : "less")} than {reference} on average and wins {p.Wins} of {Numbers.Count(p.Pairs, "pair")}{value}.";
    }
}
