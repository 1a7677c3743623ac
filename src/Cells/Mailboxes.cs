using Akka.Actor;

namespace Simulator.Cells;

/// <summary>How full mailboxes are.</summary>
public static class Mailboxes
{
    /// <summary>Messages that wait for an actor of this process; 0 where it has ended.</summary>
    /// <exception cref="ArgumentException">The actor is of another process.</exception>
    public static int Waiting(IActorRef actor) => actor switch
    {
        ActorRefWithCell { IsTerminated: true } => 0,
        ActorRefWithCell local => local.Underlying.NumberOfMessages,
        _ => throw new ArgumentException($"{actor.Path} is not an actor of this process", nameof(actor)),
    };
}
