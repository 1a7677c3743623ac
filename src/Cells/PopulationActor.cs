using Akka.Actor;
using Simulator.Protocol;

namespace Simulator.Cells;

/// <summary>
/// Runs the cells of a population, wherever they are hosted: has them started a few at a time, tells an observer what happens, brings back what fails or is lost (from its newest checkpoint, or from the beginning
/// where there is none), and completes when all have ended. Told to stop, it begins no more cells; the observer hears nothing of those.
/// </summary>
/// <remarks>
/// One state; each cell that runs has its own:
/// <code>
///   asked for ──CellOpened──► opened ──CellStarted──► running ──CellEnded──► ended
///       ▲                                                │ failed, handed over, or its node is lost
///       └──────────────── the next epoch ────────────────┘
/// </code>
/// What was said and may have been lost, since a node was not to be reached for a while, is said again every few seconds.
/// </remarks>
public sealed class PopulationActor : ReceiveActor, IWithTimers
{
    /// <summary>How often a cell that fails is brought back before it counts as failed. A node that is lost is no failure of its cells.</summary>
    public const int MaximumRecoveries = 3;

    /// <summary>Most cells that start at one time, which bounds what they draw before the device has it.</summary>
    private const int MostStarting = 256;

    /// <summary>
    /// Of the cells that run, this part again may be starting: a start waits for what the device does for those that run, which takes the longer the more they are.
    /// </summary>
    private const int StartingShare = 16;

    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(2);

    private readonly RunDescription _run;
    private readonly int _count;
    private readonly int _firstEpoch;
    private readonly IActorRef _cells;
    private readonly IPopulationObserver _observer;
    private readonly TaskCompletionSource _completion;
    private readonly Dictionary<int, RunningCell> _running = [];
    private readonly Dictionary<IActorRef, int> _hosts = [];
    private int _starting;
    private int _next;
    private bool _stopping;

