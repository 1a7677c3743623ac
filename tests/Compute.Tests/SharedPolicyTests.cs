using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Simulator.Protocol;
using static Simulator.Compute.DeviceProtocol;

namespace Simulator.Compute.Tests;

/// <summary>Reservations that several clients ask: one policy of many clients, one critic of many cells.</summary>
public sealed class SharedPolicyTests : TestKit
{
    private const int Inputs = 7;
    private const int Outputs = 3;
    private const int Clients = 5;
    private const int Rows = 16;
    private const double Rate = 0.01;

    private static readonly NetworkArchitecture Policy = NetworkArchitecture.Actor(PolicyVariant.Baseline, Inputs, Outputs);
    private static readonly NetworkArchitecture Critic = NetworkArchitecture.Critic(PolicyVariant.Baseline, CriticBank.InputWidth(Clients, Inputs, Outputs));
    private static readonly Turn Learning = new(0, Phase.Learning, 1, 10);

    public SharedPolicyTests()
        : base($"akka.loglevel = ERROR\nakka.stdout-loglevel = OFF\n{BatchingActor.Configuration}")
    {
    }

    [Theory]
    [InlineData(new[] { 0, 1, 2, 3, 4 })]
    [InlineData(new[] { 4, 2, 0, 3, 1 })]
    public void One_policy_answers_all_clients_each_with_its_own_rows_whatever_their_order(int[] arrival)
    {
        var (device, slot, parameters) = Reserve();
        var probes = Ask(device, arrival, i => new Infer(slot, i, Learning, Clients, Rows, Seen(i)));
        for (var i = 0; i < Clients; i++)
        {
            var answer = probes[i].ExpectMsg<Inferred>();
            Close(Reference(parameters, i), answer.PreActivations.Span, 1e-5f);
        }
    }

    [Theory]
    [InlineData(new[] { 0, 1, 2, 3, 4 })]
    [InlineData(new[] { 3, 0, 4, 1, 2 })]
    public void One_policy_steps_along_the_mean_of_its_clients_gradients_and_tells_all_of_them(int[] arrival)
    {
        var (device, slot, parameters) = Reserve();
        var probes = Ask(device, arrival, i => new Improve(slot, i, Learning, Clients, Rows, Seen(i), Gradient(i), InferAfter: false));
        var outcomes = Array.ConvertAll(probes, p => p.ExpectMsg<Improved>().Outcome);

        // Each client's gradient by itself, from a bank in which each has a copy of the policy.
        using var apart = PolicyBank.Create(ComputeDevice.Cpu, Policy);
        apart.Allocate(Clients, Rate, 0);
        var mean = new double[Policy.Layout.Length];
        for (var i = 0; i < Clients; i++)
        {
            apart.Write(i, 0, parameters);
            var own = apart.Gradient(i, 1, Rows, Seen(i).Span, Gradient(i).Span);
            for (var k = 0; k < mean.Length; k++)
                mean[k] += own[k] / (double)Clients;
        }

        Assert.All(outcomes, o => Assert.Same(outcomes[0], o));
        Assert.Equal(Math.Sqrt(mean.Sum(g => g * g)), outcomes[0].GradientNorm, 1e-5 * outcomes[0].GradientNorm);

        // Adam's first step, written out: both moments are corrected to the gradient itself.
        var expected = parameters.Zip(mean, (p, g) => (float)(p - (Rate * g / (Math.Abs(g) + 1e-8)))).ToArray();
        device.Tell(new ReadPolicy(slot, Learning), TestActor);
        var actual = ExpectMsg<NetworkRead>().Values.ToArray();
        for (var k = 0; k < mean.Length; k++)
        {
            // Where a gradient is all rounding its sign, and with it the step, is chance.
            if (Math.Abs(mean[k]) > 1e-6)
                Assert.InRange(actual[k], expected[k] - (Rate * 0.01), expected[k] + (Rate * 0.01));
        }
    }

