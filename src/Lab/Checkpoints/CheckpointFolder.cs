using System.Globalization;

namespace Simulator.Lab;

/// <summary>
/// The folder <c>checkpoint/</c> of a cell. Files are written beside their place, flushed and renamed, in <c>epoch-&lt;n&gt;/</c>, the folder of the writer with the epoch n. A writer takes the cell by renaming the folder
/// of the one before it, once: whatever that one does then, by the path that it knows, finds no folder. What it has open still are files that no checkpoint has any more (docs/checkpoints.md, decision 16).
/// </summary>
/// <param name="path">Path of the folder.</param>
/// <param name="name">Name of the cell.</param>
/// <param name="index">Its index in the population.</param>
/// <param name="epoch">The writer's epoch.</param>
/// <param name="mostBytes">Length of the largest file that can be read again.</param>
internal sealed class CheckpointFolder(string path, string name, int index, int epoch, long mostBytes) : CellStore(name, index, mostBytes)
{
    private const string AsideSuffix = ".damaged";
    private const string EpochPrefix = "epoch-";

    private readonly string _own = PathOf(path, epoch);
    private bool _claimed;
    private bool _prepared;

    protected override bool Holds => Refusal() is null;

    /// <summary>Whether nothing is there that a writer would have to take. A file in the folder's place is for the one that writes to complain of.</summary>
    private bool IsEmpty => !Directory.Exists(path) || !Directory.EnumerateFileSystemEntries(path).Any();

    /// <summary>The epochs of those that have written to a folder, the newest first: one, but for a moment.</summary>
    /// <param name="path">Path of the folder.</param>
    /// <exception cref="IOException">It cannot be read, or one is a link.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be read.</exception>
    internal static IReadOnlyList<int> Epochs(string path)
    {
        try
        {
            return Directory.Exists(path) ? [.. new DirectoryInfo(path).EnumerateDirectories(EpochPrefix + "*").Select(EpochOf).OfType<int>().OrderDescending()] : [];
        }
        catch (DirectoryNotFoundException)
        {
            return []; // It went in this moment.
        }
    }

    public override void Write(Cells.CellCheckpoint? checkpoint, byte[] history, int episode, double seconds) => Guard(() =>
    {
        base.Write(checkpoint, history, episode, seconds);
        return true;
    });

    public override StoredCell? Read(Action<string, string> report) => Guard(() => base.Read(report));

    /// <summary>Looks at what the newest writer has written, which may go on writing and removing meanwhile, or be followed by another one: as long as something changes it is looked at again.</summary>
    public override StoredCell? ReadHistory()
    {
        for (var seen = Listing(); ;)
        {
            if (TryReadHistory() is { } found)
            {
                return found;
            }

            var now = Listing();
            if (now.SequenceEqual(seen, StringComparer.Ordinal))
            {
                return null;
            }

            seen = now;
        }
    }

    /// <summary>Empties the writer's folder, which stays: it holds the epoch.</summary>
    public override void Clear()
    {
        Forget();
        Guard(() =>
        {
            if (_claimed || !IsEmpty)
            {
                Claim();
                Delete(Entries(_own));
            }

            return true;
        });
    }

    /// <summary>Renames the writer's folder where it holds checkpoints. The next time it is taken anew.</summary>
    /// <returns>Its new path; null where there were none.</returns>
    public override string? SetAside()
    {
        Forget();
        return Guard(() =>
        {
            if (!_claimed && IsEmpty)
            {
                return null;
            }

            Claim();
            using var access = new FolderAccess(_own, epoch);
            if (!access.Manifests().Any())
            {
                return null;
            }

            var aside = path + AsideSuffix;
            for (var i = 2; Path.Exists(aside); i++)
            {
                aside = $"{path}{AsideSuffix}-{i}";
            }

            Directory.Move(_own, aside);
            _claimed = _prepared = false;
            return aside;
        });
    }

    /// <summary>Removes the folder, and those that were set aside. It need not be taken before: a coordinator removes what its nodes have written.</summary>
    public override void Remove()
    {
        Forget();
        Guard(() =>
        {
            if (Directory.Exists(path))
            {
                var all = Entries(path); // What a newer writer makes from here on is not among it.
                if (Refusal() is { } refusal)
                {
                    throw refusal;
                }

                Delete(all);
                Directory.Delete(path);
            }

            if (Directory.GetParent(path) is { Exists: true } cell)
            {
                Delete([.. cell.EnumerateDirectories($"{Path.GetFileName(path)}{AsideSuffix}*")]);
            }

            return true;
        });
        _claimed = _prepared = false;
    }

    protected override ICheckpointAccess? OpenToRead() =>
        Epochs(path) is [var newest, ..] ? new FolderAccess(PathOf(path, newest))
        : Directory.Exists(path) ? new FolderAccess(path) // Of an earlier version.
        : null;

    protected override ICheckpointAccess? OpenToGoOn()
    {
        try
        {
            Claim();
        }
        catch (Exception fault) when (fault is (IOException and not CheckpointEpochException) or UnauthorizedAccessException && !_claimed && IsEmpty)
        {
            return null; // There is nothing to go on from, and whether a folder can be made matters to the one that writes.
        }

        return new FolderAccess(_own, epoch);
    }

    protected override ICheckpointAccess OpenToWrite()
    {
        Claim();
        return new FolderAccess(_own, epoch);
    }

    protected override void RemoveOthers(IReadOnlySet<string> wanted)
    {
        foreach (var file in Directory.EnumerateFiles(_own).Where(f => !wanted.Contains(Path.GetFileName(f))).ToList())
        {
            File.Delete(file);
        }
    }

