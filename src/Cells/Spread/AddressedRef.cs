using Akka.Actor;

namespace Simulator.Cells;

/// <summary>
/// Stands for somebody at the other end of a post, without being an actor: whatever it is told goes to the one that carries it, with the address.
/// </summary>
/// <param name="provider">Of the actor system.</param>
/// <param name="path">Where it seems to be: below its carrier.</param>
/// <param name="carrier">Who carries it.</param>
/// <param name="address">For whom: as in <see cref="Protocol.GroupProtocol.Item"/>.</param>
#pragma warning disable MA0097 // Akka's own references order themselves by their paths, without operators.
internal sealed class AddressedRef(IActorRefProvider provider, ActorPath path, IActorRef carrier, int address) : MinimalActorRef
#pragma warning restore MA0097
{
    /// <inheritdoc/>
    public override ActorPath Path => path;

    /// <inheritdoc/>
    public override IActorRefProvider Provider => provider;

    /// <summary>Makes one below an actor.</summary>
    /// <param name="context">The actor's, which carries.</param>
    /// <param name="name">Its name there.</param>
    /// <param name="address">For whom.</param>
    internal static IActorRef Of(IUntypedActorContext context, string name, int address) => Of(context.System, context.Self, name, address);

    /// <summary>Makes one below an actor.</summary>
    internal static IActorRef Of(ActorSystem system, IActorRef carrier, string name, int address) => new AddressedRef(((ExtendedActorSystem)system).Provider, carrier.Path / name, carrier, address);

    /// <inheritdoc/>
    protected override void TellInternal(object message, IActorRef sender) => carrier.Tell(new Addressed(address, message), sender);
}

/// <summary>What is to be carried to the other end of a post.</summary>
/// <param name="Address">For whom: as in <see cref="Protocol.GroupProtocol.Item"/>.</param>
/// <param name="Message">The message.</param>
internal sealed record Addressed(int Address, object Message) : INoSerializationVerificationNeeded;