    [Fact]
    public void The_order_of_arrival_leaves_no_trace_in_a_shared_policy()
    {
        int[][] arrivals = [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]];
        var ends = Array.ConvertAll(arrivals, arrival =>
        {
            var (device, slot, _) = Reserve();
            foreach (var probe in Ask(device, arrival, i => new Improve(slot, i, Learning, Clients, Rows, Seen(i), Gradient(i), InferAfter: false)))
                probe.ExpectMsg<Improved>();
            device.Tell(new ReadPolicy(slot, Learning), TestActor);
            return ExpectMsg<NetworkRead>().Values.ToArray();
        });
        Numbers.SameBits(ends[0], ends[1], "backward");
        Numbers.SameBits(ends[0], ends[2], "mixed");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(Clients)]
    public void A_request_whose_place_is_taken_or_is_none_fails_by_itself(int member)
    {
        var (device, slot, _) = Reserve();
        var (first, second) = (CreateTestProbe(), CreateTestProbe());
        device.Tell(new Infer(slot, 1, Learning, Clients, Rows, Seen(1)), first);
        device.Tell(new Infer(slot, member, Learning, Clients, Rows, Seen(1)), second);
        Assert.Contains("not expected", second.ExpectMsg<OperationFailed>().Reason, StringComparison.Ordinal);
        foreach (var i in new[] { 0, 2, 3, 4 })
            device.Tell(new Infer(slot, i, Learning, Clients, Rows, Seen(i)), TestActor);
        first.ExpectMsg<Inferred>();
    }

    [Fact]
    public void A_request_with_another_slot_than_its_place_has_fails_its_round()
    {
        var device = Sys.ActorOf(BatchingActor.Props(ComputeDevice.Cpu, BatchingOptions.Default));
        device.Tell(new ReservePolicies(Policy, 2, Rate, 0), TestActor);
        var reserved = ExpectMsg<PoliciesReserved>();
        device.Tell(new Infer(new PolicySlot(reserved.Reservation, reserved.First), 0, Learning, 2, Rows, Seen(0)), TestActor);
        device.Tell(new Infer(new PolicySlot(reserved.Reservation, reserved.First), 1, Learning, 2, Rows, Seen(1)), TestActor);
        Assert.Contains("is not that of request 1", ExpectMsg<OperationFailed>().Reason, StringComparison.Ordinal);
        ExpectMsg<OperationFailed>();
    }

    [Fact]
    public void Cells_that_ask_one_critic_together_get_the_answers_that_they_get_alone()
    {
        const int cells = 7;
        var alone = Values(delay: TimeSpan.Zero, together: false);
        var together = Values(delay: TimeSpan.FromHours(1), together: true);
        for (var c = 0; c < cells; c++)
            Numbers.SameBits(alone[c], together[c], $"cell {c}");

        float[][] Values(TimeSpan delay, bool together)
        {
            var device = Sys.ActorOf(BatchingActor.Props(ComputeDevice.Cpu, new BatchingOptions(delay)));
            device.Tell(new ReserveCritic(Critic, Clients, Inputs, Rate, 0), TestActor);
            var critic = ExpectMsg<CriticReserved>().Reservation;
            device.Tell(new WriteCritic(critic, new HostPayload(Numbers.Parameters(Critic, 3))));
            for (var c = 0; c < (together ? cells : 1); c++)
            {
                device.Tell(new ReservePolicies(Policy, Clients, Rate, 0), TestActor);
                ExpectMsg<PoliciesReserved>();
            }

            var probes = Enumerable.Range(0, cells).Select(_ => CreateTestProbe()).ToArray();
            for (var c = 0; c < cells; c++)
            {
                var candidates = Enumerable.Range(0, Clients).Where(i => (i + c) % 3 != 0).Select(i => new Candidate(0, i)).ToArray();
                device.Tell(new Evaluate(critic, Learning, new CriticQuery(Numbers.Uniform(c, Clients * (Inputs + Outputs)), candidates)), probes[c]);
            }

            return Array.ConvertAll(probes, p => p.ExpectMsg<Evaluated>().Values);
        }
    }

    private static HostPayload Seen(int client) => new(Numbers.Uniform(client + 10, Rows * Inputs));

    private static HostPayload Gradient(int client) => new(Numbers.Uniform(client + 20, Rows * Outputs));

    private (IActorRef Device, PolicySlot Slot, float[] Parameters) Reserve()
    {
        var device = Sys.ActorOf(BatchingActor.Props(ComputeDevice.Cpu, BatchingOptions.Default));
        device.Tell(new ReservePolicies(Policy, 1, Rate, 0), TestActor);
        var reserved = ExpectMsg<PoliciesReserved>();
        var slot = new PolicySlot(reserved.Reservation, reserved.First);
        var parameters = Numbers.Parameters(Policy, 1);
        device.Tell(new WritePolicy(slot, new HostPayload(parameters)));
        return (device, slot, parameters);
    }

    private TestProbe[] Ask(IActorRef device, int[] arrival, Func<int, object> request)
    {
        var probes = Enumerable.Range(0, Clients).Select(_ => CreateTestProbe()).ToArray();
        foreach (var i in arrival)
            device.Tell(request(i), probes[i]);
        return probes;
    }

    /// <summary>What the policy answers to a client's rows, evaluated by itself.</summary>
    private static float[] Reference(float[] parameters, int client)
    {
        using var bank = PolicyBank.Create(ComputeDevice.Cpu, Policy);
        bank.Allocate(1, Rate, 0);
        bank.Write(0, 0, parameters);
        var z = new float[Rows * Outputs];
        bank.Infer(0, 1, Rows, Seen(client).Span, z);
        return z;
    }

    private static void Close(float[] expected, ReadOnlySpan<float> actual, float tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.InRange(actual[i], expected[i] - tolerance, expected[i] + tolerance);
    }
}
