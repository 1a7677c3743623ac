using System.Globalization;
using Simulator.Environment;
using Simulator.Lab;

namespace Simulator;

/// <summary>The table that <c>simulator evaluate</c> prints: a row for each cell.</summary>
internal static class EvaluationTable
{
    private static readonly string[] Heads = ["cell", "episodes", "reward", "best constant", "greedy", "server", "late", "low"];

    internal static void Write(TextWriter output, IReadOnlyList<EvaluatedCell> results, IReadOnlyList<LeftOutCell> leftOut)
    {
        var rows = results.Select(Row).Prepend(Heads).ToList();
        var widths = Enumerable.Range(0, Heads.Length).Select(c => rows.Max(r => r[c].Length)).ToList();
        foreach (var row in results.Count > 0 ? rows : [])
        {
            output.WriteLine(string.Join("  ", row.Select((text, c) => c == 0 ? text.PadRight(widths[c]) : text.PadLeft(widths[c]))).TrimEnd());
        }

        foreach (var cell in results.Where(r => r.Detail is not null))
        {
            output.WriteLine($"{cell.Name}: {cell.Detail}");
        }

        foreach (var cell in leftOut)
        {
            output.WriteLine($"{cell.Name} is left out: {cell.Why}");
        }
    }

    private static string[] Row(EvaluatedCell cell) =>
    [
        cell.Name,
        cell.Episodes.ToString(CultureInfo.InvariantCulture),
        ProgressText.Reward(cell.Reward),
        ProgressText.Reward(cell.Baselines.Where(b => Baselines.IsConstant(b.Name)).Max(b => (double?)b.Reward)),
        ProgressText.Reward(cell.Baselines.FirstOrDefault(b => b.Name.StartsWith("greedy", StringComparison.Ordinal))?.Reward),
        ProgressText.Ratio(cell.Violations?.Server),
        ProgressText.Ratio(cell.Violations?.Deadline),
        ProgressText.Ratio(cell.Violations?.Energy),
    ];
}
