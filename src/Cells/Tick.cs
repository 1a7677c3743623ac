using Akka.Actor;

namespace Simulator.Cells;

/// <summary>From an actor's timer to itself: time to say again what may have been lost.</summary>
internal sealed record Tick : INoSerializationVerificationNeeded
{
    /// <summary>The one instance.</summary>
    internal static Tick Instance { get; } = new();
}
