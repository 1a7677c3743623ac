using Akka.Actor;
using Simulator.Compute;
using Simulator.Protocol;

namespace Simulator.Cells;

/// <summary>
/// Told what happens in a population, in order for each cell. Called on the population's actor: quick, and never concurrently. What it throws ends the population.
/// </summary>
public interface IPopulationObserver
{
    /// <summary>A cell began, or began anew with a higher epoch: then what was told of it before is void.</summary>
    void OnStarted(PopulationProtocol.CellStarted message);

    /// <summary>A training episode is finished.</summary>
    void OnEpisode(PopulationProtocol.EpisodeFinished message);

    /// <summary>What the update after a training episode did to some agents; comes before the episode.</summary>
    void OnAgents(PopulationProtocol.AgentsLearned message);

    /// <summary>An evaluation is finished.</summary>
    void OnEvaluated(PopulationProtocol.Evaluated message);

    /// <summary>What somebody did to a cell has taken effect, for the first time or, in a cell that was brought back, again.</summary>
    void OnIntervened(PopulationProtocol.Intervened message);

    /// <summary>Part of a network's parameters, at a cell's end.</summary>
    void OnParameters(PopulationProtocol.CellParameters message);

    /// <summary>A cell has ended.</summary>
    void OnEnded(PopulationProtocol.CellEnded message);

    /// <summary>A cell failed and will be brought back.</summary>
    /// <param name="cell">Index of the cell.</param>
    /// <param name="epoch">The epoch that failed.</param>
    /// <param name="reason">Why.</param>
    void OnRecovering(int cell, int epoch, string reason);
}

/// <summary>
/// Runs the cells of a population on one node: starts them a few at a time, cell i on device i modulo their number, tells an observer what happens, brings back what fails (from its
/// newest checkpoint, or from the beginning where there is none), and completes when all have ended. Told to stop, it begins no more cells; the observer hears nothing of those.
/// </summary>
/// <remarks>
/// <code>
///   Preparing (a critic on each device for the cells that act) ──► Running: start, ready, start the next ... ──► completed
/// </code>
/// </remarks>
public sealed class PopulationActor : ReceiveActor
{
    /// <summary>How often a cell is brought back before it counts as failed.</summary>
    public const int MaximumRecoveries = 3;

    /// <summary>Most cells that start at one time, which bounds what they draw before the device has it.</summary>
    private const int MostStarting = 256;

    /// <summary>
    /// Of the cells that run, this part again may be starting: a start waits for what the device does for those that run, which takes the longer the more they are.
    /// </summary>
    private const int StartingShare = 16;

    private readonly IReadOnlyList<CellOptions> _cells;
    private readonly IReadOnlyList<IActorRef> _devices;
    private readonly IPopulationObserver _observer;
    private readonly TaskCompletionSource _completion;
    private readonly ICheckpointStore? _checkpoints;
    private readonly Dictionary<IActorRef, (int Cell, int Epoch)> _running = [];
    private readonly HashSet<IActorRef> _starting = [];
    private readonly HashSet<IActorRef> _ended = [];
    private readonly Dictionary<IActorRef, string> _failures = [];
    private readonly Dictionary<(SharedCritic Critic, IActorRef Device), int> _critics = [];
    private readonly Queue<(SharedCritic Critic, IActorRef Device, CellOptions Cell)> _wanted = [];
    private int _next;
    private bool _stopping;

    /// <summary>Made by <see cref="Props"/>.</summary>
    public PopulationActor(
        IReadOnlyList<CellOptions> cells, IReadOnlyList<IActorRef> devices, IPopulationObserver observer, TaskCompletionSource completion, ICheckpointStore? checkpoints)
    {
        _cells = cells;
        _devices = devices;
        _observer = observer;
        _completion = completion;
        _checkpoints = checkpoints;
        Receive<PopulationProtocol.EpisodeFinished>(m => Observe(() =>
        {
            _observer.OnEpisode(m);
            AskForCheckpoint(Sender, m.Cell, ending: false);
        }));
        Receive<CellCheckpoint>(m => Observe(() => _checkpoints?.Keep(m)));
        Receive<PopulationProtocol.AgentsLearned>(m => Observe(() => _observer.OnAgents(m)));
        Receive<PopulationProtocol.CellStarted>(m =>
        {
            Observe(() => _observer.OnStarted(m));
            _starting.Remove(Sender);
            StartMore();
        });
        Receive<PopulationProtocol.Evaluated>(m => Observe(() => _observer.OnEvaluated(m)));
        Receive<PopulationProtocol.Intervened>(m => Observe(() => _observer.OnIntervened(m)));
        Receive<CellProtocol.Intervene>(OnIntervene);
        Receive<PopulationProtocol.CellParameters>(m => Observe(() => _observer.OnParameters(m)));
        Receive<PopulationProtocol.CellEnded>(m =>
        {
            _ended.Add(Sender);
            Observe(() => _observer.OnEnded(m));
        });
        Receive<Terminated>(OnTerminated);
        Receive<CellProtocol.Stop>(Stop);
        Receive<DeviceProtocol.CriticReserved>(OnCriticReserved);
        Receive<DeviceProtocol.OperationFailed>(m => throw new DeviceOperationException(m.Reason));
    }

