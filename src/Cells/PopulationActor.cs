using Akka.Actor;
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

    /// <summary>An evaluation is finished.</summary>
    void OnEvaluated(PopulationProtocol.Evaluated message);

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
/// Runs the cells of a population on one node: starts them, tells an observer what happens, brings back what fails (from the start, as long as there are no checkpoints), and
/// completes when all have ended.
/// </summary>
public sealed class PopulationActor : ReceiveActor
{
    /// <summary>How often a cell is brought back before it counts as failed.</summary>
    public const int MaximumRecoveries = 3;

    private readonly IReadOnlyList<CellOptions> _cells;
    private readonly IActorRef _device;
    private readonly IPopulationObserver _observer;
    private readonly TaskCompletionSource _completion;
    private readonly Dictionary<IActorRef, (int Cell, int Epoch)> _running = [];
    private readonly HashSet<IActorRef> _ended = [];
    private readonly Dictionary<IActorRef, string> _failures = [];
    private bool _stopping;

    /// <summary>Made by <see cref="Props"/>.</summary>
    public PopulationActor(IReadOnlyList<CellOptions> cells, IActorRef device, IPopulationObserver observer, TaskCompletionSource completion)
    {
        _cells = cells;
        _device = device;
        _observer = observer;
        _completion = completion;
        Receive<PopulationProtocol.CellStarted>(m => Observe(() => _observer.OnStarted(m)));
        Receive<PopulationProtocol.EpisodeFinished>(m => Observe(() => _observer.OnEpisode(m)));
        Receive<PopulationProtocol.Evaluated>(m => Observe(() => _observer.OnEvaluated(m)));
        Receive<PopulationProtocol.CellParameters>(m => Observe(() => _observer.OnParameters(m)));
        Receive<PopulationProtocol.CellEnded>(m =>
        {
            _ended.Add(Sender);
            Observe(() => _observer.OnEnded(m));
        });
        Receive<Terminated>(OnTerminated);
        Receive<CellProtocol.Stop>(m => Forward(m));
    }

    /// <summary>Props of a population.</summary>
    /// <param name="cells">Its cells.</param>
    /// <param name="device">The batching actor.</param>
    /// <param name="observer">Told what happens.</param>
    /// <param name="completion">Completed when all cells have ended, faulted when the observer throws.</param>
    public static Props Props(IReadOnlyList<CellOptions> cells, IActorRef device, IPopulationObserver observer, TaskCompletionSource completion) =>
        Akka.Actor.Props.Create(() => new PopulationActor(cells, device, observer, completion));

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(error =>
    {
        _failures[Sender] = $"{error.GetType().Name}: {error.Message}";
        return Directive.Stop;
    });

    /// <inheritdoc/>
    protected override void PreStart()
    {
        for (var i = 0; i < _cells.Count; i++)
        {
            Start(i, 0);
        }
    }

    private void Start(int cell, int epoch)
    {
        var actor = Context.ActorOf(CellActor.Props(cell, _cells[cell], epoch, _device), $"cell-{cell}-{epoch}");
        Context.Watch(actor);
        if (_stopping)
        {
            actor.Tell(CellProtocol.Stop.Instance);
        }

        _running.Add(actor, (cell, epoch));
    }

    private void OnTerminated(Terminated message)
    {
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

        if (_running.Count == 0)
        {
            _completion.TrySetResult();
        }
    }

    private void Forward(CellProtocol.Stop message)
    {
        _stopping = true;
        foreach (var cell in _running.Keys)
        {
            cell.Tell(message);
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
}
