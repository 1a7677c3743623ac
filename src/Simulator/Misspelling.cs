using System.CommandLine;
using System.CommandLine.Parsing;
using Simulator.Lab;

namespace Simulator;

/// <summary>What is wrong with a command line: words that are no command and no option, though they may pass for a file or a folder, and what is missing.</summary>
internal static class Misspelling
{
    /// <summary>The words that are not understood, each with what was probably meant.</summary>
    internal static IReadOnlyList<string> In(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (command is RootCommand && parsed.UnmatchedTokens.FirstOrDefault(t => t[..1] != "-") is { } word)
        {
            return [$"'{word}' is no command{Meant(word, command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name))}"];
        }

        var dashed = Values(parsed.CommandResult).Concat(parsed.UnmatchedTokens).Where(t => t.Length > 1 && t[0] == '-').Distinct(StringComparer.Ordinal).ToList();
        if (dashed.Count > 0)
        {
            // What follows a misspelt option is its value, and not understood for that reason alone.
            return [.. dashed.Select(t => Option(command, t))];
        }

        return [.. parsed.UnmatchedTokens.Select(t => $"'{t}' is one word too many for '{command.Name}'")];
    }

    /// <summary>An error of the parser in words, with what an argument or an option wants.</summary>
    internal static string Words(ParseError error) => error.SymbolResult switch
    {
        ArgumentResult { Tokens.Count: 0, Parent: OptionResult option } => $"{option.Option.Name} needs a value, {option.Option.HelpName}",
        ArgumentResult { Tokens.Count: 0, Parent: CommandResult command } argument => $"'{command.Command.Name}' needs {argument.Argument.Name}: {argument.Argument.Description}",
        OptionResult { Tokens.Count: 0 } option => $"{option.Option.Name} needs a value, {option.Option.HelpName}",
        CommandResult { Command: { Arguments: [{ Arity.MinimumNumberOfValues: > 0 } argument, ..] } command } result when result.GetResult(argument) is null or { Tokens.Count: 0 } =>
            $"'{command.Name}' needs {argument.Name}: {argument.Description}",
        _ => error.Message,
    };

    /// <summary>What stands for files and folders, and for texts that options take.</summary>
    private static IEnumerable<string> Values(SymbolResult result) => result switch
    {
        CommandResult command => command.Children.SelectMany(Values),

        // Numbers may be negative: their options say themselves what is allowed.
        OptionResult option => option.Tokens.Select(t => t.Value).Where(t => t.StartsWith("--", StringComparison.Ordinal)),
        ArgumentResult argument => argument.Tokens.Select(t => t.Value),
        _ => [],
    };

    private static string Option(Command command, string word)
    {
        // --option=value and --option:value are one word.
        var name = word.Split('=', ':')[0];
        var of = command is RootCommand ? "" : $" of '{command.Name}'";
        var meant = Meant(name, command.Options.Where(o => !o.Hidden).SelectMany(o => o.Aliases.Prepend(o.Name)).Append("--help").Where(o => o.StartsWith("--", StringComparison.Ordinal)));
        return $"'{name}' is no option{of}{meant}";
    }

    private static string Meant(string word, IEnumerable<string> candidates) => Wording.Nearest(word, candidates) is { } nearest ? $"; did you mean '{nearest}'?" : "";
}
