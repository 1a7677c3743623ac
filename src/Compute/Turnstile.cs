using Akka.Actor;

namespace Simulator.Compute;

/// <summary>
/// Lets a number of cells at a time into an episode, the others wait in the order in which they came. On the processor, cells that take turns find their networks in the cache from one step to the next; all at once they
/// would fetch them from memory at every step.
/// </summary>
/// <param name="places">Cells inside at one time.</param>
internal sealed class Turnstile(int places)
{
    private readonly HashSet<IActorRef> _inside = [];
    private readonly LinkedList<IActorRef> _waiting = [];
    private readonly Dictionary<IActorRef, LinkedListNode<IActorRef>> _nodes = [];

    /// <summary>Cells inside at one time, at most.</summary>
    internal int Places => places;

    /// <summary>Lets a cell in, or lets it wait. One that is inside leaves first, and comes after those who wait.</summary>
    /// <returns>Who may go in now; null where nobody may.</returns>
    internal IActorRef? Enter(IActorRef cell)
    {
        _inside.Remove(cell);
        if (!_nodes.ContainsKey(cell))
        {
            _nodes.Add(cell, _waiting.AddLast(cell));
        }

        return Next();
    }

    /// <summary>Lets a cell out, or out of the queue.</summary>
    /// <returns>Who may go in now; null where nobody may.</returns>
    internal IActorRef? Leave(IActorRef cell)
    {
        _inside.Remove(cell);
        if (_nodes.Remove(cell, out var node))
        {
            _waiting.Remove(node);
        }

        return Next();
    }

    private IActorRef? Next()
    {
        if (_inside.Count >= places || _waiting.First is not { } first)
        {
            return null;
        }

        _waiting.RemoveFirst();
        _nodes.Remove(first.Value);
        _inside.Add(first.Value);
        return first.Value;
    }
}
