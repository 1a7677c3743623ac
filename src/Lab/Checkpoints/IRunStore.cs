namespace Simulator.Lab;

/// <summary>Where the checkpoints of a run are.</summary>
internal interface IRunStore : IDisposable
{
    /// <summary>Takes the run: whoever had it before writes to it no more.</summary>
    /// <param name="name">Name of the scenario.</param>
    /// <exception cref="IOException">The run cannot be taken.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    void Begin(string name);

    /// <summary>The checkpoints of a cell.</summary>
    /// <param name="cell">Name of the cell.</param>
    /// <param name="index">Its index in the population.</param>
    /// <param name="mostBytes">Length of the largest file that can be read again; null for what the store can do.</param>
    ICellStore Of(string cell, int index, long? mostBytes = null);

    /// <summary>Removes what is there beside the cells' checkpoints.</summary>
    /// <exception cref="IOException">It cannot be removed.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    void Remove();

    /// <summary>Opens what a scenario asks for.</summary>
    /// <param name="place">The kind.</param>
    /// <param name="folder">The run's folder.</param>
    /// <param name="time">Clock.</param>
    /// <exception cref="StoreAddressException">There is no address, or it is none.</exception>
    /// <exception cref="CheckpointVersionException">The store is of a newer version.</exception>
    /// <exception cref="IOException">It cannot be reached.</exception>
    static IRunStore Open(CheckpointPlace place, RunFolder folder, TimeProvider time) => place == CheckpointPlace.Folder
        ? new FolderRunStore(folder)
        : PostgresRunStore.Open(StoreAddress.FromEnvironment(), folder, time);
}

/// <summary>Checkpoints in the cells' folders.</summary>
/// <param name="folder">The run's folder, which belongs to one process.</param>
internal sealed class FolderRunStore(RunFolder folder) : IRunStore
{
    public void Begin(string name)
    {
    }

    public ICellStore Of(string cell, int index, long? mostBytes = null) =>
        new CheckpointFolder(folder.FileOf(CellStore.FolderOf(cell)), cell, index, mostBytes ?? Array.MaxLength);

    public void Remove()
    {
    }

    public void Dispose()
    {
    }
}
