namespace Simulator.Lab.Tests.Postgres;

/// <summary>Runs whose checkpoints are in a database.</summary>
[Collection(PostgresServer.Collection)]
[Trait("Suite", "Slow")]
public sealed class PostgresRunStoreTests : RunStoreTests
{
    private readonly PostgresServer _server;

    public PostgresRunStoreTests(PostgresServer server)
    {
        server.Require();
        _server = server;
        System.Environment.SetEnvironmentVariable(StoreAddress.Variable, server.Address);
    }

    private protected override CheckpointPlace Place => CheckpointPlace.Postgres;

    public override void Dispose()
    {
        if (SlowSuite.SkipReason is null)
        {
            _server.Ask<long>("with gone as (delete from simulator.runs returning 1) select count(*) from gone");
        }

        System.Environment.SetEnvironmentVariable(StoreAddress.Variable, null);
        base.Dispose();
    }

    [Fact]
    public void A_node_needs_no_folder_and_does_not_join_a_run_that_the_database_has_not()
    {
        using var store = Begin();
        using (var node = IRunStore.Join(Place, null, store.Run, TimeProvider.System))
        {
            Assert.Equal((store.Run, 1), (node.Run, node.Life));
        }

        store.Remove();
        Assert.Equal(
            $"the PostgreSQL store has no run {store.Run}: does SIMULATOR_STORE name the same database on all nodes?",
            Assert.Throws<StoreMismatchException>(() => Join(store.Run)).Message);
    }

    [Fact]
    public void The_file_of_an_earlier_version_is_read()
    {
        using var first = Begin();
        File.WriteAllText(FileName, $"{{\"run\": \"{first.Run}\"}}");
        using var second = Begin();
        Assert.Equal((first.Run, 2), (second.Run, second.Life));

        // It was written for databases only: a run that is not there was removed.
        second.Remove();
        File.WriteAllText(FileName, $"{{\"run\": \"{first.Run}\"}}");
        Assert.Contains("has no run", Assert.Throws<IOException>(() => Begin()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_keeps_its_identity_and_its_lives_where_it_goes_on_in_the_other_store()
    {
        var sample = new CellSample();
        using var first = Begin(CheckpointPlace.Folder);
        using var second = Begin(CheckpointPlace.Folder);
        sample.Write(Cell(second), 1);
        using var third = Begin();
        Assert.Equal((first.Run, 3), (third.Run, third.Life));
        Assert.Null(Cell(third).Read((_, why) => Assert.Fail(why)));
        sample = new CellSample();
        sample.Write(Cell(third), 1);
        using var fourth = Begin(CheckpointPlace.Folder);
        Assert.Equal((first.Run, 4), (fourth.Run, fourth.Life));
        using var fifth = Begin(CheckpointPlace.Folder);
        using var sixth = Begin();
        Assert.Equal((first.Run, 6), (sixth.Run, sixth.Life));
        sample.AssertIs(1, Cell(sixth).Read((_, why) => Assert.Fail(why)));
        Assert.Throws<CheckpointEpochException>(() => sample.Write(Cell(third), 2));

        // The rows of a run that ends in its folder are found by the file.
        using var last = Begin(CheckpointPlace.Folder);
        last.Remove();
        Assert.True(File.Exists(FileName));
        Assert.Equal(1, _server.Ask<long>("select count(*) from simulator.runs"));
        using var again = Begin();
        Cell(again).Remove();
        again.Remove();
        Assert.False(File.Exists(FileName));
        Assert.Equal(0, _server.Ask<long>("select count(*) from simulator.runs"));
        Assert.False(Directory.Exists(Path.Combine(Folder["run"], CellStore.FolderOf(CellSample.Name))));

        static ICellStore Cell(IRunStore store) => store.Of(CellSample.Name, CellSample.Index, store.Life * IRunStore.EpochsOfLife);
    }
}
