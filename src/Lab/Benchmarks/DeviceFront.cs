using Akka.Actor;
using Simulator.Protocol;
using static Simulator.Compute.DeviceProtocol;

namespace Simulator.Lab.Benchmarks;

/// <summary>
/// Stands before a device and sees every request to it, without a mailbox of its own: a request passes on the thread of the actor that sends it, so that what is measured is not changed by
/// another hop. Thread-safe. Answers go past it, from the device to who asked.
/// </summary>
#pragma warning disable MA0097 // Nobody orders references.
internal abstract class DeviceFront : MinimalActorRef
#pragma warning restore MA0097
{
    private readonly IInternalActorRef _device;

    private protected DeviceFront(IActorRef device) => _device = (IInternalActorRef)device;

    /// <inheritdoc/>
    public override ActorPath Path => _device.Path;

    /// <inheritdoc/>
    public override IActorRefProvider Provider => _device.Provider;

    /// <summary>Sees a request before the device does, and passes it on.</summary>
    protected abstract override void TellInternal(object message, IActorRef sender);

    private protected void Pass(object message, IActorRef sender) => _device.Tell(message, sender);

    /// <summary>Where in its cell's life a request of acting or learning belongs; null for other messages.</summary>
    private protected static Turn? TurnOf(object message) => message switch
    {
        Infer m => m.Turn,
        Improve m => m.Turn,
        Evaluate m => m.Turn,
        ImproveCritic m => m.Turn,
        Differentiate m => m.Turn,
        _ => null,
    };
}
