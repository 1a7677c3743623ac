using Npgsql;

namespace Simulator.Lab;

/// <summary>A cell as one writer has it.</summary>
/// <param name="Run">The run in the database.</param>
/// <param name="Name">The cell's name.</param>
/// <param name="Epoch">The writer's epoch.</param>
internal sealed record PostgresCell(Guid Run, string Name, long Epoch)
{
    /// <summary>Takes the cell, and holds its row to the end of the transaction.</summary>
    /// <param name="connection">A connection in a transaction.</param>
    /// <param name="make">Whether it is made where it is not there.</param>
    /// <returns>Its id; null where it is not there.</returns>
    /// <exception cref="CheckpointEpochException">A newer writer has it.</exception>
    internal long? Take(NpgsqlConnection connection, bool make)
    {
        var id = make
            ? PostgresDatabase.Scalar<long?>(
                connection,
                "insert into simulator.cells as c (run, name, epoch) values ($1, $2, $3) on conflict (run, name, aside) do update set epoch = excluded.epoch where c.epoch <= excluded.epoch returning id",
                Run, Name, Epoch)
            : PostgresDatabase.Scalar<long?>(
                connection, "update simulator.cells set epoch = $3 where run = $1 and name = $2 and aside = 0 and epoch <= $3 returning id", Run, Name, Epoch);
        if (id is null && PostgresDatabase.Scalar<long?>(connection, "select epoch from simulator.cells where run = $1 and name = $2 and aside = 0", Run, Name) is { } stored)
        {
            throw CheckpointEpochException.Newer(Name, stored, Epoch);
        }

        return id;
    }

    /// <summary>The cell's id, without taking it; null where it is not there.</summary>
    internal long? Find(NpgsqlConnection connection) =>
        PostgresDatabase.Scalar<long?>(connection, "select id from simulator.cells where run = $1 and name = $2 and aside = 0", Run, Name);
}

/// <summary>
/// The checkpoints of a cell as rows of a PostgreSQL database, a checkpoint with all that it names in one transaction. Each writing takes the cell's row under the writer's epoch, in the same transaction, and is refused
/// where a newer writer has had it.
/// </summary>
/// <param name="database">The database.</param>
/// <param name="cell">The cell.</param>
/// <param name="index">Its index in the population.</param>
/// <param name="mostBytes">Length of the largest file that can be read again.</param>
/// <param name="empty">Whether nothing can be there yet: then nobody asks the database.</param>
internal sealed class PostgresCellStore(PostgresDatabase database, PostgresCell cell, int index, long mostBytes, bool empty) : CellStore(cell.Name, index, mostBytes)
{
    private bool _empty = empty;

    /// <summary>Removes the cell's rows but its own, which holds the epoch.</summary>
    public override void Clear()
    {
        Forget();
        if (_empty)
        {
            return;
        }

        database.InOneStep(connection =>
        {
            if (cell.Take(connection, make: false) is { } id)
            {
                PostgresDatabase.Execute(connection, "delete from simulator.checkpoints where cell = $1", id);
                PostgresDatabase.Execute(connection, "delete from simulator.files where cell = $1", id);
                PostgresDatabase.Execute(connection, "delete from simulator.history where cell = $1", id);
            }

            return true;
        });
        _empty = true;
    }

    /// <summary>Numbers the cell's row where it has checkpoints, so that the cell has another one from here on.</summary>
    public override string? SetAside()
    {
        Forget();
        if (_empty)
        {
            return null;
        }

        return database.InOneStep(connection =>
            cell.Take(connection, make: false) is { } id && PostgresDatabase.Scalar<bool>(connection, "select exists (select from simulator.checkpoints where cell = $1)", id)
                ? $"the PostgreSQL store (row {id} of simulator.cells, aside {Aside(connection, id)})"
                : null);
    }

    /// <summary>Removes the cell's rows, and those that were set aside.</summary>
    public override void Remove()
    {
        Forget();
        database.InOneStep(connection =>
        {
            cell.Take(connection, make: false);
            return PostgresDatabase.Execute(connection, "delete from simulator.cells where run = $1 and name = $2 and epoch <= $3", cell.Run, cell.Name, cell.Epoch);
        });
        _empty = true;
    }

    protected override ICheckpointAccess? OpenToRead() => _empty ? null : PostgresAccess.OpenToRead(database, cell.Find);

    /// <summary>From here on no older writer changes anything, nor writes where there is nothing yet.</summary>
    protected override ICheckpointAccess? OpenToGoOn()
    {
        if (!_empty)
        {
            database.InOneStep(connection => cell.Take(connection, make: true));
        }

        return OpenToRead();
    }

    protected override ICheckpointAccess OpenToWrite()
    {
        _empty = false;
        return PostgresAccess.OpenToWrite(database, connection => cell.Take(connection, make: true)!.Value);
    }

    private long Aside(NpgsqlConnection connection, long id) => PostgresDatabase.Scalar<int>(
        connection, "update simulator.cells set aside = (select max(aside) + 1 from simulator.cells where run = $1 and name = $2) where id = $3 returning aside", cell.Run, cell.Name, id);
}
