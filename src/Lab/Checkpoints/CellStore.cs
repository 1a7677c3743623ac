using System.Globalization;
using Simulator.Cells;
using Simulator.Compute;
using Simulator.Master;

namespace Simulator.Lab;

/// <summary>
/// What holds for the checkpoints of a cell wherever they are (docs/checkpoints.md). A checkpoint is there when its manifest is; what it names is written before, and never changed
/// as long as one of the two newest manifests names it. Whatever else there is goes with the next checkpoint.
/// </summary>
/// <param name="name">Name of the cell.</param>
/// <param name="index">Its index in the population.</param>
/// <param name="mostBytes">Length of the largest file that can be read again.</param>
internal abstract class CellStore(string name, int index, long mostBytes) : ICellStore
{
    /// <summary>Checkpoints that are kept.</summary>
    internal const int Kept = 2;

    /// <summary>Files of replay transitions after which the memory is written anew as a whole.</summary>
    internal const int MostReplayFiles = 32;

    internal const string HistoryName = "history.log";

    private readonly List<CheckpointManifest> _kept = [];
    private readonly List<byte[]> _unsaved = [];
    private long _replayFrom;
    private long _bytesWritten;
    private volatile bool _tooLarge;

    public bool TooLarge => _tooLarge;

    public long ReplayFrom => Volatile.Read(ref _replayFrom);

    public long BytesWritten => _bytesWritten;

    /// <summary>Path of a cell's checkpoints, relative to the run's folder.</summary>
    internal static string FolderOf(string cell) => Path.Combine(RunFolder.CellFolder(cell), "checkpoint");

    /// <summary>Name of the cell.</summary>
    protected string Name => name;

    /// <summary>Whether what is stored is this writer's: what it misses then is damage, and otherwise nothing that it should complain of.</summary>
    protected virtual bool Holds => true;

    /// <summary>Name of the file of a manifest.</summary>
    internal static string ManifestName(CheckpointManifest manifest) => $"checkpoint-{Number(manifest.Episode)}.json";

    public virtual void Write(CellCheckpoint? checkpoint, byte[] history, int episode, double seconds)
    {
        _unsaved.Add(history);
        if (checkpoint is not null && CheckpointTensors.LargestFile(checkpoint) is var bytes && bytes > mostBytes)
        {
            _tooLarge = true;
            throw new IOException($"a file of it would have {bytes} bytes, more than the {mostBytes} that can be read again: the cell has no checkpoints from here on");
        }

        using var access = OpenToWrite();
        var told = access.AppendHistory(_kept.Count > 0 ? _kept[^1].History : new CheckpointFile(HistoryName, 0, string.Empty), _unsaved);
        var manifest = new CheckpointManifest(CheckpointManifest.CurrentFormat, name, episode, checkpoint is null, seconds, told, null, []);
        if (checkpoint is not null)
        {
            manifest = manifest with
            {
                State = WriteFile(access, $"state-{Number(episode)}.safetensors", s => CheckpointTensors.WriteState(s, checkpoint)),
                Replay = WriteReplay(access, checkpoint.Master),
            };
        }

        var kept = _kept.Where(m => m.Episode != episode && !manifest.Ended).Append(manifest).TakeLast(Kept).ToList();
        var wanted = kept
            .SelectMany(m => m.Replay.Select(r => r.File.Name).Append(ManifestName(m)).Append(m.State?.Name ?? HistoryName))
            .Append(HistoryName).ToHashSet(StringComparer.Ordinal);
        _bytesWritten += access.Complete(manifest, wanted).Bytes;
        _unsaved.Clear();
        _kept.Clear();
        _kept.AddRange(kept);
        GoOnFrom(manifest);
        RemoveOthers(wanted);
    }

    public virtual StoredCell? Read(Action<string, string> report)
    {
        Forget();
        StoredCell? found = null;
        using var access = OpenToGoOn();
        if (access is null)
        {
            return null;
        }

        foreach (var file in access.Manifests())
        {
            try
            {
                var manifest = CheckpointManifest.Parse(access.Read(file), file);
                found ??= Read(access, manifest);
                _kept.Insert(0, manifest);
            }
            catch (Exception fault) when (IsDamage(fault) && Holds)
            {
                report(file, fault.Message);
            }

            if (_kept.Count == Kept)
            {
                break;
            }
        }

        if (found is not null)
        {
            GoOnFrom(found.Manifest);
        }

        return found;
    }

