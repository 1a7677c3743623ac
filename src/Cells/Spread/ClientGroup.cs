using System.Globalization;
using Akka.Actor;
using Simulator.Agents;
using Simulator.Compute;
using Simulator.Protocol;

namespace Simulator.Cells;

/// <summary>
/// Some of the clients of a cell that is on another node, and their policies on a device of this one: their parent, which carries what they say to cell and master, and what those say to them.
/// </summary>
/// <remarks>
/// <code>
///   Empty ──Enlist──► Planning ──the cell's options──► Placing ──policies reserved──► Carrying
/// </code>
/// Wherever it is told to hand over, it tells the cell, and ends when the cell's post has ended, as it does whenever that is lost. It knows nothing: what clients must go on with is in the cell's checkpoint.
/// </remarks>
internal sealed class ClientGroup : UntypedActor, IWithTimers
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);

    private readonly ICellCatalog _catalog;
    private readonly IActorRef _places;
    private GroupProtocol.Enlist? _enlist;
    private IActorRef _post = ActorRefs.Nobody;
    private CellOptions? _options;
    private IActorRef _device = ActorRefs.Nobody;
    private Courier? _courier;
    private IActorRef[] _clients = [];
    private string? _failure;
    private bool _leaves;

    /// <summary>Made by <see cref="Props"/>.</summary>
    public ClientGroup(ICellCatalog catalog, IActorRef places)
    {
        _catalog = catalog;
        _places = places;
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Props of a group.</summary>
    /// <param name="catalog">Knows the cell.</param>
    /// <param name="places">The <see cref="CellPlaces"/> of the node.</param>
    internal static Props Props(ICellCatalog catalog, IActorRef places) => Akka.Actor.Props.Create(() => new ClientGroup(catalog, places));

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(error =>
    {
        _failure ??= $"{error.GetType().Name}: {error.Message}";
        Self.Tell(Failed.Instance);
        return Directive.Stop;
    });

    /// <summary>One that failed itself knows nothing of its clients: the cell hears that it ended.</summary>
    protected override void PostRestart(Exception reason) => Context.Stop(Self);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case GroupProtocol.Enlist m:
                _enlist = m;
                _post = Sender;
                Context.Watch(_post);
                Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, TickInterval);
                Become(Planning);
                _ = Task.Run(() => _catalog.Plan(m.Run, m.CellIndex)).PipeTo(Self, success: o => new Planned(o), failure: e => new Unplanned(e));
                break;
            case CellHost.HandOver:
                Context.Stop(Self);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Planning(object message)
    {
        switch (message)
        {
            case Planned m:
                _options = m.Options;
                Become(Placing);
                _places.Tell(CellPlaces.AskForClients.Instance);
                break;
            case Unplanned m:
                Fail(m.Error.Message);
                break;
            default:
                Otherwise(message);
                break;
        }
    }

    private void Placing(object message)
    {
        switch (message)
        {
            case CellPlaces.Placed m:
                _device = m.Device;
                _device.Tell(CellReservation.PoliciesOf(_options!, _enlist!.First, _options!.SharesPolicy ? 1 : _enlist.Count));
                break;
            case DeviceProtocol.PoliciesReserved m:
                Begin(m);
                break;
            default:
                Otherwise(message);
                break;
        }
    }

    private void Carrying(object message)
    {
        switch (message)
        {
            case Addressed m:
                _courier!.Add(m.Address, m.Message);
                Send();
                break;
            case GroupProtocol.Bundle m:
                foreach (var item in _courier!.Receive(m))
                {
                    _clients[item.Address - _enlist!.First].Tell(item.Message);
                }

                Send();
                break;
            case Tick:
                foreach (var bundle in _courier!.OnTick())
                {
                    _post.Tell(bundle);
                }

                if (_leaves)
                {
                    _post.Tell(GroupProtocol.GroupLeaves.Instance);
                }

                break;
            default:
                Otherwise(message);
                break;
        }
    }

    /// <summary>What every state makes of messages that it does not wait for.</summary>
    private void Otherwise(object message)
    {
        switch (message)
        {
            case GroupProtocol.Enlist or Tick:
                break; // Said again; nothing to say yet.
            case CellHost.HandOver:
                _leaves = true;
                _post.Tell(GroupProtocol.GroupLeaves.Instance);
                break;
            case Failed:
                Fail(_failure!);
                break;
            case DeviceProtocol.OperationFailed m:
                Fail(m.Reason);
                break;
            case Terminated m when m.ActorRef.Equals(_post):
                Context.Stop(Self);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Begin(DeviceProtocol.PoliciesReserved message)
    {
        var (options, enlist) = (_options!, _enlist!);
        var sequential = options.Learning.Update == Master.UpdateMode.Sequential;
        _courier = new Courier(
            enlist.Count, m => m is MasterProtocol.Propose or MasterProtocol.ActionBatch or CellProtocol.Ready || (m is MasterProtocol.PolicyUpdated && !sequential));
        var links = new ClientLinks(
            enlist.Epoch,
            AddressedRef.Of(Context, "to-cell", GroupProtocol.Cell),
            AddressedRef.Of(Context, "to-master", GroupProtocol.Master),
            _device,
            new PolicySlot(message.Reservation, message.First),
            enlist.Count,
            sequential)
        { First = enlist.First };
        var settings = CellMembers.ClientsOf(options);
        Become(Carrying);
        _clients = [.. Enumerable.Range(enlist.First, enlist.Count).Select(i => Context.ActorOf(ClientActor.Props(i, settings, links), string.Create(CultureInfo.InvariantCulture, $"client-{i}")))];
    }

    private void Send()
    {
        while (_courier!.Next() is { } bundle)
        {
            _post.Tell(bundle);
        }
    }

    /// <summary>Ends; where the words are lost on their way the cell hears of the end all the same.</summary>
    private void Fail(string reason)
    {
        _post.Tell(new GroupProtocol.GroupFailed(reason));
        Context.Stop(Self);
    }

    private sealed record Planned(CellOptions Options) : INoSerializationVerificationNeeded;

    private sealed record Unplanned(Exception Error) : INoSerializationVerificationNeeded;

    private sealed record Failed : INoSerializationVerificationNeeded
    {
        internal static Failed Instance { get; } = new();
    }
}
