namespace Simulator.Lab.Tests.Postgres;

/// <summary>Checkpoints in a database.</summary>
[Collection(PostgresServer.Collection)]
[Trait("Suite", "Slow")]
public sealed class PostgresCellStoreTests : CellStoreTests, IDisposable
{
    private const string Cell = "(select id from simulator.cells where run = $1 and name = 'cell' and aside = 0)";

    private readonly PostgresServer _server;
    private readonly PostgresDatabase _database;
    private readonly Guid _run;
    private string? _refused;

    public PostgresCellStoreTests(PostgresServer server)
    {
        server.Require();
        _server = server;
        _database = PostgresDatabase.Open(StoreAddress.Parse(server.Address), TimeProvider.System);
        _run = _database.InOneStep(c => PostgresDatabase.Scalar<Guid>(c, "insert into simulator.runs (name, epoch) values ('test', 1) returning id"));
    }

    public void Dispose()
    {
        Refuse(null);
        Execute("delete from simulator.runs where id = $1");
        _database.Dispose();
    }

    private protected override IReadOnlyList<string> Names => _database.InOneStep(c =>
    {
        using var command = PostgresDatabase.Command(
            c,
            $"select name from simulator.checkpoints where cell = {Cell} union all select name from simulator.files where cell = {Cell} union select 'history.log' from simulator.history where cell = {Cell}",
            _run);
        using var reader = command.ExecuteReader();
        List<string> names = [];
        while (reader.Read())
        {
            names.Add(reader.GetString(0));
        }

        names.Sort(StringComparer.Ordinal);
        return names;
    });

    private protected override StoredCell? Look() => OpenAs(Epoch).Read(Report);

    private protected override ICellStore OpenAs(int epoch, long mostBytes = int.MaxValue) =>
        new PostgresCellStore(_database, new PostgresCell(_run, CellSample.Name, epoch), CellSample.Index, mostBytes, empty: false);

    private protected override byte[] Get(string name) => _database.InOneStep(c => PostgresDatabase.Scalar<byte[]>(
        c,
        name == "history.log" ? $"select string_agg(content, ''::bytea order by position) from simulator.history where cell = {Cell}"
            : $"select content from simulator.files where cell = {Cell} and name = $2 union all select manifest from simulator.checkpoints where cell = {Cell} and name = $2",
        name == "history.log" ? [_run] : [_run, name]))!;

    private protected override void Put(string name, byte[]? content)
    {
        if (name == "history.log")
        {
            Execute($"delete from simulator.history where cell = {Cell}");
            Execute($"insert into simulator.history select {Cell}, 0, $2", content!);
        }
        else if (content is null)
        {
            Execute($"delete from simulator.files where cell = {Cell} and name = $2", name);
            Execute($"delete from simulator.checkpoints where cell = {Cell} and name = $2", name);
        }
        else
        {
            Execute($"update simulator.files set content = $3 where cell = {Cell} and name = $2", name, content);
            Execute($"update simulator.checkpoints set manifest = $3 where cell = {Cell} and name = $2", name, content);
        }
    }

    private protected override void Empty() => Execute("delete from simulator.cells where run = $1");

    private protected override void Refuse(string? file)
    {
        if (_refused is not null)
        {
            Execute("alter table simulator.files drop constraint refused", run: false);
        }

        _refused = file;
        if (file is not null)
        {
            Execute($"alter table simulator.files add constraint refused check (name <> '{file}') not valid", run: false);
        }
    }

    [Fact]
    public void A_refused_checkpoint_leaves_nothing_behind()
    {
        var store = OpenAs(1);
        Sample.Write(store, 1);
        var (before, history) = (Names, Get("history.log"));
        Refuse("state-00000002.safetensors");
        Assert.Contains("refused", Assert.Throws<IOException>(() => Sample.Write(store, 2)).Message, StringComparison.Ordinal);
        Assert.Equal(before, Names);
        Assert.Equal(history, Get("history.log"));
    }

    [Fact]
    public async Task Of_two_that_write_at_one_time_the_older_is_refused_when_the_newer_is_done()
    {
        var older = OpenAs(1);
        Sample.Write(older, 1);
        var cell = new PostgresCell(_run, CellSample.Name, 2);
        Task waiting;
        using (var newer = PostgresAccess.OpenToWrite(_database, c => cell.Take(c, make: true)))
        {
            waiting = Task.Run(() => Sample.Write(older, 2), TestContext.Current.CancellationToken);
            while (!waiting.IsCompleted && _server.Ask<long>("select count(*) from pg_stat_activity where wait_event_type = 'Lock'") == 0)
            {
                await Task.Yield();
            }

            Assert.False(waiting.IsCompleted);
            var manifest = CheckpointManifest.Parse(newer.Read("checkpoint-00000001.json"), "it");
            newer.Complete(manifest, Names.ToHashSet(StringComparer.Ordinal));
        }

        await Assert.ThrowsAsync<CheckpointEpochException>(() => waiting);
        Sample.AssertIs(1, OpenAs(2).Read(Report));
    }

    [Fact]
    public void A_server_that_is_away_is_a_disk_that_refuses_and_nothing_is_damaged()
    {
        WriteSix();
        var store = Open();
        store.Read(Report);
        _server.Stop();
        foreach (var deed in (Action[])[() => Sample.Write(store, 7), () => Look(), () => Open().ReadHistory(), Open().Clear, Open().Remove])
        {
            var message = Assert.Throws<IOException>(deed).Message;
            Assert.StartsWith("the PostgreSQL store: ", message, StringComparison.Ordinal);
            Assert.DoesNotContain(PostgresServer.Password, message, StringComparison.Ordinal);
        }

        _server.Start();
        Sample.AssertIs(6, store.Read(Report));
        Sample.Write(store, 8);
        Assert.Equal(8, Open().Read(Report)!.Manifest.Episode);
        Assert.Empty(Reports);
    }

    [Fact]
    public void A_connection_that_was_lost_while_nobody_used_it_costs_no_checkpoint()
    {
        WriteSix();
        var store = Open();
        store.Read(Report);
        _server.Stop();
        _server.Start();
        Sample.Write(store, 7);
        Sample.AssertIs(7, Look());
    }

    private void Execute(string statement, params object[] values) => Execute(statement, run: true, values);

    private void Execute(string statement, bool run, params object[] values) =>
        _database.InOneStep(c => PostgresDatabase.Execute(c, statement, run ? [_run, .. values] : values));
}
