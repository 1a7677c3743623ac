namespace Simulator.Protocol.Tests;

/// <summary>A message of each type, and the largest one that N clients and a minibatch of B can make.</summary>
internal static class Samples
{
    internal const int ManyClients = 1000;
    internal const int Batch = 64;

    private const int Observation = 7;
    private static readonly Turn Turn = new(3, Phase.Learning, 1_000_000, 100_000);

    /// <summary>All message types of the protocols.</summary>
    internal static IEnumerable<Type> MessageTypes { get; } =
    [
        .. new[] { typeof(ClientProtocol), typeof(MasterProtocol), typeof(CellProtocol), typeof(PopulationProtocol), typeof(HostProtocol), typeof(GroupProtocol) }
            .SelectMany(p => p.GetNestedTypes()).Where(t => t.IsClass && t.IsSealed && !t.IsAbstract),
    ];

    /// <summary>A message of each type; where a part can be missing, with it and without.</summary>
    internal static List<object> All(int clients = 3, int batch = 2) =>
    [
        new ClientProtocol.Observe(Turn, Payload(Observation)),
        new ClientProtocol.Observe(Turn, Payload(Observation)) { Statistics = Payload(2 * Observation) },
        new ClientProtocol.ObservationBatch(Turn, Payload(batch * Observation), Payload(batch * Observation)),
        new ClientProtocol.ActionGradient(Turn, Payload(batch * ClientAction.Width), 0.25),
        new ClientProtocol.Snapshot(Turn),
        new ClientProtocol.Intervene(Turn, InterventionKind.ScaleRate, 0.125),
        new ClientProtocol.Remember(Turn),
        new ClientProtocol.Restore(Turn, CellProtocol.MaximumStatePart, 200_000, Bytes(CellProtocol.MaximumStatePart)),
        new MasterProtocol.Begin(Turn, Payload(clients * Observation)),
        new MasterProtocol.Begin(Turn, Payload(clients * Observation)) { Statistics = Payload(2 * Observation) },
        new MasterProtocol.Propose(Turn, clients - 1, new ClientAction(0.5f, -0.25f, float.NaN), new ClientAction(-0f, 1, float.Epsilon)),
        new MasterProtocol.Outcome(Turn, -123.456789, Payload(clients * Observation), true),
        new MasterProtocol.ActionBatch(Turn, clients - 1, Payload(batch * ClientAction.Width), Payload(batch * ClientAction.Width)),
        new MasterProtocol.PolicyUpdated(Turn, clients - 1, Report(), Payload(batch * ClientAction.Width)),
        new MasterProtocol.PolicyUpdated(Turn, 0, Report(), HostPayload.Empty),
        new MasterProtocol.Snapshot(Turn),
        new CellProtocol.Ready(2, CellProtocol.Critic),
        new CellProtocol.Decide(Turn, [.. Enumerable.Range(0, clients).Select(i => i % 2 == 0)], Payload(clients * ClientAction.Width)),
        new CellProtocol.EpisodeLearned(Turn, Update(clients), null),
        new CellProtocol.EpisodeLearned(Turn, Update(clients) with { Actors = null, Activations = null, Agents = [], Outputs = null, ActorRateFactor = null }, null),
        new CellProtocol.EpisodeLearned(Turn, null, "the actors' loss: ∞"),
        Part(),
        new CellProtocol.ClientState(Turn, clients - 1, CellProtocol.MaximumStatePart, 200_000, Bytes(CellProtocol.MaximumStatePart)),
        new CellProtocol.Intervene(new Intervention(3, 7, InterventionKind.ScaleRate) { Agent = clients - 1, Factor = 0.125, Before = 500 }),
        CellProtocol.Stop.Instance,
        new PopulationProtocol.CellStarted(7, 1, [.. Enumerable.Range(0, 8).Select(i => new BaselineReward($"all local at {i} %", -i, new Violations(0.25, 0.5, i)))]),
        new PopulationProtocol.AgentsLearned(7, 1, 2000, 256, [.. Enumerable.Range(0, Math.Min(clients, PopulationProtocol.MaximumAgents)).Select(Outputs)]),
        new PopulationProtocol.EpisodeFinished(7, 1, 2000, -50_000.5, 0.99, new Violations(0.125, 0.5, 0.25), Update(clients)),
        new PopulationProtocol.EpisodeFinished(7, 1, 1, double.NegativeInfinity, 1, default, null),
        new PopulationProtocol.Evaluated(7, 1, 2000, -389.25, new Violations(0.5, 0.25, 0.125)),
        new PopulationProtocol.Intervened(7, 1, 3, InterventionKind.ResetOutput, 500),
        new PopulationProtocol.CellParameters(7, Part()),
        new PopulationProtocol.CellEnded(7, 1, CellStatus.Diverged, 2000, 0, "the critic's loss"),
        new PopulationProtocol.CellEnded(7, 1, CellStatus.Completed, 2000, 161, null),
        new PopulationProtocol.CellOpened(7, 65_536, 500, 12.5, CellProtocol.MaximumStatePart, 200_000, Bytes(CellProtocol.MaximumStatePart)),
        new PopulationProtocol.CellOpened(7, 65_536, 0, 0, 0, 0, []),
        new PopulationProtocol.CellUnopened(7, 65_536, "the store cannot be reached"),
        new PopulationProtocol.CheckpointBegun(7, 65_536, 500),
        new PopulationProtocol.CheckpointKept(7, 65_536, 500, null),
        new PopulationProtocol.CheckpointKept(7, 65_536, 500, "the disk is full"),
        new PopulationProtocol.CheckpointDamaged(7, 65_536, "checkpoint-00000500.json: its hash is another one"),
        new PopulationProtocol.CellFailed(7, 65_536, "DeviceOperationException: planned", true),
        new PopulationProtocol.CellHandedOver(7, 65_536),
        new HostProtocol.Start(new RunDescription(Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), "quickstart-1", new string('x', RunDescription.MaximumScenario)), 7, 65_536),
        new HostProtocol.Begin(3),
        new HostProtocol.Told(7, 65_536, 12_345_678_901, new PopulationProtocol.Evaluated(7, 1, 2000, -389.25, new Violations(0.5, 0.25, 0.125))),
        new HostProtocol.Told(7, 65_536, 1, new PopulationProtocol.CellParameters(7, Part())),
        new HostProtocol.Told(7, 65_536, 2, new PopulationProtocol.EpisodeFinished(7, 1, 2000, -50_000.5, 0.99, new Violations(0.125, 0.5, 0.25), Update(clients))),
        new HostProtocol.Heard(12_345_678_901),
        HostProtocol.Dismiss.Instance,
        new GroupProtocol.Enlist(new RunDescription(Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), "quickstart-1", new string('x', RunDescription.MaximumScenario)), 7, 65_536, 2, 34, 16),
        new GroupProtocol.Bundle(17, 16, []),
        Bundle(16, clients, i => new ClientProtocol.ObservationBatch(Turn, Payload(batch * Observation), Payload(batch * Observation))),
        Bundle(17, clients, i => new MasterProtocol.PolicyUpdated(Turn, i, Report(), Payload(batch * ClientAction.Width))),
        Bundle(18, clients, i => new MasterProtocol.Propose(Turn, i, new ClientAction(0.5f, -0.25f, float.NaN), new ClientAction(-0f, 1, float.Epsilon))),
        Bundle(19, 2, i => new ClientProtocol.Restore(Turn, CellProtocol.MaximumStatePart, 200_000, Bytes(CellProtocol.MaximumStatePart))),
        new GroupProtocol.GroupFailed("DeviceOperationException: planned"),
        GroupProtocol.GroupLeaves.Instance,
    ];

    /// <summary>A bundle that is as full as whoever makes one lets it become.</summary>
    private static GroupProtocol.Bundle Bundle(long number, int most, Func<int, object> message)
    {
        var bytes = 0;
        return new GroupProtocol.Bundle(
            number, number - 1, [.. Enumerable.Range(0, most).Select(i => new GroupProtocol.Item(i, message(i))).TakeWhile(i => (bytes += i.Bytes) <= GroupProtocol.MaximumBundle)]);
    }

    private static HostPayload Payload(int length) => new(Enumerable.Range(0, length).Select(i => (i * 0.37f) - 1).ToArray());

    private static byte[] Bytes(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)i)];

    private static CellProtocol.Parameters Part() => new(Turn, 4, CellProtocol.MaximumPart, 300_000, Payload(CellProtocol.MaximumPart));

    private static double[] Layers() => [1.5, 2.5, 3.5, 4.5, 5.5];

    private static ActivationSummary Activations() => new(222, 0.91, 0.05, -1.5, 2.25, -10.5, 9.75, 0.125, -1, 1);

    private static AgentReport Report() =>
        new(AgentState.Dead, 1e-30, Layers(), true, false, true, Activations(), new AgentOutcomes(1, 2, 3, 4), Outputs(0));

    private static UpdateReport Update(int clients) => new(
        new GradientReport(1.25, 2.25, Layers(), 1),
        new GradientReport(3.25, 4.25, Layers(), clients),
        Activations(),
        17.5,
        [.. Enumerable.Range(0, clients).Select(i => new AgentSample((AgentState)(i % 4), i, 0.5f, 0.25f, i % 2 == 0, new AgentOutcomes(i, 2, 3, 4)))])
    {
        Outputs = Outputs(clients),
        ActorRateFactor = 0.75,
    };

    private static OutputDiagnostics Outputs(int i) => new(1e-5 * i, 2.5, 3.5, 0.125, Action(i), Action(i + 1), Action(i + 2) with { Stuck = float.NaN, Boundary = float.NaN });

    private static ActionOutputs Action(int i) => new(i, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f, 0.8f, 0.9f, 0.1f, 0.11f);
}
