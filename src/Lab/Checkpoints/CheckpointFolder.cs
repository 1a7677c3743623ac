using System.Globalization;
using System.Security.Cryptography;
using Simulator.Cells;
using Simulator.Compute;
using Simulator.Master;

namespace Simulator.Lab;

/// <summary>
/// The folder <c>checkpoint/</c> of a cell (docs/checkpoints.md). A checkpoint is there when its manifest is; files that it names are written and flushed before, and never changed
/// as long as one of the two newest manifests names them. Whatever else is in the folder is removed with the next checkpoint.
/// </summary>
/// <param name="path">Path of the folder.</param>
/// <param name="name">Name of the cell.</param>
/// <param name="index">Its index in the population.</param>
/// <param name="mostBytes">Length of the largest file that can be read again.</param>
internal sealed class CheckpointFolder(string path, string name, int index, long mostBytes)
{
    /// <summary>Checkpoints that are kept.</summary>
    internal const int Kept = 2;

    /// <summary>Files of replay transitions after which the memory is written anew as a whole.</summary>
    internal const int MostReplayFiles = 32;

    private const string HistoryName = "history.log";
    private const string AsideSuffix = ".damaged";
    private const string ManifestPattern = "checkpoint-*.json";

    private readonly List<CheckpointManifest> _kept = [];
    private readonly List<byte[]> _unsaved = [];
    private long _replayFrom;
    private volatile bool _tooLarge;

    /// <summary>Whether a checkpoint of the cell was too large to be read again: those after it would be as well. May be read by any thread.</summary>
    internal bool TooLarge => _tooLarge;

    /// <summary>Number of the first replay transition that the next checkpoint must hold. May be read by any thread.</summary>
    internal long ReplayFrom => Volatile.Read(ref _replayFrom);

    /// <summary>Bytes of the files of checkpoints written so far, without the history, which is appended to.</summary>
    internal long BytesWritten { get; private set; }

    /// <summary>Writes a checkpoint. Where that fails the older ones stay, and the next one holds what this one should have.</summary>
    /// <param name="checkpoint">The cell; null where it has ended.</param>
    /// <param name="history">What it has told since the last call.</param>
    /// <param name="episode">Episodes done.</param>
    /// <param name="seconds">How long it has run.</param>
    /// <exception cref="IOException">A file could not be written.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    internal void Write(CellCheckpoint? checkpoint, byte[] history, int episode, double seconds)
    {
        _unsaved.Add(history);
        if (checkpoint is not null && CheckpointTensors.LargestFile(checkpoint) is var bytes && bytes > mostBytes)
        {
            _tooLarge = true;
            throw new IOException($"a file of it would have {bytes} bytes, more than the {mostBytes} that can be read again: the cell has no checkpoints from here on");
        }

        Directory.CreateDirectory(path);
        var told = AppendHistory();
        var manifest = new CheckpointManifest(CheckpointManifest.CurrentFormat, name, episode, checkpoint is null, seconds, told, null, []);
        if (checkpoint is not null)
        {
            manifest = manifest with
            {
                State = WriteFile($"state-{Number(episode)}.safetensors", s => CheckpointTensors.WriteState(s, checkpoint)),
                Replay = WriteReplay(checkpoint.Master),
            };
        }

        WriteFile(ManifestName(manifest), s => s.Write(manifest.ToJson()));
        _unsaved.Clear();
        _kept.RemoveAll(m => m.Episode == episode || manifest.Ended);
        _kept.Add(manifest);
        _kept.RemoveRange(0, Math.Max(0, _kept.Count - Kept));
        Volatile.Write(ref _replayFrom, manifest.Replay.Count is > 0 and < MostReplayFiles ? manifest.Replay[^1].End : 0);
        RemoveOthers();
    }

    /// <summary>Reads the newest checkpoint that is whole; the next one that is written follows it.</summary>
    /// <param name="report">Told of each that is damaged: its name, and why.</param>
    /// <returns>What was read; null where there is none.</returns>
    /// <exception cref="CheckpointVersionException">The newest is of a newer format.</exception>
    /// <exception cref="IOException">One cannot be read, which says nothing of what is in it.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    internal StoredCell? Read(Action<string, string> report)
    {
        Forget();
        StoredCell? found = null;
        foreach (var file in Manifests())
        {
            try
            {
                var manifest = CheckpointManifest.Parse(File.ReadAllBytes(file), file);
                found ??= Read(manifest);
                _kept.Insert(0, manifest);
            }
            catch (Exception fault) when (IsDamage(fault))
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
            Volatile.Write(ref _replayFrom, found.Manifest.Replay.Count is > 0 and < MostReplayFiles ? found.Manifest.Replay[^1].End : 0);
        }

        return found;
    }

