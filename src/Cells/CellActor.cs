using System.Globalization;
using Akka.Actor;
using Simulator.Agents;
using Simulator.Compute;
using Simulator.Environment;
using Simulator.Master;
using Simulator.Protocol;

namespace Simulator.Cells;

/// <summary>
/// A cell: the physics, the barrier of each step, the epoch; parent of its master and clients. Whatever fails in it fails the whole cell, which its population brings back
/// in the next epoch.
/// </summary>
/// <remarks>
/// <code>
///   Reserving ──► Starting ──► Waiting ──entered──► Acting ──training──► Learning ──► Waiting (next episode, or evaluation)
///                                ▲  │                 │ evaluation, or nothing learned   │
///                                └──┼─────────────────┘                                  │ over, told to stop, or diverged
///                                   └─────────────────────────────► Handing over ◄───────┘
///                                                                        └──► ended
/// </code>
/// Before each episode a cell waits for its turn at the device. A cell that only acts has nothing to hand over.
/// </remarks>
public sealed class CellActor : UntypedActor
{
    private readonly int _index;
    private readonly CellOptions _options;
    private readonly int _epoch;
    private readonly IActorRef _device;
    private readonly int? _sharedCritic;
    private readonly CellSimulation _cell;
    private DeviceProtocol.PoliciesReserved? _policies;
    private int? _critic;
    private IActorRef _master = ActorRefs.Nobody;
    private IActorRef[] _clients = [];
    private int _awaited;
    private bool _evaluate;
    private bool _stopRequested;
    private CellStatus _status;
    private string? _divergence;

    /// <summary>Made by <see cref="Props"/>.</summary>
    public CellActor(int index, CellOptions options, int epoch, IActorRef device, int? sharedCritic)
    {
        _index = index;
        _options = options;
        _epoch = epoch;
        _device = device;
        _sharedCritic = sharedCritic;
        _critic = sharedCritic;
        _cell = new CellSimulation(options, epoch);
    }

    /// <summary>Props of a cell.</summary>
    /// <param name="index">Index in the population, which names it in messages.</param>
    /// <param name="options">Everything that determines its results.</param>
    /// <param name="epoch">How often it was brought back.</param>
    /// <param name="device">The batching actor of its node.</param>
    /// <param name="sharedCritic">Reservation of the critic there that it shares with other cells; null where it has its own.</param>
    public static Props Props(int index, CellOptions options, int epoch, IActorRef device, int? sharedCritic = null) =>
        Akka.Actor.Props.CreateBy(new Producer(index, options, epoch, device, sharedCritic));

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new AllForOneStrategy(_ => Directive.Escalate);

    /// <inheritdoc/>
    protected override void PreStart()
    {
        var norm = CellMembers.MaxGradientNormOf(_options);
        var regularisation = CellMembers.RegularisationOf(_options);
        var tau = CellMembers.TauOf(_options);
        _device.Tell(new DeviceProtocol.ReservePolicies(
            CellMembers.PolicyOf(_options), CellMembers.PoliciesOf(_options), _options.Learning.ActorRate, norm, tau, regularisation, CellMembers.PolicyRecyclingOf(_options)));
        if (_sharedCritic is null)
        {
            _device.Tell(new DeviceProtocol.ReserveCritic(
                CellMembers.CriticOf(_options), _options.Clients, Observation.Width, _options.Learning.CriticRate, norm, tau, regularisation, CellMembers.CriticRecyclingOf(_options)));
        }
    }

    /// <inheritdoc/>
    protected override void OnReceive(object message) => Reserving(message);

    private void Reserving(object message)
    {
        switch (message)
        {
            case DeviceProtocol.PoliciesReserved m:
                _policies = m;
                StartWhenReserved();
                break;
            case DeviceProtocol.CriticReserved m:
                _critic = m.Reservation;
                StartWhenReserved();
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
            Context.Parent.Tell(new PopulationProtocol.CellStarted(_index, _epoch, _cell.Baselines()));
            Proceed();
        }
    }

