using Akka.Actor;
using Simulator.Compute;
using Simulator.Environment;
using Simulator.Protocol;

namespace Simulator.Agents;

/// <summary>Whom a client talks to.</summary>
/// <param name="Epoch">Epoch of the cell; messages of another one are dropped.</param>
/// <param name="Cell">The cell.</param>
/// <param name="Master">The master.</param>
/// <param name="Device">The batching actor of the client's node.</param>
/// <param name="Slot">Its policy there.</param>
/// <param name="Neighbours">Clients of the cell on that device, itself included: what a round waits for.</param>
/// <param name="Sequential">Whether clients learn one after the other, and the master wants to see each policy after its step.</param>
public sealed record ClientLinks(int Epoch, IActorRef Cell, IActorRef Master, IActorRef Device, PolicySlot Slot, int Neighbours, bool Sequential);

/// <summary>
/// A client device: it passes what it sees to the device, proposes what its policy answers, and learns from the gradients that the master sends.
/// </summary>
/// <remarks>
/// One state: each message is answered from what it carries, but for the minibatch, which is kept from <see cref="ClientProtocol.ObservationBatch"/> to
/// <see cref="ClientProtocol.ActionGradient"/>.
/// <code>
///   cell   ── Observe ──────────► client ── Infer ───► device ── Inferred ──► client ── Propose ───────► master
///   master ── ObservationBatch ─► client ── Infer ───► device ── Inferred ──► client ── ActionBatch ───► master
///   master ── ActionGradient ───► client ── Improve ─► device ── Improved ──► client ── PolicyUpdated ─► master
///   cell   ── Snapshot ─────────► client ── Read ────► device ── Read ──────► client ── Parameters ────► cell
/// </code>
/// </remarks>
public sealed class ClientActor : ReceiveActor
{
    private readonly ClientSettings _settings;
    private readonly ClientLinks _links;
    private readonly ClientAgent _agent;
    private HostPayload _minibatch = HostPayload.Empty;

    /// <summary>Made by <see cref="Props"/>.</summary>
    public ClientActor(ClientSettings settings, ClientLinks links)
    {
        _settings = settings;
        _links = links;
        _agent = new ClientAgent(settings);
        Become(Ready);
    }

    /// <summary>Props of a client.</summary>
    public static Props Props(ClientSettings settings, ClientLinks links) => Akka.Actor.Props.Create(() => new ClientActor(settings, links));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        _links.Device.Tell(new DeviceProtocol.WritePolicy(_links.Slot, new HostPayload(_agent.InitialParameters())));
        _links.Cell.Tell(new CellProtocol.Ready(_links.Epoch, _settings.Client));
    }

    private void Ready()
    {
        Receive<IClientMessage>(m => m.Turn.Epoch != _links.Epoch, _ => { });
        Receive<ClientProtocol.Observe>(m => Infer(m.Turn, 1, _agent.See(m.Observation)));
        Receive<ClientProtocol.ObservationBatch>(OnObservationBatch);
        Receive<ClientProtocol.ActionGradient>(OnActionGradient);
        Receive<ClientProtocol.Snapshot>(m => _links.Device.Tell(new DeviceProtocol.ReadPolicy(_links.Slot, m.Turn)));
        Receive<DeviceProtocol.Inferred>(m => m.Turn.Phase == Phase.Learning, OnMinibatchInferred);
        Receive<DeviceProtocol.Inferred>(OnInferred);
        Receive<DeviceProtocol.Improved>(
            m => _links.Master.Tell(new MasterProtocol.PolicyUpdated(m.Turn, _settings.Client, _agent.Learned(m.Turn, m.Outcome), m.ActionsAfter)));
        Receive<DeviceProtocol.NetworkRead>(m => ParameterParts.Send(_links.Cell, m.Turn, _settings.Client, m.Values, Self));
        Receive<DeviceProtocol.OperationFailed>(m => throw new DeviceOperationException(m.Reason));
    }

    private void OnInferred(DeviceProtocol.Inferred message)
    {
        var policy = ClientAction.From(message.Actions.Span);
        var explored = _agent.Act(message.Turn, message.PreActivations.Span, message.Actions.Span);
        _links.Master.Tell(new MasterProtocol.Propose(message.Turn, _settings.Client, policy, explored));
    }

    private void OnObservationBatch(ClientProtocol.ObservationBatch message)
    {
        var seen = _agent.See(message.States, message.NextStates);
        _minibatch = seen.Slice(0, message.States.Length);
        Infer(message.Turn, seen.Length / Observation.Width, seen);
    }

    private void OnMinibatchInferred(DeviceProtocol.Inferred message)
    {
        var half = message.Actions.Length / 2;
        _agent.ObserveMinibatch(message.PreActivations.Span[..half], message.Actions.Span[..half]);
        _links.Master.Tell(new MasterProtocol.ActionBatch(message.Turn, _settings.Client, message.Actions.Slice(0, half), message.Actions.Slice(half, half)));
    }

    private void OnActionGradient(ClientProtocol.ActionGradient message) => _links.Device.Tell(new DeviceProtocol.Improve(
        _links.Slot,
        message.Turn,
        _links.Sequential ? 1 : _links.Neighbours,
        _minibatch.Length / Observation.Width,
        _minibatch,
        message.Gradient,
        ActionsAfter: _links.Sequential));

    private void Infer(Turn turn, int rows, HostPayload seen) =>
        _links.Device.Tell(new DeviceProtocol.Infer(_links.Slot, turn, _links.Neighbours, rows, seen));
}
