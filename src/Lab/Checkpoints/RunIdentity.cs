using System.Text.Json;

namespace Simulator.Lab;

/// <summary>Which run a folder holds, as its file <c>store.json</c> tells while the run is not done.</summary>
/// <param name="Run">The run.</param>
/// <param name="Life">How many processes have had it as its coordinator; 0 where the file is of a version that did not count them there.</param>
/// <param name="InDatabase">Whether a database has had it.</param>
internal sealed record RunIdentity(Guid Run, int Life, bool InDatabase)
{
    /// <summary>Name of the file.</summary>
    internal const string FileName = "store.json";

    /// <summary>So many lives have epochs.</summary>
    internal const int MostLives = int.MaxValue / IRunStore.EpochsOfLife;

    private const string RunKey = "run";
    private const string LifeKey = "life";
    private const string DatabaseKey = "database";

    /// <summary>Reads the file of a folder.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="without">What comes where somebody removes a damaged file, in words.</param>
    /// <returns>What it tells; null where there is none.</returns>
    /// <exception cref="IOException">It is damaged, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be read.</exception>
    internal static RunIdentity? Read(string folder, string without)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            var root = json.RootElement;
            var counted = root.TryGetProperty(LifeKey, out var stored);
            var life = counted ? stored.GetInt32() : 0;
            return life is >= 0 and <= MostLives
                ? new RunIdentity(root.GetProperty(RunKey).GetGuid(), life, root.TryGetProperty(DatabaseKey, out var database) ? database.GetBoolean() : !counted)
                : throw new FormatException($"a run has at most {MostLives} lives, and this one {life}");
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new IOException($"{path} does not tell which run this is: {fault.Message}; {without}", fault);
        }
    }

    /// <summary>Writes the file whole.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <exception cref="IOException">It cannot be written, or the run has had all lives that it can have.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be written.</exception>
    internal void Write(RunFolder folder)
    {
        if (Life > MostLives)
        {
            throw new IOException($"the run has had {MostLives} lives, and can have no more: begin another one in another folder");
        }

        folder.Write(FileName, stream =>
        {
            using var json = new Utf8JsonWriter(stream);
            json.WriteStartObject();
            json.WriteString(RunKey, Run);
            json.WriteNumber(LifeKey, Life);
            if (InDatabase)
            {
                json.WriteBoolean(DatabaseKey, true);
            }

            json.WriteEndObject();
        });
    }
}
