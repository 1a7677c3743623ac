using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Simulator.Compute;
using Simulator.Environment;
using Simulator.Protocol;
using static Simulator.Compute.DeviceProtocol;

namespace Simulator.Agents.Tests;

/// <summary>The client between cell, master and device, all three played by probes.</summary>
public sealed class ClientActorTests : TestKit
{
    private const int Epoch = 5;
    private const int Batch = 4;

    private const int Client = 3;

    private static readonly PolicySlot Slot = new(2, 17);
    private static readonly Turn Step = new(Epoch, Phase.Training, 1, 0);
    private static readonly Turn Update = new(Epoch, Phase.Learning, 2, 10);

    private readonly TestProbe _cell;
    private readonly TestProbe _master;
    private readonly TestProbe _device;

    public ClientActorTests()
        : base("akka.loglevel = OFF\nakka.stdout-loglevel = OFF")
    {
        _cell = CreateTestProbe();
        _master = CreateTestProbe();
        _device = CreateTestProbe();
    }

    [Fact]
    public void It_begins_by_writing_its_policy_and_reporting_to_the_cell()
    {
        Start();

        var written = _device.ExpectMsg<WritePolicy>();
        Assert.Equal(Slot, written.Slot);
        Assert.Equal(ClientAgentTests.Client().InitialParameters(), written.Values.ToArray());
        Assert.Equal(new CellProtocol.Ready(Epoch, 3), _cell.ExpectMsg<CellProtocol.Ready>());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Of_clients_with_one_policy_the_first_writes_it_and_all_ask_it_in_their_places(int index)
    {
        var links = Links(false);
        var client = Sys.ActorOf(ClientActor.Props(index, ClientAgentTests.Settings() with { Shared = true }, links));
        if (index == 0)
        {
            Assert.Equal(links.Policies, _device.ExpectMsg<WritePolicy>().Slot);
        }

        Assert.Equal(new CellProtocol.Ready(Epoch, index), _cell.ExpectMsg<CellProtocol.Ready>());
        client.Tell(new ClientProtocol.Observe(Step, Payload(Observation.Width)), _cell);
        var asked = _device.ExpectMsg<Infer>();
        Assert.Equal((links.Policies, index, 6), (asked.Slot, asked.Member, asked.Expected));
    }

    [Fact]
    public void An_observation_becomes_a_proposal_to_the_master()
    {
        var client = Started();
        client.Tell(new ClientProtocol.Observe(Step, Payload(Observation.Width)), _cell);
        var asked = _device.ExpectMsg<Infer>();
        Assert.Equal((Slot, 3, Step, 6, 1), (asked.Slot, asked.Member, asked.Turn, asked.Expected, asked.Rows));
        Assert.Equal(Payload(Observation.Width).ToArray(), asked.Observations.ToArray());

        float[] z = [0.1f, 0.2f, 0.3f];
        client.Tell(new Inferred(Step, new HostPayload(z)), _device);

        var (policy, explored) = ClientAgentTests.Client().Act(Step, z);
        Assert.Equal(
            new MasterProtocol.Propose(Step, 3, policy, explored),
            _master.ExpectMsg<MasterProtocol.Propose>());
    }

    [Fact]
    public void Where_there_are_targets_they_are_asked_beside_the_policy()
    {
        var client = Sys.ActorOf(ClientActor.Props(Client, ClientAgentTests.Settings() with { Targets = true }, Links(false)));
        _device.ExpectMsg<WritePolicy>();
        client.Tell(new ClientProtocol.Observe(Step, Payload(Observation.Width)), _cell);
        var asked = _device.ExpectMsg<Infer>();
        Assert.Equal((2, 1), (asked.Rows, asked.TargetRows));
        Assert.Equal([.. Payload(Observation.Width).ToArray(), .. Payload(Observation.Width).ToArray()], asked.Observations.ToArray());

        client.Tell(new ClientProtocol.Observe(Step with { Phase = Phase.Evaluation }, Payload(Observation.Width)), _cell);
        asked = _device.ExpectMsg<Infer>();
        Assert.Equal((1, 0), (asked.Rows, asked.TargetRows));

        client.Tell(new ClientProtocol.ObservationBatch(Update, Payload(Batch * Observation.Width), Payload(Batch * Observation.Width)), _master);
        asked = _device.ExpectMsg<Infer>();
        Assert.Equal((2 * Batch, Batch), (asked.Rows, asked.TargetRows));
    }

    [Fact]
    public void In_evaluation_it_proposes_what_its_policy_does()
    {
        var client = Started();
        var turn = new Turn(Epoch, Phase.Evaluation, 0, 0);
        client.Tell(new Inferred(turn, Payload(3)), _device);

        var proposal = _master.ExpectMsg<MasterProtocol.Propose>();
        Assert.Equal(proposal.Policy, proposal.Explored);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_minibatch_becomes_actions_and_a_gradient_becomes_a_step(bool sequential)
    {
        var client = Started(sequential);
        var (states, next) = (Payload(Batch * Observation.Width), new HostPayload(new float[Batch * Observation.Width]));
        client.Tell(new ClientProtocol.ObservationBatch(Update, states, next), _master);
        var asked = _device.ExpectMsg<Infer>();
        Assert.Equal((Slot, 3, Update, 6, 2 * Batch), (asked.Slot, asked.Member, asked.Turn, asked.Expected, asked.Rows));
        Assert.Equal([.. states.ToArray(), .. next.ToArray()], asked.Observations.ToArray());

        const int half = Batch * ClientAction.Width;
        var z = Enumerable.Range(0, 2 * half).Select(i => i / 100f).ToArray();
        var actions = Array.ConvertAll(z, MathF.Tanh);
        client.Tell(new Inferred(Update, new HostPayload(z)), _device);
        var answer = _master.ExpectMsg<MasterProtocol.ActionBatch>();
        Assert.Equal((Update, 3), (answer.Turn, answer.Client));
        Assert.Equal(actions[..half], answer.Actions.ToArray());
        Assert.Equal(actions[half..], answer.NextActions.ToArray());

        client.Tell(new ClientProtocol.ActionGradient(Update, Payload(half), 0.5), _master);
        var improve = _device.ExpectMsg<Improve>();
        Assert.Equal((Slot, sequential ? 0 : 3, Update, sequential ? 1 : 6, Batch, sequential), (improve.Slot, improve.Member, improve.Turn, improve.Expected, improve.Rows, improve.InferAfter));
        Assert.Equal(states.ToArray(), improve.Observations.ToArray());
        Assert.Equal(0.5, improve.RateFactor);
        Assert.Equal(Payload(half).ToArray().Zip(actions, (g, a) => g * (1 - (a * a))), improve.Gradients.ToArray());

        var after = sequential ? Payload(half) : HostPayload.Empty;
        client.Tell(new Improved(Update, new StepOutcome(0.5, [0.3, 0.4], false, true, true), after), _device);
        var updated = _master.ExpectMsg<MasterProtocol.PolicyUpdated>();
        Assert.Equal((Update, 3), (updated.Turn, updated.Client));
        Assert.Equal(Array.ConvertAll(after.ToArray(), MathF.Tanh), updated.ActionsAfter.ToArray());
        Assert.Equal((0.5, true), (updated.Report.GradientNorm, updated.Report.Frozen));

        // The monitor saw S, not S'.
        Assert.Equal(half, updated.Report.Activations.Outputs);
        Assert.Equal(actions[..half].Max(), updated.Report.Activations.ActionMax);
    }

    [Fact]
    public void A_snapshot_goes_to_the_cell_in_parts()
    {
        var client = Started();
        client.Tell(new ClientProtocol.Snapshot(Step), _cell);
        var asked = _device.ExpectMsg<ReadPolicy>();
        Assert.Equal((Slot, Step), (asked.Slot, asked.Turn));
        const int total = CellProtocol.MaximumPart + 5;

        client.Tell(new NetworkRead(Step, Payload(total)), _device);

        var first = _cell.ExpectMsg<CellProtocol.Parameters>();
        var second = _cell.ExpectMsg<CellProtocol.Parameters>();
        Assert.Equal((Step, 3, 0, total), (first.Turn, first.Owner, first.Offset, first.Total));
        Assert.Equal((Step, 3, CellProtocol.MaximumPart, total), (second.Turn, second.Owner, second.Offset, second.Total));
        Assert.Equal(Payload(total).ToArray(), first.Values.ToArray().Concat(second.Values.ToArray()));
    }

    [Fact]
    public void Messages_of_another_epoch_are_dropped()
    {
        var client = Started();
        foreach (var epoch in new[] { Epoch - 1, Epoch + 1 })
        {
            client.Tell(new ClientProtocol.Observe(Step with { Epoch = epoch }, Payload(Observation.Width)), _cell);
            client.Tell(new ClientProtocol.ObservationBatch(Update with { Epoch = epoch }, Payload(7), Payload(7)), _master);
            client.Tell(new ClientProtocol.ActionGradient(Update with { Epoch = epoch }, Payload(3), 1), _master);
            client.Tell(new ClientProtocol.Snapshot(Step with { Epoch = epoch }), _cell);
        }

        // The first that arrives is the one of the client's own epoch.
        client.Tell(new ClientProtocol.Observe(Step, Payload(Observation.Width)), _cell);
        Assert.Equal(Step, _device.ExpectMsg<Infer>().Turn);
        _device.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void A_failed_operation_makes_it_fail()
    {
        var parent = Sys.ActorOf(Props.Create(() => new Parent(TestActor)));
        parent.Tell(ClientActor.Props(Client, ClientAgentTests.Settings(), Links(false)));
        var client = ExpectMsg<IActorRef>();

        client.Tell(new OperationFailed(Step, "out of memory"), _device);

        Assert.Equal("out of memory", ExpectMsg<DeviceOperationException>().Message);
    }

    private static HostPayload Payload(int length) => new(Enumerable.Range(0, length).Select(i => (float)Math.Sin(i)).ToArray());

    private ClientLinks Links(bool sequential) => new(Epoch, _cell.Ref, _master.Ref, _device.Ref, new PolicySlot(Slot.Reservation, Slot.Slot - Client), 6, sequential);

    private IActorRef Start(bool sequential = false) => Sys.ActorOf(ClientActor.Props(Client, ClientAgentTests.Settings(), Links(sequential)));

    private IActorRef Started(bool sequential = false)
    {
        var client = Start(sequential);
        _device.ExpectMsg<WritePolicy>();
        _cell.ExpectMsg<CellProtocol.Ready>();
        return client;
    }

    /// <summary>Tells a test what its child fails with.</summary>
    private sealed class Parent : UntypedActor
    {
        private readonly IActorRef _test;

        public Parent(IActorRef test) => _test = test;

        protected override void OnReceive(object message) => _test.Tell(Context.ActorOf((Props)message));

        protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(error =>
        {
            _test.Tell(error);
            return Directive.Stop;
        });
    }
}
