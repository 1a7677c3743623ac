using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Simulator.Lab.Benchmarks;

namespace Simulator;

/// <summary>The options of <c>simulator bench</c>.</summary>
internal static class BenchCommandLine
{
    /// <summary>What a child process is given before the population that it measures.</summary>
    internal const string TrialOption = "--trial";

    private const char Separator = ',';

    internal static Command Bench(TextWriter output, TextWriter error)
    {
        var parts = string.Join(", ", BenchmarkSuite.Parts.Select(p => p.Name));
        var usual = new BenchmarkSettings();
        var json = new Option<string?>("--json") { Description = "Also writes the figures to a file, with the machine they were measured on.", HelpName = "FILE" };
        var only = new Option<BenchmarkPart[]?>("--only")
        {
            Description = $"Measures only these parts, with commas between them, of: {parts}. All by default.",
            HelpName = "PART,...",
            CustomParser = Parts,
        };
        var sizes = new Option<PopulationSize[]?>("--sizes")
        {
            Description = $"Clients of the populations to measure, with commas between them; {PopulationSize.ActingPrefix} before one that only acts. "
                + $"{string.Join(Separator, usual.Sizes)} by default.",
            HelpName = "N,...",
            CustomParser = Sizes,
        };
        var limit = new Option<double?>("--limit")
        {
            Description = $"Seconds that one population may take; then it reports what it has. {usual.Limit.TotalSeconds} by default.",
            HelpName = "SECONDS",
            CustomParser = r => Number(r, 1, 86_400),
        };
        var effort = new Option<double?>("--effort")
        {
            Description = "Multiplies the number of measurements: 0.1 for a quick look, 2 for narrower intervals. 1 by default.",
            HelpName = "FACTOR",
            CustomParser = r => Number(r, 0.01, 100),
        };
        var trial = new Option<string?>(TrialOption) { Hidden = true };
        var command = new Command(
            "bench",
            "Measures how fast this machine simulates, and says which targets are reached. Takes about ten minutes; nothing else should run meanwhile.")
        {
            json, only, sizes, limit, effort, trial,
        };
        command.SetAction((parsed, _) => parsed.GetValue(trial) is { } request
            ? BenchCommand.MeasureTrialAsync(request, output, error)
            : BenchCommand.ExecuteAsync(
                new BenchArguments(
                    parsed.GetValue(json),
                    parsed.GetValue(only) ?? BenchmarkSuite.Parts,
                    new BenchmarkSettings
                    {
                        Sizes = parsed.GetValue(sizes) ?? usual.Sizes,
                        Limit = TimeSpan.FromSeconds(parsed.GetValue(limit) ?? usual.Limit.TotalSeconds),
                        Effort = parsed.GetValue(effort) ?? usual.Effort,
                    }),
                output,
                error));
        return command;
    }

    private static BenchmarkPart[]? Parts(ArgumentResult result)
    {
        var asked = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in result.Tokens[0].Value.Split(Separator))
        {
            if (BenchmarkSuite.Parts.All(p => p.Name != name))
            {
                result.AddError($"--only '{name}': {string.Join(", ", BenchmarkSuite.Parts.Select(p => p.Name))} are allowed");
                return null;
            }

            asked.Add(name);
        }

        return [.. BenchmarkSuite.Parts.Where(p => asked.Contains(p.Name))];
    }

    private static PopulationSize[]? Sizes(ArgumentResult result)
    {
        var sizes = new List<PopulationSize>();
        foreach (var text in result.Tokens[0].Value.Split(Separator))
        {
            if (PopulationSize.Parse(text) is not { } size)
            {
                result.AddError($"--sizes '{text}': {PopulationSize.Allowed}");
                return null;
            }

            sizes.Add(size);
        }

        return [.. sizes];
    }

    private static double? Number(ArgumentResult result, double smallest, double largest)
    {
        var text = result.Tokens[0].Value;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value >= smallest && value <= largest)
        {
            return value;
        }

        result.AddError($"{((OptionResult)result.Parent!).Option.Name} '{text}': a number from {smallest.ToString(CultureInfo.InvariantCulture)} to {largest.ToString(CultureInfo.InvariantCulture)} is allowed");
        return null;
    }
}
