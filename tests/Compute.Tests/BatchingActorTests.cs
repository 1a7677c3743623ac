using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Simulator.Protocol;
using static Simulator.Compute.DeviceProtocol;

namespace Simulator.Compute.Tests;

/// <summary>
/// Rounds, released reservations, failures and the delay. Messages from one test thread reach the device in order, and its mailbox is worked off in order: an answer to a later
/// request proves that an earlier one was handled.
/// </summary>
public sealed class BatchingActorTests : TestKit
{
    private const int Inputs = 7;
    private const int Outputs = 3;
    private const int Clients = 2;

    private static readonly NetworkArchitecture Policy = NetworkArchitecture.Actor(PolicyVariant.Baseline, Inputs, Outputs);
    private static readonly NetworkArchitecture Critic = NetworkArchitecture.Critic(PolicyVariant.Baseline, CriticBank.InputWidth(Clients, Inputs, Outputs));

    // The test scheduler's time stands still unless a test advances it.
    public BatchingActorTests()
        : base($$"""
            akka.scheduler.implementation = "{{typeof(TestScheduler).AssemblyQualifiedName}}"
            akka.loglevel = ERROR
            akka.stdout-loglevel = OFF
            {{BatchingActor.Configuration}}
            """)
    {
    }

    [Fact]
    public void A_round_runs_when_all_that_it_expects_have_asked_and_not_before()
    {
        var device = Device(TimeSpan.Zero);
        var cell = Reserve(device, 1);
        var probes = (First: CreateTestProbe(), Second: CreateTestProbe());
        var turn = Acting(1);

        device.Tell(Ask(cell, 0, turn), probes.First);
        Settle(device, cell);
        probes.First.ExpectNoMsg(TimeSpan.Zero);

        device.Tell(Ask(cell, 1, turn), probes.Second);
        Assert.Equal(turn, probes.First.ExpectMsg<Inferred>().Turn);
        Assert.Equal(turn, probes.Second.ExpectMsg<Inferred>().Turn);
    }

    [Fact]
    public void Rounds_of_different_turns_do_not_complete_each_other()
    {
        var device = Device(TimeSpan.Zero);
        var cell = Reserve(device, 1);

        device.Tell(Ask(cell, 0, Acting(1)), TestActor);
        device.Tell(Ask(cell, 1, Acting(2)), TestActor);
        Settle(device, cell);
        ExpectNoMsg(TimeSpan.Zero);

        device.Tell(Ask(cell, 1, Acting(1)), TestActor);
        Assert.Equal(Acting(1), ExpectMsg<Inferred>().Turn);
        Assert.Equal(Acting(1), ExpectMsg<Inferred>().Turn);
    }

    [Fact]
    public void Requests_are_answered_each_with_its_own_policy_whatever_their_order()
    {
        var device = Device(TimeSpan.Zero);
        var cell = Reserve(device, 1);
        var probes = new[] { CreateTestProbe(), CreateTestProbe() };

        device.Tell(Ask(cell, 1, Acting(1)), probes[1]);
        device.Tell(Ask(cell, 0, Acting(1)), probes[0]);

        using var bank = PolicyBank.Create(ComputeDevice.Cpu, Policy);
        bank.Allocate(Clients, 0.01, 0);
        for (var i = 0; i < Clients; i++)
        {
            bank.Write(i, 0, Numbers.Parameters(Policy, (1 * 10) + i));
            var z = new float[Outputs];
            bank.Infer(i, 1, 1, Seen(1, i), z);
            Numbers.SameBits(z, probes[i].ExpectMsg<Inferred>().PreActivations.Span, "pre-activations");
        }
    }

