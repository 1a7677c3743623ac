using Akka.Actor;
using Akka.Event;
using Simulator.Compute;
using Simulator.Protocol;
using static Simulator.Compute.DeviceProtocol;

namespace Simulator.Master;

/// <summary>Whom a master talks to.</summary>
/// <param name="Epoch">Epoch of the cell; messages of another one are dropped.</param>
/// <param name="Cell">The cell.</param>
/// <param name="Device">The batching actor of the cell's node.</param>
/// <param name="Critic">Its critic there.</param>
public sealed record MasterLinks(int Epoch, IActorRef Cell, IActorRef Device, int Critic);

/// <summary>
/// The master of a cell: decides who offloads at each step, and at each episode's end learns and teaches the clients.
/// </summary>
/// <remarks>
/// <code>
///   Acting ──contention──► Scoring ──► Acting
///     │ last outcome
///     ▼
///   Storing ──► Sampling ──► Targeting ──► Criticising ──► Differentiating ◄──► Teaching
///     │ too few episodes        (all clients' actions) │        │  simultaneous: once, all clients
///     │                         the actors' turn is later       │  sequential: once for each client
///     └──────────────────────────────► Acting ◄────────┴────────┘
/// </code>
/// Whenever a number is not finite the update ends with the reason, and the cell with it. A master that only acts is in the upper two states, with a critic that others share.
/// </remarks>
public sealed class MasterActor : UntypedActor
{
    private readonly MasterSettings _settings;
    private readonly MasterLinks _links;
    private readonly MasterAgent _agent;
    private readonly AgentReport[] _reports;
    private readonly UpdateTelemetry _telemetry;
    private IReadOnlyList<IActorRef> _clients = [];
    private CriticQuery? _query;
    private UpdateRound? _round;
    private CriticStep? _criticStep;
    private double _actorLoss;
    private int _answers;
    private long _replayFrom;

    /// <summary>Made by <see cref="Props"/>.</summary>
    public MasterActor(MasterSettings settings, MasterLinks links)
    {
        _settings = settings;
        _links = links;
        _agent = new MasterAgent(settings);
        _telemetry = new UpdateTelemetry(links.Cell.Path.Name);
        _reports = settings.Learns ? new AgentReport[settings.Clients] : [];
    }

    /// <summary>Props of a master.</summary>
    public static Props Props(MasterSettings settings, MasterLinks links) => Akka.Actor.Props.CreateBy(new Producer(settings, links));

    /// <summary>From the cell, before anything else: its clients, in the order of their indices.</summary>
    /// <param name="Clients">The clients, [N].</param>
    public sealed record Introduce(IReadOnlyList<IActorRef> Clients) : INoSerializationVerificationNeeded;

    /// <summary>From the cell, at an episode's boundary: asks for all that the master would need to go on from there. Master and cell are always on one node. Answered by <see cref="Remembered"/>.</summary>
    /// <param name="Turn">The episode's end.</param>
    /// <param name="ReplayFrom">Number of the first transition that is wanted; an earlier checkpoint has those before it.</param>
    public sealed record Remember(Turn Turn, long ReplayFrom) : IMasterMessage, INoSerializationVerificationNeeded;

    /// <summary>To the cell: all that the master would need.</summary>
    /// <param name="Turn">The episode's end.</param>
    /// <param name="Checkpoint">All that it would need.</param>
    public sealed record Remembered(Turn Turn, MasterCheckpoint Checkpoint) : INoSerializationVerificationNeeded;

    /// <summary>From the cell, before its first episode: what an earlier life of the master remembered. Answered by <see cref="CellProtocol.Ready"/>.</summary>
    /// <param name="Turn">The episode's end.</param>
    /// <param name="Checkpoint">All that it needs.</param>
    public sealed record Restore(Turn Turn, MasterCheckpoint Checkpoint) : IMasterMessage, INoSerializationVerificationNeeded;

    /// <summary>
    /// To the cell, before its <see cref="CellProtocol.EpisodeLearned"/>: the outputs of all clients. Cell and master are always on one node, so it is of any size.
    /// </summary>
    /// <param name="Turn">The update.</param>
    /// <param name="Outputs">Each client's, [N].</param>
    public sealed record ClientOutputs(Turn Turn, OutputDiagnostics[] Outputs) : INoSerializationVerificationNeeded;

