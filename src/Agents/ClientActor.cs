using Akka.Actor;
using Simulator.Compute;
using Simulator.Environment;
using Simulator.Protocol;

namespace Simulator.Agents;

/// <summary>Whom the clients of a cell talk to: one record for all of them.</summary>
/// <param name="Epoch">Epoch of the cell; messages of another one are dropped.</param>
/// <param name="Cell">The cell.</param>
/// <param name="Master">The master.</param>
/// <param name="Device">The batching actor of the clients' node.</param>
/// <param name="Policies">The first client's policy there; the others' follow, or are the same where they share one.</param>
/// <param name="Neighbours">Clients of the cell on that device: what a round waits for.</param>
/// <param name="Sequential">Whether clients learn one after the other, and the master wants to see each policy after its step.</param>
public sealed record ClientLinks(int Epoch, IActorRef Cell, IActorRef Master, IActorRef Device, PolicySlot Policies, int Neighbours, bool Sequential)
{
    /// <summary>Index of the first client there; of one that shares its policy with the others, as of a cell whose clients are together, 0.</summary>
    public int First { get; init; }
}

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
///   cell   ── Intervene ────────► client ── RenewOutputLayer ─► device
///   cell   ── Remember ─────────► client ── Read ────► device ── Read ──────► client ── ClientState ───► cell
///   cell   ── Restore ──────────► client ── Write ───► device;                client ── Ready ─────────► cell
/// </code>
/// An untyped actor, since a population has up to a million of them and a table of handlers for each would be most of what it holds.
/// </remarks>
public sealed class ClientActor : UntypedActor
{
    private readonly int _client;
    private readonly ClientSettings _settings;
    private readonly ClientLinks _links;
    private readonly ClientAgent _agent;
    private HostPayload _minibatch = HostPayload.Empty;
    private StateParts? _restored;

    /// <summary>Made by <see cref="Props"/>.</summary>
    public ClientActor(int client, ClientSettings settings, ClientLinks links)
    {
        _client = client;
        _settings = settings;
        _links = links;
        _agent = new ClientAgent(client, settings);
    }

    private PolicySlot Slot => _settings.Shared ? _links.Policies : _links.Policies with { Slot = _links.Policies.Slot + _client - _links.First };

    /// <summary>The client's place among its neighbours.</summary>
    private int Member => _client - _links.First;

    /// <summary>Whether its policy is its own to begin and to remember: of clients that share one the first does.</summary>
    private bool KeepsPolicy => _client == 0 || !_settings.Shared;

    /// <summary>Props of a client.</summary>
    /// <param name="client">Index in the cell.</param>
    /// <param name="settings">What it has in common with the cell's other clients.</param>
    /// <param name="links">Whom it talks to.</param>
    public static Props Props(int client, ClientSettings settings, ClientLinks links) => Akka.Actor.Props.CreateBy(new Producer(client, settings, links));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        if (KeepsPolicy)
        {
            _links.Device.Tell(new DeviceProtocol.WritePolicy(Slot, _agent.Start()));
        }