    [Fact]
    public void Cells_whose_rounds_meet_get_the_answers_that_they_get_alone()
    {
        var alone = Enumerable.Range(1, 3).Select(seed => Everything(Device(TimeSpan.Zero), [seed])[0]).ToArray();
        var together = Everything(Device(TimeSpan.FromHours(1)), [1, 2, 3]);

        for (var cell = 0; cell < alone.Length; cell++)
        {
            Assert.Equal(alone[cell].Count, together[cell].Count);
            for (var i = 0; i < alone[cell].Count; i++)
                Numbers.SameBits(alone[cell][i], together[cell][i], $"cell {cell}, answer {i}");
        }
    }

    [Fact]
    public void A_sequential_clients_step_comes_with_its_pre_activations_after_it()
    {
        var device = Device(TimeSpan.Zero);
        var cell = Reserve(device, 1);
        var turn = new Turn(0, Phase.Learning, 1, 10);
        const int rows = 12;
        var seen = new HostPayload(Numbers.Uniform(5, rows * Inputs));

        device.Tell(new Improve(new PolicySlot(cell.Policies, cell.First), 0, turn, 1, rows, seen, new HostPayload(Numbers.Uniform(6, rows * Outputs)), InferAfter: true), TestActor);
        var after = ExpectMsg<Improved>().PreActivationsAfter;
        device.Tell(new Infer(new PolicySlot(cell.Policies, cell.First), 0, turn, 1, rows, seen), TestActor);

        Numbers.SameBits(ExpectMsg<Inferred>().PreActivations.Span, after.Span, "pre-activations");
    }

