using Simulator.Lab.Benchmarks;

namespace Simulator.Lab.Reports.Figures;

/// <summary>Populations that only act: distributions over their cells.</summary>
internal static class ActingFigures
{
    private const int Bins = 40;

    internal static Section? Of(ReportData data)
    {
        var rewards = Rewards(data);
        if (rewards.Length == 0)
        {
            return null;
        }

        var section = new Section("What do policies earn that only act?");
        var order = new OrderStatistics(rewards);
        var (low, high) = (order.Quantile(0), order.Quantile(1));
        var width = high > low ? (high - low) / Bins : 1;
        var counts = new double?[Bins];
        Array.Fill(counts, 0);
        foreach (var reward in rewards)
        {
            counts[Math.Min(Bins - 1, (int)((reward - low) / width))]++;
        }

        var labels = Enumerable.Range(0, Bins).Select(i => Numbers.Plain(low + ((i + 0.5) * width))).ToList();
        if (high > low && labels.Distinct(StringComparer.Ordinal).Count() == Bins)
        {
            var plot = new Plot();
            plot.Panel(0, "", new Axis("mean reward of a cell's episodes (middle of the bin)") { Categories = labels }, new Axis("cells"));
            plot.Bars(0, "cells", new Look("#0072B2"), labels, counts);
            section.Add(new Figure("acting", "Distribution over cells", Finding(data)!, plot, $"{Bins} bins of equal width."));
        }
        else
        {
            section.Omit("The distribution over cells", "the cells' rewards hardly differ");
        }

        return section;
    }

    /// <summary>The distribution in words; null where no cell acted.</summary>
    internal static string? Finding(ReportData data)
    {
        var rewards = Rewards(data);
        if (rewards.Length == 0)
        {
            return null;
        }

        var order = new OrderStatistics(rewards);
        return rewards.Length == 1
            ? $"The cell that acted earned {Numbers.Plain(rewards[0])} an episode."
            : $"{Numbers.Count(rewards.Length, "cell")} acted without learning; an episode earned {Numbers.Plain(order.Median)} in the median cell, and between {Numbers.Plain(order.Quantile(0.05))} and {Numbers.Plain(order.Quantile(0.95))} in nine of ten.";
    }

    private static double[] Rewards(ReportData data) => [.. data.Cells.Where(c => !c.Learns).Select(c => c.MeanReward).OfType<double>()];
}
