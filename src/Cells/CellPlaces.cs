using Akka.Actor;
using Simulator.Compute;

namespace Simulator.Cells;

/// <summary>
/// The devices of a node: gives each cell its place on the one with the fewest cells, and cells that act the critic that they share there.
/// </summary>
/// <remarks>
/// One state. A question of a cell that acts waits until its critic is reserved on the device.
/// </remarks>
public sealed class CellPlaces : ReceiveActor
{
    private readonly IReadOnlyList<IActorRef> _devices;
    private readonly int[] _cells;
    private readonly Dictionary<IActorRef, int> _placed = [];
    private readonly Dictionary<(SharedCritic Critic, int Device), int?> _critics = [];
    private readonly Queue<(SharedCritic Critic, int Device, CellOptions Cell)> _wanted = [];
    private readonly List<(SharedCritic Critic, int Device, IActorRef Asker)> _waiting = [];

    /// <summary>Made by <see cref="Props"/>.</summary>
    public CellPlaces(IReadOnlyList<IActorRef> devices)
    {
        _devices = devices;
        _cells = new int[devices.Count];
        Receive<Ask>(m => OnAsk(m.Cell));
        Receive<AskForClients>(_ => Sender.Tell(new Placed(_devices[Place()], null)));
        Receive<DeviceProtocol.CriticReserved>(OnCriticReserved);
        Receive<DeviceProtocol.OperationFailed>(m => throw new DeviceOperationException(m.Reason));
        Receive<Terminated>(m =>
        {
            if (_placed.Remove(m.ActorRef, out var device))
            {
                _cells[device]--;
                _waiting.RemoveAll(w => w.Asker.Equals(m.ActorRef));
            }
        });
    }

    /// <summary>Props of a node's places.</summary>
    /// <param name="devices">The batching actors, at least one.</param>
    public static Props Props(IReadOnlyList<IActorRef> devices) => Akka.Actor.Props.Create(() => new CellPlaces(devices));

    /// <summary>From a host: where is its cell's place? Answered by <see cref="Placed"/>; the place is free again when the host ends.</summary>
    /// <param name="Cell">The cell.</param>
    public sealed record Ask(CellOptions Cell) : INoSerializationVerificationNeeded;

    /// <summary>From a group of clients whose cell is on another node: where is its place? Answered by <see cref="Placed"/>; the place is free again when the group ends.</summary>
    public sealed record AskForClients : INoSerializationVerificationNeeded
    {
        /// <summary>The one instance.</summary>
        public static AskForClients Instance { get; } = new();
    }

    /// <summary>A cell's place.</summary>
    /// <param name="Device">The batching actor.</param>
    /// <param name="SharedCritic">Reservation of the critic there that the cell shares with others; null where it has its own.</param>
    public sealed record Placed(IActorRef Device, int? SharedCritic) : INoSerializationVerificationNeeded;

    private int Place()
    {
        var device = Array.IndexOf(_cells, _cells.Min());
        _cells[device]++;
        _placed.Add(Sender, device);
        Context.Watch(Sender);
        return device;
    }

    private void OnAsk(CellOptions cell)
    {
        var device = Place();
        if (cell.Learns)
        {
            Sender.Tell(new Placed(_devices[device], null));
            return;
        }

        var critic = SharedCritic.Of(cell);
        if (!_critics.TryGetValue((critic, device), out var reservation))
        {
            _critics.Add((critic, device), null);
            _wanted.Enqueue((critic, device, cell));
            if (_wanted.Count == 1)
            {
                Reserve();
            }
        }

        if (reservation is not null)
        {
            Sender.Tell(new Placed(_devices[device], reservation));
        }
        else
        {
            _waiting.Add((critic, device, Sender));
        }
    }

    private void Reserve()
    {
        var (_, device, cell) = _wanted.Peek();
        _devices[device].Tell(new DeviceProtocol.ReserveCritic(CellMembers.CriticOf(cell), cell.Clients, Simulator.Environment.Observation.Width, 0, 0));
    }

    private void OnCriticReserved(DeviceProtocol.CriticReserved message)
    {
        var (critic, device, cell) = _wanted.Dequeue();
        _critics[(critic, device)] = message.Reservation;

        // Whoever evaluates it hears of it after this message was sent, so it comes first.
        _devices[device].Tell(new DeviceProtocol.WriteCritic(message.Reservation, CellMembers.CriticStartOf(cell)));
        foreach (var (_, _, asker) in _waiting.FindAll(w => w.Device == device && w.Critic == critic))
        {
            asker.Tell(new Placed(_devices[device], message.Reservation));
        }

        _waiting.RemoveAll(w => w.Device == device && w.Critic == critic);
        if (_wanted.Count > 0)
        {
            Reserve();
        }
    }

    /// <summary>What cells that act have in common where they share a critic on a device.</summary>
    private readonly record struct SharedCritic(NetworkArchitecture Architecture, int Clients, ulong Seed, InitialNetworks? Networks)
    {
        internal static SharedCritic Of(CellOptions options) => new(CellMembers.CriticOf(options), options.Clients, options.CriticSeed, options.Networks);
    }
}
