using CsCheck;

namespace Simulator.Environment.Tests;

public sealed class CellEnvironmentTests
{
    private static readonly EnvironmentOptions Defaults = new();

    private static readonly Gen<OffloadingAction> AnyAction = Gen.Select(
        Gen.Enum<Placement>(), Gen.Double[0.01, 1], Gen.Double[0.01, 1], (placement, cpu, power) => new OffloadingAction(placement, cpu, power));

    private static readonly Gen<EnvironmentOptions> AnyMode = Gen.Select(
        Gen.Enum<ServerMode>(), Gen.Enum<QueueDiscipline>(), (server, queue) => Defaults with { Server = server, Queue = queue });

    [Fact]
    public void A_local_task_costs_what_the_formulas_say()
    {
        var cell = new CellEnvironment(Defaults, clients: 1, seed: 1);
        cell.SetState([20, 10, 2, 1, 300, 0.5, 1], step: 0);

        var result = cell.Step([new(Placement.Local, 0.5, 1)]);

        // 8,388,608 bits of 300 cycles at 0.5 GHz: 5.03 s, so the horizon of 1 s; 5e-27 J s^2 per cycle.
        var energy = 5e-27 * 8_388_608 * 300 * 0.5e9 * 0.5e9;
        Assert.Equal(-0.5 * (energy + 1 + 0.5), result.Reward, 1e-12);
        Assert.Equal(2 - (energy * 1e-6) + 0.001e-6, cell.Energies[0], 1e-15);
        Assert.Equal(1, result.DeadlineViolationRatio);
        Assert.Equal(0, result.EnergyViolationRatio);
    }

    [Fact]
    public void An_offloaded_task_costs_transmission_energy_and_the_servers_time()
    {
        var cell = new CellEnvironment(Defaults, clients: 1, seed: 1);
        cell.SetState([30, 0, 2, 0.01, 300, 0.5, 1], step: 0);

        var result = cell.Step([new(Placement.Offload, 1, 1)]);

        // 1 W at gain 1: log2(2) = 1, so 4 Mbit/s.
        var bits = 0.01 * 8_388_608;
        var transmission = bits / 4e6;
        var time = transmission + (bits * 300 / 4e9);
        Assert.Equal(-0.5 * (transmission + time), result.Reward, 1e-12);
        Assert.Equal(0, result.DeadlineViolationRatio);
    }

    [Fact]
    public void An_empty_battery_takes_the_whole_horizon_and_counts_each_missing_joule()
    {
        var cell = new CellEnvironment(Defaults with { HarvestJ = 0 }, clients: 1, seed: 1);
        cell.SetState([20, 10, 0, 0.001, 300, 0.5, 1], step: 0);

        var result = cell.Step([new(Placement.Local, 0.01, 1)]);

        Assert.Equal(0, cell.Energies[0]);
        Assert.Equal(1, result.EnergyViolationRatio);
        var energy = 5e-27 * 0.001 * 8_388_608 * 300 * 1e7 * 1e7;
        Assert.Equal(-0.5 * (energy + 1 + 0.5 + 500_000), result.Reward, 1e-6);
    }

    [Fact]
    public void Constants_and_tasks_lie_in_their_intervals()
    {
        Gen.Select(Gen.ULong, Gen.Int[1, 20], Gen.Int[0, 1000]).Sample((seed, clients, episode) =>
        {
            var cell = new CellEnvironment(Defaults, clients, seed);
            cell.Reset(episode);
            for (var client = 0; client < clients; client++)
            {
                Assert.InRange(cell.Powers[client], 1, 24);
                Assert.InRange(cell.Gains[client], 5, 14);
                Assert.InRange(cell.Energies[client], 0.5, 3.2);
                Assert.InRange(cell.Cpus[client], 0.4, 1.5);
                Assert.InRange(cell.Sizes[client], 1, 50);
                Assert.InRange(cell.Cycles[client], 300, 737.5);
                Assert.InRange(cell.Deadlines[client], 0.1, 0.9);
            }
        });
    }

