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

    private static readonly BenchmarkSettings Usual = new();

    private static readonly Option<string?> Json = new("--json") { Description = "Also writes the figures to a file, with the machine they were measured on.", HelpName = "FILE" };

    private static readonly Option<BenchmarkPart[]?> Only = new("--only")
    {
        Description = $"Measures only these parts, with commas between them, of: {string.Join(", ", BenchmarkSuite.Parts.Select(p => p.Name))}. All by default.",
        HelpName = "PART,...",
        CustomParser = Parts,
    };

    private static readonly Option<PopulationSize[]?> Sizes = new("--sizes")
    {
        Description = $"Clients of the populations to measure, with commas between them; {PopulationSize.ActingPrefix} before one that only acts. {string.Join(Separator, Usual.Sizes)} by default.",
        HelpName = "N,...",
        CustomParser = ReadSizes,
    };

    private static readonly Option<double?> Limit = new("--limit")
    {
        Description = $"Seconds that one population may take; then it reports what it has. {Usual.Limit.TotalSeconds} by default.",
        HelpName = "SECONDS",
        CustomParser = r => Number(r, 1, 86_400),
    };

    private static readonly Option<double?> Effort = new("--effort")
    {
        Description = "Multiplies the number of measurements: 0.1 for a quick look, 2 for narrower intervals. 1 by default.",
        HelpName = "FACTOR",
        CustomParser = r => Number(r, 0.01, 100),
    };

    private static readonly Option<string?> Trial = new(TrialOption) { Hidden = true };

    internal static Command Bench(TextWriter output, TextWriter error)
    {
        var command = new Command(
            "bench",
            "Measures how fast this machine simulates, and says which targets are reached. Takes about ten minutes; nothing else should run meanwhile.")
        {
            Json, Only, Sizes, Limit, Effort, Trial,
        };
        command.SetAction((parsed, _) => parsed.GetValue(Trial) is { } request
            ? BenchCommand.MeasureTrialAsync(request, output, error)
            : BenchCommand.ExecuteAsync(Read(parsed), output, error));
        return command;
    }

    /// <summary>What a command line without faults asks for. A list that is not given reads as an empty one.</summary>
    internal static BenchArguments Read(ParseResult parsed) => new(
        parsed.GetValue(Json),
        parsed.GetValue(Only) is { Length: > 0 } parts ? parts : BenchmarkSuite.Parts,
        new BenchmarkSettings
        {
            Sizes = parsed.GetValue(Sizes) is { Length: > 0 } sizes ? sizes : Usual.Sizes,
            Limit = parsed.GetValue(Limit) is { } seconds ? TimeSpan.FromSeconds(seconds) : Usual.Limit,
            Effort = parsed.GetValue(Effort) ?? Usual.Effort,
        });

    private static BenchmarkPart[]? Parts(ArgumentResult result)
    {
        var asked = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in Listed(result))
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

    /// <summary>What stands between the commas; an option that is given again adds to its list.</summary>
    private static IEnumerable<string> Listed(ArgumentResult result) => result.Tokens.SelectMany(t => t.Value.Split(Separator));

    private static PopulationSize[]? ReadSizes(ArgumentResult result)
    {
        var sizes = new List<PopulationSize>();
        foreach (var text in Listed(result))
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
