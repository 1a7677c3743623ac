using System.Collections.Immutable;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Serialization;

namespace Simulator.Cluster.Tests;

/// <summary>Bytes that a stranger sends as a message.</summary>
/// <param name="Manifest">What they pretend to be.</param>
/// <param name="Bytes">The bytes.</param>
internal sealed record Raw(string Manifest, byte[] Bytes);

/// <summary>A program that speaks Akka.NET's protocol, is no member of the cluster, and sends what it likes.</summary>
internal sealed class Stranger : IAsyncDisposable
{
    private readonly ActorSystem _system;

    /// <summary>A stranger whose bytes claim to be of a serializer.</summary>
    /// <param name="serializer">Its number.</param>
    internal Stranger(int serializer)
    {
        var config = ConfigurationFactory.ParseString(
            """
            akka {
              actor.provider = remote
              loglevel = OFF
              stdout-loglevel = OFF
              remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
            }
            """);
        var serializers = SerializationSetup.Create(system =>
        [
            SerializerDetails.Create("raw", new RawSerializer(system, serializer), ImmutableHashSet.Create(typeof(Raw))),
            SerializerDetails.Create("good", new Protocol.SimulatorSerializer(system), ImmutableHashSet.Create(typeof(Protocol.CellProtocol.Ready))),
        ]);
        _system = ActorSystem.Create("stranger", ActorSystemSetup.Create(BootstrapSetup.Create().WithConfig(config), serializers));
    }

    /// <summary>An actor of another system, by its path.</summary>
    internal IActorRef Actor(ActorSystem of, string path) => ((ExtendedActorSystem)_system).Provider.ResolveActorRef($"{Akka.Cluster.Cluster.Get(of).SelfAddress}{path}");

    /// <summary>The same by a selection, whose messages are wrapped.</summary>
    internal ActorSelection Selection(ActorSystem of, string path) => _system.ActorSelection($"{Akka.Cluster.Cluster.Get(of).SelfAddress}{path}");

    public async ValueTask DisposeAsync() => await _system.Terminate();

    private sealed class RawSerializer(ExtendedActorSystem system, int id) : SerializerWithStringManifest(system)
    {
        public override int Identifier => id;

        public override string Manifest(object o) => ((Raw)o).Manifest;

        public override byte[] ToBinary(object obj) => ((Raw)obj).Bytes;

        public override object FromBinary(byte[] bytes, string manifest) => throw new NotSupportedException($"'{manifest}': a stranger only sends");
    }
}