    [Fact]
    public void A_clients_draws_do_not_depend_on_how_many_clients_there_are()
    {
        var small = new CellEnvironment(Defaults, clients: 3, seed: 9);
        var large = new CellEnvironment(Defaults, clients: 8, seed: 9);
        small.Reset(4);
        large.Reset(4);
        small.Step(Repeat(new(Placement.Local, 0.01, 0.01), 3));
        large.Step(Repeat(new(Placement.Local, 0.01, 0.01), 8));
        Assert.Equal(Observe(small), Observe(large)[..(3 * Observation.Width)]);
    }

    [Fact]
    public void A_reset_brings_the_episode_back_whatever_happened_before()
    {
        Gen.Select(AnyMode, AnyAction.Array[5], Gen.Int[0, 50]).Sample((options, actions, episode) =>
        {
            var cell = new CellEnvironment(options, clients: 5, seed: 2);
            cell.Reset(episode);
            var before = Observe(cell);
            cell.Step(actions);
            cell.ResetForEvaluation(episode);
            cell.Step(actions);
            cell.Reset(episode);
            Assert.Equal(before, Observe(cell));
            Assert.Equal(0, cell.StepIndex);
        });
    }

    [Fact]
    public void Evaluation_keeps_the_clients_and_draws_other_tasks()
    {
        var cell = new CellEnvironment(Defaults, clients: 4, seed: 3);
        var constants = Constants();
        double[] tasks = [.. cell.Sizes];
        cell.ResetForEvaluation(0);
        Assert.Equal(constants, Constants());
        Assert.DoesNotContain(cell.Sizes[0], tasks);

        double[] Constants() => [.. cell.Powers, .. cell.Gains, .. cell.Energies, .. cell.Cpus];
    }

    [Fact]
    public void Batteries_stay_between_empty_and_full_and_lose_no_more_than_was_spent()
    {
        Gen.Select(AnyMode, AnyAction.Array[6], Gen.Double[0, 3.2], Gen.ULong).Sample((options, actions, battery, seed) =>
        {
            var cell = new CellEnvironment(options with { EnergyWeight = 1, TimeWeight = 0, BatteryWeight = 0, DeadlineWeight = 0 }, 6, seed);
            var state = new double[6 * Observation.Width];
            cell.CopyObservations(state);
            for (var client = 0; client < 6; client++)
                state[(client * Observation.Width) + Observation.Energy] = battery;
            cell.SetState(state, 0);

            var spent = -cell.Step(actions).Reward;

            var lost = 0.0;
            foreach (var energy in cell.Energies)
            {
                Assert.InRange(energy, 0, 3.2);
                lost += battery - energy;
            }

            Assert.InRange(lost * 1e6, -6 * 0.001 - 1e-6, spent + 1e-6);
        });
    }

    [Fact]
    public void Every_client_counts_at_most_the_horizon()
    {
        Gen.Select(AnyMode, AnyAction.Array[20], Gen.ULong).Sample((options, actions, seed) =>
        {
            var onlyTime = options with { EnergyWeight = 0, TimeWeight = 1, BatteryWeight = 0, DeadlineWeight = 0 };
            var cell = new CellEnvironment(onlyTime, 20, seed);
            Assert.InRange(-cell.Step(actions).Reward, 0, 20);
        });
    }

    [Fact]
    public void An_episode_ends_with_its_last_step_and_refuses_another()
    {
        var cell = new CellEnvironment(Defaults with { Steps = 3 }, clients: 1, seed: 1);
        OffloadingAction[] actions = [new(Placement.Local, 0.01, 0.01)];
        Assert.False(cell.Step(actions).Done);
        Assert.False(cell.Step(actions).Done);
        Assert.True(cell.Step(actions).Done);
        Assert.Throws<InvalidOperationException>(() => cell.Step(actions));
    }