    /// <inheritdoc/>
    protected override void PreStart()
    {
        if (_settings.Learns)
        {
            _links.Device.Tell(new WriteCritic(_links.Critic, _agent.Start()));
        }

        _links.Cell.Tell(new CellProtocol.Ready(_links.Epoch, CellProtocol.Critic));
    }

    private bool Sequential => _settings.Learning.Update == UpdateMode.Sequential;

    /// <inheritdoc/>
    protected override void PostStop() => _telemetry.End("its cell ended in the middle of it");

    /// <inheritdoc/>
    protected override void OnReceive(object message) => Acting(message);

    private void Acting(object message)
    {
        switch (message)
        {
            case IMasterMessage m when m.Turn.Epoch != _links.Epoch:
                break;
            case MasterProtocol.Propose m:
                DecideWhen(_agent.Propose(m.Client, m.Policy, m.Explored), m.Turn);
                break;
            case MasterProtocol.Begin m:
                _telemetry.Acting(m.Turn);
                DecideWhen(_agent.Begin(m.States, m.Statistics), m.Turn);
                break;
            case MasterProtocol.Outcome m:
                OnOutcome(m);
                break;
            case Introduce m:
                _clients = m.Clients;
                break;
            case MasterProtocol.Snapshot m:
                _links.Device.Tell(new ReadCritic(_links.Critic, m.Turn));
                break;
            case NetworkRead m:
                ParameterParts.Send(_links.Cell, m.Turn, CellProtocol.Critic, m.Values, Self);
                break;
            case Remember m:
                _replayFrom = m.ReplayFrom;
                _links.Device.Tell(new ReadCriticTraining(_links.Critic, m.Turn));
                break;
            case TrainingRead m:
                _links.Cell.Tell(new Remembered(m.Turn, _agent.Remember(m.State, _replayFrom)));
                break;
            case Restore m:
                _agent.Restore(m.Checkpoint);
                _links.Device.Tell(new WriteCriticTraining(_links.Critic, m.Turn, m.Checkpoint.Critic));
                _links.Cell.Tell(new CellProtocol.Ready(_links.Epoch, CellProtocol.Critic));
                break;
            default:
                Otherwise(message);
                break;
        }
    }

    private void Scoring(object message) => Await<Evaluated>(message, OnScored);

    private void Storing(object message) => Await<Evaluated>(message, OnStore);

    private void Sampling(object message) => Await<MasterProtocol.ActionBatch>(message, OnActionBatch);

    private void Targeting(object message) => Await<Evaluated>(message, OnTargets);

    private void Criticising(object message) => Await<CriticImproved>(message, OnCriticImproved);

    private void Differentiating(object message) => Await<Differentiated>(message, OnDifferentiated);

    private void Teaching(object message) => Await<MasterProtocol.PolicyUpdated>(message, OnPolicyUpdated);

    /// <summary>A state that waits for messages of one kind, of this epoch.</summary>
    private void Await<T>(object message, Action<T> handle)
    {
        if (message is T awaited && (message is not IMasterMessage m || m.Turn.Epoch == _links.Epoch))
        {
            handle(awaited);
        }
        else
        {
            Otherwise(message);
        }
    }