        _links.Cell.Tell(new CellProtocol.Ready(_links.Epoch, _client));
    }

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case IClientMessage m when m.Turn.Epoch != _links.Epoch:
                break;
            case ClientProtocol.Observe m:
                _agent.Scale(m.Statistics);
                var (own, targetRow) = _agent.See(m.Turn, m.Observation);
                Infer(m.Turn, own, targetRow);
                break;
            case DeviceProtocol.Inferred { Turn.Phase: Phase.Learning } m:
                OnMinibatchInferred(m);
                break;
            case DeviceProtocol.Inferred m:
                OnInferred(m);
                break;
            case ClientProtocol.ObservationBatch m:
                OnObservationBatch(m);
                break;
            case ClientProtocol.ActionGradient m:
                OnActionGradient(m);
                break;
            case DeviceProtocol.Improved m:
                _links.Master.Tell(new MasterProtocol.PolicyUpdated(m.Turn, _client, _agent.Learned(m.Turn, m.Outcome), _agent.ActionsAfter(m.PreActivationsAfter)));
                break;
            case ClientProtocol.Snapshot m:
                _links.Device.Tell(new DeviceProtocol.ReadPolicy(Slot, m.Turn));
                break;
            case DeviceProtocol.NetworkRead m:
                ParameterParts.Send(_links.Cell, m.Turn, _client, m.Values, Self);
                break;
            case ClientProtocol.Intervene m:
                OnIntervene(m);
                break;
            case ClientProtocol.Remember m when KeepsPolicy:
                _links.Device.Tell(new DeviceProtocol.ReadPolicyTraining(Slot, m.Turn));
                break;
            case ClientProtocol.Remember m:
                SendState(m.Turn, null);
                break;
            case DeviceProtocol.TrainingRead m:
                SendState(m.Turn, m.State);
                break;
            case ClientProtocol.Restore m:
                OnRestore(m);
                break;
            case DeviceProtocol.OperationFailed m:
                throw new DeviceOperationException(m.Reason);
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnInferred(DeviceProtocol.Inferred message)
    {
        var (policy, explored) = _agent.Act(message.Turn, message.PreActivations.Span);
        _links.Master.Tell(new MasterProtocol.Propose(message.Turn, _client, policy, explored));
    }

    private void OnObservationBatch(ClientProtocol.ObservationBatch message)
    {
        var seen = _agent.See(message.States, message.NextStates);
        _minibatch = seen.Slice(0, message.States.Length);
        Infer(message.Turn, seen, _settings.Targets ? message.NextStates.Length / Observation.Width : 0);
    }

    private void OnMinibatchInferred(DeviceProtocol.Inferred message)
    {
        var (actions, next) = _agent.Minibatch(message.Turn, message.PreActivations);
        _links.Master.Tell(new MasterProtocol.ActionBatch(message.Turn, _client, actions, next));
    }

    private void OnActionGradient(ClientProtocol.ActionGradient message)
    {
        _links.Device.Tell(new DeviceProtocol.Improve(
            Slot,
            _links.Sequential ? 0 : Member,
            message.Turn,
            _links.Sequential ? 1 : _links.Neighbours,
            _minibatch.Length / Observation.Width,
            _minibatch,
            _agent.Gradient(message.Gradient),
            InferAfter: _links.Sequential,
            message.RateFactor * _agent.RateFactor));
        _minibatch = HostPayload.Empty;
    }

    private void OnIntervene(ClientProtocol.Intervene message)
    {
        // Whatever the client asks of the device from now on comes behind it.
        switch (message.Kind)
        {
            case InterventionKind.ScaleRate:
                _agent.RateFactor = message.Factor;
                break;
            case InterventionKind.ResetOutput when KeepsPolicy:
                _links.Device.Tell(new DeviceProtocol.RenewOutputLayer(Slot, message.Turn, new HostPayload(_agent.ResetParameters(message.Turn.Episode))));
                break;
        }
    }

    private void SendState(Turn turn, TrainingState? policy)
    {
        var state = ClientCheckpoint.Of(policy, _agent).ToBytes();
        foreach (var (offset, values) in StateParts.Of(state))
        {
            _links.Cell.Tell(new CellProtocol.ClientState(turn, _client, offset, state.Length, values));
        }
    }

    private void OnRestore(ClientProtocol.Restore message)
    {
        _restored ??= new StateParts();
        if (_restored.Add(message.Offset, message.Total, message.Values) is not { } state)
        {
            return;
        }

        _restored = null;
        var checkpoint = ClientCheckpoint.From(state);
        _agent.Load(new StateReader(checkpoint.Own));
        if (checkpoint.Policy is { } policy)
        {
            _links.Device.Tell(new DeviceProtocol.WritePolicyTraining(Slot, message.Turn, policy));
        }

        _links.Cell.Tell(new CellProtocol.Ready(_links.Epoch, _client));
    }

    private void Infer(Turn turn, IPayload seen, int targetRows) =>
        _links.Device.Tell(new DeviceProtocol.Infer(Slot, Member, turn, _links.Neighbours, seen.Length / Observation.Width, seen, targetRows));

    /// <summary>Makes the actor without reflection and without a compiled expression for each client.</summary>
    private sealed class Producer(int client, ClientSettings settings, ClientLinks links) : IIndirectActorProducer
    {
        public Type ActorType => typeof(ClientActor);

        public ActorBase Produce() => new ClientActor(client, settings, links);

        public void Release(ActorBase actor)
        {
        }
    }
}
