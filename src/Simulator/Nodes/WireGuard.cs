using System.Collections.Immutable;
using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Cluster.Serialization;
using Akka.DistributedData.Serialization;
using Akka.Dispatch.SysMsg;
using Akka.Remote.Serialization;
using Akka.Serialization;

namespace Simulator;

/// <summary>
/// What bytes of other nodes may become: this project's messages, by its own serializer, and those of Akka.NET that membership, sharding and watching take. Everything else that Akka.NET could read is refused by number: JSON, which makes whatever
/// type the bytes name; actors to be made here; exceptions, settings and routers, by types that the bytes name.
/// </summary>
internal static class WireGuard
{
    /// <summary>Serializers of Akka.NET that are not used: name and number.</summary>
    private static readonly (string Name, int Id)[] Refused =
    [
        ("json", 1), ("proto", 2), ("daemon-create", 3), ("bytes", 4), ("primitive", 17), ("reliable-delivery", 36),
    ];

    /// <summary>Makes the serializers of an actor system.</summary>
    internal static SerializationSetup Setup => SerializationSetup.Create(system =>
    [
        .. Refused.Select(r => Named(r.Name, new RefusingSerializer(system, r.Id))),
        Named("null", new GuardedSerializer(system, new NullSerializer(system), "")),
        Named("akka-containers", new GuardedSerializer(system, new MessageContainerSerializer(system), "")),
        // Identify and its answer, references to actors, and the heartbeats of those who watch each other's actors.
        Named("akka-misc", new GuardedSerializer(system, new MiscMessageSerializer(system), "ID", "AID", "AR", "RWHB", "RWHR")),
        Named("akka-system-msg", new GuardedSerializer(system, new SystemMessageSerializer(system), typeof(Watch), typeof(Unwatch), typeof(DeathWatchNotification))),
        // The place of shards is replicated as a register of the coordinator's state.
        Named("akka-replicated-data", new GuardedSerializer(system, new ReplicatedDataSerializer(system), "A", "E", "e")),
        Named("akka-cluster", new GuardedSerializer(
            system,
            new ClusterMessageSerializer(system),
            "HB",
            "HBR",
            "Akka.Cluster.GossipStatus, Akka.Cluster",
            "Akka.Cluster.GossipEnvelope, Akka.Cluster",
            "Akka.Cluster.InternalClusterAction+InitJoin, Akka.Cluster",
            "Akka.Cluster.InternalClusterAction+InitJoinAck, Akka.Cluster",
            "Akka.Cluster.InternalClusterAction+InitJoinNack, Akka.Cluster",
            "Akka.Cluster.InternalClusterAction+Join, Akka.Cluster",
            "Akka.Cluster.InternalClusterAction+Welcome, Akka.Cluster",
            "Akka.Cluster.InternalClusterAction+ExitingConfirmed, Akka.Cluster",
            "Akka.Cluster.ClusterUserAction+Leave, Akka.Cluster",
            "Akka.Cluster.ClusterUserAction+Down, Akka.Cluster")),
    ]);

    private static SerializerDetails Named(string name, Serializer serializer) => SerializerDetails.Create(name, serializer, ImmutableHashSet<Type>.Empty);
}

/// <summary>Stands where a serializer of Akka.NET is that is not used: refuses what is sent and what comes, without looking at a type.</summary>
/// <param name="system">The actor system.</param>
/// <param name="id">Number of the serializer that is refused.</param>
internal sealed class RefusingSerializer(ExtendedActorSystem system, int id) : SerializerWithStringManifest(system)
{
    /// <inheritdoc/>
    public override int Identifier => id;

    /// <inheritdoc/>
    public override string Manifest(object o) => "";

    /// <inheritdoc/>
    /// <exception cref="SerializationException">Always.</exception>
    public override byte[] ToBinary(object obj) => throw new SerializationException($"{obj.GetType()} is no message that may leave the process");

    /// <inheritdoc/>
    /// <exception cref="SerializationException">Always.</exception>
    public override object FromBinary(byte[] bytes, string? manifest) => throw new SerializationException($"serializer {id} is refused here");
}

/// <summary>A serializer of Akka.NET of whose messages some are let through: the bytes are the same, and a manifest that is not among them is refused before a type is looked for.</summary>
internal sealed class GuardedSerializer : SerializerWithStringManifest
{
    private readonly Serializer _inner;
    private readonly Dictionary<string, Type?> _allowed;

    /// <summary>Guards a serializer whose manifests are texts, or that has none ("").</summary>
    internal GuardedSerializer(ExtendedActorSystem system, Serializer inner, params string[] manifests)
        : base(system)
    {
        _inner = inner;
        _allowed = manifests.ToDictionary(m => m, _ => (Type?)null, StringComparer.Ordinal);
    }

    /// <summary>Guards a serializer whose manifests are the names of types.</summary>
    internal GuardedSerializer(ExtendedActorSystem system, Serializer inner, params Type[] types)
        : base(system)
    {
        _inner = inner;
        _allowed = types.ToDictionary(Akka.Util.TypeExtensions.TypeQualifiedName, t => (Type?)t, StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public override int Identifier => _inner.Identifier;

    /// <inheritdoc/>
    public override string Manifest(object o) => Serialization.ManifestFor(_inner, o);

    /// <inheritdoc/>
    /// <exception cref="SerializationException">The message is none of those that are let through.</exception>
    public override byte[] ToBinary(object obj) =>
        _allowed.ContainsKey(Manifest(obj)) ? _inner.ToBinary(obj) : throw new SerializationException($"{obj.GetType()} is no message that may leave the process");

    /// <inheritdoc/>
    /// <exception cref="SerializationException">The message is none of those that are let through.</exception>
    public override object FromBinary(byte[] bytes, string? manifest) =>
        !_allowed.TryGetValue(manifest ?? "", out var type) ? throw new SerializationException($"'{manifest}' of serializer {Identifier} is refused here")
        : _inner is SerializerWithStringManifest texts ? texts.FromBinary(bytes, manifest ?? "")
        : _inner.FromBinary(bytes, type!);
}