    /// <summary>What every state makes of messages that it does not wait for.</summary>
    private void Otherwise(object message)
    {
        switch (message)
        {
            case OperationFailed m:
                _telemetry.Fail(Context.GetLogger(), m.Turn, m.Reason);
                throw new DeviceOperationException(m.Reason);
            case IMasterMessage m when m.Turn.Epoch != _links.Epoch:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void DecideWhen(bool complete, Turn turn)
    {
        if (!complete)
        {
            return;
        }

        if (_agent.Decide(turn, out _query) is { } decision)
        {
            _links.Cell.Tell(decision);
        }
        else
        {
            Become(Scoring);
            _links.Device.Tell(new Evaluate(_links.Critic, turn, _query!));
        }
    }

    private void OnScored(Evaluated message)
    {
        Become(Acting);
        _links.Cell.Tell(_agent.Decide(message.Turn, _query!, message.Values));
    }

    private void OnOutcome(MasterProtocol.Outcome message)
    {
        _agent.Outcome(message.Reward, message.NextStates, message.Done);
        if (message.Done)
        {
            Become(Storing);
            _telemetry.Storing();
            _query = _agent.ErrorQuery();
            _links.Device.Tell(new Evaluate(_links.Critic, message.Turn with { Phase = Phase.Learning }, _query));
        }
    }

    private void OnStore(Evaluated message)
    {
        if (!_agent.Store(_agent.Errors(_query!, message.Values)))
        {
            Finish(message.Turn, null, "the critic's value of a stored transition");
            return;
        }

        _round = _agent.BeginUpdate(message.Turn.Episode);
        if (_round is null)
        {
            Finish(message.Turn, null, null);
            return;
        }

        Become(Sampling);
        _telemetry.Sampling();
        _answers = 0;
        for (var i = 0; i < _clients.Count; i++)
        {
            _clients[i].Tell(new ClientProtocol.ObservationBatch(message.Turn, _round.StatesOf(i), _round.NextStatesOf(i)));
        }
    }

    private void OnActionBatch(MasterProtocol.ActionBatch message)
    {
        _round!.SetActions(message.Client, message.Actions, message.NextActions);
        if (++_answers == _clients.Count)
        {
            Become(Targeting);
            _telemetry.Targeting();
            _query = _round.TargetQuery();
            _links.Device.Tell(new Evaluate(_links.Critic, message.Turn, _query));
        }
    }

    private void OnTargets(Evaluated message)
    {
        Become(Criticising);
        _telemetry.Criticising();
        _links.Device.Tell(new ImproveCritic(_links.Critic, message.Turn, _round!.Lesson(_query!, message.Values)));
    }

    private void OnCriticImproved(CriticImproved message)
    {
        if (!message.Step.Outcome.Finite)
        {
            Finish(message.Turn, null, "the critic's loss, gradient or parameters");
            return;
        }

        _telemetry.Criticised(message.Step);
        _criticStep = _agent.Learned(message.Step);
        if (!_agent.ActorsLearn(message.Turn.Episode))
        {
            Finish(message.Turn, UpdateSummary.Of(_criticStep), null);
            return;
        }

        _answers = 0;
        _actorLoss = 0;
        _telemetry.Teaching();
        Differentiate(message.Turn);
    }

    private void Differentiate(Turn turn)
    {
        Become(Differentiating);
        _links.Device.Tell(new Differentiate(_links.Critic, turn, _round!.Question()));
    }

    private void OnDifferentiated(Differentiated message)
    {
        if (!double.IsFinite(message.Answer.Loss))
        {
            Finish(message.Turn, null, "the actors' loss");
            return;
        }

        Become(Teaching);
        if (Sequential)
        {
            _actorLoss += message.Answer.Loss / _clients.Count;
            Teach(_answers, message);
            return;
        }

        _actorLoss = message.Answer.Loss;
        for (var i = 0; i < _clients.Count; i++)
        {
            Teach(i, message);
        }
    }

    private void Teach(int client, Differentiated message) =>
        _clients[client].Tell(new ClientProtocol.ActionGradient(message.Turn, _round!.GradientOf(client, message.Answer), _agent.ActorRateFactor));

    private void OnPolicyUpdated(MasterProtocol.PolicyUpdated message)
    {
        _reports[message.Client] = message.Report;
        _answers++;
        if (_answers == _clients.Count || (Sequential && !message.Report.Finite))
        {
            var broken = Array.FindIndex(_reports, 0, Sequential ? _answers : _reports.Length, r => !r.Finite);
            if (broken >= 0)
            {
                Finish(message.Turn, null, $"the gradient or parameters of client {broken}");
                return;
            }

            _telemetry.Taught();
            _links.Cell.Tell(new ClientOutputs(message.Turn, Array.ConvertAll(_reports, r => r.Outputs)));
            var report = UpdateSummary.Of(_criticStep!, _actorLoss, _reports, _settings.SharedPolicy);
            Finish(message.Turn, _agent.Learned(report), null);
        }
        else if (Sequential)
        {
            _round!.SetActions(message.Client, message.ActionsAfter);
            Differentiate(message.Turn);
        }
    }

    private void Finish(Turn turn, UpdateReport? report, string? divergence)
    {
        Become(Acting);
        _telemetry.End(divergence);
        _round?.Dispose();
        _round = null;
        _query = null;
        _links.Cell.Tell(new CellProtocol.EpisodeLearned(turn, divergence is null ? report : null, divergence));
    }

    private sealed class Producer(MasterSettings settings, MasterLinks links) : IIndirectActorProducer
    {
        public Type ActorType => typeof(MasterActor);

        public ActorBase Produce() => new MasterActor(settings, links);

        public void Release(ActorBase actor)
        {
        }
    }
}
