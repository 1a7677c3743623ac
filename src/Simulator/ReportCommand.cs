using Simulator.Lab;
using Simulator.Lab.Reports;

namespace Simulator;

/// <summary>What <c>simulator report</c> was asked.</summary>
internal sealed record ReportArguments(IReadOnlyList<string> Folders, string? Output, string? ReferenceLayout);

/// <summary><c>simulator report</c>: reads finished or interrupted runs, and writes their report, their results in the research's layout, or both.</summary>
internal static class ReportCommand
{
    internal static async Task<int> ExecuteAsync(ReportArguments arguments, TextWriter output, TextWriter error)
    {
        try
        {
            if (arguments.ReferenceLayout is { } layout)
            {
                var outcome = ReferenceLayout.Write(arguments.Folders, layout);
                foreach (var note in outcome.Notes)
                {
                    await output.WriteLineAsync(note).ConfigureAwait(false);
                }

                await output.WriteLineAsync($"{ProgressText.Cells(outcome.Cells)} laid out in {layout}").ConfigureAwait(false);
            }

            if (arguments.ReferenceLayout is null || arguments.Output is not null)
            {
                var file = arguments.Output ?? (arguments.Folders.Count == 1 ? Path.Combine(arguments.Folders[0], RunReport.FileName) : RunReport.FileName);
                RunReport.Write(arguments.Folders, file);
                await output.WriteLineAsync($"The report is {file}").ConfigureAwait(false);
            }

            return ExitStatus.Done;
        }
        catch (Exception fault) when (fault is UnreadableRunException or OutputFolderException)
        {
            await error.WriteLineAsync($"simulator: {fault.Message}").ConfigureAwait(false);
            return ExitStatus.WrongUsage;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            await error.WriteLineAsync($"simulator: the report could not be written: {fault.Message}").ConfigureAwait(false);
            return ExitStatus.Failed;
        }
    }
}
