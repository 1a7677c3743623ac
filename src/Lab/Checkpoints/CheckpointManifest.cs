using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Simulator.Cells;

namespace Simulator.Lab;

/// <summary>Thrown when a checkpoint was written by a newer version of the program, in a format that this one does not know.</summary>
public sealed class CheckpointVersionException : Exception
{
    /// <summary>Makes the exception with a message for the user.</summary>
    public CheckpointVersionException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with a message for the user and its cause.</summary>
    public CheckpointVersionException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Makes the exception.</summary>
    public CheckpointVersionException()
    {
    }
}

/// <summary>A file of a checkpoint, or the beginning of one.</summary>
/// <param name="Name">Its name in the checkpoint's folder.</param>
/// <param name="Bytes">Its length; of the history how much of it belongs to the checkpoint.</param>
/// <param name="Sha256">Its hash; of the history the last link of its chain.</param>
internal sealed record CheckpointFile(string Name, long Bytes, string Sha256);

/// <summary>A file of replay transitions.</summary>
/// <param name="File">The file.</param>
/// <param name="First">Number of the first transition.</param>
/// <param name="End">Number behind the last.</param>
internal sealed record ReplayFile(CheckpointFile File, long First, long End);

/// <summary>
/// What a checkpoint consists of, as its JSON file tells: <c>{"checkpoint": {...}, "sha256": "..."}</c>, where the hash is that of the inner object's text. That frame, and
/// <c>format</c> within, are the same in every version.
/// </summary>
/// <param name="Format">Version of the format.</param>
/// <param name="Cell">Name of the cell.</param>
/// <param name="Episode">Training episodes done.</param>
/// <param name="Ended">Whether the cell has ended: then there is nothing but its history.</param>
/// <param name="Seconds">How long the cell has run.</param>
/// <param name="History">What it has told so far.</param>
/// <param name="State">Networks, moments, priorities and what else its members remember; null where it has ended.</param>
/// <param name="Replay">Its replay memory, in order.</param>
internal sealed record CheckpointManifest(
    int Format, string Cell, int Episode, bool Ended, double Seconds, CheckpointFile History, CheckpointFile? State, IReadOnlyList<ReplayFile> Replay)
{
    /// <summary>The format that this program writes; it reads this and earlier ones. 2: updates tell the factor of the actors' rate.</summary>
    internal const int CurrentFormat = 2;

    private const int LongestName = 100;

    /// <summary>A thousand years.</summary>
    private const double MostSeconds = 1000 * 366 * 86_400.0;

    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true };

    /// <summary>The text of its file.</summary>
    internal byte[] ToJson()
    {
        var inner = JsonSerializer.Serialize(this, Options);
        return Encoding.UTF8.GetBytes($"{{\"checkpoint\": {inner},\n\"sha256\": \"{HashOf(Encoding.UTF8.GetBytes(inner))}\"}}\n");
    }

    /// <summary>Reads the text of a file.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">What messages call it.</param>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    /// <exception cref="CheckpointVersionException">It is whole, and of a newer format.</exception>
    internal static CheckpointManifest Parse(byte[] json, string source)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var inner = document.RootElement.GetProperty("checkpoint");
            if (document.RootElement.GetProperty("sha256").GetString() != HashOf(Encoding.UTF8.GetBytes(inner.GetRawText())))
            {
                throw new InvalidDataException("its hash is another one");
            }

            var format = inner.GetProperty("format").GetInt32();
            if (format > CurrentFormat)
            {
                throw new CheckpointVersionException(
                    $"the checkpoint '{source}' has the format {format}, and this version of the program reads formats up to {CurrentFormat}; continue with the version that wrote it");
            }

            var manifest = inner.Deserialize<CheckpointManifest>(Options) ?? throw new InvalidDataException("it is empty");
            manifest.Check();
            return manifest;
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"it is no manifest of a checkpoint: {fault.Message}", fault);
        }
    }

    /// <summary>
    /// Checks what whoever computes a hash could have written: that files lie in the checkpoint's folder, that each is named once, and that numbers are possible. Replay files follow each other and may overlap.
    /// </summary>
    private void Check()
    {
        Require(Format >= 1 && Episode >= 0 && double.IsFinite(Seconds) && Seconds is >= 0 and <= MostSeconds, "its numbers are impossible");
        Require(Ended == State is null && (!Ended || Replay.Count == 0), "it does not tell whether its cell has ended");
        RequireFile(History);
        RequireFile(State);
        var last = (First: -1L, End: long.MaxValue);
        foreach (var replay in Replay)
        {
            Require(replay is not null && replay.First > last.First && replay.First <= last.End && replay.End > replay.First, "its replay files do not follow each other");
            RequireFile(replay!.File);
            last = (replay.First, replay.End);
        }
    }

    private static void RequireFile(CheckpointFile? file) => Require(
        file is null || (file.Bytes >= 0 && file.Name.Length is > 0 and <= LongestName && file.Name[0] != '.' && file.Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-')),
        "it names a file that a checkpoint does not have");

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidDataException(otherwise);
        }
    }

    /// <summary>A hash as files tell it.</summary>
    internal static string HashOf(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}

/// <summary>What was read of a cell.</summary>
/// <param name="Manifest">The checkpoint.</param>
/// <param name="History">What the cell had told.</param>
/// <param name="Cell">What it goes on from; null where it has ended, or where its history alone was read.</param>
internal sealed record StoredCell(CheckpointManifest Manifest, byte[] History, CellCheckpoint? Cell);
