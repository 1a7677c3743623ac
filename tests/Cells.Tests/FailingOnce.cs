using Akka.Actor;
using Simulator.Compute;

namespace Simulator.Cells.Tests;

/// <summary>Stands before the device and refuses one request of one client, in the update after an episode.</summary>
internal sealed class FailingOnce : ReceiveActor
{
    private int _seen;

    public FailingOnce(IActorRef device, int episode)
    {
        Receive<DeviceProtocol.Improve>(m => m.Turn.Episode == episode && _seen++ == 2, m => Sender.Tell(new DeviceProtocol.OperationFailed(m.Turn, "planned")));
        ReceiveAny(device.Forward);
    }
}
