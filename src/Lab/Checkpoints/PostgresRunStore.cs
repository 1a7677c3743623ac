using Npgsql;

namespace Simulator.Lab;

/// <summary>
/// Checkpoints of a run in a PostgreSQL database. The file <c>store.json</c> in the run's folder tells which run of the database it is. The row of the run counts its lives, and the rows of its cells have the epochs of
/// those that write to them.
/// </summary>
internal sealed class PostgresRunStore : IRunStore
{
    /// <summary>Length of the largest file: a value of the database is below 1 GB, with what surrounds it on its way.</summary>
    private const long MostBytes = 1_000_000_000;

    private const string WithoutFile = "without the file the cells begin anew";

    private readonly PostgresDatabase _database;
    private readonly RunFolder? _folder;
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, CheckpointFolder> _folders = new(StringComparer.Ordinal);
    private bool _fresh;

    private PostgresRunStore(PostgresDatabase database, RunFolder? folder)
    {
        _database = database;
        _folder = folder;
    }

    public Guid Run { get; private set; }

    public int Life { get; private set; }

    /// <summary>Opens the database, for a run's coordinator.</summary>
    /// <exception cref="IOException">It cannot be reached, or refuses.</exception>
    /// <exception cref="CheckpointVersionException">Its tables are of a newer version.</exception>
    internal static PostgresRunStore Open(NpgsqlConnectionStringBuilder address, RunFolder folder, TimeProvider time) =>
        new(PostgresDatabase.Open(address, time), folder);

    /// <summary>Opens the database, for a node that takes part in a run.</summary>
    /// <exception cref="StoreMismatchException">It has no such run.</exception>
    /// <exception cref="IOException">It cannot be reached, or refuses.</exception>
    /// <exception cref="CheckpointVersionException">Its tables are of a newer version.</exception>
    internal static PostgresRunStore Join(NpgsqlConnectionStringBuilder address, Guid run, TimeProvider time)
    {
        var database = PostgresDatabase.Open(address, time);
        try
        {
            var life = database.InOneStep(c => PostgresDatabase.Scalar<long>(c, "select epoch from simulator.runs where id = $1", run));
            return life > 0 ? new PostgresRunStore(database, null) { Run = run, Life = Counted(life) }
                : throw new StoreMismatchException($"the PostgreSQL store has no run {run}: does {StoreAddress.Variable} name the same database on all nodes?");
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    public void Begin(string name)
    {
        var folder = Own();
        var before = RunIdentity.Read(folder.Path, WithoutFile);
        var now = _database.InOneStep(c => before is null ? Make(c, name) : Take(c, name, before, folder.FileOf(RunIdentity.FileName)));
        now.Write(folder);
        (Run, Life) = (now.Run, now.Life);
    }

    public ICellStore Of(string cell, int index, int epoch, long? mostBytes = null)
    {
        if (_folder is not null)
        {
            _folders[cell] = new CheckpointFolder(_folder.FileOf(CellStore.FolderOf(cell)), cell, index, epoch, 0);
        }

        var empty = _fresh && epoch == Life * IRunStore.EpochsOfLife; // A cell that starts anew may have written by then.
        return new PostgresCellStore(_database, new PostgresCell(Run, cell, epoch), index, mostBytes ?? MostBytes, empty);
    }

    public void Remove()
    {
        var own = Own();
        foreach (var folder in _folders.Values)
        {
            folder.Remove(); // Of a life of the run that had its checkpoints there.
        }

        _database.InOneStep(c => PostgresDatabase.Execute(c, "delete from simulator.runs where id = $1 and epoch <= $2", Run, (long)Life));
        File.Delete(own.FileOf(RunIdentity.FileName));
    }

    public void Dispose() => _database.Dispose();

    private static int Counted(long life) => (int)Math.Min(life, RunIdentity.MostLives + 1);

    private RunFolder Own() => _folder ?? throw new InvalidOperationException("The run belongs to its coordinator, and this store was joined.");

    private RunIdentity Make(NpgsqlConnection connection, string name)
    {
        _fresh = true;
        return new RunIdentity(PostgresDatabase.Scalar<Guid>(connection, "insert into simulator.runs (name, epoch) values ($1, 1) returning id", name), 1, InDatabase: true);
    }

    /// <summary>Begins another life of a run. One that was in its folder alone until now keeps its identity.</summary>
    private RunIdentity Take(NpgsqlConnection connection, string name, RunIdentity before, string path)
    {
        var life = PostgresDatabase.Scalar<long>(connection, "update simulator.runs set epoch = greatest(epoch, $2) + 1 where id = $1 returning epoch", before.Run, (long)before.Life);
        if (life == 0)
        {
            if (before.InDatabase)
            {
                throw new IOException($"the PostgreSQL store has no run {before.Run}, which {path} names: {StoreAddress.Variable} names another database, or somebody removed it; {WithoutFile}");
            }

            _fresh = true;
            life = before.Life + 1;
            PostgresDatabase.Execute(connection, "insert into simulator.runs (id, name, epoch) values ($1, $2, $3)", before.Run, name, life);
        }

        return new RunIdentity(before.Run, Counted(life), InDatabase: true);
    }
}
