using System.Text.Json;

namespace Simulator.Lab;

/// <summary><c>events.jsonl</c> of a run: what happened to it that is no result, a line each. Written by any thread.</summary>
/// <param name="folder">The run's folder.</param>
/// <param name="time">Clock of the lines.</param>
internal sealed class EventLog(RunFolder folder, TimeProvider time)
{
    private const string Name = "events.jsonl";

    private readonly Lock _lock = new();
    private string? _checkpointFault;

    /// <summary>The last checkpoint that could not be written, and why; null where each could. Read from any thread.</summary>
    internal string? CheckpointFault => Volatile.Read(ref _checkpointFault);

    /// <summary>Writes a line.</summary>
    /// <param name="kind">What happened.</param>
    /// <param name="write">Writes what more there is to say.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    internal void Write(string kind, Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("time", time.GetUtcNow());
            json.WriteString("event", kind);
            write(json);
            json.WriteEndObject();
        }

        lock (_lock)
        {
            folder.Append(Name, System.Text.Encoding.UTF8.GetString(buffer.ToArray()));
        }
    }

    /// <summary>Reads events of one kind, and of those whose kind begins so, that earlier lives of the run have written. A line that was cut off when a process was killed is no event.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="take">Takes an event: its kind, and the line.</param>
    /// <exception cref="IOException">The file cannot be read, or a line of that kind is damaged.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    internal void Read(string kind, Action<string, JsonElement> take)
    {
        var path = folder.FileOf(Name);
        foreach (var (i, line) in (File.Exists(path) ? File.ReadLines(path) : []).Index())
        {
            if (!line.Contains($"\"event\":\"{kind}", StringComparison.Ordinal) || !line.EndsWith('}'))
            {
                continue;
            }

            try
            {
                using var json = JsonDocument.Parse(line);
                take(json.RootElement.GetProperty("event").GetString() ?? string.Empty, json.RootElement);
            }
            catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or InvalidDataException)
            {
                throw new IOException($"line {i + 1} of {path} is no event that a run has written: {fault.Message}", fault);
            }
        }
    }

    /// <summary>Tells, here and on the standard error, of a checkpoint that could not be written or read.</summary>
    /// <param name="kind"><c>checkpoint_damaged</c> or <c>checkpoint_failed</c>.</param>
    /// <param name="cell">Name of the cell.</param>
    /// <param name="reason">Why.</param>
    internal void Complain(string kind, string cell, string reason)
    {
        if (kind == "checkpoint_failed")
        {
            Volatile.Write(ref _checkpointFault, $"{cell}: {reason}");
        }

        Console.Error.WriteLine($"simulator: {(kind == "checkpoint_damaged" ? "a damaged checkpoint was passed over" : "a checkpoint could not be written")}: {cell}: {reason}");
        try
        {
            Write(kind, w =>
            {
                w.WriteString("cell", cell);
                w.WriteString("reason", reason);
            });
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"simulator: {Name} could not be written either: {error.Message}");
        }
    }
}
