namespace Simulator.Environment.Tests;

/// <summary>
/// What any policy could reach in the research's cell (docs/findings.md): its tasks are too large for the horizon, so that only energy is left to save; sending always takes more of it than
/// the processor at its least share; and so the best constant policy cannot be beaten, only equalled.
/// </summary>
public sealed class CostBoundTests
{
    private const int Clients = 50;

    [Fact]
    public void Every_task_takes_the_whole_horizon_whatever_a_client_does()
    {
        var onlyTime = new EnvironmentOptions { TimeWeight = 1, EnergyWeight = 0, BatteryWeight = 0, DeadlineWeight = 0, Server = ServerMode.TOBM };
        var cell = new CellEnvironment(onlyTime, Clients, seed: 42);
        var random = new RandomStream(7, DrawPurpose.Noise);
        var actions = new OffloadingAction[Clients];
        for (var episode = 0; episode < 200; episode++)
        {
            cell.Reset(episode);
            while (cell.StepIndex < onlyTime.Steps)
            {
                foreach (ref var action in actions.AsSpan())
                    action = new((Placement)(int)(random.NextDouble() * 3), RandomShare(ref random), RandomShare(ref random));
                Assert.Equal(-Clients * onlyTime.HorizonS, cell.Step(actions).Reward);
            }
        }
    }

    [Fact]
    public void Whatever_task_and_channel_a_client_has_its_own_processor_at_one_percent_takes_less_energy_than_sending()
    {
        var random = new RandomStream(8, DrawPurpose.Noise);
        for (var seed = 42UL; seed < 52; seed++)
        {
            var cell = new CellEnvironment(new(), Clients, seed);
            for (var episode = 0; episode < 100; episode++)
            {
                cell.ResetForEvaluation(episode);
                for (var client = 0; client < Clients; client++)
                {
                    var share = RandomShare(ref random);
                    var hertz = cell.Cpus[client] * 1e9 * OffloadingAction.MinShare;
                    var local = cell.Options.Capacitance * cell.Sizes[client] * 8 * 1024 * 1024 * cell.Cycles[client] * hertz * hertz;
                    var sent = Math.Pow(10, (cell.Powers[client] - 30) / 10) * share * cell.TransmissionTime(client, share);
                    Assert.InRange(sent, 5 * local, double.PositiveInfinity);
                }
            }
        }
    }

    [Theory]
    [InlineData(0.5, 0.5)]
    [InlineData(5, 1)]
    public void Everybody_local_at_one_percent_earns_the_most_that_can_be_earned(double energyWeight, double timeWeight)
    {
        var options = new EnvironmentOptions { EnergyWeight = energyWeight, TimeWeight = timeWeight };
        for (var seed = 42UL; seed < 52; seed++)
        {
            const int Episodes = 10;
            var constant = Baselines.Evaluate(options, Clients, seed, Episodes).Single(row => row.Name == "all_local_1_percent_cpu").Reward;
            Assert.Equal(-LeastCost(options, seed, Episodes) / Episodes, constant, Math.Abs(constant) * 1e-12);
        }
    }

    private static double RandomShare(ref RandomStream random) => random.NextDouble() < 0.25 ? 1 : random.NextUniform(OffloadingAction.MinShare, 1);

    /// <summary>A bound from below on the cost of evaluation episodes: every client takes the whole horizon, is as late as that makes it, and spends what its processor takes at the least share.</summary>
    private static double LeastCost(EnvironmentOptions options, ulong seed, int episodes)
    {
        var cell = new CellEnvironment(options, Clients, seed);
        var idle = new OffloadingAction[Clients];
        Array.Fill(idle, new(Placement.Local, OffloadingAction.MinShare, OffloadingAction.MinShare));
        var cost = 0.0;
        for (var episode = 0; episode < episodes; episode++)
        {
            cell.ResetForEvaluation(episode);
            for (var step = 0; step < options.Steps; step++)
            {
                for (var client = 0; client < Clients; client++)
                {
                    var hertz = cell.Cpus[client] * 1e9 * OffloadingAction.MinShare;
                    var energy = options.Capacitance * cell.Sizes[client] * 8 * 1024 * 1024 * cell.Cycles[client] * hertz * hertz;
                    cost += (options.TimeWeight * options.HorizonS) + (options.DeadlineWeight * (options.HorizonS - cell.Deadlines[client])) + (options.EnergyWeight * energy);
                }

                cell.Step(idle);
            }
        }

        return cost;
    }
}
