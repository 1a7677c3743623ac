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
        var rewarded = effects.Where(e => e.Reward is not null).ToList();
        if (rewarded.Count > 0)
        {
            section.Add(Rewards(rewarded, LeftOut(effects)));
        }

        section.Add(Stops(effects));
        var paired = effects.Where(e => e.Paired is not null).ToList();
        if (paired.Count > 0)
        {
            section.Add(Paired(data, paired, LeftOut(effects)));
        }
        else
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
            "Interquartile mean over configurations and seeds of the last evaluation (of the last 50 training episodes where there is none), with 95 % bootstrap intervals, runs drawn within their configuration. Without several seeds there is no interval. Further right is better." + leftOut);
    }

    private static Figure Stops(List<TreatmentEffect> effects)
    {
        var plot = new Plot(height: 320);
        plot.Panel(0, "", new Axis("") { Categories = [.. effects.Select(e => e.Treatment)] }, new Axis("cells"));
        plot.Bars(0, "stopped", new Look("#D55E00"), [.. effects.Select(e => e.Treatment)], [.. effects.Select(e => (double?)e.Stopped)]);
        plot.Bars(0, "did not stop", new Look("#0072B2"), [.. effects.Select(e => e.Treatment)], [.. effects.Select(e => (double?)(e.Cells - e.Stopped))]);
        return new Figure("treatment-stops", "Stopped cells by treatment", $"Stopped: {string.Join("; ", effects.Take(8).Select(e => $"{e.Treatment} {e.Stopped} of {e.Cells}"))}{(effects.Count > 8 ? "; and more" : "")}.", plot);
    }

    private static Figure Paired(ReportData data, List<TreatmentEffect> effects, string leftOut)
    {
        var reference = data.TreatmentNames[0];
        var table = new CsvTable("treatment", "reference", "pairs", "mean_difference", "low", "high", "wins", "losses", "ties", "wilcoxon_p");
        var plot = new Plot(height: 120 + (26 * effects.Count), table: table);
        plot.Panel(0, "", new Axis($"reward more than {reference}, mean over pairs"), Names(effects.Select(e => e.Treatment)));
        var differences = effects.Select(e => e.Paired!.Difference).ToList();
        plot.Points(
            0, "mean difference", new Look("#009E73"), [.. differences.Select(d => (object)d.Value)], [.. effects.Select(e => (object)e.Treatment)],
            new Interval([.. differences.Select(d => d.Value - d.Low)], [.. differences.Select(d => d.High - d.Value)], AlongX: true));
        foreach (var effect in effects)
        {
            var p = effect.Paired!;
            table.Add(effect.Treatment, reference, p.Difference.Count, p.Difference.Value, p.Difference.Low, p.Difference.High, p.Wins, p.Losses, p.Ties, PValue(effect));
        }

        return new Figure("paired", $"Paired with {reference}", string.Join(" ", effects.Take(6).Select(e => Sentence(e, reference))) + (effects.Count > 6 ? " The table has the others." : ""), plot,
            "Pairs have equal rates and seed, and so equal devices, tasks, noise and initial weights. Intervals are bootstrap intervals of the mean difference, as if pairs were independent."
            + (effects.Exists(e => e.Seeds > 1)
                ? " p is Wilcoxon's signed-rank test, two-sided, exact up to 200 pairs, not corrected for the number of treatments. It takes pairs as independent, which those of one seed at several rates are not quite: they share devices, tasks and initial weights."
                : " All pairs have one seed, and so share their luck: there is no p-value.") + leftOut);
    }

    /// <summary>Null with one seed: the test takes pairs as independent, and pairs of one seed differ in nothing but rates.</summary>
    private static double? PValue(TreatmentEffect effect) => effect.Seeds > 1 ? effect.Paired!.PValue : null;

    private static string Sentence(TreatmentEffect effect, string reference)
    {
        var p = effect.Paired!;
        var value = PValue(effect) is { } test ? $", {Numbers.PValue(test)}" : "";
        return $"{effect.Treatment} earns {Numbers.Plain(Math.Abs(p.Difference.Value))} {(p.Difference.Value >= 0 ? "more" : "less")} than {reference} on average and wins {p.Wins} of {Numbers.Count(p.Difference.Count, "pair")}{value}.";
    }
}
