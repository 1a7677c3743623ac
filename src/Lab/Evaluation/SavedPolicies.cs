using System.Text.Json;
using Simulator.Cells;

namespace Simulator.Lab;

/// <summary>Thrown when a folder holds no policies that can be evaluated.</summary>
public sealed class SavedPoliciesException : Exception
{
    /// <summary>Makes the exception with a message for the user.</summary>
    public SavedPoliciesException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with a message for the user and its cause.</summary>
    public SavedPoliciesException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Makes the exception.</summary>
    public SavedPoliciesException()
    {
    }
}

/// <summary>A cell of a run with the networks that it ended with, to be evaluated.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Options">A cell that acts with them, on its own devices, and has evaluation episodes alone.</param>
public sealed record SavedCell(string Name, CellOptions Options);

/// <summary>A cell of a run without networks that could be evaluated.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="Why">Why it is left out.</param>
/// <param name="Unreadable">Whether it left networks that cannot be read; else there are none that would be any use.</param>
public sealed record LeftOutCell(string Name, ulong Seed, string Why, bool Unreadable);

/// <summary>The saved policies of a run, or of one of its cells.</summary>
/// <param name="Folder">Its folder, as it was named.</param>
/// <param name="Cells">The cells with networks, in the run's order.</param>
/// <param name="LeftOut">The others, in the same order.</param>
/// <param name="Threads">Threads that the run computed with.</param>
public sealed record SavedPolicies(string Folder, IReadOnlyList<SavedCell> Cells, IReadOnlyList<LeftOutCell> LeftOut, int Threads)
{
    /// <summary>Statuses of cells that hand over their networks at their end.</summary>
    private static readonly string[] WithNetworks = ["completed", "stopped", "diverged"];

    /// <summary>Evaluation episodes where neither the scenario nor the user names any.</summary>
    public const int UsualEpisodes = CellOptions.UsualEvaluationEpisodes;

    /// <summary>Reads the policies of a folder.</summary>
    /// <param name="folder">Folder of a run, or of one of its cells.</param>
    /// <param name="episodes">Evaluation episodes; null for those of the run.</param>
    /// <exception cref="SavedPoliciesException">There are none, and none are missing.</exception>
    public static SavedPolicies Read(string folder, int? episodes)
    {
        var (run, wanted) = Locate(folder);

        if (Links.Complaint(run) is { } complaint)
        {
            throw new SavedPoliciesException(complaint);
        }

        // The networks that the run began with are not needed, and need not be there any more.
        var reading = ScenarioReader.Read(Path.Combine(run, RunContinuation.ScenarioName), loadsNetworks: false);
        if (!reading.Succeeded)
        {
            throw new SavedPoliciesException($"the scenario of the run in '{folder}' cannot be read: {reading.Faults[0]}");
        }

        var networks = new NetworkFolders();
        var cells = new List<SavedCell>();
        var leftOut = new List<LeftOutCell>();
        foreach (var cell in reading.Plan.Cells.Where(c => wanted is null || c.Name == wanted))
        {
            var path = Path.Combine(run, RunFolder.CellFolder(cell.Name));
            void LeaveOut(string why, bool unreadable) => leftOut.Add(new LeftOutCell(cell.Name, cell.Options.Seed, why, unreadable));

            if (!cell.Options.Learns)
            {
                LeaveOut("it learned nothing, so that it left no networks", unreadable: false);
                continue;
            }

            if (!File.Exists(Path.Combine(path, NetworkFiles.Policies)))
            {
                var status = StatusOf(path);
                var lacks = WithNetworks.Contains(status, StringComparer.Ordinal);
                LeaveOut(lacks ? $"it has ended ({status}), and its {NetworkFiles.Policies} is missing" : "it has not come to its end, and left no networks", lacks);
                continue;
            }

            try
            {
                cells.Add(new SavedCell(cell.Name, ToEvaluate(cell.Options, networks.Load(path, cell.Options), episodes)));
            }
            catch (NetworkFolderException fault)
            {
                LeaveOut(fault.Message, !fault.Diverged);
            }
        }

        if (wanted is not null && cells.Count + leftOut.Count == 0)
        {
            throw new SavedPoliciesException($"'{folder}' is no cell of the run in '{run}'");
        }

        return cells.Count > 0 || leftOut.Exists(c => c.Unreadable)
            ? new SavedPolicies(folder, cells, leftOut, reading.Plan.Scenario.Compute.Threads)
            : throw new SavedPoliciesException($"'{folder}' holds no policies to evaluate: {leftOut[0].Name}: {leftOut[0].Why}");
    }

    /// <summary>How a cell ended, as its results say; null where they do not.</summary>
    private static string? StatusOf(string cell)
    {
        try
        {
            using var results = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(cell, "results.json")));
            return results.RootElement.ValueKind == JsonValueKind.Object && results.RootElement.TryGetProperty("status", out var status) && status.ValueKind == JsonValueKind.String ? status.GetString() : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private static CellOptions ToEvaluate(CellOptions options, InitialNetworks networks, int? episodes) => options with
    {
        Mode = CellMode.Act,
        Episodes = 0,
        Networks = networks,
        Evaluation = options.Evaluation with { Episodes = episodes ?? (options.EvaluationEpisodes > 0 ? options.EvaluationEpisodes : UsualEpisodes) },
    };

    /// <summary>The run's folder, and the cell where one of its cells was named.</summary>
    private static (string Run, string? Cell) Locate(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new SavedPoliciesException($"there is no folder '{folder}'; name the folder of a run, or of one of its cells");
        }

        if (File.Exists(Path.Combine(folder, RunContinuation.ScenarioName)))
        {
            return (folder, null);
        }

        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var run = Path.GetDirectoryName(Path.GetDirectoryName(full));
        return run is not null && File.Exists(Path.Combine(run, RunContinuation.ScenarioName))
            ? (run, Path.GetFileName(full))
            : throw new SavedPoliciesException($"'{folder}' is no run and no cell of one: neither it nor the folder above its 'cells' has a {RunContinuation.ScenarioName}");
    }
}
