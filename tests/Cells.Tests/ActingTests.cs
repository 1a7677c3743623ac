using Akka.Actor;
using Simulator.Agents;
using Simulator.Compute;
using Simulator.Protocol;

namespace Simulator.Cells.Tests;

/// <summary>Cells that act and do not learn.</summary>
public sealed class ActingTests
{
    [Fact]
    public async Task A_cell_that_acts_tells_rewards_and_learns_nothing()
    {
        var log = await TestPopulation.RunAsync(Acting());
        Assert.Equal((CellStatus.Completed, 6), (log.End!.Status, log.Episodes.Count));
        Assert.All(log.Episodes, e => Assert.Null(e.Update));
        Assert.All(log.Episodes, e => Assert.Equal(0, e.Epsilon));
        Assert.Equal(6, log.Episodes.Select(e => e.Reward).Distinct().Count());
        Assert.Empty(log.Parameters);
        Assert.Empty(log.Baselines);
        Assert.Empty(log.Evaluations);
    }

    [Fact]
    public async Task Exploration_and_learning_options_make_no_difference_to_a_cell_that_acts()
    {
        var options = Acting();
        var other = options with
        {
            Exploration = new ExplorationOptions { Initial = 1, Final = 1 },
            Learning = options.Learning with { ActorRate = 1, Batch = 4, Replay = 10 },
        };
        Assert.Equal((await TestPopulation.RunAsync(options)).Fingerprint(), (await TestPopulation.RunAsync(other)).Fingerprint());
    }

    [Fact]
    public async Task A_cell_that_acts_with_the_networks_of_a_cell_that_learned_earns_what_that_earned_in_its_last_evaluation()
    {
        var learning = TestPopulation.Small(episodes: 12);
        var learned = await TestPopulation.RunAsync(learning);
        var acted = await TestPopulation.RunAsync(Acting() with { Networks = NetworksOf(learned, learning.Clients), Evaluation = learning.Evaluation });

        var evaluation = Assert.Single(acted.Evaluations);
        Assert.Equal((0, learned.Evaluations[^1].Reward), (evaluation.Episode, evaluation.Reward));
        Assert.NotEqual(learned.Evaluations[0].Reward, evaluation.Reward);
        Assert.Equal(learned.Baselines, acted.Baselines);
    }

    [Fact]
    public async Task A_cell_that_learns_can_start_with_given_networks()
    {
        var options = TestPopulation.Small();
        var learned = await TestPopulation.RunAsync(options);
        var further = options with { Networks = NetworksOf(learned, options.Clients) };
        var log = await TestPopulation.RunAsync(further);
        Assert.Equal(learned.Evaluations[^1].Reward, log.Evaluations[0].Reward);

        using var loop = new BareCell(further, ComputeDevice.Cpu);
        Assert.All(log.Episodes, e => Assert.Equal(loop.RunEpisode().Totals.Reward, e.Reward));
    }

