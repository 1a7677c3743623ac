using Akka.Actor;
using Akka.Event;
using Simulator.Protocol;
using static Simulator.Compute.DeviceProtocol;

namespace Simulator.Compute;

/// <summary>How a batching actor gathers requests.</summary>
/// <param name="Delay">How long complete rounds wait for those of other cells; zero runs what is there as soon as the mailbox is empty.</param>
/// <param name="CellsAtOnce">Cells that are in an episode at one time; 0 for what suits the device.</param>
public sealed record BatchingOptions(TimeSpan Delay, int CellsAtOnce = 0)
{
    /// <summary>On the processor enough cells to have work while another's messages are on their way, and few enough for their networks to stay in the cache (docs/performance.md).</summary>
    private const int HostCells = 3;

    /// <summary>No delay.</summary>
    public static BatchingOptions Default { get; } = new(TimeSpan.Zero);

    /// <summary>A GPU is fed with as many cells as there are.</summary>
    internal int PlacesOn(ComputeDevice device) => CellsAtOnce > 0 ? CellsAtOnce : device.IsHost ? HostCells : int.MaxValue;
}

/// <summary>
/// Owns one device and all networks on it. Requests of clients gather in rounds, each complete when all it expects have asked; complete rounds of all cells are run
/// together, each kind as one operation over stacked slots. Since what is computed for a slot does not depend on its neighbours, results do not depend on which rounds meet.
/// </summary>
/// <remarks>
/// <code>
///   request ──► round ──complete──► ready ──Flush──► one operation per kind and bank ──► answers
///                                     │                 ▲
///                                     └── all cells ready, or the delay over (none: after the messages already waiting)
/// </code>
/// Runs on a pinned thread (<see cref="Configuration"/>): a long operation holds up no other actor, and TorchSharp's scopes belong to a thread.
/// </remarks>
#pragma warning disable CA1001 // Akka ends an actor by PostStop, which disposes the banks.
public sealed class BatchingActor : ReceiveActor, IWithTimers
#pragma warning restore CA1001
{
    /// <summary>Name of the dispatcher that gives the actor its own thread.</summary>
    public const string Dispatcher = "simulator.device-dispatcher";

    /// <summary>HOCON that the actor system needs for <see cref="Dispatcher"/>.</summary>
    public const string Configuration = "simulator.device-dispatcher { type = PinnedDispatcher, throughput = 1000 }";

    private static readonly TimeSpan PatienceInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan MemoryInterval = TimeSpan.FromSeconds(1);

    private readonly BatchingOptions _options;
    private readonly DeviceBanks _banks;
    private readonly DeviceTelemetry _telemetry;
    private readonly ReadyWork _ready;
    private readonly Turnstile _turnstile;
    private readonly Dictionary<IActorRef, List<int>> _owned = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private Pending _flush;

    /// <summary>Made by <see cref="Props"/>.</summary>
    public BatchingActor(ComputeDevice device, BatchingOptions options, DeviceTelemetry telemetry)
    {
        _options = options;
        _telemetry = telemetry;
        _ready = new ReadyWork(telemetry);
        _banks = new DeviceBanks(device);
        _turnstile = new Turnstile(options.PlacesOn(device));
        Receive<Infer>(m => Join(
            m.Slot, new PolicyRequest(m.Slot.Slot, m.Member, m.Turn, m.Expected, m.Rows, m.Observations, null, Improve: false, InferAfter: false, TargetRows: m.TargetRows)));
        Receive<Improve>(m => Join(
            m.Slot, new PolicyRequest(m.Slot.Slot, m.Member, m.Turn, m.Expected, m.Rows, m.Observations, m.Gradients, Improve: true, m.InferAfter, m.RateFactor)));
        Receive<Evaluate>(m => Enqueue(m.Reservation, m.Turn, m));
        Receive<Flush>(_ => OnFlush());
        Receive<Enter>(_ => LetIn(_turnstile.Enter(Sender)));
        Receive<Leave>(_ => LetIn(_turnstile.Leave(Sender)));
        Receive<ReservePolicies>(m => Guard(default, () => Reserved(_banks.Reserve(m), r => r.Reservation)));
        Receive<ReserveCritic>(m => Guard(default, () => Reserved(_banks.Reserve(m), r => r.Reservation)));
        Receive<Terminated>(OnOwnerTerminated);
        Receive<WritePolicy>(m => Guard(default, () => _banks.Write(m.Slot.Reservation, m.Slot.Slot, Floats(m.Values))));
        Receive<RenewOutputLayer>(m => Guard(m.Turn, () => _banks.RenewOutputLayer(m.Slot.Reservation, m.Slot.Slot, Floats(m.Values))));
        Receive<WriteCritic>(m => Guard(default, () =>
        {
            _banks.Critic(m.Reservation, out var slot);
            _banks.Write(m.Reservation, slot, Floats(m.Values));
        }));
        Receive<ReadPolicy>(m => Guard(
            m.Turn, () => Sender.Tell(new NetworkRead(m.Turn, new HostPayload(_banks.Policies(m.Slot.Reservation).ReadState(m.Slot.Slot))))));
        Receive<ReadCritic>(m => Guard(m.Turn, () => Sender.Tell(new NetworkRead(m.Turn, new HostPayload(_banks.Critic(m.Reservation, out var slot).ReadState(slot))))));
        Receive<ReadPolicyTraining>(m => Guard(m.Turn, () => Sender.Tell(new TrainingRead(m.Turn, _banks.ReadTraining(m.Slot.Reservation, m.Slot.Slot)))));
        Receive<ReadCriticTraining>(m => Guard(m.Turn, () =>
        {
            _banks.Critic(m.Reservation, out var slot);
            Sender.Tell(new TrainingRead(m.Turn, _banks.ReadTraining(m.Reservation, slot)));
        }));
        Receive<WritePolicyTraining>(m => Guard(m.Turn, () => _banks.WriteTraining(m.Slot.Reservation, m.Slot.Slot, m.State)));
        Receive<WriteCriticTraining>(m => Guard(m.Turn, () =>
        {
            _banks.Critic(m.Reservation, out var slot);
            _banks.WriteTraining(m.Reservation, slot, m.State);
        }));
        Receive<ImproveCritic>(m => Enqueue(m.Reservation, m.Turn, m));
        Receive<Differentiate>(m => Enqueue(m.Reservation, m.Turn, m));
        Receive<ReportPatience>(_ => OnReportPatience());
        Receive<ReportMemory>(_ => _telemetry.Bytes = _banks.Bytes);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Props of a batching actor for one device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="options">How requests gather.</param>
    /// <param name="telemetry">What is told while it runs; null where nobody asks for it.</param>
    public static Props Props(ComputeDevice device, BatchingOptions options, DeviceTelemetry? telemetry = null) =>
        Akka.Actor.Props.Create(() => new BatchingActor(device, options, telemetry ?? new DeviceTelemetry(device.Name))).WithDispatcher(Dispatcher);

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(ReportPatience.Instance, ReportPatience.Instance, PatienceInterval);
        Timers.StartPeriodicTimer(ReportMemory.Instance, ReportMemory.Instance, MemoryInterval);
    }

    /// <inheritdoc/>
    protected override void PostStop() => _banks.Dispose();

    private void Join(PolicySlot slot, in PolicyRequest request)
    {
        if (_banks.Find(slot.Reservation) is not { } holding)
        {
            return; // Released: the cell was ended or restored while the request was on its way.
        }

        var round = holding.Find(request.Turn, request.Improve);
        if (round is null)
        {
            round = _ready.Rent();
            round.Open(holding, request, Context.System.Scheduler.MonotonicClock);
            holding.Open.Add(round);
        }

        if (!round.TryAdd(request, Sender))
        {
            OnFailure(request.Turn, [Sender], new InvalidDataException($"request {request.Member} of a round of {round.Expected} is not expected"));
            return;
        }

        if (!round.Complete)
        {
            return;
        }

        holding.Open.Remove(round);
        if (round.Fault is { } fault)
        {
            // By itself: in an operation shared with other cells it would fail them, too.
            OnFailure(round.Turn, round.Senders(), new InvalidDataException(fault));
            _ready.Return(round);
            return;
        }

        _ready.Add(round);
        ScheduleFlush();
    }

    private void Enqueue(int reservation, Turn turn, ILocalMessage request)
    {
        if (_banks.Find(reservation) is { } holding)
        {
            if (request is Evaluate evaluate && FaultOf(holding, evaluate.Query) is { } fault)
            {
                // By itself: merged with the questions of other cells it would fail them, too.
                OnFailure(turn, [Sender], new InvalidDataException(fault));
                return;
            }

            _ready.Add(new CriticRequest(holding, turn, request, Sender));
            ScheduleFlush();
        }
    }

    private static string? FaultOf(Holding holding, CriticQuery query) =>
        holding.Bank is not CriticBank critic ? "a policy values no candidates"
        : query.TargetRows > 0 && !holding.HasTargets ? $"the target is to value {query.TargetRows} rows, and there is none"
        : critic.FaultOf(query);

    private void ScheduleFlush()
    {
        if (_ready.Count >= Math.Min(_banks.Cells, _turnstile.Places) && _flush != Pending.Now)
        {
            FlushNow();
        }
        else if (_flush == Pending.None)
        {
            if (_options.Delay > TimeSpan.Zero)
            {
                Timers.StartSingleTimer(Flush.Instance, Flush.Instance, _options.Delay);
                _flush = Pending.Later;
            }
            else
            {
                FlushNow();
            }
        }
    }

    /// <summary>Behind whatever waits in the mailbox: requests that came while the device was busy still join.</summary>
    private void FlushNow()
    {
        Timers.Cancel(Flush.Instance);
        Self.Tell(Flush.Instance, ActorRefs.NoSender);
        _flush = Pending.Now;
    }

    private void OnFlush()
    {
        _flush = Pending.None;
        _ready.Run(OnFailure);
    }

    private void OnFailure(Turn turn, IEnumerable<IActorRef> askers, Exception error)
    {
        // libtorch puts its native stack below the first line.
        var reason = error.Message.Split('\n')[0];
        _log.Error("an operation on {0} failed: {1}", _banks.Device.Name, reason);
        foreach (var asker in askers)
        {
            asker.Tell(new OperationFailed(turn, reason), Self);
        }
    }

    /// <summary>A failed request fails the cell that asked, not the device and not the cells beside it.</summary>
    private void Guard(Turn turn, Action operation)
    {
#pragma warning disable CA1031 // Whatever an operation throws goes to the one who asked; nothing is swallowed.
        try
        {
            operation();
        }
        catch (Exception error)
        {
            OnFailure(turn, [Sender], error);
        }
#pragma warning restore CA1031
    }

    private static ReadOnlySpan<float> Floats(IPayload values) => values is HostPayload host ? host.Span : values.ToArray();

    private void Reserved<T>(T answer, Func<T, int> reservation)
        where T : ILocalMessage
    {
        // An owner that ends before the answer reaches it cannot give back what it does not know of.
        Context.Watch(Sender);
        if (!_owned.TryGetValue(Sender, out var owned))
        {
            _owned.Add(Sender, owned = []);
        }

        owned.Add(reservation(answer));
        Sender.Tell(answer);
    }

    private static void LetIn(IActorRef? cell) => cell?.Tell(Entered.Instance);

    private void OnOwnerTerminated(Terminated message)
    {
        LetIn(_turnstile.Leave(message.ActorRef));
        if (_owned.Remove(message.ActorRef, out var owned))
        {
            owned.ForEach(GiveBack);
        }
    }

    private void GiveBack(int reservation)
    {
        if (_banks.Find(reservation) is { } holding)
        {
            holding.Open.ForEach(_ready.Return);
            holding.Open.Clear();
            _ready.Drop(holding);
            _banks.Release(reservation);
        }
    }

    private void OnReportPatience()
    {
        var now = Context.System.Scheduler.MonotonicClock;
        foreach (var round in _banks.Holdings.SelectMany(h => h.Open).Where(r => now - r.Since > PatienceInterval))
        {
            _log.Warning(
                "a round of {0} {1} has waited {2:F0} s with {3} of {4} requests",
                round.Turn, round.Improve ? "improvements" : "inferences", (now - round.Since).TotalSeconds, round.Count, round.Expected);
        }
    }

    private enum Pending
    {
        None,
        Later,
        Now,
    }

    private sealed record Flush : ILocalMessage
    {
        public static readonly Flush Instance = new();
    }

    private sealed record ReportMemory : ILocalMessage
    {
        public static readonly ReportMemory Instance = new();
    }

    private sealed record ReportPatience : ILocalMessage
    {
        public static readonly ReportPatience Instance = new();
    }
}
