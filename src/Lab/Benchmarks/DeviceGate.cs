using Akka.Actor;

namespace Simulator.Lab.Benchmarks;

/// <summary>
/// Keeps requests of later episodes back until they are let through: so a cell stands still between two episodes, and goes on where it was. Nothing waits on a thread.
/// </summary>
#pragma warning disable MA0097 // Nobody orders references.
internal sealed class DeviceGate(IActorRef device) : DeviceFront(device)
#pragma warning restore MA0097
{
    private readonly Lock _lock = new();
    private readonly Queue<(object Message, IActorRef Sender)> _kept = [];
    private int _last;

    /// <summary>Lets the requests of all episodes up to one through, in the order in which they came.</summary>
    internal void OpenUpTo(int episode)
    {
        lock (_lock)
        {
            _last = episode;
            for (var i = _kept.Count; i > 0; i--)
            {
                var (message, sender) = _kept.Dequeue();
                TellInternal(message, sender);
            }
        }
    }

    /// <inheritdoc/>
    protected override void TellInternal(object message, IActorRef sender)
    {
        lock (_lock)
        {
            if (TurnOf(message) is { } turn && turn.Episode > _last)
            {
                _kept.Enqueue((message, sender));
            }
            else
            {
                Pass(message, sender);
            }
        }
    }
}
