namespace Simulator.Lab;

/// <summary>
/// The folder <c>checkpoint/</c> of a cell. Files are written beside their place, flushed and renamed. One process writes to it, the one that holds the run's folder: its checkpoints
/// carry no epoch.
/// </summary>
/// <param name="path">Path of the folder.</param>
/// <param name="name">Name of the cell.</param>
/// <param name="index">Its index in the population.</param>
/// <param name="mostBytes">Length of the largest file that can be read again.</param>
internal sealed class CheckpointFolder(string path, string name, int index, long mostBytes) : CellStore(name, index, mostBytes)
{
    private const string AsideSuffix = ".damaged";

    /// <summary>Removes the folder.</summary>
    public override void Clear()
    {
        Forget();
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }

    /// <summary>Renames the folder where it holds checkpoints.</summary>
    /// <returns>Its new path; null where there were none.</returns>
    public override string? SetAside()
    {
        Forget();
        using var access = new FolderAccess(path);
        if (!access.Manifests().Any())
        {
            return null;
        }

        var aside = path + AsideSuffix;
        for (var i = 2; Path.Exists(aside); i++)
        {
            aside = $"{path}{AsideSuffix}-{i}";
        }

        Directory.Move(path, aside);
        return aside;
    }

    /// <summary>Removes the folder, and those that it was renamed to.</summary>
    public override void Remove()
    {
        Clear();
        if (Directory.GetParent(path) is { Exists: true } cell)
        {
            foreach (var aside in Directory.GetDirectories(cell.FullName, $"{Path.GetFileName(path)}{AsideSuffix}*"))
            {
                Directory.Delete(aside, recursive: true);
            }
        }
    }

    protected override ICheckpointAccess OpenToRead() => new FolderAccess(path);

    protected override ICheckpointAccess OpenToWrite()
    {
        Directory.CreateDirectory(path);
        return new FolderAccess(path);
    }

    protected override void RemoveOthers(IReadOnlySet<string> wanted)
    {
        foreach (var file in Directory.EnumerateFiles(path).Where(f => !wanted.Contains(Path.GetFileName(f))).ToList())
        {
            File.Delete(file);
        }
    }
}