    [Fact]
    public void What_waits_in_a_released_reservation_is_dropped()
    {
        var device = Device(TimeSpan.FromHours(1));
        var owner = CreateTestProbe();
        var released = Reserve(device, 1, owner);
        var kept = Reserve(device, 2);
        var (gone, stays) = (CreateTestProbe(), CreateTestProbe());

        // One request in an open round, a complete round and a critic's request that wait for the other cell.
        device.Tell(Ask(released, 0, Acting(1)), gone);
        device.Tell(Ask(released, 0, Acting(2)), gone);
        device.Tell(Ask(released, 1, Acting(2)), gone);
        End(device, owner);

        // Late ones find nobody.
        device.Tell(Ask(released, 1, Acting(1)), gone);
        device.Tell(new Evaluate(released.Critic, Acting(3), Query(1)), gone);
        device.Tell(Ask(kept, 0, Acting(1)), stays);
        device.Tell(Ask(kept, 1, Acting(1)), stays);

        stays.ExpectMsg<Inferred>();
        stays.ExpectMsg<Inferred>();
        gone.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void A_round_that_fails_is_told_to_those_who_asked_and_to_nobody_else_and_the_device_goes_on()
    {
        var device = Device(TimeSpan.FromHours(1));
        var broken = Reserve(device, 1);
        var owner = CreateTestProbe();
        var sound = Reserve(device, 2, owner);
        var (failed, well) = (CreateTestProbe(), CreateTestProbe());
        var turn = Acting(1);

        device.Tell(Ask(broken, 0, turn), failed);
        device.Tell(new Infer(new PolicySlot(broken.Policies, broken.First + 1), 1, turn, Clients, 1, new HostPayload(new float[Inputs - 1])), failed);
        device.Tell(Ask(sound, 0, turn), well);
        device.Tell(Ask(sound, 1, turn), well);
        device.Tell(new Evaluate(sound.Critic, turn, Query(1)), well);

        for (var i = 0; i < Clients; i++)
        {
            var failure = failed.ExpectMsg<OperationFailed>();
            Assert.Equal(turn, failure.Turn);
            Assert.Contains("6", failure.Reason, StringComparison.Ordinal);
        }

        well.ExpectMsg<Inferred>();
        well.ExpectMsg<Inferred>();
        well.ExpectMsg<Evaluated>();
        failed.ExpectNoMsg(TimeSpan.Zero);

        End(device, owner);
        device.Tell(Ask(broken, 0, Acting(2)), failed);
        device.Tell(Ask(broken, 1, Acting(2)), failed);
        failed.ExpectMsg<Inferred>();
        failed.ExpectMsg<Inferred>();
    }

    [Fact]
    public void A_critics_request_that_fails_is_told_to_its_master_alone()
    {
        var device = Device(TimeSpan.FromHours(1));
        var broken = Reserve(device, 1);
        ReserveApart(device);
        var sound = Reserve(device, 2);
        var (failed, well) = (CreateTestProbe(), CreateTestProbe());

        // Joint rows of another length than the critic has.
        device.Tell(new Evaluate(broken.Critic, Acting(1), new CriticQuery(new float[3], new[] { new Candidate(0, 0) })), failed);
        device.Tell(new Evaluate(sound.Critic, Acting(1), Query(1)), well);
        device.Tell(new Evaluate(sound.Critic, Acting(2), Query(1)), well);
        device.Tell(new Evaluate(sound.Critic, Acting(3), Query(1)), well);

        Assert.Equal(Acting(1), failed.ExpectMsg<OperationFailed>().Turn);
        well.ExpectMsg<Evaluated>();
        well.ExpectMsg<Evaluated>();
        well.ExpectMsg<Evaluated>();
        failed.ExpectNoMsg(TimeSpan.Zero);
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(3, 0, 0)]
    [InlineData(25, 0, 0)]
    [InlineData(20, 1, 0)]
    [InlineData(20, -1, 0)]
    [InlineData(20, 0, Clients)]
    [InlineData(20, 0, Candidate.None)]
    public void A_malformed_question_to_a_shared_critic_fails_its_asker_and_nobody_who_asks_with_it(int length, int row, int client)
    {
        var device = Device(TimeSpan.FromHours(1));
        var shared = Reserve(device, 1);
        Reserve(device, 2);
        var (failed, well) = (CreateTestProbe(), CreateTestProbe());

        device.Tell(new Evaluate(shared.Critic, Acting(1), new CriticQuery(new float[length], new[] { new Candidate(row, client) })), failed);
        device.Tell(new Evaluate(shared.Critic, Acting(2), Query(1)), well);
        device.Tell(new Evaluate(shared.Critic, Acting(3), Query(2)), well);

        Assert.Equal(Acting(1), failed.ExpectMsg<OperationFailed>().Turn);
        Assert.Equal(Acting(2), well.ExpectMsg<Evaluated>().Turn);
        Assert.Equal(Acting(3), well.ExpectMsg<Evaluated>().Turn);
        failed.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void Who_asks_a_target_that_is_not_there_fails_alone()
    {
        var device = Device(TimeSpan.FromHours(1));
        var plain = Reserve(device, 1);
        Reserve(device, 2);
        var (failed, well) = (CreateTestProbe(), CreateTestProbe());

        device.Tell(new Evaluate(plain.Critic, Acting(1), Query(1) with { TargetRows = 1 }), failed);
        Assert.Equal(Acting(1), failed.ExpectMsg<OperationFailed>().Turn);
        foreach (var member in new[] { 0, 1 })
            device.Tell(Ask(plain, member, Acting(2)) with { TargetRows = 1 }, failed);
        Assert.Equal(Acting(2), failed.ExpectMsg<OperationFailed>().Turn);
        Assert.Equal(Acting(2), failed.ExpectMsg<OperationFailed>().Turn);
        device.Tell(new Evaluate(plain.Critic, Acting(3), Query(1)), well);
        device.Tell(new Evaluate(plain.Critic, Acting(4), Query(1)), well);
        well.ExpectMsg<Evaluated>();
        failed.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void Reading_what_was_released_fails_for_the_one_who_asks()
    {
        var device = Device(TimeSpan.Zero);
        var owner = CreateTestProbe();
        var released = Reserve(device, 1, owner);
        var kept = Reserve(device, 2);
        End(device, owner);

        device.Tell(new ReadPolicy(new PolicySlot(released.Policies, released.First), Acting(3)), TestActor);
        Assert.Equal(Acting(3), ExpectMsg<OperationFailed>().Turn);
        device.Tell(new ReadCritic(kept.Critic, Acting(4)), TestActor);
        Assert.Equal(Acting(4), ExpectMsg<NetworkRead>().Turn);
    }

    [Fact]
    public void With_a_delay_a_complete_round_waits_for_the_other_cells()
    {
        var device = Device(TimeSpan.FromHours(1));
        var (first, second) = (Reserve(device, 1), Reserve(device, 2));

        device.Tell(Ask(first, 0, Acting(1)), TestActor);
        device.Tell(Ask(first, 1, Acting(1)), TestActor);
        Settle(device, first);
        ExpectNoMsg(TimeSpan.Zero);

        device.Tell(Ask(second, 0, Acting(7)), TestActor);
        device.Tell(Ask(second, 1, Acting(7)), TestActor);
        Assert.Equal([1, 1, 7, 7], Enumerable.Range(0, 4).Select(_ => ExpectMsg<Inferred>().Turn.Step).Order());
    }

    [Fact]
    public void With_a_delay_a_complete_round_runs_alone_when_it_is_over()
    {
        var delay = TimeSpan.FromMilliseconds(200);
        var device = Device(delay);
        var first = Reserve(device, 1);
        Reserve(device, 2);

        device.Tell(Ask(first, 0, Acting(1)), TestActor);
        device.Tell(Ask(first, 1, Acting(1)), TestActor);
        Settle(device, first);
        Scheduler.Advance(delay - TimeSpan.FromMilliseconds(1));
        Settle(device, first);
        ExpectNoMsg(TimeSpan.Zero);

        Scheduler.Advance(TimeSpan.FromMilliseconds(1));
        ExpectMsg<Inferred>();
        ExpectMsg<Inferred>();
    }

    [Fact]
    public void Without_a_delay_a_complete_round_waits_for_nobody()
    {
        var device = Device(TimeSpan.Zero);
        var first = Reserve(device, 1);
        Reserve(device, 2);

        device.Tell(Ask(first, 0, Acting(1)), TestActor);
        device.Tell(Ask(first, 1, Acting(1)), TestActor);

        ExpectMsg<Inferred>();
        ExpectMsg<Inferred>();
    }

    [Fact]
    public void Slots_are_used_again_after_their_release_and_start_as_new()
    {
        var device = Device(TimeSpan.Zero);
        var (first, second) = (CreateTestProbe(), CreateTestProbe());
        var before = Reserve(device, 1, first);
        var beside = Reserve(device, 2);
        End(device, first);

        device.Tell(new ReservePolicies(Policy, Clients, 0.01, 0), second);
        var again = second.ExpectMsg<PoliciesReserved>();

        Assert.Equal(before.First, again.First);
        Assert.NotEqual(before.Policies, again.Reservation);
        Assert.NotEqual(beside.Policies, again.Reservation);
        device.Tell(new ReadPolicy(new PolicySlot(again.Reservation, again.First), Acting(1)), TestActor);
        Assert.All(ExpectMsg<NetworkRead>().Values.ToArray(), v => Assert.Equal(0, v));

        // A reservation of another size does not fit into two free slots.
        End(device, second);
        device.Tell(new ReservePolicies(Policy, Clients + 1, 0.01, 0), TestActor);
        Assert.Equal(2 * Clients, ExpectMsg<PoliciesReserved>().First);
    }

    [Fact]
    public void Networks_are_read_as_they_were_written_and_with_the_statistics_of_their_input()
    {
        var architecture = NetworkArchitecture.Actor(PolicyVariant.Fullnorm, Inputs, Outputs);
        var device = Device(TimeSpan.Zero);
        device.Tell(new ReservePolicies(architecture, 1, 0.01, 0), TestActor);
        var slot = new PolicySlot(ExpectMsg<PoliciesReserved>().Reservation, 0);
        var parameters = Numbers.Parameters(architecture, 1);

        device.Tell(new WritePolicy(slot, new HostPayload(parameters)));
        device.Tell(new ReadPolicy(slot, Acting(4)), TestActor);

        var read = ExpectMsg<NetworkRead>();
        Assert.Equal(Acting(4), read.Turn);
        Numbers.SameBits([.. parameters, .. new float[Inputs], .. Enumerable.Repeat(1f, Inputs)], read.Values.ToArray(), "state");
    }

    private TestScheduler Scheduler => (TestScheduler)Sys.Scheduler;

    private static Turn Acting(int step) => new(0, Phase.Training, 1, step);

    private static float[] Seen(int seed, int client) => Numbers.Uniform((seed * 100) + client, Inputs);

    private static Infer Ask(Held cell, int client, Turn turn) =>
        new(new PolicySlot(cell.Policies, cell.First + client), client, turn, Clients, 1, new HostPayload(Seen(cell.Seed, client)));

    private static CriticQuery Query(int seed) =>
        new(Numbers.Uniform(seed, Clients * (Inputs + Outputs)), new[] { new Candidate(0, 0), new Candidate(0, 1) });

    private IActorRef Device(TimeSpan delay) => Sys.ActorOf(BatchingActor.Props(ComputeDevice.Cpu, new BatchingOptions(delay)));

    /// <summary>Reserves and writes the networks of a cell, for the test or for a probe that can end before it.</summary>
    private Held Reserve(IActorRef device, int seed, TestProbe? owner = null)
    {
        var asker = owner ?? (TestKitBase)this;
        device.Tell(new ReservePolicies(Policy, Clients, 0.01, 0), asker.TestActor);
        var policies = asker.ExpectMsg<PoliciesReserved>();
        device.Tell(new ReserveCritic(Critic, Clients, Inputs, 0.01, 0), asker.TestActor);
        var critic = asker.ExpectMsg<CriticReserved>();
        for (var i = 0; i < Clients; i++)
            device.Tell(new WritePolicy(new PolicySlot(policies.Reservation, policies.First + i), new HostPayload(Numbers.Parameters(Policy, (seed * 10) + i))));
        device.Tell(new WriteCritic(critic.Reservation, new HostPayload(Numbers.Parameters(Critic, seed))));
        return new Held(seed, policies.Reservation, policies.First, critic.Reservation);
    }

    /// <summary>Ends the owner of reservations, and returns when the device knows: the place at its turnstile, too, is free only then.</summary>
    private void End(IActorRef device, TestProbe owner)
    {
        List<TestProbe> inside = [owner];
        device.Tell(Enter.Instance, owner);
        owner.ExpectMsg<Entered>();
        while (inside.Count < BatchingOptions.Default.PlacesOn(ComputeDevice.Cpu))
        {
            inside.Add(CreateTestProbe());
            device.Tell(Enter.Instance, inside[^1]);
            inside[^1].ExpectMsg<Entered>();
        }

        inside.Add(CreateTestProbe());
        device.Tell(Enter.Instance, inside[^1]);
        Sys.Stop(owner);
        inside[^1].ExpectMsg<Entered>();
        inside.Skip(1).ToList().ForEach(probe => device.Tell(Leave.Instance, probe));
    }

    /// <summary>Reserves slots that nobody uses, so that those before and behind are no neighbours.</summary>
    private void ReserveApart(IActorRef device)
    {
        device.Tell(new ReservePolicies(Policy, 1, 0.01, 0), TestActor);
        ExpectMsg<PoliciesReserved>();
    }

    /// <summary>Returns when the device has handled everything sent before, a flush behind its mailbox included.</summary>
    private void Settle(IActorRef device, Held cell)
    {
        for (var i = 0; i < 2; i++)
        {
            var probe = CreateTestProbe();
            device.Tell(new ReadPolicy(new PolicySlot(cell.Policies, cell.First), Acting(0)), probe);
            probe.ExpectMsg<NetworkRead>();
        }
    }

    /// <summary>Takes cells through acting, valuing and learning, each kind of all cells at once, and returns all answers of each cell.</summary>
    private List<float[]>[] Everything(IActorRef device, int[] seeds)
    {
        const int rows = 16;
        var cells = Array.ConvertAll(seeds, s => Reserve(device, s));
        var said = Array.ConvertAll(seeds, _ => new List<float[]>());
        var probes = Array.ConvertAll(seeds, _ => CreateTestProbe());
        var learning = new Turn(0, Phase.Learning, 1, 10);
        for (var step = 0; step < 2; step++)
        {
            for (var client = 0; client < Clients; client++)
                ForEach((cell, probe, _) => device.Tell(Ask(cell, client, Acting(step)), probe));
            for (var client = 0; client < Clients; client++)
                ForEach((_, probe, answers) => answers.Add([.. probe.ExpectMsg<Inferred>().PreActivations.Span]));
            ForEach((cell, probe, _) => device.Tell(new Evaluate(cell.Critic, Acting(step), Query(cell.Seed)), probe));
            ForEach((_, probe, answers) => answers.Add(probe.ExpectMsg<Evaluated>().Values));
            ForEach((cell, probe, _) => device.Tell(new ImproveCritic(cell.Critic, learning, Lesson(cell.Seed)), probe));
            ForEach((_, probe, answers) => answers.Add(Array.ConvertAll(probe.ExpectMsg<CriticImproved>().Step.Errors, e => (float)e)));
            ForEach((cell, probe, _) => device.Tell(new Differentiate(cell.Critic, learning, new ActorQuestion(Joint(cell.Seed), Weights)), probe));
            ForEach((_, probe, answers) => answers.Add(probe.ExpectMsg<Differentiated>().Answer.Gradients));
            for (var client = 0; client < Clients; client++)
            {
                ForEach((cell, probe, _) => device.Tell(
                    new Improve(
                        new PolicySlot(cell.Policies, cell.First + client),
                        client,
                        learning,
                        Clients,
                        rows,
                        new HostPayload(Numbers.Uniform(cell.Seed + client, rows * Inputs)),
                        new HostPayload(Numbers.Uniform(cell.Seed + client + 50, rows * Outputs)),
                        InferAfter: false),
                    probe));
            }

            for (var client = 0; client < Clients; client++)
                ForEach((_, probe, answers) => answers.Add([.. probe.ExpectMsg<Improved>().Outcome.LayerNorms.Select(n => (float)n)]));
            for (var client = 0; client < Clients; client++)
            {
                ForEach((cell, probe, answers) =>
                {
                    device.Tell(new ReadPolicy(new PolicySlot(cell.Policies, cell.First + client), learning), probe);
                    answers.Add(probe.ExpectMsg<NetworkRead>().Values.ToArray());
                });
            }

            ForEach((cell, probe, answers) =>
            {
                device.Tell(new ReadCritic(cell.Critic, learning), probe);
                answers.Add(probe.ExpectMsg<NetworkRead>().Values.ToArray());
            });
        }

        return said;

        void ForEach(Action<Held, TestProbe, List<float[]>> action)
        {
            for (var c = 0; c < cells.Length; c++)
                action(cells[c], probes[c], said[c]);
        }

        static float[] Joint(int seed) => Numbers.Uniform(seed + 900, rows * Clients * (Inputs + Outputs));
        static CriticLesson Lesson(int seed) =>
            new(Joint(seed + 7), Enumerable.Range(0, rows * Clients).Select(i => i % 3 == 0 ? Candidate.None : i % Clients).ToArray(), Enumerable.Repeat(-3.0, rows).ToArray(), Weights);
    }

    private static double[] Weights { get; } = Enumerable.Range(0, 16).Select(b => 1 / (1.0 + b)).ToArray();

    private sealed record Held(int Seed, int Policies, int First, int Critic);
}
