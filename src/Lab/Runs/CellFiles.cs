namespace Simulator.Lab;

/// <summary>The result files of a run's cells, a folder for each.</summary>
/// <param name="folder">The run's folder.</param>
internal sealed class CellFiles(RunFolder folder)
{
    private const string Results = "results.json";
    private const string Agents = "agents.parquet";

    /// <summary>Writes the files of a cell as far as it came.</summary>
    /// <param name="history">What it told.</param>
    /// <param name="withNetworks">Whether its networks are among it.</param>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    internal void Write(CellHistory history, bool withNetworks)
    {
        Write(Results, s => ResultFiles.WriteResults(s, history));
        history.HasFiles = true;
        if (!history.Cell.Options.Learns)
        {
            return; // Nothing was learned: there is no update to tell of, and no network that is not known already.
        }

        Write("tracking_data.json", s => ResultFiles.WriteTracking(s, history));
        Write("episodes.parquet", s => EpisodesFile.WriteAsync(s, history).GetAwaiter().GetResult());
        Write(Agents, s => AgentsFile.WriteAsync(s, history).GetAwaiter().GetResult());
        if (withNetworks)
        {
            Write(NetworkFiles.Policies, s => NetworkFiles.WritePolicies(s, history));
            Write(NetworkFiles.Critic, s => NetworkFiles.WriteCritic(s, history));
            history.HasNetworks = true;
        }

        void Write(string name, Action<Stream> write) => folder.Write(Path.Combine(RunFolder.CellFolder(history.Cell.Name), name), write);
    }

    /// <summary>Path of the file with a cell's agents, whether it is there or not.</summary>
    internal string AgentsOf(PlannedCell cell) => folder.FileOf(Path.Combine(RunFolder.CellFolder(cell.Name), Agents));

    /// <summary>Whether an earlier life of the run wrote the results of a cell.</summary>
    internal bool HasResults(PlannedCell cell) => Exists(cell, Results);

    /// <summary>Whether it wrote the cell's networks.</summary>
    internal bool HasNetworks(PlannedCell cell) => cell.Options.Learns && Exists(cell, NetworkFiles.Policies);

    private bool Exists(PlannedCell cell, string name) => File.Exists(Path.Combine(folder.FileOf(RunFolder.CellFolder(cell.Name)), name));
}
