using Akka.Actor;
using Simulator.Protocol;

namespace Simulator.Cells;

/// <summary>
/// Carries what a cell and its master say to a group of clients on another node, and what those say to them. On the cell's node, a child of the cell: where the group is lost or fails, it fails, and the cell with it.
/// </summary>
/// <remarks>
/// <code>
///   cell, master ── Addressed ──► post ── Bundle ──► group ──► clients
///   cell, master ◄─────────────── post ◄── Bundle ── group ◄── Addressed ── clients
/// </code>
/// One state: until the group has answered it is asked for again and again.
/// </remarks>
internal sealed class ClientPost : UntypedActor, IWithTimers
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);

    private readonly SpreadClients _spread;
    private readonly GroupProtocol.Enlist _enlist;
    private readonly IActorRef _cell;
    private readonly IActorRef _master;
    private readonly Courier _courier;
    private IActorRef? _group;

    /// <summary>Made by <see cref="Props"/>.</summary>
    public ClientPost(SpreadClients spread, GroupProtocol.Enlist enlist, IActorRef cell, IActorRef master, bool sequential)
    {
        _spread = spread;
        _enlist = enlist;
        _cell = cell;
        _master = master;
        _courier = new Courier(enlist.Count, m => m is ClientProtocol.Observe or ClientProtocol.ObservationBatch || (m is ClientProtocol.ActionGradient && !sequential));
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Props of a post.</summary>
    /// <param name="spread">Where the clients go.</param>
    /// <param name="enlist">The group.</param>
    /// <param name="cell">The cell.</param>
    /// <param name="master">Its master.</param>
    /// <param name="sequential">Whether clients learn one after the other.</param>
    internal static Props Props(SpreadClients spread, GroupProtocol.Enlist enlist, IActorRef cell, IActorRef master, bool sequential) =>
        Akka.Actor.Props.Create(() => new ClientPost(spread, enlist, cell, master, sequential));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, TickInterval);
        _spread.Clients.Tell(_enlist);
    }

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Addressed m:
                _courier.Add(m.Address, m.Message);
                Send();
                break;
            case GroupProtocol.Bundle m:
                OnBundle(m);
                break;
            case GroupProtocol.GroupLeaves when Knows(Sender):
                _spread.Host.Tell(CellHost.HandOver.Instance);
                break;
            case GroupProtocol.GroupFailed m when Knows(Sender):
                throw new ClientFailedException(m.Reason);
            case Terminated m when Knows(m.ActorRef):
                throw m.AddressTerminated
                    ? new ClientsLostException($"the node {m.ActorRef.Path.Address} of its clients {_enlist.First} to {_enlist.First + _enlist.Count - 1} was lost")
                    : new ClientFailedException($"the group of its clients {_enlist.First} to {_enlist.First + _enlist.Count - 1} ended");
            case Tick:
                OnTick();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private bool Knows(IActorRef group) => group.Equals(_group);

    private void OnBundle(GroupProtocol.Bundle message)
    {
        if (_group is null)
        {
            _group = Sender;
            Context.Watch(_group);
        }
        else if (!Knows(Sender))
        {
            return; // A group that was begun twice, since its shard was moving: it ends when this post does.
        }

        foreach (var item in _courier.Receive(message))
        {
            (item.Address == GroupProtocol.Master ? _master : _cell).Tell(item.Message);
        }

        Send();
    }

    private void Send()
    {
        while (_group is not null && _courier.Next() is { } bundle)
        {
            _group.Tell(bundle);
        }
    }

    private void OnTick()
    {
        if (_group is null)
        {
            _spread.Clients.Tell(_enlist);
            return;
        }

        foreach (var bundle in _courier.OnTick())
        {
            _group.Tell(bundle);
        }
    }
}

/// <summary>Thrown where a client on another node failed; its cell is brought back as a whole.</summary>
public sealed class ClientFailedException : Exception
{
    /// <summary>Makes the exception with what its node said.</summary>
    public ClientFailedException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with what its node said and its cause.</summary>
    public ClientFailedException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Makes the exception.</summary>
    public ClientFailedException()
    {
    }
}
