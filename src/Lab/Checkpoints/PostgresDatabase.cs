using System.Data;
using Npgsql;

namespace Simulator.Lab;

/// <summary>
/// The database of checkpoints: its tables, which are made where they are not there, and connections. Whatever the database or the way to it refuses is an <see cref="IOException"/>, as what a disk
/// refuses is.
/// </summary>
internal sealed class PostgresDatabase : IDisposable
{
    /// <summary>The version of the tables that this program makes and uses.</summary>
    internal const int CurrentVersion = 1;

    /// <summary>Held while tables are made, so that two runs do not make them at one time.</summary>
    private const long MakingLock = 0x53696d756c61746f;

    private const string Tables = """
        create schema if not exists simulator;
        create table simulator.version (version integer not null);
        create table simulator.runs (
          id uuid primary key default gen_random_uuid(), name text not null, begun timestamptz not null default now(), epoch bigint not null);
        create table simulator.cells (
          id bigint generated always as identity primary key, run uuid not null references simulator.runs on delete cascade,
          name text not null, aside integer not null default 0, epoch bigint not null, unique (run, name, aside));
        create table simulator.checkpoints (
          cell bigint not null references simulator.cells on delete cascade, episode integer not null, name text not null, manifest bytea not null,
          primary key (cell, episode));
        create table simulator.files (
          cell bigint not null references simulator.cells on delete cascade, name text not null, content bytea not null, primary key (cell, name));
        create table simulator.history (
          cell bigint not null references simulator.cells on delete cascade, position bigint not null, content bytea not null, primary key (cell, position));
        alter table simulator.files alter column content set storage external;
        """;

    /// <summary>After a connection that did not come about in time others are not tried for so long: each cell would wait as long again.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    /// <summary>A refusal that took longer is no answer of a machine that is there.</summary>
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(1);

    private readonly NpgsqlDataSource _source;
    private readonly TimeProvider _time;
    private volatile Absence? _away;

    private PostgresDatabase(NpgsqlConnectionStringBuilder address, TimeProvider time)
    {
        _source = NpgsqlDataSource.Create(address);
        _time = time;
    }

    /// <summary>Opens a database, and makes its tables where there are none.</summary>
    /// <exception cref="IOException">It cannot be reached, or refuses.</exception>
    /// <exception cref="CheckpointVersionException">Its tables are of a newer version.</exception>
    internal static PostgresDatabase Open(NpgsqlConnectionStringBuilder address, TimeProvider time)
    {
        var database = new PostgresDatabase(address, time);
        try
        {
            database.MakeTables();
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Does what may be refused by the database or on the way to it.</summary>
    /// <exception cref="IOException">It was.</exception>
    internal static T Guard<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception fault) when (fault is NpgsqlException or TimeoutException or System.Net.Sockets.SocketException)
        {
            var why = fault.InnerException is { } inner && fault is not PostgresException ? $"{fault.Message} ({inner.Message})" : fault.Message;
            throw new IOException($"the PostgreSQL store: {why}", fault);
        }
    }

    /// <summary>Opens a connection that answers.</summary>
    /// <exception cref="IOException">There is none.</exception>
    internal NpgsqlConnection Connect()
    {
        if (_away is { } away && _time.GetElapsedTime(away.Since) < Pause)
        {
            throw new IOException(away.Why.Message, away.Why);
        }

        var began = _time.GetTimestamp();
        try
        {
            var connection = Guard(OpenLive);
            _away = null;
            return connection;
        }
        catch (IOException fault)
        {
            _away = _time.GetElapsedTime(began) > Slow ? new Absence(_time.GetTimestamp(), fault) : null;
            throw;
        }
    }

    /// <summary>Does something in one transaction of its own.</summary>
    /// <exception cref="IOException">It was refused.</exception>
    internal T InOneStep<T>(Func<NpgsqlConnection, T> work)
    {
        using var connection = Connect();
        return Guard(() =>
        {
            using var transaction = connection.BeginTransaction(IsolationLevel.ReadCommitted);
            var result = work(connection);
            transaction.Commit();
            return result;
        });
    }

    /// <summary>A statement with parameters $1, $2, ...</summary>
    internal static NpgsqlCommand Command(NpgsqlConnection connection, string statement, params ReadOnlySpan<object> values)
    {
#pragma warning disable CA2100 // All statements are constants of this program; what comes from elsewhere is a parameter.
        var command = new NpgsqlCommand(statement, connection);
#pragma warning restore CA2100
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return command;
    }

    /// <summary>Carries out a statement.</summary>
    internal static int Execute(NpgsqlConnection connection, string statement, params ReadOnlySpan<object> values)
    {
        using var command = Command(connection, statement, values);
        return command.ExecuteNonQuery();
    }

    /// <summary>The first column of the first row; null where there is none.</summary>
    internal static T? Scalar<T>(NpgsqlConnection connection, string statement, params ReadOnlySpan<object> values)
    {
        using var command = Command(connection, statement, values);
        return command.ExecuteScalar() is T value ? value : default;
    }

    public void Dispose() => _source.Dispose();

    /// <summary>A connection that was kept may be of a server that was started anew since; then there is another one.</summary>
    private NpgsqlConnection OpenLive()
    {
        for (var first = true; ; first = false)
        {
            var connection = _source.OpenConnection();
            try
            {
                // A writer that is cut off in the middle does not keep its cell from a newer one for longer.
                Execute(connection, "set idle_in_transaction_session_timeout = '60s'");
                return connection;
            }
            catch (NpgsqlException) when (first)
            {
                connection.Dispose();
                _source.Clear();
            }
        }
    }

    private void MakeTables() => InOneStep(connection =>
    {
        Execute(connection, "select pg_advisory_xact_lock($1)", MakingLock);
        if (Scalar<string>(connection, "select to_regclass('simulator.version')::text") is null)
        {
            Execute(connection, Tables);
            Execute(connection, "insert into simulator.version values ($1)", CurrentVersion);
        }

        var version = Scalar<int>(connection, "select version from simulator.version");
        return version <= CurrentVersion ? version : throw new CheckpointVersionException(
            $"the tables of the PostgreSQL store have the version {version}, and this version of the program uses versions up to {CurrentVersion}; continue with the version that made them");
    });

    /// <summary>Since when there is no connection, and why.</summary>
    private sealed record Absence(long Since, IOException Why);
}
