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

/// <summary>The saved policies of a run, or of one of its cells.</summary>
/// <param name="Folder">Its folder, as it was named.</param>
/// <param name="Cells">The cells with networks, in the run's order.</param>
/// <param name="Without">Cells of the run without networks that could be evaluated, and why.</param>
/// <param name="Threads">Threads that the run computed with.</param>
public sealed record SavedPolicies(string Folder, IReadOnlyList<SavedCell> Cells, IReadOnlyList<(string Name, string Why)> Without, int Threads)
{
    /// <summary>Evaluation episodes where neither the scenario nor the user names any.</summary>
    public const int UsualEpisodes = CellOptions.UsualEvaluationEpisodes;

    /// <summary>Reads the policies of a folder.</summary>
    /// <param name="folder">Folder of a run, or of one of its cells.</param>
    /// <param name="episodes">Evaluation episodes; null for those of the run.</param>
    /// <exception cref="SavedPoliciesException">There are none.</exception>
    public static SavedPolicies Read(string folder, int? episodes)
    {
        var (run, wanted) = Locate(folder);

        // The networks that the run began with are not needed, and need not be there any more.
        var reading = ScenarioReader.Read(Path.Combine(run, RunContinuation.ScenarioName), ["policy.from=null"]);
        if (!reading.Succeeded)
        {
            throw new SavedPoliciesException($"the scenario of the run in '{folder}' cannot be read: {reading.Faults[0]}");
        }

        var networks = new NetworkFolders();
        var cells = new List<SavedCell>();
        var without = new List<(string, string)>();
        foreach (var cell in reading.Plan.Cells.Where(c => wanted is null || c.Name == wanted))
        {
            var path = Path.Combine(run, RunFolder.CellFolder(cell.Name));
            if (!File.Exists(Path.Combine(path, NetworkFiles.Policies)))
            {
                without.Add((cell.Name, cell.Options.Learns ? "it has not come to its end, and left no networks" : "it learned nothing, so that it left no networks"));
                continue;
            }

            if (cell.Options.Mitigation.Observations == ObservationScale.Running)
            {
                without.Add((cell.Name, "its policies saw observations by running statistics, which are not saved with them"));
                continue;
            }

            try
            {
                cells.Add(new SavedCell(cell.Name, ToEvaluate(cell.Options, networks.Load(path, cell.Options), episodes)));
            }
            catch (NetworkFolderException fault)
            {
                without.Add((cell.Name, fault.Message));
            }
        }

        if (wanted is not null && cells.Count + without.Count == 0)
        {
            throw new SavedPoliciesException($"'{folder}' is no cell of the run in '{run}'");
        }

        return cells.Count > 0
            ? new SavedPolicies(folder, cells, without, reading.Plan.Scenario.Compute.Threads)
            : throw new SavedPoliciesException($"'{folder}' holds no policies to evaluate: {without[0].Item1}: {without[0].Item2}");
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
