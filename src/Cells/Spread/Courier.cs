using Simulator.Protocol;

namespace Simulator.Cells;

/// <summary>
/// One end of the line between a post and its group: puts messages together into bundles, and deals with the other side's, each once and in order, over a line that may lose them.
/// </summary>
/// <remarks>
/// What all members of a group say in answer to the same (a proposal each step, what a policy does on the minibatch) waits until all have said it, and goes as one where it fits; whatever else there is goes at once, behind what waits.
/// A bundle tells what was heard of the other side, so that in a conversation nothing is said for that alone.
/// </remarks>
/// <param name="members">Clients of the group.</param>
/// <param name="together">Whether a message is one of those that all members say, or are told, in the same turn.</param>
internal sealed class Courier(int members, Func<object, bool> together)
{
    private const int Window = 256;

    private readonly Outbox _outbox = new(Window);
    private readonly List<GroupProtocol.Item> _gathered = [];
    private long _received;
    private long _told;
    private int _waiting;

    /// <summary>Takes in a message for the other side.</summary>
    internal void Add(int address, object message)
    {
        _gathered.Add(new GroupProtocol.Item(address, message));
        if (!together(message))
        {
            Gather();
        }
        else if (++_waiting == members)
        {
            _waiting = 0;
            Gather();
        }
    }

    /// <summary>The next bundle to be sent; null where there is none.</summary>
    internal GroupProtocol.Bundle? Next() => _outbox.Next() is { } next ? Bundle(next) : null;

    /// <summary>Takes in a bundle of the other side.</summary>
    /// <returns>Its items, where it is the next one; none where it was dealt with before, or comes behind one that is lost.</returns>
    internal IReadOnlyList<GroupProtocol.Item> Receive(GroupProtocol.Bundle bundle)
    {
        _outbox.Heard(bundle.Heard);
        if (bundle.Number != _received + 1)
        {
            _told = bundle.Number == 0 ? _told : -1; // It does not know what was heard.
            return [];
        }

        _received++;
        return bundle.Items;
    }

    /// <summary>From time to time: what must be said again, or for the sake of what was heard.</summary>
    internal IEnumerable<GroupProtocol.Bundle> OnTick() => _outbox.Stalled() is { Count: > 0 } stalled ? stalled.Select(Bundle).ToList()
        : _told != _received ? [Bundle((0, Array.Empty<GroupProtocol.Item>()))]
        : [];

    private GroupProtocol.Bundle Bundle((long Number, object Message) next)
    {
        _told = _received;
        return new GroupProtocol.Bundle(next.Number, _received, (GroupProtocol.Item[])next.Message);
    }

    private void Gather()
    {
        var (from, bytes) = (0, 0);
        for (var i = 0; i < _gathered.Count; i++)
        {
            var more = _gathered[i].Bytes;
            if (i > from && bytes + more > GroupProtocol.MaximumBundle)
            {
                _outbox.Add(_gathered[from..i].ToArray());
                (from, bytes) = (i, 0);
            }

            bytes += more;
        }

        _outbox.Add(_gathered[from..].ToArray());
        _gathered.Clear();
    }
}