    /// <summary>Reads what the cell had told by the newest checkpoint whose files are there; what is in its networks and its replay memory is not looked at.</summary>
    /// <returns>The checkpoint and the history; null where there is none.</returns>
    /// <exception cref="CheckpointVersionException">One is of a newer format.</exception>
    /// <exception cref="IOException">One cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    internal StoredCell? ReadHistory()
    {
        StoredCell? found = null;
        foreach (var file in Manifests())
        {
            try
            {
                var manifest = CheckpointManifest.Parse(File.ReadAllBytes(file), file);
                if (found is null)
                {
                    var history = HistoryOf(manifest);
                    foreach (var named in manifest.Replay.Select(r => r.File).Append(manifest.State).OfType<CheckpointFile>())
                    {
                        File.OpenRead(Path.Combine(path, named.Name)).Dispose();
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

    /// <summary>Forgets and removes everything but what was set aside.</summary>
    internal void Clear()
    {
        Forget();
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }

    /// <summary>Forgets everything, and renames the folder where it holds checkpoints: what cannot be used is not what nobody wants to see.</summary>
    /// <returns>Its new path; null where there were none.</returns>
    /// <exception cref="IOException">It cannot be renamed.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    internal string? SetAside()
    {
        Forget();
        if (!Manifests().Any())
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

    /// <summary>Forgets and removes everything, what was set aside included.</summary>
    internal void Remove()
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

    /// <summary>Whether a fault tells of what is stored, and not of the disk or of rights: those may be well again tomorrow.</summary>
    private static bool IsDamage(Exception fault) =>
        fault is InvalidDataException or FileNotFoundException or DirectoryNotFoundException or EndOfStreamException or ArgumentException or OverflowException;

    private void Forget()
    {
        _kept.Clear();
        _unsaved.Clear();
        Volatile.Write(ref _replayFrom, 0);
    }

    private IEnumerable<string> Manifests() =>
        Directory.Exists(path) ? Directory.EnumerateFiles(path, ManifestPattern).OrderByDescending(f => f, StringComparer.Ordinal) : [];

    private static string ManifestName(CheckpointManifest manifest) => $"checkpoint-{Number(manifest.Episode)}.json";

    private static string Number(long number) => number.ToString("D8", CultureInfo.InvariantCulture);

    private byte[] HistoryOf(CheckpointManifest manifest) => manifest.Cell == name
        ? HistoryFile.Read(Path.Combine(path, HistoryName), manifest.History)
        : throw new InvalidDataException($"it is of the cell '{Wording.Shorten(manifest.Cell)}'");

    private StoredCell Read(CheckpointManifest manifest)
    {
        var history = HistoryOf(manifest);
        if (manifest.State is not { } state)
        {
            return new StoredCell(manifest, history, null);
        }

        var segments = new List<ReplaySegment>();
        foreach (var file in manifest.Replay)
        {
            var segment = CheckpointTensors.ReadReplay(ReadTensors(file.File));
            segments.Add(segment.First == file.First && segment.End == file.End
                ? segment
                : throw new InvalidDataException($"{file.File.Name} holds the transitions from {segment.First} to {segment.End}, and those from {file.First} to {file.End} belong there"));
        }

        return new StoredCell(manifest, history, CheckpointTensors.ReadState(ReadTensors(state), index, manifest.Episode, segments));
    }

    private SafetensorsFile ReadTensors(CheckpointFile file)
    {
        // A file that has grown is not read: it may have any length.
        var place = Path.Combine(path, file.Name);
        var bytes = new FileInfo(place) is { Exists: true } found && found.Length != file.Bytes ? [] : File.ReadAllBytes(place);
        if (bytes.Length != file.Bytes || CheckpointManifest.HashOf(bytes) != file.Sha256)
        {
            throw new InvalidDataException($"{file.Name} is not what was written");
        }

        return SafetensorsFile.Read(new MemoryStream(bytes), file.Name);
    }

    private CheckpointFile AppendHistory() =>
        HistoryFile.Append(Path.Combine(path, HistoryName), _kept.Count > 0 ? _kept[^1].History : new CheckpointFile(HistoryName, 0, string.Empty), _unsaved);

    /// <summary>The files that hold the replay memory: those before, as far as anything in them is held, and new ones.</summary>
    private List<ReplayFile> WriteReplay(MasterCheckpoint master)
    {
        var oldest = master.Added - master.Priorities.Length;
        var first = master.Replay.Count > 0 ? master.Replay[0].First : long.MaxValue;
        var files = _kept.Count > 0 ? _kept[^1].Replay.Where(f => f.End > oldest && f.First < first).ToList() : [];
        foreach (var segment in master.Replay)
        {
            files.Add(new ReplayFile(WriteFile($"replay-{segment.First}-{segment.End}.safetensors", s => CheckpointTensors.WriteReplay(s, segment)), segment.First, segment.End));
        }

        return files;
    }

    /// <summary>Writes a file beside its place, flushes it, and renames it.</summary>
    private CheckpointFile WriteFile(string file, Action<Stream> write)
    {
        var target = Path.Combine(path, file);
        var beside = target + ".part";
        try
        {
            using var hash = SHA256.Create();
            using (var stream = new FileStream(beside, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
            {
                using (var hashing = new CryptoStream(stream, hash, CryptoStreamMode.Write, leaveOpen: true))
                {
                    write(hashing);
                }

                stream.Flush(flushToDisk: true);
            }

            File.Move(beside, target, overwrite: true);
            var bytes = new FileInfo(target).Length;
            BytesWritten += bytes;
            return new CheckpointFile(file, bytes, Convert.ToHexStringLower(hash.Hash!));
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }

    private void RemoveOthers()
    {
        var wanted = _kept
            .SelectMany(m => m.Replay.Select(r => r.File.Name).Append(ManifestName(m)).Append(m.State?.Name ?? HistoryName))
            .Append(HistoryName).ToHashSet(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(path).Where(f => !wanted.Contains(Path.GetFileName(f))).ToList())
        {
            File.Delete(file);
        }
    }
}
