using Akka.Actor;
using Simulator.Agents;
using Simulator.Compute;
using Simulator.Master;
using Simulator.Protocol;

namespace Simulator.Cells;

/// <summary>
/// A cell: the physics, the barrier of each step, the epoch; parent of its master and clients. Whatever it has to tell goes to its parent, its host. Whatever fails in it fails the whole cell, which its
/// population brings back in the next epoch.
/// </summary>
/// <remarks>
/// <code>
///   Reserving ──► Starting ──► Waiting ──entered──► Acting ──training──► Learning ──► Waiting (next episode, or evaluation)
///                                ▲  │                 │ evaluation, or nothing learned   │
///                                └──┼─────────────────┘                                  │ over, told to stop, or diverged
///                                   └─────────────────────────────► Handing over ◄───────┘
///                                                                        └──► ended
/// </code>
/// What somebody does from outside takes effect when a cell that was waiting is let into an episode that is no evaluation; one that is paused there leaves again and is Paused until it is to go on.
/// Before each episode a cell waits for its turn at the device. A cell that only acts has nothing to hand over. At an episode's boundary, where its population wants it, a cell
/// that learns is Remembering: its members say what they would need to go on from there. One that was given a checkpoint passes through Starting twice.
/// </remarks>
public sealed class CellActor : UntypedActor
{
    private readonly int _index;
    private readonly CellOptions _options;
    private readonly int _epoch;
    private readonly IActorRef _device;
    private readonly SpreadClients? _spread;
    private readonly CellReservation _reservation;
    private readonly CellSimulation _cell;
    private readonly PendingInterventions _interventions = new();
    private CellTeam? _team;
    private CellCheckpoint? _restored;
    private CheckpointCollection? _collection;
    private long? _rememberFrom;
    private int _awaited;
    private bool _evaluate;
    private bool _stopRequested;
    private CellStatus _status;
    private string? _divergence;

    /// <summary>Made by <see cref="Props"/>.</summary>
    internal CellActor(int index, CellOptions options, int epoch, IActorRef device, int? sharedCritic, SpreadClients? spread)
    {
        _index = index;
        _options = options;
        _epoch = epoch;
        _device = device;
        _spread = spread;
        _reservation = new CellReservation(options, sharedCritic, spread is not null);
        _cell = new CellSimulation(options, epoch);
    }

    /// <summary>Props of a cell.</summary>
    /// <param name="index">Index in the population, which names it in messages.</param>
    /// <param name="options">Everything that determines its results.</param>
    /// <param name="epoch">How often it was brought back.</param>
    /// <param name="device">The batching actor of its node.</param>
    /// <param name="sharedCritic">Reservation of the critic there that it shares with other cells; null where it has its own.</param>
    /// <param name="spread">Where its clients go; null where they are with it.</param>
    internal static Props Props(int index, CellOptions options, int epoch, IActorRef device, int? sharedCritic, SpreadClients? spread) =>
        Akka.Actor.Props.CreateBy(new Producer(index, options, epoch, device, sharedCritic, spread));

    /// <summary>From the host: take a checkpoint at the next episode's boundary. Answered there by a <see cref="CellCheckpoint"/>.</summary>
    /// <param name="ReplayFrom">Number of the first replay transition that it must hold.</param>
    public sealed record Remember(long ReplayFrom) : INoSerializationVerificationNeeded;

    /// <summary>From the host, before anything else: begin.</summary>
    /// <param name="Checkpoint">What to go on from, with all of its replay memory; null for the beginning.</param>
    public sealed record Begin(CellCheckpoint? Checkpoint) : INoSerializationVerificationNeeded;

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new AllForOneStrategy(_ => Directive.Escalate);

    /// <inheritdoc/>
    protected override void OnReceive(object message) => Reserving(message);

    private void Reserving(object message)
    {
        switch (message)
        {
            case Begin m:
                _restored = m.Checkpoint;
                StartWhenReserved(_reservation.Ask(_device));
                break;
            case DeviceProtocol.PoliciesReserved m:
                StartWhenReserved(_reservation.Add(m));
                break;
            case DeviceProtocol.CriticReserved m:
                StartWhenReserved(_reservation.Add(m));
                break;
            default:
                Otherwise(message);
                break;
        }
    }

    private void Starting(object message)
    {
        if (message is not CellProtocol.Ready m)
        {
            Otherwise(message);
        }
        else if (m.Epoch == _epoch && --_awaited == 0)
        {
            Started();
        }
    }

    private void Waiting(object message)
    {
        if (message is DeviceProtocol.Entered)
        {
            OnEntered();
            return;
        }

        Otherwise(message);
        if (_stopRequested)
        {
            Proceed();
        }
    }

    private void Paused(object message)
    {
        Otherwise(message);
        if (_stopRequested || _interventions.EndsPause(_cell.FinishedEpisodes + 1))
        {
            Proceed();
        }
    }