    /// <summary>Props of a population.</summary>
    /// <param name="cells">Its cells.</param>
    /// <param name="devices">The batching actors, at least one.</param>
    /// <param name="observer">Told what happens.</param>
    /// <param name="completion">Completed when all cells have ended, faulted when the observer or the store throws.</param>
    /// <param name="checkpoints">Keeps checkpoints; null for none.</param>
    public static Props Props(
        IReadOnlyList<CellOptions> cells,
        IReadOnlyList<IActorRef> devices,
        IPopulationObserver observer,
        TaskCompletionSource completion,
        ICheckpointStore? checkpoints = null) =>
        Akka.Actor.Props.Create(() => new PopulationActor(cells, devices, observer, completion, checkpoints));

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(error =>
    {
        _failures[Sender] = $"{error.GetType().Name}: {error.Message}";
        return Directive.Stop;
    });

    /// <inheritdoc/>
    protected override void PreStart()
    {
        var seen = new HashSet<(SharedCritic, IActorRef)>();
        for (var i = 0; i < _cells.Count; i++)
        {
            if (!_cells[i].Learns && seen.Add((SharedCritic.Of(_cells[i]), DeviceOf(i))))
            {
                _wanted.Enqueue((SharedCritic.Of(_cells[i]), DeviceOf(i), _cells[i]));
            }
        }

        Prepare();
    }

    private IActorRef DeviceOf(int cell) => _devices[cell % _devices.Count];

    /// <summary>Asks for the next critic that cells share; when all are there, the cells begin.</summary>
    private void Prepare()
    {
        if (_wanted.TryPeek(out var wanted))
        {
            wanted.Device.Tell(new DeviceProtocol.ReserveCritic(CellMembers.CriticOf(wanted.Cell), wanted.Cell.Clients, Simulator.Environment.Observation.Width, 0, 0));
        }
        else
        {
            StartMore();
        }
    }

    private void OnCriticReserved(DeviceProtocol.CriticReserved message)
    {
        var (critic, device, cell) = _wanted.Dequeue();
        _critics.Add((critic, device), message.Reservation);

        // Whoever evaluates it was started after this message was sent, so it comes first.
        device.Tell(new DeviceProtocol.WriteCritic(message.Reservation, CellMembers.CriticStartOf(cell)));
        Prepare();
    }

    private void StartMore()
    {
        var ready = _running.Count - _starting.Count;
        var most = Math.Clamp(ready / StartingShare, System.Environment.ProcessorCount, Math.Max(MostStarting, System.Environment.ProcessorCount));
        while (!_stopping && _next < _cells.Count && _starting.Count < most)
        {
            var cell = _next++;
            if (_checkpoints?.HasEnded(cell) != true)
            {
                Start(cell, 0);
            }
        }

        if (_running.Count == 0)
        {
            _completion.TrySetResult();
        }
    }

    private void Start(int cell, int epoch)
    {
        var options = _cells[cell];
        var device = DeviceOf(cell);
        int? critic = options.Learns ? null : _critics[(SharedCritic.Of(options), device)];
        var actor = Context.ActorOf(CellActor.Props(cell, options, epoch, device, critic), $"cell-{cell}-{epoch}");
        Context.Watch(actor);
        Observe(() => Begin(actor, cell));
        if (_stopping)
        {
            actor.Tell(CellProtocol.Stop.Instance);
        }

        _running.Add(actor, (cell, epoch));
        _starting.Add(actor);
    }

    private void Begin(IActorRef actor, int cell)
    {
        var checkpoint = _checkpoints?.Newest(cell);
        actor.Tell(new CellActor.Begin(checkpoint));
        foreach (var intervention in _checkpoints?.InterventionsAfter(cell, checkpoint?.Episode ?? 0) ?? [])
        {
            actor.Tell(new CellProtocol.Intervene(intervention));
        }
    }

    /// <summary>To a cell that runs; one that has not begun hears of it when it does.</summary>
    private void OnIntervene(CellProtocol.Intervene message)
    {
        foreach (var (actor, which) in _running)
        {
            if (which.Cell == message.Intervention.Cell)
            {
                actor.Tell(message);
            }
        }
    }

    private void OnTerminated(Terminated message)
    {
        _starting.Remove(message.ActorRef);
        if (!_running.Remove(message.ActorRef, out var which))
        {
            return;
        }

        if (!_ended.Remove(message.ActorRef))
        {
            var reason = _failures.Remove(message.ActorRef, out var why) ? why : "it stopped without an end";
            if (which.Epoch < MaximumRecoveries)
            {
                Observe(() => _observer.OnRecovering(which.Cell, which.Epoch, reason));
                Start(which.Cell, which.Epoch + 1);
            }
            else
            {
                Observe(() => _observer.OnEnded(new PopulationProtocol.CellEnded(which.Cell, which.Epoch, CellStatus.Failed, 0, 0, reason)));
            }
        }

        StartMore();
    }

    private void Stop(CellProtocol.Stop message)
    {
        _stopping = true;
        foreach (var (actor, which) in _running)
        {
            Observe(() => AskForCheckpoint(actor, which.Cell, ending: true));
            actor.Tell(message);
        }

        if (_wanted.Count == 0)
        {
            StartMore();
        }
    }

    private void AskForCheckpoint(IActorRef actor, int cell, bool ending)
    {
        if (_cells[cell].Learns && _checkpoints?.Wanted(cell, ending) is { } replayFrom)
        {
            actor.Tell(new CellActor.Remember(replayFrom));
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

    /// <summary>What cells that act have in common where they share a critic on a device.</summary>
    private readonly record struct SharedCritic(NetworkArchitecture Architecture, int Clients, ulong Seed, InitialNetworks? Networks)
    {
        internal static SharedCritic Of(CellOptions options) => new(CellMembers.CriticOf(options), options.Clients, options.CriticSeed, options.Networks);
    }
}
