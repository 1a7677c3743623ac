using System.Globalization;
using System.Security.Cryptography;

namespace Simulator.Lab;

/// <summary>The files of a folder with checkpoints.</summary>
/// <param name="path">Path of the folder.</param>
/// <param name="epoch">Epoch of the one that writes: what it is writing has it in its name, so that nobody renames what is another one's.</param>
internal sealed class FolderAccess(string path, int epoch = 0) : ICheckpointAccess
{
    /// <summary>Behind the name of a file that is being written.</summary>
    internal const string PartSuffix = ".part";

    private const string ManifestPattern = "checkpoint-*.json";

    /// <summary>Where a file is while a writer writes it.</summary>
    internal static string PartOf(string file, int epoch) => string.Create(CultureInfo.InvariantCulture, $"{file}.{epoch}{PartSuffix}");

    /// <summary>Paths of the manifests.</summary>
    /// <exception cref="DirectoryNotFoundException">The folder is not there.</exception>
    public IEnumerable<string> Manifests() => Directory.EnumerateFiles(path, ManifestPattern).OrderByDescending(f => f, StringComparer.Ordinal);

    public byte[] Read(string file, long? bytes = null)
    {
        var place = Path.Combine(path, Path.GetFileName(file)); // A manifest has its path already, as it is told to the user.
        return bytes is { } length && new FileInfo(place) is { Exists: true } found && found.Length != length
            ? throw new InvalidDataException($"{file} is not what was written")
            : File.ReadAllBytes(place);
    }

    public void Check(string file) => File.OpenRead(Path.Combine(path, file)).Dispose();

    public byte[] ReadHistory(CheckpointFile named) => HistoryFile.Read(Path.Combine(path, CellStore.HistoryName), named);

    public CheckpointFile AppendHistory(CheckpointFile before, IReadOnlyList<byte[]> pieces) => HistoryFile.Append(Path.Combine(path, CellStore.HistoryName), before, pieces);

    /// <summary>Writes a file beside its place, flushes it, and renames it.</summary>
    public CheckpointFile Write(string file, Action<Stream> write)
    {
        var target = Path.Combine(path, file);
        var beside = PartOf(target, epoch);
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
            return new CheckpointFile(file, new FileInfo(target).Length, Convert.ToHexStringLower(hash.Hash!));
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }

    public CheckpointFile Complete(CheckpointManifest manifest, IReadOnlySet<string> wanted) => Write(CellStore.ManifestName(manifest), s => s.Write(manifest.ToJson()));

    public void Dispose()
    {
    }
}
