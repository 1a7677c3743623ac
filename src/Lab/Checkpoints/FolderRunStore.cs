namespace Simulator.Lab;

/// <summary>Checkpoints in the cells' folders. The file <c>store.json</c> in the run's folder tells which run it is, and counts its lives.</summary>
internal sealed class FolderRunStore : IRunStore
{
    private const string WithoutFile = "without the file the run goes on from its checkpoints all the same, under a new identity";

    private readonly string _path;
    private readonly RunFolder? _folder;
    private RunIdentity? _identity;

    /// <summary>Makes the store of a run's coordinator.</summary>
    /// <param name="folder">The run's folder, which belongs to this process.</param>
    internal FolderRunStore(RunFolder folder)
    {
        _path = folder.Path;
        _folder = folder;
    }

    private FolderRunStore(string path, RunIdentity identity)
    {
        _path = path;
        _identity = identity;
    }

    public Guid Run => _identity?.Run ?? Guid.Empty;

    public int Life => _identity?.Life ?? 0;

    /// <summary>Makes the store of a node that takes part in a run.</summary>
    /// <param name="path">The run's folder as this node sees it.</param>
    /// <param name="run">The run.</param>
    /// <exception cref="StoreMismatchException">It is not the run's folder.</exception>
    /// <exception cref="IOException">It cannot be read, or there is a link in it.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be read.</exception>
    internal static FolderRunStore Join(string path, Guid run)
    {
        var identity = RunIdentity.Read(path, WithoutFile) ?? throw Stranger("it has no file of that name");
        if (identity.Run != run)
        {
            throw Stranger($"that names the run {identity.Run}, and this one is {run}");
        }

        return Links.Complaint(path) is { } complaint ? throw new IOException(complaint) : new FolderRunStore(path, identity);

        StoreMismatchException Stranger(string why) => new($"the folder '{path}' is not the run's, by its {RunIdentity.FileName}: {why}; do the nodes share it?");
    }

    public void Begin(string name)
    {
        var folder = Own();
        var before = RunIdentity.Read(_path, WithoutFile);
#pragma warning disable RS0030 // No result depends on it, and two runs of one scenario must not have the same.
        var identity = before is null ? new RunIdentity(Guid.NewGuid(), LivesByCells() + 1, InDatabase: false) : before with { Life = before.Life + 1 };
#pragma warning restore RS0030
        identity.Write(folder);
        _identity = identity;
    }

    public ICellStore Of(string cell, int index, int epoch, long? mostBytes = null) =>
        new CheckpointFolder(Path.Combine(_path, CellStore.FolderOf(cell)), cell, index, epoch, mostBytes ?? Array.MaxLength);

    /// <summary>Removes the file that tells which run it is, but not where a database has had it: that one's rows are found by it.</summary>
    public void Remove()
    {
        var folder = Own();
        if (_identity is { InDatabase: false })
        {
            File.Delete(folder.FileOf(RunIdentity.FileName));
        }
    }

    public void Dispose()
    {
    }

    private RunFolder Own() => _folder ?? throw new InvalidOperationException("The run belongs to its coordinator, and this store was joined.");

    /// <summary>How many lives the run has had, by the epochs of its cells: for a run whose file is lost, or that an earlier version began.</summary>
    private int LivesByCells()
    {
        var cells = Path.Combine(_path, RunFolder.CellFolder(string.Empty));
        return Directory.Exists(cells)
            ? Directory.EnumerateDirectories(cells)
                .SelectMany(c => CheckpointFolder.Epochs(Path.Combine(_path, CellStore.FolderOf(Path.GetFileName(c))))).DefaultIfEmpty().Max() / IRunStore.EpochsOfLife
            : 0;
    }
}