    private void Acting(object message)
    {
        if (message is not CellProtocol.Decide m)
        {
            Otherwise(message);
        }
        else if (m.Turn == _cell.Turn)
        {
            OnDecide(m);
        }
    }

    private void Learning(object message)
    {
        switch (message)
        {
            case MasterActor.ClientOutputs m when m.Turn.Epoch == _epoch:
                OnClientOutputs(m);
                break;
            case CellProtocol.EpisodeLearned m when m.Turn.Epoch == _epoch:
                OnEpisodeLearned(m);
                break;
            case MasterActor.ClientOutputs or CellProtocol.EpisodeLearned:
                break;
            default:
                Otherwise(message);
                break;
        }
    }

    private void Remembering(object message)
    {
        switch (message)
        {
            case CellProtocol.ClientState m when m.Turn.Epoch == _epoch:
                OnRemembered(_collection!.Add(m));
                break;
            case MasterActor.Remembered m:
                OnRemembered(_collection!.Add(m));
                break;
            default:
                Otherwise(message);
                break;
        }
    }

    private void HandingOver(object message)
    {
        if (message is not CellProtocol.Parameters m)
        {
            Otherwise(message);
        }
        else if (m.Turn.Epoch == _epoch)
        {
            Context.Parent.Tell(new PopulationProtocol.CellParameters(_index, m));
            if (m.Offset + m.Values.Length == m.Total && --_awaited == 0)
            {
                Ended();
            }
        }
    }

    /// <summary>What every state makes of messages that it does not wait for.</summary>
    private void Otherwise(object message)
    {
        switch (message)
        {
            case CellProtocol.Stop:
                _stopRequested = true;
                break;
            case CellProtocol.Intervene m:
                _interventions.Add(m.Intervention);
                break;
            case Remember m:
                _rememberFrom = m.ReplayFrom;
                break;
            case DeviceProtocol.OperationFailed m:
                throw new DeviceOperationException(m.Reason);
            default:
                Unhandled(message);
                break;
        }
    }

    private void StartWhenReserved((PolicySlot Policies, int Critic)? places)
    {
        if (places is not { } place)
        {
            return;
        }

        Become(Starting);
        var master = new MasterLinks(_epoch, Self, _device, place.Critic);
        _team = _spread is null
            ? new CellTeam(Context, _options, master, m => new ClientLinks(_epoch, Self, m, _device, place.Policies, _options.Clients, _options.Learning.Update == UpdateMode.Sequential))
            : new CellTeam(Context, _options, master, _spread, _index, _epoch);
        _awaited = _team.Count;
    }

    private void Started()
    {
        if (_restored is { } checkpoint)
        {
            _restored = null;
            _cell.Load(new StateReader(checkpoint.Own));
            _awaited = _team!.Count;
            _team.Restore(_cell.Turn, checkpoint);
            return;
        }

        Context.Parent.Tell(new PopulationProtocol.CellStarted(_index, _epoch, _cell.Baselines()));
        Proceed();
    }

    /// <summary>At an episode's boundary, with everything of the last one told: remember, evaluate, train, or end.</summary>
    private void Proceed()
    {
        if (_rememberFrom is { } replayFrom && _options.Learns)
        {
            _rememberFrom = null;
            _collection = new CheckpointCollection(_index, _cell, _options.Clients);
            Become(Remembering);
            _team!.Remember(_cell.Turn, replayFrom);
            return;
        }

        _evaluate = _cell.EvaluationDue;
        if (_cell.TrainingOver && !_evaluate)
        {
            End(_cell.StoppedEarly ? CellStatus.Stopped : CellStatus.Completed);
        }
        else if (_stopRequested)
        {
            End(CellStatus.Interrupted);
        }
        else
        {
            Become(Waiting);
            _device.Tell(DeviceProtocol.Enter.Instance);
        }
    }

    private void OnRemembered(CellCheckpoint? checkpoint)
    {
        if (checkpoint is not null)
        {
            _collection = null;
            Context.Parent.Tell(checkpoint);
            Proceed();
        }
    }

    /// <summary>The cell may begin; what somebody does to it comes first.</summary>
    private void OnEntered()
    {
        if (!_evaluate)
        {
            var episode = _cell.FinishedEpisodes + 1;
            foreach (var intervention in _interventions.Take(episode))
            {
                Context.Parent.Tell(new PopulationProtocol.Intervened(_index, _epoch, intervention.Number, intervention.Kind, episode));
                if (intervention.OnAgent)
                {
                    _team!.Intervene(new Turn(_epoch, Phase.Training, episode, 0), intervention);
                }
            }

            if (_interventions.Stopped)
            {
                End(CellStatus.Interrupted);
                return;
            }

            if (_interventions.Paused)
            {
                Become(Paused);
                _device.Tell(DeviceProtocol.Leave.Instance);
                return;
            }
        }

        BeginEpisode();
    }