    private void Waiting(object message)
    {
        switch (message)
        {
            case DeviceProtocol.Entered:
                Begin();
                break;
            case CellProtocol.Stop:
                _stopRequested = true;
                End(CellStatus.Interrupted);
                break;
            default:
                Otherwise(message);
                break;
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
            case DeviceProtocol.OperationFailed m:
                throw new DeviceOperationException(m.Reason);
            default:
                Unhandled(message);
                break;
        }
    }

    private void StartWhenReserved()
    {
        if (_policies is null || _critic is not { } critic)
        {
            return;
        }

        Become(Starting);
        _awaited = _options.Clients + 1;
        _master = Context.ActorOf(MasterActor.Props(CellMembers.MasterOf(_options), new MasterLinks(_epoch, Self, _device, critic)), "master");
        var settings = CellMembers.ClientsOf(_options);
        var links = new ClientLinks(
            _epoch,
            Self,
            _master,
            _device,
            new PolicySlot(_policies.Reservation, _policies.First),
            _options.Clients,
            _options.Learning.Update == UpdateMode.Sequential);
        _clients = new IActorRef[_options.Clients];
        for (var i = 0; i < _clients.Length; i++)
        {
            _clients[i] = Context.ActorOf(ClientActor.Props(i, settings, links), NameOf(i));
        }

        _master.Tell(new MasterActor.Introduce(_clients));
    }

    /// <summary>At an episode's boundary, with everything of the last one told: evaluate, train, or end.</summary>
    private void Proceed(bool evaluated = false)
    {
        _evaluate = _cell.EvaluationDue && !evaluated;
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

    private void Begin()
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

    private void BeginStep(float[] observations)
    {
        var statistics = _cell.Statistics(observations);
        _master.Tell(new MasterProtocol.Begin(_cell.Turn, new HostPayload(observations)) { Statistics = statistics });
        for (var i = 0; i < _clients.Length; i++)
        {
            _clients[i].Tell(new ClientProtocol.Observe(_cell.Turn, new HostPayload(observations.AsMemory(i * Observation.Width, Observation.Width))) { Statistics = statistics });
        }
    }

    private void OnDecide(CellProtocol.Decide message)
    {
        var result = _cell.Step(message.Selected, message.Actions.ToArray());
        var observations = _cell.Observe();
        if (message.Turn.Phase == Phase.Training)
        {
            _master.Tell(new MasterProtocol.Outcome(message.Turn, result.Reward, new HostPayload(observations), result.Done));
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
            Proceed(evaluated: true);
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

        // Clients with one policy hand over one.
        Become(HandingOver);
        var policies = _clients.AsSpan(0, CellMembers.PoliciesOf(_options));
        _awaited = policies.Length + 1;
        _master.Tell(new MasterProtocol.Snapshot(_cell.Turn));
        foreach (var client in policies)
        {
            client.Tell(new ClientProtocol.Snapshot(_cell.Turn));
        }
    }

    private void Ended()
    {
        Context.Parent.Tell(new PopulationProtocol.CellEnded(_index, _epoch, _status, _cell.FinishedEpisodes, _cell.StoppingEpisode, _divergence));
        Context.Stop(Self);
    }

    /// <summary>Names are few and kept: a population would else hold one for each of its clients.</summary>
    private static string NameOf(int client) => client < Names.Length ? Names[client] : string.Create(CultureInfo.InvariantCulture, $"client-{client}");

    private static readonly string[] Names = [.. Enumerable.Range(0, 1000).Select(i => string.Create(CultureInfo.InvariantCulture, $"client-{i}"))];

    private sealed class Producer(int index, CellOptions options, int epoch, IActorRef device, int? sharedCritic) : IIndirectActorProducer
    {
        public Type ActorType => typeof(CellActor);

        public ActorBase Produce() => new CellActor(index, options, epoch, device, sharedCritic);

        public void Release(ActorBase actor)
        {
        }
    }
}
