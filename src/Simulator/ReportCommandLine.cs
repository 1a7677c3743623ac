using System.CommandLine;

namespace Simulator;

/// <summary>The options of <c>simulator report</c>.</summary>
internal static class ReportCommandLine
{
    internal static Command Report(TextWriter output, TextWriter error)
    {
        var folders = new Argument<string[]>("dir") { Description = "Folder of a run; of several, their cells are compared in one report.", HelpName = "DIR", Arity = ArgumentArity.OneOrMore };
        var file = new Option<string?>("--output") { Description = "File of the report; by default DIR/report.html, and report.html here for several folders.", HelpName = "FILE" };
        var layout = new Option<string?>("--reference-layout")
        {
            Description = "Writes results as the research's own code lays them out, for its plotting scripts, to a folder that is empty or not there; no report then, unless --output asks for one.",
            HelpName = "DIR",
        };
        var command = new Command("report", "Writes the report of a run, or compares several.") { folders, file, layout };
        command.SetAction((parsed, _) => ReportCommand.ExecuteAsync(new ReportArguments(parsed.GetRequiredValue(folders), parsed.GetValue(file), parsed.GetValue(layout)), output, error));
        return command;
    }
}