    private void BeginEpisode()
    {
        Become(Acting);
        if (_evaluate)
        {
            _cell.BeginEvaluation();
        }
        else
        {
            _cell.BeginEpisode();
        }

        BeginStep();
    }

    private void BeginStep() => BeginStep(_cell.Observe());

    private void BeginStep(float[] observations) => _team!.BeginStep(_cell.Turn, observations, _cell.Statistics(observations));

    private void OnDecide(CellProtocol.Decide message)
    {
        var result = _cell.Step(message.Selected, message.Actions.ToArray());
        var observations = _cell.Observe();
        if (message.Turn.Phase == Phase.Training)
        {
            _team!.EndStep(new MasterProtocol.Outcome(message.Turn, result.Reward, new HostPayload(observations), result.Done));
        }

        if (message.Turn.Phase != Phase.Training && !double.IsFinite(result.Reward))
        {
            EndWithoutReward(message.Turn.Phase);
        }
        else if (!result.Done)
        {
            BeginStep(observations);
        }
        else if (message.Turn.Phase == Phase.Training)
        {
            Become(Learning);
        }
        else if (message.Turn.Phase == Phase.Acting)
        {
            EndEpisode(null);
            Proceed();
        }
        else if (_cell.EndEvaluationEpisode() is { } means)
        {
            Context.Parent.Tell(new PopulationProtocol.Evaluated(_index, _epoch, _cell.FinishedEpisodes, means.Reward, means.Violations));
            Proceed();
        }
        else if (_stopRequested)
        {
            Proceed();
        }
        else
        {
            BeginStep();
        }
    }

    /// <summary>No mean of what follows would be a number. Where a transition is learned from, the master looks at its value itself.</summary>
    private void EndWithoutReward(Phase phase)
    {
        if (phase == Phase.Acting)
        {
            EndEpisode(null);
        }

        _divergence = phase == Phase.Acting ? "the reward became non-finite" : "the reward of an evaluation became non-finite";
        End(CellStatus.Diverged);
    }

    private void OnClientOutputs(MasterActor.ClientOutputs message)
    {
        for (var first = 0; first < message.Outputs.Length; first += PopulationProtocol.MaximumAgents)
        {
            var part = message.Outputs.Length <= PopulationProtocol.MaximumAgents
                ? message.Outputs
                : message.Outputs[first..Math.Min(first + PopulationProtocol.MaximumAgents, message.Outputs.Length)];
            Context.Parent.Tell(new PopulationProtocol.AgentsLearned(_index, _epoch, message.Turn.Episode, first, part));
        }
    }

    private void OnEpisodeLearned(CellProtocol.EpisodeLearned message)
    {
        EndEpisode(message.Update);
        if (message.Divergence is { } divergence)
        {
            _divergence = $"{divergence} became non-finite";
            End(CellStatus.Diverged);
        }
        else
        {
            Proceed();
        }
    }

    private void EndEpisode(UpdateReport? update)
    {
        var totals = _cell.Totals;
        Context.Parent.Tell(new PopulationProtocol.EpisodeFinished(
            _index, _epoch, _cell.Turn.Episode, totals.Reward, _cell.Epsilon, totals.Violations, update));
        _cell.EndEpisode(update);
    }

    private void End(CellStatus status)
    {
        _status = status;
        _device.Tell(DeviceProtocol.Leave.Instance);
        if (!_options.Learns)
        {
            Ended();
            return;
        }

        Become(HandingOver);
        if (_cell.CurrentStatistics is { Length: > 0 } statistics)
        {
            var part = new CellProtocol.Parameters(_cell.Turn, CellProtocol.ObservationStatistics, 0, statistics.Length, statistics);
            Context.Parent.Tell(new PopulationProtocol.CellParameters(_index, part));
        }

        _awaited = _team!.HandOver(_cell.Turn, CellMembers.PoliciesOf(_options));
    }

    private void Ended()
    {
        var detail = _interventions.Stopped ? $"stopped from outside before episode {_cell.FinishedEpisodes + 1}" : _divergence;
        Context.Parent.Tell(new PopulationProtocol.CellEnded(_index, _epoch, _status, _cell.FinishedEpisodes, _cell.StoppingEpisode, detail));
        Context.Stop(Self);
    }

    private sealed class Producer(int index, CellOptions options, int epoch, IActorRef device, int? sharedCritic, SpreadClients? spread) : IIndirectActorProducer
    {
        public Type ActorType => typeof(CellActor);

        public ActorBase Produce() => new CellActor(index, options, epoch, device, sharedCritic, spread);

        public void Release(ActorBase actor)
        {
        }
    }
}