    [Fact]
    public void Arguments_of_the_wrong_length_are_refused()
    {
        var cell = new CellEnvironment(Defaults, clients: 2, seed: 1);
        Assert.Throws<ArgumentException>(() => cell.Step(new OffloadingAction[1]));
        Assert.Throws<ArgumentException>(() => cell.SetState(new double[7], 0));
        Assert.Throws<ArgumentException>(() => cell.CopyObservations(new float[13]));
        Assert.Throws<ArgumentException>(() => cell.CopyObservations(new double[15]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CellEnvironment(Defaults, 0, 1));
    }

    [Fact]
    public void A_NaN_share_shows_in_the_reward_and_delays_nobody_else()
    {
        var options = Defaults with { Units = 1, Queue = QueueDiscipline.Fifo };
        var cell = new CellEnvironment(options, clients: 2, seed: 1);
        var state = new double[] { 24, 14, 1, 0.01, 300, 0.9, 1, 24, 14, 1, 0.01, 300, 0.9, 1 };
        cell.SetState(state, 0);
        Assert.True(double.IsNaN(cell.Step([new(Placement.Offload, 1, double.NaN), new(Placement.Offload, 1, 1)]).Reward));
        var with = cell.Energies[1];
        cell.SetState(state, 0);
        cell.Step([new(Placement.Local, 1, 1), new(Placement.Offload, 1, 1)]);
        Assert.Equal(with, cell.Energies[1]);
    }

    [Theory]
    [InlineData(ServerMode.H2)]
    [InlineData(ServerMode.TOBM)]
    public void A_step_allocates_nothing(ServerMode mode)
    {
        var cell = new CellEnvironment(Defaults with { Server = mode }, clients: 50, seed: 1);
        var actions = Repeat(new(Placement.Offload, 0.5, 0.5), 50);
        var observations = new float[50 * Observation.Width];
        actions[3] = actions[7] = new(Placement.Refused, 0.5, 0.5);
        actions[11] = new(Placement.Local, 0.5, 0.5);
        Run();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Run()
        {
            cell.Reset(1);
            while (!cell.Step(actions).Done)
                cell.CopyObservations(observations);
        }
    }

    [Fact]
    public void Raw_actions_map_to_shares_between_one_percent_and_all()
    {
        Assert.Equal(new(Placement.Offload, 0.01, 1), OffloadingAction.FromRaw([0.3f, -1, 1], selected: true));
        Assert.Equal(new(Placement.Local, 0.505, 0.505), OffloadingAction.FromRaw([0.3f, 0, 0], selected: false));
        Assert.Throws<ArgumentException>(() => OffloadingAction.FromRaw([0, 0], selected: true));
    }

    [Theory]
    [InlineData(0f, true)]
    [InlineData(1f, true)]
    [InlineData(-0.001f, false)]
    [InlineData(float.NaN, false)]
    public void A_raw_action_proposes_from_zero_on(float first, bool proposes) =>
        Assert.Equal(proposes, RawAction.Proposes([first, 0, 0]));

    [Fact]
    public void Scaling_maps_the_known_ranges_to_minus_one_and_one()
    {
        var scaling = new ObservationScaling(Defaults);
        float[] rows = [1, 5, 0, 1, 300, 0.1f, 0.4f, 24, 14, 3.2f, 50, 737.5f, 0.9f, 1.5f, 12.5f, 9.5f, 1.6f, 25.5f, 518.75f, 0.5f, 0.95f];
        scaling.Apply(rows);
        for (var column = 0; column < Observation.Width; column++)
        {
            Assert.Equal(-1, rows[column], 1e-6f);
            Assert.Equal(1, rows[Observation.Width + column], 1e-6f);
            Assert.Equal(0, rows[(2 * Observation.Width) + column], 1e-6f);
        }

        Assert.Throws<ArgumentException>(() => scaling.Apply(new float[8]));
    }

    [Fact]
    public void Scaling_puts_a_constant_column_at_zero()
    {
        float[] row = [5, 5, 0, 1, 300, 0.1f, 0.4f];
        new ObservationScaling(Defaults with { PowerDbm = new(5, 5) }).Apply(row);
        Assert.Equal(0, row[Observation.Power]);
    }

    private static OffloadingAction[] Repeat(OffloadingAction action, int times)
    {
        var actions = new OffloadingAction[times];
        Array.Fill(actions, action);
        return actions;
    }

    private static double[] Observe(CellEnvironment cell)
    {
        var rows = new double[cell.Clients * Observation.Width];
        cell.CopyObservations(rows);
        return rows;
    }
}
