using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Simulator.Lab;

/// <summary>
/// The history of a cell, in a folder the file <c>history.log</c>, which only grows: pieces of a length (8 bytes, little-endian), the bytes, and a link of 32 bytes, the SHA-256 of the link before and the bytes.
/// A checkpoint names the length up to which it is its own, and the link there; what lies behind is of a write that did not come to its end, and is overwritten.
/// </summary>
internal static class HistoryFile
{
    private const int LinkBytes = SHA256.HashSizeInBytes;

    /// <summary>Who may write is a question of epochs: no lock of a writer that hangs keeps others from reading, or from taking over.</summary>
    private const FileShare SharedByAll = FileShare.ReadWrite | FileShare.Delete;

    /// <summary>Appends pieces to what a checkpoint names.</summary>
    /// <param name="path">Path of the file.</param>
    /// <param name="before">What is there.</param>
    /// <param name="pieces">Bytes to append.</param>
    /// <returns>What is there then.</returns>
    internal static CheckpointFile Append(string path, CheckpointFile before, IEnumerable<byte[]> pieces)
    {
        using var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, SharedByAll);
        if (!File.Exists(path))
        {
            throw new DirectoryNotFoundException($"{path} is gone"); // It was taken in this moment. What is open may be its successor; where it is taken later, it is not.
        }

        if (stream.Length < before.Bytes)
        {
            throw new IOException($"{path} has lost what was written to it");
        }

        stream.SetLength(before.Bytes);
        stream.Position = before.Bytes;
        var link = Chain(stream, before.Sha256, pieces);
        stream.Flush(flushToDisk: true);
        return new CheckpointFile(Path.GetFileName(path), stream.Position, link);
    }

    /// <summary>Puts a copy in the place of a file: what somebody still writes, who had opened it before, is in no file of a checkpoint from then on.</summary>
    /// <param name="path">Path of the file.</param>
    /// <param name="epoch">Epoch of the one that has taken it: the one before may be at the same.</param>
    internal static void Renew(string path, int epoch)
    {
        var beside = FolderAccess.PartOf(path, epoch);
        using (var from = new FileStream(path, FileMode.Open, FileAccess.Read, SharedByAll))
        using (var to = new FileStream(beside, FileMode.CreateNew, FileAccess.Write, FileShare.None))
        {
            from.CopyTo(to);
            to.Flush(flushToDisk: true);
        }

        File.Move(beside, path, overwrite: true);
    }

    /// <summary>Writes pieces with their lengths and links.</summary>
    /// <param name="stream">Where to write.</param>
    /// <param name="before">The link before them.</param>
    /// <param name="pieces">The pieces.</param>
    /// <returns>The last link.</returns>
    internal static string Chain(Stream stream, string before, IEnumerable<byte[]> pieces)
    {
        var link = Convert.FromHexString(before);
        Span<byte> length = stackalloc byte[sizeof(long)];
        foreach (var piece in pieces)
        {
            link = Link(link, piece);
            BinaryPrimitives.WriteInt64LittleEndian(length, piece.Length);
            stream.Write(length);
            stream.Write(piece);
            stream.Write(link);
        }

        return Convert.ToHexStringLower(link);
    }

    /// <summary>Reads what a checkpoint names.</summary>
    /// <exception cref="InvalidDataException">It is not what was written.</exception>
    internal static byte[] Read(string path, CheckpointFile named)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, SharedByAll);
        if (named.Bytes < 0 || stream.Length < named.Bytes || named.Bytes > Array.MaxLength)
        {
            throw new InvalidDataException($"{Path.GetFileName(path)} has {stream.Length} bytes, and {named.Bytes} were written");
        }

        var bytes = new byte[named.Bytes];
        stream.ReadExactly(bytes);
        return Unchain(bytes, named);
    }

    /// <summary>The pieces, one behind the other, without their lengths and links.</summary>
    /// <param name="bytes">All that a checkpoint names.</param>
    /// <param name="named">What it names.</param>
    /// <exception cref="InvalidDataException">It is not what was written.</exception>
    internal static byte[] Unchain(byte[] bytes, CheckpointFile named)
    {
        using var all = new MemoryStream();
        byte[] link = [];
        ReadOnlySpan<byte> rest = bytes;
        while (!rest.IsEmpty)
        {
            var length = rest.Length >= sizeof(long) ? BinaryPrimitives.ReadInt64LittleEndian(rest) : -1;
            if (length < 0 || length > rest.Length - sizeof(long) - LinkBytes)
            {
                throw Damaged(named);
            }

            var piece = rest.Slice(sizeof(long), (int)length);
            link = Link(link, piece);
            if (!rest.Slice(sizeof(long) + piece.Length, LinkBytes).SequenceEqual(link))
            {
                throw Damaged(named);
            }

            all.Write(piece);
            rest = rest[(sizeof(long) + piece.Length + LinkBytes)..];
        }

        return Convert.ToHexStringLower(link) == named.Sha256 ? all.ToArray() : throw Damaged(named);
    }

    private static InvalidDataException Damaged(CheckpointFile named) => new($"{named.Name} is not what was written");

    private static byte[] Link(byte[] before, ReadOnlySpan<byte> piece)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(before);
        hash.AppendData(piece);
        return hash.GetHashAndReset();
    }
}
