namespace Simulator.Lab;

/// <summary>Where the checkpoints of a run are. One process has the run, its coordinator; others write the checkpoints of cells that it gave them.</summary>
internal interface IRunStore : IDisposable
{
    /// <summary>Epochs of one life of a run. The epochs of a cell rise over the lives, and within a life with every time that the cell is started anew: the first of a life is the life times this.</summary>
    const int EpochsOfLife = 1 << 16;

    /// <summary>Identity of the run, the same over all its lives and on all nodes. Known when the run was taken or joined.</summary>
    Guid Run { get; }

    /// <summary>How many processes have had the run as its coordinator, this one included: from 1, rising by one with every <see cref="Begin"/>. 0 before.</summary>
    int Life { get; }

    /// <summary>Takes the run, as its coordinator: another life of it begins. Not for a store that was joined.</summary>
    /// <param name="name">Name of the scenario.</param>
    /// <exception cref="IOException">The run cannot be taken.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    void Begin(string name);

    /// <summary>The checkpoints of a cell, for one writer. Whoever writes to it, or goes on from it, under a lower epoch than another one has, is refused with a <see cref="CheckpointEpochException"/>; <see cref="ICellStore.ReadHistory"/> takes nothing and is never refused.</summary>
    /// <param name="cell">Name of the cell.</param>
    /// <param name="index">Its index in the population.</param>
    /// <param name="epoch">The writer's epoch, which the coordinator gives to one writer only.</param>
    /// <param name="mostBytes">Length of the largest file that can be read again; null for what the store can do.</param>
    ICellStore Of(string cell, int index, int epoch, long? mostBytes = null);

    /// <summary>Removes what is there beside the cells' checkpoints. Not for a store that was joined.</summary>
    /// <exception cref="IOException">It cannot be removed.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    void Remove();

    /// <summary>Opens what a scenario asks for, for the run's coordinator.</summary>
    /// <param name="place">The kind.</param>
    /// <param name="folder">The run's folder.</param>
    /// <param name="time">Clock.</param>
    /// <exception cref="StoreAddressException">There is no address, or it is none.</exception>
    /// <exception cref="CheckpointVersionException">The store is of a newer version.</exception>
    /// <exception cref="IOException">It cannot be reached.</exception>
    static IRunStore Open(CheckpointPlace place, RunFolder folder, TimeProvider time) => place == CheckpointPlace.Folder
        ? new FolderRunStore(folder)
        : PostgresRunStore.Open(StoreAddress.FromEnvironment(), folder, time);

    /// <summary>Opens the store of a run that another process has, for a node that writes the checkpoints of some of its cells. Nothing is written, and the run's folder is not held.</summary>
    /// <param name="place">The kind.</param>
    /// <param name="folder">The run's folder as this node sees it; null where the node needs none, as with a database.</param>
    /// <param name="run">The run.</param>
    /// <param name="time">Clock.</param>
    /// <exception cref="StoreAddressException">There is no address, or it is none.</exception>
    /// <exception cref="CheckpointVersionException">The store is of a newer version.</exception>
    /// <exception cref="StoreMismatchException">The run is not there: nodes must see one folder, or one database.</exception>
    /// <exception cref="IOException">It cannot be reached.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be read.</exception>
    static IRunStore Join(CheckpointPlace place, string? folder, Guid run, TimeProvider time) => place == CheckpointPlace.Folder
        ? FolderRunStore.Join(folder ?? throw new ArgumentNullException(nameof(folder)), run)
        : PostgresRunStore.Join(StoreAddress.FromEnvironment(), run, time);
}
