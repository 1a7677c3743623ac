using System.Data;
using Npgsql;

namespace Simulator.Lab;

/// <summary>One transaction over the rows of a cell: what it reads is of one moment, and what it writes is there as a whole when it is completed, or not at all.</summary>
internal sealed class PostgresAccess : ICheckpointAccess
{
    private const long NoCell = -1; // Ids begin with 1.

    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;
    private readonly long _cell;

    private PostgresAccess(NpgsqlConnection connection, IsolationLevel isolation, Func<NpgsqlConnection, long?> find)
    {
        _connection = connection;
        try
        {
            _transaction = connection.BeginTransaction(isolation);
            _cell = find(connection) ?? NoCell;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Opens a cell to read it.</summary>
    /// <param name="database">The database.</param>
    /// <param name="find">Finds its id.</param>
    /// <exception cref="IOException">The database refuses.</exception>
    internal static PostgresAccess OpenToRead(PostgresDatabase database, Func<NpgsqlConnection, long?> find) =>
        PostgresDatabase.Guard(() => new PostgresAccess(database.Connect(), IsolationLevel.RepeatableRead, find));

    /// <summary>Opens a cell to write to it.</summary>
    /// <param name="database">The database.</param>
    /// <param name="take">Takes it, and tells its id.</param>
    /// <exception cref="IOException">The database refuses.</exception>
    internal static PostgresAccess OpenToWrite(PostgresDatabase database, Func<NpgsqlConnection, long?> take) =>
        PostgresDatabase.Guard(() => new PostgresAccess(database.Connect(), IsolationLevel.ReadCommitted, take));

    public IEnumerable<string> Manifests() => PostgresDatabase.Guard(() =>
    {
        List<string> names = [];
        using var command = PostgresDatabase.Command(_connection, "select name from simulator.checkpoints where cell = $1 order by episode desc", _cell);
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            names.Add(reader.GetString(0));
        }

        return names;
    });

    public byte[] Read(string file, long? bytes = null)
    {
        if (bytes is { } length && PostgresDatabase.Guard(() => PostgresDatabase.Scalar<bool>(
            _connection, "select exists (select from simulator.files where cell = $1 and name = $2 and octet_length(content) <> $3)", _cell, file, length)))
        {
            throw new InvalidDataException($"{file} is not what was written");
        }

        return PostgresDatabase.Guard(() => PostgresDatabase.Scalar<byte[]>(
            _connection,
            "select content from simulator.files where cell = $1 and name = $2 union all select manifest from simulator.checkpoints where cell = $1 and name = $2",
            _cell, file)) ?? throw new FileNotFoundException($"{file} is not there");
    }

    public void Check(string file)
    {
        if (!PostgresDatabase.Guard(() => PostgresDatabase.Scalar<bool>(_connection, "select exists (select from simulator.files where cell = $1 and name = $2)", _cell, file)))
        {
            throw new FileNotFoundException($"{file} is not there");
        }
    }

    public byte[] ReadHistory(CheckpointFile named)
    {
        using var all = new MemoryStream();
        PostgresDatabase.Guard(() =>
        {
            using var command = PostgresDatabase.Command(_connection, "select content from simulator.history where cell = $1 and position < $2 order by position", _cell, named.Bytes);
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                all.Write(reader.GetFieldValue<byte[]>(0));
            }

            return true;
        });
        return all.Length >= named.Bytes
            ? HistoryFile.Unchain(all.GetBuffer()[..(int)named.Bytes], named)
            : throw new InvalidDataException($"{named.Name} has {all.Length} bytes, and {named.Bytes} were written");
    }

    public CheckpointFile AppendHistory(CheckpointFile before, IReadOnlyList<byte[]> pieces)
    {
        using var news = new MemoryStream();
        var link = HistoryFile.Chain(news, before.Sha256, pieces);
        return PostgresDatabase.Guard(() =>
        {
            PostgresDatabase.Execute(_connection, "delete from simulator.history where cell = $1 and position >= $2", _cell, before.Bytes);
            if (PostgresDatabase.Scalar<long>(_connection, "select coalesce(sum(length(content)), 0) from simulator.history where cell = $1", _cell) < before.Bytes)
            {
                throw new IOException($"{before.Name} has lost what was written to it");
            }

            PostgresDatabase.Execute(_connection, "insert into simulator.history (cell, position, content) values ($1, $2, $3)", _cell, before.Bytes, Content(news));
            return new CheckpointFile(before.Name, before.Bytes + news.Length, link);
        });
    }

    public CheckpointFile Write(string file, Action<Stream> write)
    {
        using var content = new MemoryStream();
        write(content);
        PostgresDatabase.Guard(() => PostgresDatabase.Execute(
            _connection,
            "insert into simulator.files (cell, name, content) values ($1, $2, $3) on conflict (cell, name) do update set content = excluded.content",
            _cell, file, Content(content)));
        return new CheckpointFile(file, content.Length, CheckpointManifest.HashOf(Content(content).Span));
    }

    public CheckpointFile Complete(CheckpointManifest manifest, IReadOnlySet<string> wanted)
    {
        var (name, json, names) = (CellStore.ManifestName(manifest), manifest.ToJson(), wanted.ToArray());
        return PostgresDatabase.Guard(() =>
        {
            PostgresDatabase.Execute(
                _connection,
                "insert into simulator.checkpoints (cell, episode, name, manifest) values ($1, $2, $3, $4) on conflict (cell, episode) do update set manifest = excluded.manifest",
                _cell, manifest.Episode, name, json);
            PostgresDatabase.Execute(_connection, "delete from simulator.checkpoints where cell = $1 and name <> all ($2)", _cell, names);
            PostgresDatabase.Execute(_connection, "delete from simulator.files where cell = $1 and name <> all ($2)", _cell, names);
            _transaction.Commit();
            return new CheckpointFile(name, json.Length, CheckpointManifest.HashOf(json));
        });
    }

    public void Dispose()
    {
        try
        {
            _transaction.Dispose();
            _connection.Dispose();
        }
        catch (NpgsqlException)
        {
            // What was not completed counts for nothing, and where the connection is lost the server takes it back by itself.
        }
    }

    private static ReadOnlyMemory<byte> Content(MemoryStream stream) => stream.GetBuffer().AsMemory(0, (int)stream.Length);
}
