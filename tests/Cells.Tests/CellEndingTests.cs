using Akka.Actor;
using Simulator.Compute;
using Simulator.Protocol;

namespace Simulator.Cells.Tests;

public sealed class CellEndingTests
{
    [Fact]
    public async Task A_failed_device_operation_brings_the_cell_back_with_the_same_results_and_leaves_others_alone()
    {
        CellOptions[] cells = [TestPopulation.Small(seed: 1), TestPopulation.Small(seed: 2)];
        var undisturbed = await TestPopulation.RunAsync(cells);
        var disturbed = await TestPopulation.RunAsync(cells, between: device => Props.Create(() => new FailingOnce(device, 4)));

        Assert.Equal(1, disturbed.Sum(l => l.Recoveries));
        Assert.Equal(undisturbed.Select(l => l.Fingerprint()), disturbed.Select(l => l.Fingerprint()));
    }

    [Fact]
    public async Task A_stop_reaches_a_cell_that_is_being_brought_back()
    {
        var options = TestPopulation.Small(episodes: 100_000) with { Evaluation = new EvaluationOptions { Episodes = 0 } };
        var logs = await TestPopulation.RunAsync(
            [options],
            between: device => Props.Create(() => new FailingOnce(device, 4)),
            afterEpisode: (population, episode) =>
            {
                // The failure comes in the update after this episode's successor.
                if (episode.Episode == 3)
                {
                    population.Tell(CellProtocol.Stop.Instance);
                }
            });
        Assert.Equal(CellStatus.Interrupted, logs[0].End!.Status);
    }

    [Fact]
    public async Task A_device_that_fails_ends_rather_than_beginning_anew_without_its_banks()
    {
        var system = ActorSystem.Create("test", Akka.Configuration.ConfigurationFactory.ParseString("akka.loglevel = OFF").WithFallback(SimulatorSystem.Configuration));
        try
        {
            var actor = system.ActorOf(Props.Create(() => new Failing()));
            var ended = actor.WatchAsync(TestContext.Current.CancellationToken);
            actor.Tell("fail");
            Assert.True(await ended.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
        }
        finally
        {
            await system.Terminate();
        }
    }

    [Fact]
    public async Task A_cell_that_fails_every_time_is_given_up_and_the_others_go_on()
    {
        CellOptions[] cells = [TestPopulation.Small(seed: 1) with { Clients = 5 }, TestPopulation.Small(seed: 2)];
        var logs = await TestPopulation.RunAsync(cells, between: device => Props.Create(() => new FailingAlways(device, 5)));

        Assert.Equal(CellStatus.Failed, logs[0].End!.Status);
        Assert.Contains("planned", logs[0].End!.Detail, StringComparison.Ordinal);
        Assert.Equal(PopulationActor.MaximumRecoveries, logs[0].Recoveries);
        Assert.Equal(CellStatus.Completed, logs[1].End!.Status);
    }

    [Fact]
    public async Task Stop_ends_a_cell_at_an_episodes_boundary_with_its_networks()
    {
        var options = TestPopulation.Small(episodes: 100_000) with { Evaluation = new EvaluationOptions { Episodes = 0 } };
        var logs = await TestPopulation.RunAsync([options], afterEpisode: (population, episode) =>
        {
            if (episode.Episode == 5)
            {
                population.Tell(CellProtocol.Stop.Instance);
            }
        });

        var log = logs[0];
        Assert.Equal(CellStatus.Interrupted, log.End!.Status);
        Assert.InRange(log.Episodes.Count, 5, 99_999);
        Assert.Equal(log.Episodes.Count, log.End.Episodes);
        Assert.Equal(Enumerable.Range(-1, options.Clients + 1), log.Parameters.Keys);

        var shorter = await TestPopulation.RunAsync(options with { Episodes = log.Episodes.Count });
        Assert.Equal(shorter.Parameters[0], log.Parameters[0]);
    }

    [Theory]
    [InlineData(1e30, 0.001)]
    [InlineData(0.001, 1e30)]
    public async Task Numbers_that_become_non_finite_end_the_cell_as_diverged(double actorRate, double criticRate)
    {
        var options = TestPopulation.Small(episodes: 50);
        options = options with { Learning = options.Learning with { ActorRate = actorRate, CriticRate = criticRate } };
        CellOptions[] cells = [options, TestPopulation.Small(seed: 3)];
        var logs = await TestPopulation.RunAsync(cells);

        Assert.Equal(CellStatus.Diverged, logs[0].End!.Status);
        Assert.EndsWith("became non-finite", logs[0].End!.Detail, StringComparison.Ordinal);
        Assert.InRange(logs[0].End!.Episodes, 2, 49);
        Assert.Equal(options.Clients + 1, logs[0].Parameters.Count);
        Assert.Equal(CellStatus.Completed, logs[1].End!.Status);
        Assert.Equal((await TestPopulation.RunAsync(cells[1])).Fingerprint(), logs[1].Fingerprint());
    }

    [Fact]
    public async Task A_run_ends_101_episodes_after_every_agent_stood_still_once()
    {
        // Without a learning rate nothing ever moves: every agent is frozen at the first update, which follows the second episode.
        var options = TestPopulation.Small(episodes: 200) with { Evaluation = new EvaluationOptions { Episodes = 0 } };
        options = options with { Learning = options.Learning with { ActorRate = 0 } };
        var stopped = await TestPopulation.RunAsync(options);
        Assert.Equal(CellStatus.Stopped, stopped.End!.Status);
        Assert.Equal(2, stopped.End.StoppingEpisode);
        Assert.Equal(103, stopped.End.Episodes);
        Assert.All(stopped.Episodes[^1].Update!.Agents, a => Assert.Equal(AgentState.Frozen, a.State));

        var longer = await TestPopulation.RunAsync(options with { Episodes = 110, Tracking = options.Tracking with { EarlyStop = false } });
        Assert.Equal(CellStatus.Completed, longer.End!.Status);
        Assert.Equal(2, longer.End.StoppingEpisode);
        Assert.Equal(110, longer.End.Episodes);
    }

    [Fact]
    public async Task Baselines_are_told_at_the_start()
    {
        var log = await TestPopulation.RunAsync(TestPopulation.Small());
        Assert.Contains(log.Baselines, b => b.Name == "all_local_1_percent_cpu");
        Assert.All(log.Baselines, b => Assert.InRange(b.Reward, double.MinValue, 0));
    }

    private sealed class Failing : ReceiveActor
    {
        public Failing() => ReceiveAny(_ => throw new InvalidOperationException("planned"));
    }

    /// <summary>Stands before the device and refuses to value for cells of a certain size.</summary>
    private sealed class FailingAlways : ReceiveActor
    {
        public FailingAlways(IActorRef device, int clients)
        {
            Receive<DeviceProtocol.Evaluate>(
                m => m.Turn.Phase == Phase.Learning && m.Query.Joint.Length % (clients * 10) == 0 && m.Query.Joint.Length % 60 != 0,
                m => Sender.Tell(new DeviceProtocol.OperationFailed(m.Turn, "planned")));
            ReceiveAny(device.Forward);
        }
    }
}
