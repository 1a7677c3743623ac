using Akka.Actor;

namespace Simulator.Cells.Tests;

/// <summary>Stands before the device and shows what passes.</summary>
internal sealed class Tap : ReceiveActor
{
    internal static Props Props(IActorRef device, Action<object> show) => Akka.Actor.Props.Create(() => new Tap(device, show));

    public Tap(IActorRef device, Action<object> show) => ReceiveAny(m =>
    {
        show(m);
        device.Forward(m);
    });
}
