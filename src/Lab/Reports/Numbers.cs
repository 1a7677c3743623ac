using System.Globalization;

namespace Simulator.Lab.Reports;

/// <summary>How a report writes numbers.</summary>
internal static class Numbers
{
    /// <summary>The number in five significant digits: what a chart can show, in few bytes.</summary>
    internal static double Rounded(double value) =>
        double.IsFinite(value) && value != 0 ? double.Parse(value.ToString("G5", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) : value;

    /// <summary>A reward, or another number that people read in full: -50,419; -3.2.</summary>
    internal static string Plain(double value) => Math.Abs(value) >= 100
        ? value.ToString("#,0", CultureInfo.InvariantCulture)
        : value.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>A number that may be tiny or huge, in two or three significant digits: 3.2e-5.</summary>
    internal static string Short(double value) =>
        Math.Abs(value) switch
        {
            0 => "0",
            >= 100 and < 1e6 => Plain(value),
            >= 0.01 and < 100 => value.ToString("G3", CultureInfo.InvariantCulture),
            _ => value.ToString("0.0e-0", CultureInfo.InvariantCulture),
        };

    /// <summary>An episode, or a number of them: a median of two can lie between whole ones.</summary>
    internal static string Episode(double value) => Plain(Math.Round(value, MidpointRounding.AwayFromZero));

    /// <summary>A share as a percentage.</summary>
    internal static string Percent(double share) => (100 * share).ToString("0.#", CultureInfo.InvariantCulture) + " %";

    /// <summary>A count with its noun: 1 cell, 3 cells.</summary>
    internal static string Count(int count, string noun) => $"{count.ToString("#,0", CultureInfo.InvariantCulture)} {noun}{(count == 1 ? "" : "s")}";

    /// <summary>An estimate with its interval.</summary>
    internal static string Text(Statistics.Estimate estimate, Func<double, string> number) =>
        estimate is { Low: { } low, High: { } high } ? $"{number(estimate.Value)} ({(estimate.IsRange ? $"range of {estimate.Seeds} seeds" : "95 %")}: {number(low)} to {number(high)})" : number(estimate.Value);

    /// <summary>A p-value.</summary>
    internal static string PValue(double p) => p < 0.001 ? "p < 0.001" : $"p = {p.ToString("0.###", CultureInfo.InvariantCulture)}";

    /// <summary>The middle value.</summary>
    internal static double Median(IEnumerable<double> values) => new Benchmarks.OrderStatistics(values).Median;
}