    private static string PathOf(string path, int epoch) => Path.Combine(path, EpochPrefix + epoch.ToString(CultureInfo.InvariantCulture));

    private static int? EpochOf(DirectoryInfo folder) =>
        !int.TryParse(folder.Name.AsSpan(EpochPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var epoch) || PathOf(string.Empty, epoch) != folder.Name ? null
        : folder.LinkTarget is null ? epoch
        : throw new IOException(Links.ComplaintOf(folder.FullName));

    /// <summary>What is in a folder, in the order in which it is removed: manifests before what they name.</summary>
    private static List<FileSystemInfo> Entries(string folder) => [.. new DirectoryInfo(folder).EnumerateFileSystemInfos().OrderBy(e => e.Name, StringComparer.Ordinal)];

    private static void Delete(IEnumerable<FileSystemInfo> entries)
    {
        foreach (var entry in entries)
        {
            if (entry is DirectoryInfo folder)
            {
                folder.Delete(recursive: true);
            }
            else
            {
                entry.Delete();
            }
        }
    }

    private static bool TryDeleteEmpty(string folder)
    {
        try
        {
            Directory.Delete(folder);
            return true;
        }
        catch (IOException)
        {
            return false; // It is not, or somebody has taken it.
        }
    }

    /// <summary>Does what may come to its end because a newer writer takes the cell meanwhile.</summary>
    /// <exception cref="CheckpointEpochException">One has.</exception>
    private T Guard<T>(Func<T> work)
    {
        CheckpointEpochException? refusal = null;
        try
        {
            return work();
        }
        catch (Exception fault) when (fault is not CheckpointEpochException && (refusal = Refusal(fault)) is not null)
        {
            throw refusal;
        }
    }

    /// <summary>Why the cell is this writer's no more; null where it is, or was never. Where all of the cell is gone, checkpoints or not, no writer has taken it: then the disk is.</summary>
    private CheckpointEpochException? Refusal(Exception? fault = null)
    {
        var there = Epochs(path);
        return there is [var newest, ..] && newest > epoch ? CheckpointEpochException.Newer(Name, newest, epoch, fault)
            : _claimed && !there.Contains(epoch) && Directory.GetParent(path) is { Exists: true }
                ? new CheckpointEpochException($"another writer has the cell '{Name}', or had it and has removed its checkpoints: {_own} is gone", fault)
                : null;
    }

    /// <summary>
    /// Takes the cell, where this writer has not: it renames the folder of the newest one before it, or makes its own where there is none, and then looks whether it is alone. A folder can be renamed by one only, and of
    /// two that make one the later sees the other's: the newer then begins again, and the older gives up. Any step may be a process's last, or be followed by a long pause: nothing is lost, and no older writer comes in.
    /// </summary>
    /// <exception cref="CheckpointEpochException">A newer writer has it, or another one that was given the same epoch.</exception>
    private void Claim()
    {
        if (Refusal() is { } refusal)
        {
            throw refusal;
        }

        while (!_claimed)
        {
            var there = Epochs(path);
            if (there is [var newest, ..] && newest >= epoch)
            {
                throw newest > epoch ? CheckpointEpochException.Newer(Name, newest, epoch)
                    : CheckpointEpochException.Same(Name, epoch);
            }

            if (!TryTake(there))
            {
                continue;
            }

            var others = Epochs(path).ToList();
            var own = others.Remove(epoch);
            if (others is [var other, ..] && other > epoch)
            {
                TryDeleteEmpty(_own);
                throw CheckpointEpochException.Newer(Name, other, epoch);
            }

            _claimed = own && (others.Count == 0 || !TryDeleteEmpty(_own));
        }

        if (!_prepared)
        {
            Prepare();
            _prepared = true;
        }
    }

    /// <summary>Makes the writer's folder; false where somebody else was faster.</summary>
    private bool TryTake(IReadOnlyList<int> there)
    {
        if (there.Count == 0)
        {
            Directory.CreateDirectory(_own);
            return true;
        }

        var before = PathOf(path, there[0]);
        try
        {
            Directory.Move(before, _own);
            return true;
        }
        catch (IOException fault) when (fault is DirectoryNotFoundException || !Directory.Exists(before) || Directory.Exists(_own)) // What was gone may be there again, of one who begins again.
        {
            return false;
        }
    }

    /// <summary>
    /// Makes what was taken this writer's own. What an earlier version wrote lies in the folder itself, and is moved, manifests last: where that does not come to its end, the next writer goes on with it. The writer before
    /// may still have files open that it was writing: those beside their places are removed, and the history is replaced by a copy.
    /// </summary>
    private void Prepare()
    {
        foreach (var file in Directory.GetFiles(path).OrderDescending(StringComparer.Ordinal))
        {
            try
            {
                File.Move(file, Path.Combine(_own, Path.GetFileName(file)), overwrite: true);
            }
            catch (FileNotFoundException)
            {
                continue; // The writer before was moving it.
            }
        }

        foreach (var part in Directory.GetFiles(_own, "*" + FolderAccess.PartSuffix))
        {
            File.Delete(part);
        }

        var history = Path.Combine(_own, HistoryName);
        if (File.Exists(history))
        {
            HistoryFile.Renew(history, epoch);
        }
    }

    private StoredCell? TryReadHistory()
    {
        try
        {
            return base.ReadHistory();
        }
        catch (DirectoryNotFoundException)
        {
            return null; // Another writer has renamed it.
        }
    }

    /// <summary>Paths of the newest writer's manifests.</summary>
    private List<string> Listing()
    {
        try
        {
            using var access = OpenToRead();
            return access?.Manifests().ToList() ?? [];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }
}
