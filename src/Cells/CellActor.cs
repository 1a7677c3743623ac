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
///   Reserving ──► Starting ──► Acting ──training──► Learning ──► Acting (next episode, or evaluation)
///                                │ evaluation                       │ over, told to stop, or diverged
///                                ├──────────► Acting                ▼
///                                └──────────────────────────► Handing over ──► ended
/// </code>
/// </remarks>
public sealed class CellActor : ReceiveActor
{
    private readonly int _index;
    private readonly CellOptions _options;
    private readonly int _epoch;
    private readonly IActorRef _device;
    private readonly CellSimulation _cell;
    private DeviceProtocol.PoliciesReserved? _policies;
    private DeviceProtocol.CriticReserved? _critic;
    private IActorRef _master = ActorRefs.Nobody;
    private IActorRef[] _clients = [];
    private int _awaited;
    private bool _stopRequested;
    private CellStatus _status;
    private string? _divergence;

    /// <summary>Made by <see cref="Props"/>.</summary>
    public CellActor(int index, CellOptions options, int epoch, IActorRef device)
    {
        _index = index;
        _options = options;
        _epoch = epoch;
        _device = device;
        _cell = new CellSimulation(options, epoch);
        Become(Reserving);
    }

    /// <summary>Props of a cell.</summary>
    /// <param name="index">Index in the population, which names it in messages.</param>
    /// <param name="options">Everything that determines its results.</param>
    /// <param name="epoch">How often it was brought back.</param>
    /// <param name="device">The batching actor of its node.</param>
    public static Props Props(int index, CellOptions options, int epoch, IActorRef device) =>
        Akka.Actor.Props.Create(() => new CellActor(index, options, epoch, device));

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new AllForOneStrategy(_ => Directive.Escalate);

    /// <inheritdoc/>
    protected override void PreStart()
    {
        var norm = CellMembers.MaxGradientNormOf(_options);
        _device.Tell(new DeviceProtocol.ReservePolicies(CellMembers.PolicyOf(_options), _options.Clients, _options.Learning.ActorRate, norm));
        _device.Tell(new DeviceProtocol.ReserveCritic(CellMembers.CriticOf(_options), _options.Clients, Observation.Width, _options.Learning.CriticRate, norm));
        Context.Parent.Tell(new PopulationProtocol.CellStarted(_index, _epoch, _cell.Baselines()));
    }

    private void Reserving()
    {
        Common();
        Receive<DeviceProtocol.PoliciesReserved>(m =>
        {
            _policies = m;
            StartWhenReserved();
        });
        Receive<DeviceProtocol.CriticReserved>(m =>
        {
            _critic = m;
            StartWhenReserved();
        });
    }

    private void Starting()
    {
        Common();
        Receive<CellProtocol.Ready>(m => m.Epoch == _epoch, _ =>
        {
            if (--_awaited == 0)
            {
                Proceed();
            }
        });
    }

    private void Acting()
    {
        Common();
        Receive<CellProtocol.Decide>(m => m.Turn == _cell.Turn, OnDecide);
    }

    private void Learning()
    {
        Common();
        Receive<CellProtocol.EpisodeLearned>(m => m.Turn.Epoch == _epoch, OnEpisodeLearned);
    }

    private void HandingOver()
    {
        Common();
        Receive<CellProtocol.Parameters>(m => m.Turn.Epoch == _epoch, m =>
        {
            Context.Parent.Tell(new PopulationProtocol.CellParameters(_index, m));
            if (m.Offset + m.Values.Length == m.Total && --_awaited == 0)
            {
                Context.Parent.Tell(new PopulationProtocol.CellEnded(
                    _index, _epoch, _status, _cell.FinishedEpisodes, _cell.StoppingEpisode, _divergence));
                Context.Stop(Self);
            }
        });
    }

    private void Common()
    {
        Receive<CellProtocol.Stop>(_ => _stopRequested = true);
        Receive<DeviceProtocol.OperationFailed>(m => throw new DeviceOperationException(m.Reason));
    }

    private void StartWhenReserved()
    {
        if (_policies is null || _critic is null)
        {
            return;
        }

        Become(Starting);
        _awaited = _options.Clients + 1;
        _master = Context.ActorOf(MasterActor.Props(CellMembers.MasterOf(_options), new MasterLinks(_epoch, Self, _device, _critic.Reservation)), "master");
        _clients = new IActorRef[_options.Clients];
        for (var i = 0; i < _clients.Length; i++)
        {
            var links = new ClientLinks(
                _epoch,
                Self,
                _master,
                _device,
                new PolicySlot(_policies.Reservation, _policies.First + i),
                _options.Clients,
                _options.Learning.Update == UpdateMode.Sequential);
            _clients[i] = Context.ActorOf(ClientActor.Props(CellMembers.ClientOf(_options, i), links), $"client-{i}");
        }

        _master.Tell(new MasterActor.Introduce(_clients));
    }

    /// <summary>At an episode's boundary, with everything of the last one told: evaluate, train, or end.</summary>
    private void Proceed(bool evaluated = false)
    {
        var evaluate = _cell.EvaluationDue && !evaluated;
        if (_cell.TrainingOver && !evaluate)
        {
            End(_cell.StoppedEarly ? CellStatus.Stopped : CellStatus.Completed);
        }
        else if (_stopRequested)
        {
            End(CellStatus.Interrupted);
        }
        else if (evaluate)
        {
            _cell.BeginEvaluation();
            BeginStep();
        }
        else
        {
            _cell.BeginEpisode();
            BeginStep();
        }
    }

    private void BeginStep() => BeginStep(_cell.Observe());

    private void BeginStep(float[] observations)
    {
        Become(Acting);
        _master.Tell(new MasterProtocol.Begin(_cell.Turn, new HostPayload(observations)));
        for (var i = 0; i < _clients.Length; i++)
        {
            _clients[i].Tell(new ClientProtocol.Observe(_cell.Turn, new HostPayload(observations.AsMemory(i * Observation.Width, Observation.Width))));
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

        if (!result.Done)
        {
            BeginStep(observations);
        }
        else if (message.Turn.Phase == Phase.Training)
        {
            Become(Learning);
        }
        else if (_cell.EndEvaluationEpisode() is { } reward)
        {
            Context.Parent.Tell(new PopulationProtocol.Evaluated(_index, _epoch, _cell.FinishedEpisodes, reward));
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

    private void OnEpisodeLearned(CellProtocol.EpisodeLearned message)
    {
        var totals = _cell.Totals;
        Context.Parent.Tell(new PopulationProtocol.EpisodeFinished(
            _index, _epoch, _cell.Turn.Episode, totals.Reward, _cell.Epsilon, totals.EnergyViolation, totals.DeadlineViolation, message.Update));
        _cell.EndEpisode(message.Update);
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

    private void End(CellStatus status)
    {
        Become(HandingOver);
        _status = status;
        _awaited = _clients.Length + 1;
        _master.Tell(new MasterProtocol.Snapshot(_cell.Turn));
        foreach (var client in _clients)
        {
            client.Tell(new ClientProtocol.Snapshot(_cell.Turn));
        }
    }
}
