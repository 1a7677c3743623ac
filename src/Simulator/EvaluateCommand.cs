using System.CommandLine;
using Akka.Configuration;
using Simulator.Compute;
using Simulator.Lab;
using Simulator.Protocol;

namespace Simulator;

/// <summary><c>simulator evaluate</c>: what the saved policies of a run are worth without exploration, beside the baselines on the same episodes.</summary>
internal static class EvaluateCommand
{
    internal static Command Command(TextWriter output, TextWriter error)
    {
        var folder = new Argument<string>("DIR") { Description = "Folder that a run wrote, or that of one of its cells (cells/NAME in it).", HelpName = "DIR" };
        var episodes = new Option<int?>("--episodes")
        {
            Description = "Evaluation episodes of each cell; the scenario's by default. The first ones are those that the run itself is evaluated on.",
            HelpName = "N",
            CustomParser = r => CommandLine.Whole(r, 1, 100_000),
        };
        var device = CommandLine.Device();
        var command = new Command("evaluate", $"Evaluates the saved policies of a run without exploration, and writes {PolicyEvaluation.FileName} into its folder.") { folder, episodes, device };
        command.SetAction((parsed, _) => ExecuteAsync(parsed.GetRequiredValue(folder), parsed.GetValue(episodes), parsed.GetRequiredValue(device), output, error));
        return command;
    }

    private static async Task<int> ExecuteAsync(string folder, int? episodes, string deviceName, TextWriter output, TextWriter error)
    {
        using var interruption = new Interruption();
        try
        {
            var policies = SavedPolicies.Read(folder, episodes);
            var results = await PolicyEvaluation.RunAsync(
                policies, ComputeDevice.Find(deviceName), ConfigurationFactory.ParseString(StandardErrorLogger.Configuration), interruption.Token).ConfigureAwait(false);
            EvaluationTable.Write(output, results, policies.LeftOut);
            PolicyEvaluation.Write(policies, results);
            await output.WriteLineAsync($"{PolicyEvaluation.FileName} in {folder} has every baseline, all violations, and the cells that were left out.").ConfigureAwait(false);
            return StatusOf(results, policies.LeftOut, error);
        }
        catch (Exception fault) when (fault is SavedPoliciesException or DeviceNotFoundException)
        {
            await error.WriteLineAsync($"simulator: {fault.Message}").ConfigureAwait(false);
            return ExitStatus.WrongUsage;
        }
        catch (OperationCanceledException)
        {
            await error.WriteLineAsync("simulator: interrupted; nothing was written").ConfigureAwait(false);
            return ExitStatus.Interrupted;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or RunLostException)
        {
            await error.WriteLineAsync($"simulator: {fault.Message}").ConfigureAwait(false);
            return ExitStatus.Failed;
        }
    }

    /// <summary>The exit status of an evaluation; says which cells failed or left networks that cannot be read, if any.</summary>
    internal static int StatusOf(IReadOnlyList<EvaluatedCell> results, IReadOnlyList<LeftOutCell> leftOut, TextWriter error)
    {
        var failed = results.Where(r => r.Status == CellStatus.Failed).Select(r => r.Name).Concat(leftOut.Where(c => c.Unreadable).Select(c => c.Name)).ToList();
        if (failed.Count == 0)
        {
            return ExitStatus.Done;
        }

        error.WriteLine($"simulator: {failed.Count} of {ProgressText.Cells(results.Count + leftOut.Count)} could not be evaluated: {string.Join(", ", failed)}");
        return ExitStatus.Failed;
    }
}
