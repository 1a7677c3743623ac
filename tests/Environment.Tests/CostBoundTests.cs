namespace Simulator.Environment.Tests;

/// <summary>
/// What any policy could reach in the research's cell (docs/findings.md): its tasks are too large for the horizon, so that only energy is left to save, and the best constant policy saves
/// nearly all of it.
/// </summary>
public sealed class CostBoundTests
{
    private const int Clients = 50;

    /// <summary>Tasks are served at once by at least this many clients before any is refused: sizes are at most 50 MB of 400.</summary>
    private const int LeastServed = 7;

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

    [Theory]
    [InlineData(0.5, 0.5, 0.001)]
    [InlineData(5, 1, 0.01)]
    public void No_choice_of_actions_saves_much_over_everybody_local_at_one_percent(double energyWeight, double timeWeight, double share)
    {
        var options = new EnvironmentOptions { EnergyWeight = energyWeight, TimeWeight = timeWeight };
        for (var seed = 42UL; seed < 52; seed++)
        {
            const int Episodes = 10;
            var constant = Baselines.Evaluate(options, Clients, seed, Episodes).Single(row => row.Name == "all_local_1_percent_cpu").Reward;
            var bound = -LeastCost(options, seed, Episodes) / Episodes;
            Assert.InRange(bound, constant, constant * (1 - share));
        }
    }

    private static double RandomShare(ref RandomStream random) => random.NextDouble() < 0.25 ? 1 : random.NextUniform(OffloadingAction.MinShare, 1);

    /// <summary>A bound from below on the cost of evaluation episodes, for a server and clients that know everything: each step is the cheaper of refusing nobody and refusing all but a few.</summary>
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
                    cost += (options.TimeWeight * options.HorizonS) + (options.DeadlineWeight * (options.HorizonS - cell.Deadlines[client]));
                cost += options.EnergyWeight * LeastEnergy(cell);
                cell.Step(idle);
            }
        }

        return cost;
    }

    /// <summary>
    /// Least energy in J of a step. A client spends least locally and on the air with the least shares (the energy to send grows with the power, x / log(1 + x)); one that is refused pays a second
    /// of transmission, the least of all, but the server refuses nobody before it has served some.
    /// </summary>
    private static double LeastEnergy(CellEnvironment cell)
    {
        double open = 0, refusing = 0;
        var extra = new double[Clients];
        for (var client = 0; client < Clients; client++)
        {
            var hertz = cell.Cpus[client] * 1e9 * OffloadingAction.MinShare;
            var watts = Math.Pow(10, (cell.Powers[client] - 30) / 10) * OffloadingAction.MinShare;
            var local = cell.Options.Capacitance * cell.Sizes[client] * 8 * 1024 * 1024 * cell.Cycles[client] * hertz * hertz;
            var sent = watts * cell.TransmissionTime(client, OffloadingAction.MinShare);
            var refused = watts * cell.Options.HorizonS;
            open += Math.Min(local, sent);
            refusing += Math.Min(local, Math.Min(sent, refused));
            extra[client] = sent - Math.Min(local, Math.Min(sent, refused));
        }

        Array.Sort(extra);
        return Math.Min(open, refusing + extra.AsSpan(0, LeastServed).ToArray().Sum());
    }
}
