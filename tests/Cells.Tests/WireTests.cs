using Akka.Actor;
using Akka.Configuration;
using Simulator.Compute;
using Simulator.Protocol;

namespace Simulator.Cells.Tests;

/// <summary>What crosses the network where a cell is on another node than its population, in bytes: docs/cluster.md, "Sizing", counts with it.</summary>
public sealed class WireTests
{
    private const int Clients = 50;
    private const int Episodes = 6;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>How many messages of each kind there were, and the bytes of one; of parameters those of all.</summary>
    private static readonly string[] Documented =
    [
        "AgentsLearned: 5, 8238 bytes", // From the second episode on.
        "Begin: 1, 4 bytes",
        "CellEnded: 1, 39 bytes",
        "CellOpened: 1, 50 bytes",
        "CellParameters: 77, 1854487 bytes",
        "CellStarted: 1, 444 bytes",
        "EpisodeFinished: 6, 1930 bytes",
        "Evaluated: 2, 62 bytes",
        "Heard: 93, 8 bytes",
        "Start: 1, 32 bytes", // And the scenario, which this run has none of.
    ];

    [Fact]
    public async Task A_cell_of_fifty_clients_tells_its_population_as_much_as_the_documentation_counts_with()
    {
        var weighed = await WeighAsync(new CellOptions { Seed = 42, Episodes = Episodes, Clients = Clients });

        Assert.Equal(
            Documented,
            weighed.GroupBy(w => w.Message.GetType().Name, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
                .Select(g => $"{g.Key}: {g.Count()}, {(g.First().Message is PopulationProtocol.CellParameters ? g.Sum(w => w.Bytes) : g.Max(w => w.Bytes))} bytes"));
    }

    /// <summary>Runs a cell, and weighs each message between its host and its population.</summary>
    /// <returns>The messages, those that <see cref="HostProtocol.Told"/> brings in its place, with the bytes of the whole.</returns>
    private static async Task<List<(object Message, int Bytes)>> WeighAsync(CellOptions cell)
    {
        var weighed = new List<(object, int)>();
        using var system = ActorSystem.Create("test", ConfigurationFactory.ParseString("akka.loglevel = OFF").WithFallback(SimulatorSystem.Configuration));
        var device = system.ActorOf(BatchingActor.Props(ComputeDevice.Cpu, BatchingOptions.Default));
        var cells = system.ActorOf(LocalCells.Props(new UnkeptCells([cell]), system.ActorOf(CellPlaces.Props([device]))));
        var line = system.ActorOf(Line.Props(cells, message =>
        {
            var bytes = system.Serialization.FindSerializerFor(message).ToBinary(message).Length;
            lock (weighed)
            {
                weighed.Add((message is HostProtocol.Told told ? told.Message : message, bytes));
            }
        }));
        var completion = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        system.ActorOf(PopulationActor.Props(LocalPopulation.Alone, 1, 0, line, new Deaf(), completion));
        await completion.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await system.Terminate();
        return weighed;
    }

    /// <summary>Stands between a population and the host of its one cell, as the network does, and shows what passes.</summary>
    private sealed class Line : ReceiveActor
    {
        private IActorRef _population = ActorRefs.Nobody;
        private IActorRef _host = ActorRefs.Nobody;

        public Line(IActorRef cells, Action<object> show)
        {
            Receive<HostProtocol.Start>(m =>
            {
                show(m);
                _population = Sender;
                cells.Tell(m);
            });
            Receive<HostProtocol.Told>(m =>
            {
                show(m);
                if (_host.IsNobody())
                {
                    Context.Watch(_host = Sender);
                }

                _population.Tell(m);
            });
            Receive<Terminated>(_ => Context.Stop(Self));
            ReceiveAny(m =>
            {
                show(m);
                _host.Tell(m);
            });
        }

        internal static Props Props(IActorRef cells, Action<object> show) => Akka.Actor.Props.Create(() => new Line(cells, show));
    }

    /// <summary>Keeps nothing.</summary>
    private sealed class Deaf : IPopulationObserver
    {
        public void OnStarted(PopulationProtocol.CellStarted message)
        {
        }

        public void OnEpisode(PopulationProtocol.EpisodeFinished message)
        {
        }

        public void OnAgents(PopulationProtocol.AgentsLearned message)
        {
        }

        public void OnIntervened(PopulationProtocol.Intervened message)
        {
        }

        public void OnEvaluated(PopulationProtocol.Evaluated message)
        {
        }

        public void OnParameters(PopulationProtocol.CellParameters message)
        {
        }

        public void OnEnded(PopulationProtocol.CellEnded message)
        {
        }

        public void OnRecovering(int cell, int epoch, string reason, bool handedOver)
        {
        }
    }
}
