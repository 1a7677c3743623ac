using Simulator.Compute;

namespace Simulator.Lab.Tests.Postgres;

/// <summary>Runs whose checkpoints are in a database.</summary>
[Collection(PostgresServer.Collection)]
[Trait("Suite", "Slow")]
public sealed class PostgresRunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly PostgresServer _server;

    public PostgresRunTests(PostgresServer server)
    {
        server.Require();
        _server = server;
        System.Environment.SetEnvironmentVariable(StoreAddress.Variable, server.Address);
    }

    public void Dispose()
    {
        System.Environment.SetEnvironmentVariable(StoreAddress.Variable, null);
        _folder.Dispose();
    }

    [Fact]
    public async Task A_run_that_was_interrupted_again_and_again_comes_to_the_same_bytes_and_leaves_nothing_in_the_database()
    {
        var plan = TemporaryFolder.Plan("checkpoint: { seconds: 0.001, store: postgres }");
        await _folder.RunAsync("undisturbed", TemporaryFolder.Plan());
        await _folder.InterruptAsync("resumed", plan, p => p[0].Episode >= 3);
        Assert.Equal(1, _server.Ask<long>("select count(*) from simulator.runs"));
        Assert.InRange(_server.Ask<long>("select count(*) from simulator.checkpoints"), 1, 4);
        await _folder.InterruptAsync("resumed", plan, p => p[1].Episode >= 9, resume: true);

        Assert.Empty(Directory.GetDirectories(_folder["resumed"], "checkpoint*", SearchOption.AllDirectories));
        Assert.All(Directory.GetFiles(_folder["resumed"], "*", SearchOption.AllDirectories), f => Assert.DoesNotContain(PostgresServer.Password, File.ReadAllText(f), StringComparison.Ordinal));
        await _folder.ResumeAsync("resumed", plan);
        _folder.AssertSameFiles(plan);
        Assert.Equal(0, _server.Ask<long>("select (select count(*) from simulator.runs) + (select count(*) from simulator.files) + (select count(*) from simulator.history)"));
        Assert.False(File.Exists(Path.Combine(_folder["resumed"], RunIdentity.FileName)));
    }

    [Fact]
    public async Task A_run_whose_checkpoints_were_in_its_folder_begins_anew_in_the_database_and_cleans_up_both()
    {
        await _folder.RunAsync("undisturbed", TemporaryFolder.Plan());
        await _folder.InterruptAsync("resumed", TemporaryFolder.Plan("checkpoint: { seconds: 0 }"), p => p[0].Episode >= 3);
        var plan = TemporaryFolder.Plan("checkpoint: { store: postgres }");
        RunContinuation.Check(_folder["resumed"], plan.Scenario);
        await _folder.ResumeAsync("resumed", plan);
        _folder.AssertSameFiles(plan);
    }

    [Fact]
    public async Task A_server_that_is_away_for_a_while_costs_checkpoints_and_nothing_else()
    {
        var plan = TemporaryFolder.Plan("checkpoint: { seconds: 0.001, store: postgres }");
        plan = plan with { Cells = [.. plan.Cells.Select(c => c with { Options = c.Options with { Episodes = 300 } })] };
        var plain = plan with { Scenario = plan.Scenario with { Checkpoint = new CheckpointOptions { Seconds = 0 } } };
        await _folder.RunAsync("undisturbed", plain);

        var time = new PatientTime();
        var run = PopulationRun.Prepare(plan, ComputeDevice.Cpu, _folder["resumed"], time);
        var (entered, stage, back) = (0, 0, 0);
        time.WhenRead = () =>
        {
            // Whoever asks for the time waits meanwhile, so that the cells do not come to their end.
            if (Interlocked.Exchange(ref entered, 1) == 1)
            {
                return;
            }

            if (stage == 0 && run.Progress[0].Episode >= 5)
            {
                _server.Stop();
                stage = 1;
            }
            else if (stage == 1 && run.StoreFault is not null)
            {
                _server.Start();
                (stage, back) = (2, run.Progress[0].Episode);
            }
            else if (stage == 2 && _server.Ask<int>("select coalesce(max(episode), 0) from simulator.checkpoints") > back)
            {
                stage = 3;
            }

            Volatile.Write(ref entered, 0);
        };
        Assert.Equal(RunStatus.Done, await run.ExecuteAsync(TestContext.Current.CancellationToken));
        Assert.Equal(3, stage);
        Assert.Contains("\"checkpoint_failed\"", await File.ReadAllTextAsync(Path.Combine(_folder["resumed"], "events.jsonl"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        _folder.AssertSameFiles(plan);
        Assert.Equal(0, _server.Ask<long>("select count(*) from simulator.runs"));
    }

    [Fact]
    public async Task A_server_that_is_away_at_the_start_is_an_error_and_the_folder_is_as_it_was()
    {
        var plan = TemporaryFolder.Plan("checkpoint: { seconds: 0, store: postgres }");
        await _folder.InterruptAsync("run", plan, p => p[0].Episode >= 3);
        var before = All();
        _server.Stop();
        foreach (var begin in (Action[])
            [
                () => PopulationRun.Prepare(plan, ComputeDevice.Cpu, _folder["new"], TimeProvider.System),
                () => PopulationRun.Resume(plan, ComputeDevice.Cpu, _folder["run"], TimeProvider.System),
            ])
        {
            var message = Assert.Throws<IOException>(begin).Message;
            Assert.StartsWith("the PostgreSQL store: ", message, StringComparison.Ordinal);
            Assert.DoesNotContain(PostgresServer.Password, message, StringComparison.Ordinal);
        }

        RunFolder.Check(_folder["new"]);
        Assert.Equal(before, All());
        _server.Start();
        await _folder.ResumeAsync("run", plan);

        string[] All() => [.. Directory.GetFiles(_folder["run"], "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(f => $"{f} {File.GetLastWriteTimeUtc(f):O}")];
    }

    [Fact]
    public async Task A_database_that_has_no_such_run_or_newer_tables_is_refused()
    {
        var plan = TemporaryFolder.Plan("checkpoint: { seconds: 0, store: postgres }");
        await _folder.InterruptAsync("run", plan, p => p[0].Episode >= 3);
        _server.Ask<int>("update simulator.version set version = 2 returning version");
        var newer = Record.Exception(() => PopulationRun.Resume(plan, ComputeDevice.Cpu, _folder["run"], TimeProvider.System));
        _server.Ask<int>("update simulator.version set version = 1 returning version");
        Assert.Contains("have the version 2", Assert.IsType<CheckpointVersionException>(newer).Message, StringComparison.Ordinal);
        _server.Ask<Guid>("delete from simulator.runs returning id");
        Assert.Contains("has no run", Assert.Throws<IOException>(() => PopulationRun.Resume(plan, ComputeDevice.Cpu, _folder["run"], TimeProvider.System)).Message, StringComparison.Ordinal);
        RunFolder.Open(_folder["run"]).Dispose();
    }

    [Fact]
    public async Task A_run_that_was_taken_elsewhere_goes_on_and_writes_no_checkpoints()
    {
        var plan = TemporaryFolder.Plan("checkpoint: { seconds: 0, store: postgres }");
        await _folder.InterruptAsync("run", plan, p => p[0].Episode >= 3);
        using var folder = RunFolder.Open(_folder["run"]);
        using var older = PostgresRunStore.Open(StoreAddress.FromEnvironment(), folder, TimeProvider.System);
        using var newer = PostgresRunStore.Open(StoreAddress.FromEnvironment(), folder, TimeProvider.System);
        older.Begin("small");
        newer.Begin("small");
        Assert.Equal((2, 3), (older.Life, newer.Life));
        var name = plan.Cells[0].Name;
        Assert.NotNull(newer.Of(name, 0, newer.Life * IRunStore.EpochsOfLife).Read((_, why) => Assert.Fail(why)));
        Assert.Equal(
            $"a newer writer has the cell '{name}': its epoch is {3 * IRunStore.EpochsOfLife}, and this one's {2 * IRunStore.EpochsOfLife}",
            Assert.Throws<CheckpointEpochException>(() => older.Of(name, 0, older.Life * IRunStore.EpochsOfLife).Write(null, [], 9, 1)).Message);
        File.Copy(Path.Combine(_folder["run"], RunIdentity.FileName), _folder["kept"]);
        older.Remove();
        Assert.Equal(1, _server.Ask<long>("select count(*) from simulator.runs"));
        File.Copy(_folder["kept"], Path.Combine(_folder["run"], RunIdentity.FileName));
        newer.Remove();
        Assert.Equal(0, _server.Ask<long>("select count(*) from simulator.runs"));
    }
}
