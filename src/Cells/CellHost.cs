using System.Globalization;
using Akka.Actor;
using Simulator.Protocol;
using Simulator.Telemetry;

namespace Simulator.Cells;

/// <summary>
/// Hosts one cell in one epoch, on the cell's node: opens what is kept of it, begins it, keeps its checkpoints, and tells its population what it tells, until that has heard it.
/// </summary>
/// <remarks>
/// <code>
///   Empty ──Start──► Opening ──opened──► Beginning ──Begin, placed──► Hosting ──the cell ended──► Closing ──► ended
///                        │ cannot be                                     │ failed, or is handed over  ▲
///                        └───────────────────────────────────────────────┴────────────────────────────┘
/// </code>
/// It ends when all it told has been heard and all checkpoints are written. It hands its cell over, to wherever the population starts it next, when it is told so by whoever moves cells between nodes, and when its
/// population is gone: then the cell takes a checkpoint and ends at the next episode's boundary.
/// </remarks>
#pragma warning disable CA1001 // Akka ends an actor by PostStop, which disposes what it has.
public sealed class CellHost : UntypedActor, IWithTimers
#pragma warning restore CA1001
{
    /// <summary>Most messages under way to a population: parts of networks among them, 3 MB at most.</summary>
    private const int Window = 64;

    private static readonly TimeSpan ResendInterval = TimeSpan.FromSeconds(2);

    private readonly ICellCatalog _catalog;
    private readonly IActorRef _places;
    private readonly Func<RunDescription, IActorRef, SpreadClients>? _spread;
    private readonly CancellationTokenSource _lifetime = new();
    private readonly Outbox _outbox = new(Window);
    private readonly Dictionary<int, Intervention> _interventions = [];
    private readonly List<object> _withheld = [];
    private IActorRef _population = ActorRefs.Nobody;
    private IActorRef _cell = ActorRefs.Nobody;
    private HostProtocol.Start? _start;
    private ICellKeeper? _keeper;
    private KeptCell? _kept;
    private CellPlaces.Placed? _place;
    private int? _toBegin;
    private int _writing;
    private bool _stopping;
    private bool _handsOver;
    private PopulationProtocol.CellEnded? _end;
    private Exception? _failure;
    private object? _lastWord;
    private bool _closing;

    /// <summary>Made by <see cref="Props"/>.</summary>
    internal CellHost(ICellCatalog catalog, IActorRef places, Func<RunDescription, IActorRef, SpreadClients>? spread)
    {
        _catalog = catalog;
        _places = places;
        _spread = spread;
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Props of a host.</summary>
    /// <param name="catalog">Knows the cell.</param>
    /// <param name="places">The <see cref="CellPlaces"/> of the node.</param>
    /// <param name="spread">Where the clients of a cell go that is spread, from its run and its host; null where they are with it in any case.</param>
    internal static Props Props(ICellCatalog catalog, IActorRef places, Func<RunDescription, IActorRef, SpreadClients>? spread) => Akka.Actor.Props.CreateBy(new Producer(catalog, places, spread));

    /// <summary>From whoever moves cells between nodes: end the cell at its next boundary, with a checkpoint, so that it can go on elsewhere.</summary>
    public sealed record HandOver : INoSerializationVerificationNeeded
    {
        /// <summary>The one instance.</summary>
        public static HandOver Instance { get; } = new();
    }

    private int Cell => _start!.Cell;

    private int Epoch => _start!.Epoch;

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(error =>
    {
        _failure = error;
        return Directive.Stop;
    });

    /// <inheritdoc/>
    protected override void OnReceive(object message) => Empty(message);

    /// <inheritdoc/>
    protected override void PreStart() => ClusterMeasurements.CellBegun();

    /// <inheritdoc/>
    protected override void PostStop()
    {
        ClusterMeasurements.CellEnded();
        _lifetime.Cancel();
        _lifetime.Dispose();
    }

    /// <summary>One that failed itself knows nothing of its cell: its population hears that it ended, and starts the cell anew.</summary>
    protected override void PostRestart(Exception reason) => Context.Stop(Self);

    private void Empty(object message)
    {
        switch (message)
        {
            case HostProtocol.Start m:
                _start = m;
                _population = Sender;
                Context.Watch(_population);
                if (!_population.Path.Address.HasLocalScope)
                {
                    Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, ResendInterval);
                }

                Become(Opening);
                var lifetime = _lifetime.Token;
                _ = Task.Run(() => _catalog.OpenAsync(m.Run, m.Cell, m.Epoch, lifetime), lifetime).PipeTo(Self, success: k => new Opened(k), failure: e => new Unopened(e));
                break;
            case HandOver or HostProtocol.Dismiss:
                Context.Stop(Self);
                break;
            default:
                Otherwise(message);
                break;
        }
    }

    private void Opening(object message)
    {
        switch (message)
        {
            case Opened m:
                _keeper = m.Keeper;
                _places.Tell(new CellPlaces.Ask(_keeper.Options));
                _kept = _keeper.TakeKept();
                Become(Beginning);
                TellOpened();
                break;
            case Unopened { Error: EpochUsedException used }:
                Close(new PopulationProtocol.CellFailed(Cell, Epoch, used.Message, Counts: true));
                break;
            case Unopened m:
                Close(new PopulationProtocol.CellUnopened(Cell, Epoch, m.Error.Message));
                break;
            default:
                Otherwise(message);
                break;
        }
    }

    private void Beginning(object message)
    {
        switch (message)
        {
            case HostProtocol.Begin m:
                _toBegin = m.Interventions;
                BeginWhenReady();
                break;
            case CellPlaces.Placed m:
                _place = m;
                BeginWhenReady();
                break;
            default:
                Otherwise(message);
                break;
        }
    }

    private void Hosting(object message)
    {
        switch (message)
        {
            case PopulationProtocol.EpisodeFinished m:
                Pass(m);
                Remember(ending: false);
                break;
            case PopulationProtocol.CellParameters m when _handsOver:
                _withheld.Add(m); // Wanted where this was the last episode, and the cell ends after all.
                break;
            case PopulationProtocol.CellStarted or PopulationProtocol.AgentsLearned or PopulationProtocol.Evaluated or PopulationProtocol.Intervened or PopulationProtocol.CellParameters:
                Pass(message);
                break;
            case CellCheckpoint m:
                Keep(m);
                break;
            case PopulationProtocol.CellEnded m:
                _end = m;
                break;
            case CellProtocol.Intervene m when _interventions.TryAdd(m.Intervention.Number, m.Intervention):
                _cell.Tell(m);
                break;
            case Terminated m when m.ActorRef.Equals(_cell):
                OnCellTerminated();
                break;
            default:
                Otherwise(message);
                break;
        }
    }

    private void Closing(object message)
    {
        Otherwise(message);
        GoOnClosing();
    }

    /// <summary>What every state makes of messages that it does not wait for.</summary>
    private void Otherwise(object message)
    {
        switch (message)
        {
            case HostProtocol.Start or HostProtocol.Begin:
                break; // Said again.
            case HostProtocol.Heard m:
                _outbox.Heard(m.Number);
                Send();
                break;
            case Tick:
                OnTick();
                break;
            case Written m:
                _writing--;
                if (m.Expected || m.Fault is not null)
                {
                    Tell(new PopulationProtocol.CheckpointKept(Cell, Epoch, m.Episode, m.Fault));
                }

                break;
            case CellProtocol.Intervene m:
                _interventions.TryAdd(m.Intervention.Number, m.Intervention);
                BeginWhenReady();
                break;
            case CellProtocol.Stop when !_stopping:
                _stopping = true;
                StopCell();
                break;
            case CellProtocol.Stop:
                break;
            case HandOver:
                OnHandOver();
                break;
            case HostProtocol.Dismiss:
                Context.Stop(Self);
                break;
            case Terminated m when m.ActorRef.Equals(_population):
                _population = ActorRefs.Nobody;
                OnHandOver();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void TellOpened()
    {
        foreach (var damage in _keeper!.Damages)
        {
            Tell(new PopulationProtocol.CheckpointDamaged(Cell, Epoch, damage));
        }

        var history = _kept?.History ?? [];
        foreach (var (offset, part) in StateParts.Of(history))
        {
            Tell(new PopulationProtocol.CellOpened(Cell, Epoch, _kept?.Checkpoint.Episode ?? 0, _kept?.Seconds ?? 0, offset, history.Length, part));
        }
    }

    private void BeginWhenReady()
    {
        if (_place is null || _toBegin is not { } wanted || _interventions.Count < wanted || !_cell.IsNobody())
        {
            return;
        }

        Become(Hosting);
        _cell = Context.ActorOf(
            CellActor.Props(Cell, _keeper!.Options, Epoch, _place.Device, _place.SharedCritic, _keeper.Options.Placement == CellPlacement.Spread ? _spread?.Invoke(_start!.Run, Self) : null), string.Create(CultureInfo.InvariantCulture, $"cell-{Cell}-{Epoch}"));
        Context.Watch(_cell);
        _cell.Tell(new CellActor.Begin(_kept?.Checkpoint));
        _kept = null;
        foreach (var intervention in _interventions.Values)
        {
            _cell.Tell(new CellProtocol.Intervene(intervention));
        }

        if (_stopping)
        {
            StopCell();
        }
    }

    private void Pass(object message)
    {
        _keeper!.Note(message);
        Tell(message);
    }

    private void Remember(bool ending)
    {
        if (_keeper!.Options.Learns && _keeper.Wanted(ending) is { } replayFrom)
        {
            _cell.Tell(new CellActor.Remember(replayFrom));
        }
    }

    private void StopCell()
    {
        if (!_cell.IsNobody())
        {
            Remember(ending: true);
            _cell.Tell(CellProtocol.Stop.Instance);
        }
    }

    private void Keep(CellCheckpoint checkpoint)
    {
        _writing++;
        Tell(new PopulationProtocol.CheckpointBegun(Cell, Epoch, checkpoint.Episode));
        var self = Self;
        _keeper!.Keep(checkpoint, fault => self.Tell(new Written(checkpoint.Episode, fault, Expected: true)));
    }

    private void OnHandOver()
    {
        if (_handsOver || _closing)
        {
            return;
        }

        _handsOver = true;
        if (_cell.IsNobody())
        {
            Close(new PopulationProtocol.CellHandedOver(Cell, Epoch));
        }
        else
        {
            StopCell();
        }
    }

    private void OnCellTerminated()
    {
        if (_end is null)
        {
            Close(new PopulationProtocol.CellFailed(
                Cell,
                Epoch,
                _failure is null ? "it stopped without an end" : _failure is ClientsLostException ? _failure.Message : $"{_failure.GetType().Name}: {_failure.Message}",
                Counts: _failure is not ClientsLostException));
        }
        else if (_handsOver && !_stopping && _end is { Status: CellStatus.Interrupted, IsStopped: false })
        {
            _end = null;
            Close(new PopulationProtocol.CellHandedOver(Cell, Epoch));
        }
        else
        {
            _withheld.ForEach(Pass);
            Close(_end);
        }
    }

    /// <summary>Closes, with the last that is told: it comes behind all checkpoints, since whoever hosts the cell next opens them.</summary>
    private void Close(object lastWord)
    {
        _closing = true;
        _lastWord = lastWord;
        _withheld.Clear();
        Become(Closing);
        GoOnClosing();
    }

    private void GoOnClosing()
    {
        if (_writing > 0)
        {
            return;
        }

        if (_lastWord is { } word)
        {
            _lastWord = null;
            Tell(word);
        }

        if (!_population.IsNobody())
        {
            if (!_outbox.IsEmpty)
            {
                return;
            }

            if (_end is { IsForGood: true } end)
            {
                // Heard, so its results are where they belong.
                _end = null;
                _writing++;
                var self = Self;
                _keeper!.Finish(end, fault => self.Tell(new Written(end.Episodes, fault, Expected: false)));
                return;
            }
        }

        Context.Stop(Self);
    }

    private void OnTick()
    {
        foreach (var (number, message) in _outbox.Stalled())
        {
            _population.Tell(new HostProtocol.Told(Cell, Epoch, number, message));
        }
    }

    private void Tell(object message)
    {
        _outbox.Add(message);
        Send();
    }

    private void Send()
    {
        while (_outbox.Next() is { } next)
        {
            _population.Tell(new HostProtocol.Told(Cell, Epoch, next.Number, next.Message));
        }
    }

    private sealed record Opened(ICellKeeper Keeper) : INoSerializationVerificationNeeded;

    private sealed record Unopened(Exception Error) : INoSerializationVerificationNeeded;

    private sealed record Written(int Episode, string? Fault, bool Expected) : INoSerializationVerificationNeeded;

    private sealed class Producer(ICellCatalog catalog, IActorRef places, Func<RunDescription, IActorRef, SpreadClients>? spread) : IIndirectActorProducer
    {
        public Type ActorType => typeof(CellHost);

        public ActorBase Produce() => new CellHost(catalog, places, spread);

        public void Release(ActorBase actor)
        {
        }
    }
}
