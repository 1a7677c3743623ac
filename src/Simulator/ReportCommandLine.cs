using System.CommandLine;

namespace Simulator;

/// <summary>The options of <c>simulator report</c>.</summary>
internal static class ReportCommandLine
{
    internal static Command Report(TextWriter output, TextWriter error)
    {
        var folders = new Argument<string[]>("DIR") { Description = "Folder that a run wrote; where several are named, one report compares their cells.", HelpName = "DIR", Arity = ArgumentArity.OneOrMore };
        var file = new Option<string?>("--output") { Description = "File of the report; by default DIR/report.html, and report.html here for several folders.", HelpName = "FILE" };
        var layout = new Option<string?>("--reference-layout")
        {
            Description = "Writes the results as the research's own code lays them out, for its plotting scripts, into this folder, which must be empty or not there; then a report only where --output asks for one.",
            HelpName = "DIR",
        };
        var command = new Command("report", "Writes the report of a run again (it ends with one itself), or compares several runs.") { folders, file, layout };
        command.SetAction((parsed, _) => ReportCommand.ExecuteAsync(new ReportArguments(parsed.GetRequiredValue(folders), parsed.GetValue(file), parsed.GetValue(layout)), output, error));
        return command;
    }
}
