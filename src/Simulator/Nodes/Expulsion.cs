using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Akka.Remote;

namespace Simulator;

/// <summary>
/// Has this node end when another one says that it will not hear of it any more. The others have removed it by then: it hung, say, and woke up. By itself it may find that it is one of them whom it cannot reach, and then the
/// other, remove both, and stay as a cluster of one that nobody looks for, with cells that nobody waits for.
/// </summary>
internal sealed class Expulsion : ReceiveActor
{
    /// <summary>Name of the actor.</summary>
    internal const string Name = "expulsion";

    private readonly ILoggingAdapter _log = Context.GetLogger();

    /// <summary>Made by the actor system.</summary>
    public Expulsion() => Receive<ThisActorSystemQuarantinedEvent>(e =>
    {
        _log.Warning("{0} hears of this node no more, which ends", e.RemoteAddress);
        var cluster = Cluster.Get(Context.System);
        cluster.Down(cluster.SelfAddress);
        Context.System.EventStream.Unsubscribe(Self);
    });

    /// <inheritdoc/>
    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(ThisActorSystemQuarantinedEvent));
}