    /// <summary>Made by <see cref="Props"/>.</summary>
    public PopulationActor(RunDescription run, int count, int firstEpoch, IActorRef cells, IPopulationObserver observer, TaskCompletionSource completion)
    {
        _run = run;
        _count = count;
        _firstEpoch = firstEpoch;
        _cells = cells;
        _observer = observer;
        _completion = completion;
        Receive<HostProtocol.Told>(OnTold);
        Receive<CellProtocol.Intervene>(OnIntervene);
        Receive<Terminated>(OnTerminated);
        Receive<CellProtocol.Stop>(_ => Stop());
        Receive<Tick>(_ => OnTick());
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Props of a population.</summary>
    /// <param name="run">What nodes must know of it.</param>
    /// <param name="count">Number of its cells.</param>
    /// <param name="firstEpoch">Epoch of cells that start for the first time, above all of earlier lives of the run.</param>
    /// <param name="cells">Has cells hosted: told <see cref="HostProtocol.Start"/>.</param>
    /// <param name="observer">Told what happens.</param>
    /// <param name="completion">Completed when all cells have ended, faulted when the observer throws or a cell's store cannot be opened.</param>
    public static Props Props(RunDescription run, int count, int firstEpoch, IActorRef cells, IPopulationObserver observer, TaskCompletionSource completion) =>
        Akka.Actor.Props.Create(() => new PopulationActor(run, count, firstEpoch, cells, observer, completion));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, TickInterval);
        StartMore();
    }

    private void StartMore()
    {
        var ready = _running.Count - _starting;
        var most = Math.Clamp(ready / StartingShare, System.Environment.ProcessorCount, Math.Max(MostStarting, System.Environment.ProcessorCount));
        while (!_stopping && _next < _count && _starting < most)
        {
            var cell = _next++;
            if (!_observer.HasEnded(cell))
            {
                Start(new RunningCell(cell, _firstEpoch, failures: 0));
            }
        }

        if (_running.Count == 0)
        {
            _completion.TrySetResult();
        }
    }

    private void Start(RunningCell cell)
    {
        _running[cell.Index] = cell;
        _starting++;
        Ask(cell);
    }

    private void Ask(RunningCell cell) => _cells.Tell(new HostProtocol.Start(_run, cell.Index, cell.Epoch));

    private void OnTold(HostProtocol.Told message)
    {
        if (!_running.TryGetValue(message.Cell, out var cell) || cell.Epoch != message.Epoch || (cell.Host is not null && !cell.Host.Equals(Sender)))
        {
            Sender.Tell(HostProtocol.Dismiss.Instance);
            return;
        }

        if (cell.Host is null)
        {
            cell.Host = Sender;
            _hosts.Add(Sender, cell.Index);
            Context.Watch(Sender);
            if (_stopping)
            {
                Sender.Tell(CellProtocol.Stop.Instance);
            }
        }

        if (message.Number == cell.Heard + 1)
        {
            cell.Heard = message.Number;
            Observe(() => OnTold(cell, message.Message));
        }

        // One that was heard before was told again because its host did not know; one behind a gap will be told again.
        Sender.Tell(new HostProtocol.Heard(cell.Heard));
    }

    private void OnTold(RunningCell cell, object message)
    {
        switch (message)
        {
            case PopulationProtocol.EpisodeFinished m:
                _observer.OnEpisode(m);
                break;
            case PopulationProtocol.AgentsLearned m:
                _observer.OnAgents(m);
                break;
            case PopulationProtocol.Evaluated m:
                _observer.OnEvaluated(m);
                break;
            case PopulationProtocol.CellOpened m:
                OnOpened(cell, m);
                break;
            case PopulationProtocol.CellStarted m:
                _observer.OnStarted(m);
                HasStarted(cell);
                StartMore();
                break;
            case PopulationProtocol.Intervened m:
                _observer.OnIntervened(m);
                break;
            case PopulationProtocol.CheckpointBegun m:
                _observer.OnCheckpointBegun(m);
                break;
            case PopulationProtocol.CheckpointKept m:
                _observer.OnCheckpointKept(m);
                break;
            case PopulationProtocol.CheckpointDamaged m:
                _observer.OnCheckpointDamaged(m);
                break;
            case PopulationProtocol.CellParameters m:
                _observer.OnParameters(m);
                break;
            case PopulationProtocol.CellEnded m:
                cell.End = CellEnd.Ended;
                _observer.OnEnded(m);
                break;
            case PopulationProtocol.CellFailed m:
                cell.End = CellEnd.Failed;
                cell.Reason = m.Reason;
                cell.Counts = m.Counts;
                break;
            case PopulationProtocol.CellHandedOver:
                cell.End = CellEnd.HandedOver;
                break;
            case PopulationProtocol.CellUnopened m:
                throw new IOException(cell.Host!.Path.Address is { HasLocalScope: false } node ? $"the node {node.Host}:{node.Port} cannot open a cell: {m.Reason}" : m.Reason);
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnOpened(RunningCell cell, PopulationProtocol.CellOpened message)
    {
        cell.History ??= new StateParts();
        if (cell.History.Add(message.Offset, message.Total, message.History) is { } history)
        {
            cell.History = null;
            cell.OpenedAt = message.Episode;
            _observer.OnOpened(message, history);
            Begin(cell);
        }
    }

    private void Begin(RunningCell cell)
    {
        var interventions = _observer.InterventionsAfter(cell.Index, cell.OpenedAt!.Value);
        foreach (var intervention in interventions)
        {
            cell.Host.Tell(new CellProtocol.Intervene(intervention));
        }

        cell.Host.Tell(new HostProtocol.Begin(interventions.Count));
    }

    private void HasStarted(RunningCell cell)
    {
        if (cell.Starting)
        {
            cell.Starting = false;
            _starting--;
        }
    }

    /// <summary>To a cell that runs; one that has not been opened hears of it when it is.</summary>
    private void OnIntervene(CellProtocol.Intervene message)
    {
        if (_running.TryGetValue(message.Intervention.Cell, out var cell) && cell.OpenedAt is not null)
        {
            cell.Host.Tell(message);
        }
    }

    private void OnTerminated(Terminated message)
    {
        if (!_hosts.Remove(message.ActorRef, out var index) || !_running.Remove(index, out var cell))
        {
            return;
        }

        HasStarted(cell);
        var reason = cell.End switch
        {
            CellEnd.Failed => cell.Reason!,
            CellEnd.HandedOver => "it was handed over",
            _ => message.AddressTerminated ? $"its node {message.ActorRef.Path.Address} was lost" : "its host ended",
        };
        var failures = cell.Failures + (cell.Counts && cell.End != CellEnd.HandedOver && !message.AddressTerminated ? 1 : 0);
        if (cell.End == CellEnd.Ended)
        {
            // It is done.
        }
        else if (failures <= MaximumRecoveries)
        {
            Observe(() => _observer.OnRecovering(index, cell.Epoch, reason, handedOver: cell.End == CellEnd.HandedOver));
            Start(new RunningCell(index, cell.Epoch + 1, failures));
        }
        else
        {
            Observe(() => _observer.OnEnded(new PopulationProtocol.CellEnded(index, cell.Epoch, CellStatus.Failed, 0, 0, reason)));
        }

        StartMore();
    }

    private void Stop()
    {
        _stopping = true;
        foreach (var cell in _running.Values)
        {
            Observe(() => _observer.OnStopping(cell.Index));
            cell.Host?.Tell(CellProtocol.Stop.Instance);
        }

        StartMore();
    }

    /// <summary>Says again what may have been lost.</summary>
    private void OnTick()
    {
        foreach (var cell in _running.Values)
        {
            if (cell.Host is null)
            {
                Ask(cell);
            }
            else if (cell.OpenedAt is not null && cell.Starting)
            {
                Begin(cell);
            }

            if (_stopping)
            {
                cell.Host?.Tell(CellProtocol.Stop.Instance);
            }
        }

        foreach (var intervention in _observer.Pending)
        {
            OnIntervene(new CellProtocol.Intervene(intervention));
        }
    }

    private void Observe(Action tell)
    {
#pragma warning disable CA1031 // Whatever the observer throws goes to whoever waits for the population, and ends it.
        try
        {
            tell();
        }
        catch (Exception error)
        {
            _completion.TrySetException(error);
            Context.Stop(Self);
        }
#pragma warning restore CA1031
    }

    private enum CellEnd
    {
        None,
        Ended,
        Failed,
        HandedOver,
    }

    /// <summary>A cell that was asked for and has not ended.</summary>
    private sealed class RunningCell(int index, int epoch, int failures)
    {
        internal int Index => index;

        internal int Epoch => epoch;

        /// <summary>How often it failed in earlier epochs.</summary>
        internal int Failures => failures;

        internal IActorRef? Host { get; set; }

        /// <summary>Number of the last that was heard of its host.</summary>
        internal long Heard { get; set; }

        internal StateParts? History { get; set; }

        /// <summary>Episodes that it goes on from; null until it is opened.</summary>
        internal int? OpenedAt { get; set; }

        internal bool Starting { get; set; } = true;

        internal CellEnd End { get; set; }

        internal string? Reason { get; set; }

        /// <summary>Whether its end is to be held against it.</summary>
        internal bool Counts { get; set; } = true;
    }
}
