using BenchmarkDotNet.Attributes;
using Simulator.Environment;
using Simulator.Protocol;

namespace Simulator.Benchmarks;

/// <summary>Messages of every step and every episode, written and read again: 50 clients, minibatches of 64.</summary>
[MemoryDiagnoser]
public class SerializerBenchmarks
{
    private const int Clients = 50;
    private const int Batch = 64;

    private static readonly Turn Turn = new(0, Phase.Training, 100, 5);
    private static readonly ClientAction Action = new(0.5f, -0.25f, 0.125f);

    private static readonly Dictionary<string, object> Messages = new object[]
    {
        new ClientProtocol.Observe(Turn, Payload(Observation.Width)),
        new MasterProtocol.Propose(Turn, 7, Action, Action),
        new MasterProtocol.Begin(Turn, Payload(Clients * Observation.Width)),
        new CellProtocol.Decide(Turn, new bool[Clients], Payload(Clients * ClientAction.Width)),
        new ClientProtocol.ObservationBatch(Turn, Payload(Batch * Observation.Width), Payload(Batch * Observation.Width)),
        new MasterProtocol.ActionBatch(Turn, 7, Payload(Batch * ClientAction.Width), Payload(Batch * ClientAction.Width)),
        new ClientProtocol.ActionGradient(Turn, Payload(Batch * ClientAction.Width), 1),
    }.ToDictionary(m => m.GetType().Name, StringComparer.Ordinal);

    private SimulatorSerializer _serializer = null!;
    private Akka.Actor.ActorSystem _system = null!;
    private object _message = null!;

    /// <summary>Names of the messages.</summary>
    public static IEnumerable<string> Names => Messages.Keys;

    /// <summary>The message.</summary>
    [ParamsSource(nameof(Names))]
    public string Message { get; set; } = string.Empty;

    /// <summary>Makes the serializer.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _system = Akka.Actor.ActorSystem.Create("benchmarks", SimulatorSerializer.Configuration);
        _serializer = new SimulatorSerializer((Akka.Actor.ExtendedActorSystem)_system);
        _message = Messages[Message];
    }

    /// <summary>Ends the actor system.</summary>
    [GlobalCleanup]
    public void Cleanup() => _system.Dispose();

    /// <summary>Written, and read again.</summary>
    [Benchmark]
    public object RoundTrip() => _serializer.FromBinary(_serializer.ToBinary(_message), _serializer.Manifest(_message));

    private static HostPayload Payload(int length) => new(Draws.Uniform(length));
}
