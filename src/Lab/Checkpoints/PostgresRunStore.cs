using System.Text.Json;
using Npgsql;

namespace Simulator.Lab;

/// <summary>
/// Checkpoints of a run in a PostgreSQL database. The file <c>store.json</c> in the run's folder tells which run of the database it is. Each process that takes the run has an epoch above those
/// before, and writes under it.
/// </summary>
internal sealed class PostgresRunStore : IRunStore
{
    /// <summary>Tells which run of the database a folder's is.</summary>
    internal const string FileName = "store.json";

    /// <summary>Length of the largest file: a value of the database is below 1 GB, with what surrounds it on its way.</summary>
    private const long MostBytes = 1_000_000_000;

    private readonly PostgresDatabase _database;
    private readonly RunFolder _folder;
    private readonly List<CheckpointFolder> _folders = [];
    private bool _fresh;
    private Guid _run;

    private PostgresRunStore(PostgresDatabase database, RunFolder folder)
    {
        _database = database;
        _folder = folder;
    }

    /// <summary>The epoch under which this process writes.</summary>
    internal long Epoch { get; private set; }

    /// <summary>Opens the database.</summary>
    /// <exception cref="IOException">It cannot be reached, or refuses.</exception>
    /// <exception cref="CheckpointVersionException">Its tables are of a newer version.</exception>
    internal static PostgresRunStore Open(NpgsqlConnectionStringBuilder address, RunFolder folder, TimeProvider time) =>
        new(PostgresDatabase.Open(address, time), folder);

    public void Begin(string name)
    {
        var path = _folder.FileOf(FileName);
        if (!File.Exists(path))
        {
            _fresh = true;
            _run = _database.InOneStep(c => PostgresDatabase.Scalar<Guid>(c, "insert into simulator.runs (name, epoch) values ($1, 1) returning id", name));
            Epoch = 1;
            _folder.Write(FileName, s => JsonSerializer.Serialize(s, new Dictionary<string, Guid>(StringComparer.Ordinal) { ["run"] = _run }));
            return;
        }

        _run = ReadRun(path);
        Epoch = _database.InOneStep(c => PostgresDatabase.Scalar<long>(c, "update simulator.runs set epoch = epoch + 1 where id = $1 returning epoch", _run));
        if (Epoch == 0)
        {
            throw new IOException(
                $"the PostgreSQL store has no run {_run}, which {path} names: {StoreAddress.Variable} names another database, or somebody removed it; without the file the cells begin anew");
        }
    }

    public ICellStore Of(string cell, int index, long? mostBytes = null)
    {
        _folders.Add(new CheckpointFolder(_folder.FileOf(CellStore.FolderOf(cell)), cell, index, 0));
        return new PostgresCellStore(_database, new PostgresCell(_run, cell, Epoch), index, mostBytes ?? MostBytes, _fresh);
    }

    public void Remove()
    {
        foreach (var folder in _folders)
        {
            folder.Remove(); // Of a life of the run that had its checkpoints there.
        }

        _database.InOneStep(c => PostgresDatabase.Execute(c, "delete from simulator.runs where id = $1 and epoch <= $2", _run, Epoch));
        File.Delete(_folder.FileOf(FileName));
    }

    public void Dispose() => _database.Dispose();

    private static Guid ReadRun(string path)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            return json.RootElement.GetProperty("run").GetGuid();
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new IOException($"{path} names no run of a PostgreSQL store: {fault.Message}; without the file the cells begin anew", fault);
        }
    }
}
