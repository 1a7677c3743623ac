using Akka.Actor;
using Akka.Serialization;

namespace Simulator.Protocol;

/// <summary>
/// Serializes the messages of this project, by hand-written formats without reflection; knows no other type and reads no other manifest. Bind it with <see cref="Configuration"/>.
/// </summary>
/// <param name="system">The actor system.</param>
public sealed class SimulatorSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    /// <summary>Identifies the serializer on the wire; never changes.</summary>
    public const int Id = 4711;

    /// <summary>HOCON that binds every message to this serializer.</summary>
    public static string Configuration
    {
        get
        {
            var bindings = WireFormat.Types.Select(t => $"\"{t.FullName}, {t.Assembly.GetName().Name}\" = simulator");
            return $$"""
                akka.actor {
                  serializers.simulator = "{{typeof(SimulatorSerializer).FullName}}, {{typeof(SimulatorSerializer).Assembly.GetName().Name}}"
                  serialization-bindings {
                    {{string.Join("\n    ", bindings)}}
                  }
                }
                """;
        }
    }

    /// <inheritdoc/>
    public override int Identifier => Id;

    /// <inheritdoc/>
    public override string Manifest(object o) => WireFormat.ManifestOf(o);

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => WireFormat.Write(obj);

    /// <inheritdoc/>
    /// <exception cref="MalformedMessageException">The bytes are no message of that manifest.</exception>
    public override object FromBinary(byte[] bytes, string? manifest) => WireFormat.Read(bytes, manifest ?? string.Empty);
}