    public virtual StoredCell? ReadHistory()
    {
        StoredCell? found = null;
        using var access = OpenToRead();
        if (access is null)
        {
            return null;
        }

        foreach (var file in access.Manifests())
        {
            try
            {
                var manifest = CheckpointManifest.Parse(access.Read(file), file);
                if (found is null)
                {
                    var history = HistoryOf(access, manifest);
                    foreach (var named in manifest.Replay.Select(r => r.File).Append(manifest.State).OfType<CheckpointFile>())
                    {
                        access.Check(named.Name);
                    }

                    found = new StoredCell(manifest, history, null);
                }
            }
            catch (Exception fault) when (IsDamage(fault))
            {
                continue; // It is told of where the cell's checkpoint is read.
            }
        }

        return found;
    }

    public abstract void Clear();

    public abstract string? SetAside();

    public abstract void Remove();

    /// <summary>Opens what is there, to look at it; null where it is known that there is nothing.</summary>
    protected abstract ICheckpointAccess? OpenToRead();

    /// <summary>Opens what is there for the one that goes on from it.</summary>
    protected virtual ICheckpointAccess? OpenToGoOn() => OpenToRead();

    /// <summary>Opens what is there, to write a checkpoint to it.</summary>
    protected abstract ICheckpointAccess OpenToWrite();

    /// <summary>Removes what no checkpoint needs, where <see cref="ICheckpointAccess.Complete"/> has not.</summary>
    protected virtual void RemoveOthers(IReadOnlySet<string> wanted)
    {
    }

    /// <summary>Forgets what was read and written.</summary>
    protected void Forget()
    {
        _kept.Clear();
        _unsaved.Clear();
        Volatile.Write(ref _replayFrom, 0);
    }

    /// <summary>Whether a fault tells of what is stored, and not of the disk or of rights: those may be well again tomorrow.</summary>
    private static bool IsDamage(Exception fault) =>
        fault is InvalidDataException or FileNotFoundException or DirectoryNotFoundException or EndOfStreamException or ArgumentException or OverflowException;

    private static string Number(long number) => number.ToString("D8", CultureInfo.InvariantCulture);

    private void GoOnFrom(CheckpointManifest manifest) =>
        Volatile.Write(ref _replayFrom, manifest.Replay.Count is > 0 and < MostReplayFiles ? manifest.Replay[^1].End : 0);

    private byte[] HistoryOf(ICheckpointAccess access, CheckpointManifest manifest) => manifest.Cell == name
        ? access.ReadHistory(manifest.History)
        : throw new InvalidDataException($"it is of the cell '{Wording.Shorten(manifest.Cell)}'");

    private StoredCell Read(ICheckpointAccess access, CheckpointManifest manifest)
    {
        var history = HistoryOf(access, manifest);
        if (manifest.State is not { } state)
        {
            return new StoredCell(manifest, history, null);
        }

        var segments = new List<ReplaySegment>();
        foreach (var file in manifest.Replay)
        {
            var segment = CheckpointTensors.ReadReplay(ReadTensors(access, file.File));
            segments.Add(segment.First == file.First && segment.End == file.End
                ? segment
                : throw new InvalidDataException($"{file.File.Name} holds the transitions from {segment.First} to {segment.End}, and those from {file.First} to {file.End} belong there"));
        }

        return new StoredCell(manifest, history, CheckpointTensors.ReadState(ReadTensors(access, state), index, manifest.Episode, segments));
    }

    private static SafetensorsFile ReadTensors(ICheckpointAccess access, CheckpointFile file)
    {
        var bytes = access.Read(file.Name, file.Bytes);
        if (bytes.Length != file.Bytes || CheckpointManifest.HashOf(bytes) != file.Sha256)
        {
            throw new InvalidDataException($"{file.Name} is not what was written");
        }

        return SafetensorsFile.Read(new MemoryStream(bytes), file.Name);
    }

    /// <summary>The files that hold the replay memory: those before, as far as anything in them is held, and new ones.</summary>
    private List<ReplayFile> WriteReplay(ICheckpointAccess access, MasterCheckpoint master)
    {
        var oldest = master.Added - master.Priorities.Length;
        var first = master.Replay.Count > 0 ? master.Replay[0].First : long.MaxValue;
        var files = _kept.Count > 0 ? _kept[^1].Replay.Where(f => f.End > oldest && f.First < first).ToList() : [];
        foreach (var segment in master.Replay)
        {
            var file = WriteFile(access, $"replay-{segment.First}-{segment.End}.safetensors", s => CheckpointTensors.WriteReplay(s, segment));
            files.Add(new ReplayFile(file, segment.First, segment.End));
        }

        return files;
    }

    private CheckpointFile WriteFile(ICheckpointAccess access, string file, Action<Stream> write)
    {
        var written = access.Write(file, write);
        _bytesWritten += written.Bytes;
        return written;
    }
}