    [Theory]
    [InlineData(PolicySharing.Independent)]
    [InlineData(PolicySharing.Shared)]
    public async Task Actors_that_act_compute_what_a_plain_loop_computes(PolicySharing sharing)
    {
        var options = Acting() with { Policy = new PolicyOptions { Sharing = sharing } };
        var log = await TestPopulation.RunAsync(options);
        using var loop = new BareCell(options, ComputeDevice.Cpu);
        Assert.All(log.Episodes, e => Assert.Equal(loop.RunEpisode(), (new EpisodeTotals(e.Reward, e.Violations), null)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Cells_that_share_a_critic_get_what_they_get_alone(int threads)
    {
        CellOptions[] cells = [.. Enumerable.Range(0, 40).Select(i => Acting((ulong)i))];
        var among = await TestPopulation.RunAsync(cells, threads: threads);
        for (var i = 0; i < cells.Length; i += 13)
        {
            Assert.Equal((await TestPopulation.RunAsync(cells[i])).Fingerprint(), among[i].Fingerprint());
        }

        Assert.Equal(cells.Length, among.Select(l => l.Fingerprint()).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task A_critic_of_another_seed_selects_others()
    {
        var options = Acting() with { Episodes = 30 };
        var other = options with { CriticSeed = 99 };
        Assert.NotEqual((await TestPopulation.RunAsync(options)).Fingerprint(), (await TestPopulation.RunAsync(other)).Fingerprint());
    }

    [Fact]
    public async Task Each_device_holds_one_critic_of_each_size_whatever_the_number_of_cells()
    {
        var (critics, policies) = (0, 0);
        CellOptions[] cells = [.. Enumerable.Range(0, 8).Select(i => Acting((ulong)i)), .. Enumerable.Range(0, 4).Select(i => Acting((ulong)i) with { Clients = 5 })];
        var logs = await TestPopulation.RunAsync(
            cells,
            between: device => Tap.Props(device, m =>
            {
                critics += m is DeviceProtocol.ReserveCritic ? 1 : 0;
                policies += m is DeviceProtocol.ReservePolicies ? 1 : 0;
            }));
        Assert.Equal((2, cells.Length), (critics, policies));
        Assert.All(logs, l => Assert.Equal(CellStatus.Completed, l.End!.Status));
    }

    [Fact]
    public async Task A_cell_that_acts_and_fails_is_brought_back_with_the_same_results()
    {
        CellOptions[] cells = [Acting(1), Acting(2)];
        var undisturbed = await TestPopulation.RunAsync(cells);
        var disturbed = await TestPopulation.RunAsync(cells, between: device => Props.Create(() => new FailingOnce(device)));
        Assert.Equal(1, disturbed.Sum(l => l.Recoveries));
        Assert.Equal(undisturbed.Select(l => l.Fingerprint()), disturbed.Select(l => l.Fingerprint()));
    }

    [Fact]
    public async Task A_reward_that_is_not_finite_ends_a_cell_that_acts_as_diverged()
    {
        CellOptions[] cells = [Unbounded(Acting(1)), Acting(2)];
        var logs = await TestPopulation.RunAsync(cells);
        Assert.Equal((CellStatus.Diverged, "the reward became non-finite", 1), (logs[0].End!.Status, logs[0].End!.Detail, logs[0].End!.Episodes));
        Assert.False(double.IsFinite(Assert.Single(logs[0].Episodes).Reward));
        Assert.Equal(CellStatus.Completed, logs[1].End!.Status);
        using var loop = new BareCell(cells[0], ComputeDevice.Cpu);
        Assert.Contains("the reward", Assert.Throws<NotFiniteNumberException>(() => loop.RunEpisode()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CellMode.Act)]
    [InlineData(CellMode.Learn)]
    public async Task A_reward_that_is_not_finite_ends_an_evaluation_and_the_cell_as_diverged(CellMode mode)
    {
        var log = await TestPopulation.RunAsync(Unbounded(TestPopulation.Small()) with { Mode = mode });
        Assert.Equal((CellStatus.Diverged, "the reward of an evaluation became non-finite", 0), (log.End!.Status, log.End.Detail, log.End.Episodes));
        Assert.Empty(log.Evaluations);
    }

    /// <summary>A cell in which any time spent costs more than there are numbers for.</summary>
    private static CellOptions Unbounded(CellOptions options) => options with { Environment = options.Environment with { TimeWeight = double.PositiveInfinity } };

    private static CellOptions Acting(ulong seed = 7) =>
        TestPopulation.Small(seed) with { Mode = CellMode.Act, CriticSeed = 5, Evaluation = new EvaluationOptions() };

    private static InitialNetworks NetworksOf(CellLog log, int clients) =>
        new([.. Enumerable.Range(0, clients).Select(i => new HostPayload(log.Parameters[i]))], new HostPayload(log.Parameters[CellProtocol.Critic]));

    private sealed class FailingOnce : ReceiveActor
    {
        private int _seen;

        public FailingOnce(IActorRef device)
        {
            Receive<DeviceProtocol.Infer>(m => m.Turn is { Episode: 4, Step: 2 } && _seen++ == 2, m => Sender.Tell(new DeviceProtocol.OperationFailed(m.Turn, "planned")));
            ReceiveAny(device.Forward);
        }
    }
}
