using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Simulator.Cells;
using Simulator.Compute;
using Simulator.Protocol;
using Simulator.Telemetry;

namespace Simulator.Lab;

/// <summary>How a run ended.</summary>
public enum RunStatus
{
    /// <summary>All cells have ended by themselves, diverged ones included.</summary>
    Done,

    /// <summary>A cell failed and was given up.</summary>
    Failed,

    /// <summary>It was told to end early; the results so far are written.</summary>
    Interrupted,
}

/// <summary>Thrown when the actors that a run cannot do without ended in the middle of it.</summary>
public sealed class RunLostException : Exception
{
    /// <summary>Makes the exception with a message for the user.</summary>
    public RunLostException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with a message for the user and its cause.</summary>
    public RunLostException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Makes the exception.</summary>
    public RunLostException()
    {
    }
}

/// <summary>
/// One run of a scenario: the population, whose cells are in this process or on the nodes of a cluster, and the files of the results, which are written here.
/// </summary>
public sealed class PopulationRun : IDisposable
{
    /// <summary>How long an interrupted run waits for the next cell to end or to hand over a checkpoint; then what is there is written without those that have not.</summary>
    public static readonly TimeSpan InterruptionPatience = TimeSpan.FromSeconds(3);

    internal const string ManifestName = "manifest.json";

    private static readonly string[] Summaries = ["population.json", "population.csv", Reports.RunReport.FileName];

    private readonly ScenarioPlan _plan;
    private readonly ComputeDevice? _device;
    private readonly RunFolder _folder;
    private readonly IRunStore _store;
    private readonly TimeProvider _time;
    private readonly StandstillPatience _patience;
    private readonly PopulationRecorder _recorder;
    private readonly CheckpointWriter _writer = new();
    private readonly RunDocuments.EarlierManifest? _earlier;
    private MeasurementFeed? _feed;
    private volatile ActorSystem? _system;
    private volatile IReadOnlyList<IActorRef> _devices = [];
    private volatile string _word = "running";
    private volatile Func<ProcessSizes> _sizes = () => ProcessSizes.None;

    private PopulationRun(ScenarioPlan plan, ComputeDevice? device, RunFolder folder, IRunStore store, TimeProvider time, RunDocuments.EarlierManifest? earlier)
    {
        _earlier = earlier;
        _plan = plan;
        _device = device;
        _folder = folder;
        _store = store;
        _time = time;
        _patience = new StandstillPatience(time, InterruptionPatience);
        _recorder = new PopulationRecorder(plan, folder, store, time, _patience);
        Interventions = new RunInterventions(plan, _recorder.Progress, _recorder.Interventions, () => _word != "running");
    }

    /// <summary>What runs.</summary>
    public ScenarioPlan Plan => _plan;

    /// <summary>How it stands: running, done, failed or interrupted.</summary>
    public string StatusWord => _word;

    /// <summary>What keeps its results from being written; null where nothing does. Read from any thread.</summary>
    public string? StoreFault => _recorder.StoreFault ?? (Directory.Exists(Folder) ? null : $"{Folder} is gone");

    /// <summary>Its actors; null before the run and behind it, when none are missed. Read from any thread.</summary>
    public ActorSystem? Actors => _system;

    /// <summary>How far the cells are.</summary>
    public PopulationProgress Progress => _recorder.Progress;

    /// <summary>What somebody does to the cells while they run.</summary>
    public RunInterventions Interventions { get; }

    /// <summary>What the cells have told; complete when the run has ended.</summary>
    public IReadOnlyList<CellHistory> Histories => _recorder.Histories;

    /// <summary>What a cell has told up to now. By any thread; it may wait while the files of a cell that ends are written.</summary>
    /// <param name="cell">Index of the cell.</param>
    public Live.CellLook Look(int cell) => _recorder.Look(cell);

    /// <summary>Says of which cells an interruption left less than usual; null where it did of none. Complete when the run has ended.</summary>
    public string? EarlyEnds => Lab.EarlyEnds.InWords(_recorder.Histories, _recorder.WithoutHandover);

    /// <summary>Whether each cell that began has a folder with files of its own.</summary>
    public bool WritesCells => _recorder.WritesCells;

    /// <summary>Its folder.</summary>
    public string Folder => _folder.Path;

    /// <summary>Prepares a run: makes its folder and writes the resolved scenario to it.</summary>
    /// <param name="plan">What to run.</param>
    /// <param name="device">Where to compute; null for the nodes of a cluster.</param>
    /// <param name="output">Folder for the results, empty or not there.</param>
    /// <param name="time">Clock of the manifest and of the progress; results do not depend on it.</param>
    /// <exception cref="OutputFolderException">The folder is not empty or cannot be made.</exception>
    /// <exception cref="StoreAddressException">The environment does not say where checkpoints go to.</exception>
    /// <exception cref="CheckpointVersionException">What they go to is of a newer version.</exception>
    /// <exception cref="IOException">It cannot be reached.</exception>
    public static PopulationRun Prepare(ScenarioPlan plan, ComputeDevice? device, string output, TimeProvider time)
    {
        var folder = RunFolder.Create(output);
        IRunStore? store = null;
        try
        {
            store = OpenStore(plan, folder, time); // First of all: where it cannot be reached the folder is as it was.
            WriteScenario(plan, folder);
            store.Begin(plan.Scenario.Name);
            return new PopulationRun(plan, device, folder, store, time, null);
        }
        catch
        {
            store?.Dispose();
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Prepares to continue a run: takes in what its cells told, and finds out whether what they go on from can be read.</summary>
    /// <param name="plan">What the run was to do: the plan of its scenario.yaml, but for what has no influence on results.</param>
    /// <param name="device">Where to compute; null for the nodes of a cluster.</param>
    /// <param name="output">Its folder.</param>
    /// <param name="time">Clock.</param>
    /// <exception cref="OutputFolderException">Another process has the folder, or it cannot be written to.</exception>
    /// <exception cref="StoreAddressException">The environment does not say where checkpoints are.</exception>
    /// <exception cref="CheckpointVersionException">A checkpoint is of a newer format.</exception>
    /// <exception cref="IOException">A checkpoint cannot be read, or the folder not be written to.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    public static PopulationRun Resume(ScenarioPlan plan, ComputeDevice? device, string output, TimeProvider time)
    {
        var folder = RunFolder.Open(output);
        IRunStore? store = null;
        try
        {
            store = OpenStore(plan, folder, time);
            store.Begin(plan.Scenario.Name);
            var run = new PopulationRun(plan, device, folder, store, time, RunDocuments.ReadManifest(folder.FileOf(ManifestName)));
            run._recorder.ReadEarlier();
            return run;
        }
        catch
        {
            store?.Dispose();
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Runs all cells to their end, or until <paramref name="interruption"/>.</summary>
    /// <param name="interruption">Ends the run at the next episode's boundary of each cell.</param>
    /// <param name="configuration">Configuration of the actor system that goes before the simulator's own; null for none.</param>
    /// <param name="setup">What else the actor system is made with; null for nothing.</param>
    /// <exception cref="IOException">A result could not be written; the other results are.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    /// <exception cref="RunLostException">The device or the population ended unexpectedly; the results so far are written.</exception>
    public async Task<RunStatus> ExecuteAsync(CancellationToken interruption, Config? configuration = null, Setup? setup = null)
    {
        var bootstrap = BootstrapSetup.Create().WithConfig((configuration ?? Config.Empty).WithFallback(SimulatorSystem.Configuration));
        return await ExecuteAsync(
            () => ActorSystem.Create("simulator", setup is null ? ActorSystemSetup.Create(bootstrap) : ActorSystemSetup.Create(bootstrap, setup)), StartHere, StopAsync, interruption).ConfigureAwait(false);
    }

    /// <summary>Runs all cells to their end on the nodes of a cluster, or until <paramref name="interruption"/>.</summary>
    /// <param name="member">The actor system of this process, a member of the cluster; it stays one.</param>
    /// <param name="interruption">Ends the run at the next episode's boundary of each cell.</param>
    /// <exception cref="IOException">A result could not be written; the other results are.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    /// <exception cref="RunLostException">This process was cut off from the cluster, or the population ended unexpectedly; the results so far are written.</exception>
    public Task<RunStatus> ExecuteAsync(ActorSystem member, CancellationToken interruption) => ExecuteAsync(() => member, StartOnCluster, _ => Task.CompletedTask, interruption);

    /// <summary>Why a scenario cannot run on a cluster; null where it can.</summary>
    public static string? ClusterComplaint(ScenarioPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return plan.Cells.FirstOrDefault(c => c.Options.Policy.From is not null) is { } cell ? $"{cell.Name} begins with the networks of a folder (policy.from), which other nodes cannot be given"
            : System.Text.Encoding.UTF8.GetByteCount(ScenarioWriter.WriteShort(plan.Scenario)) > RunDescription.MaximumScenario ? $"the scenario has more than the {RunDescription.MaximumScenario} bytes that other nodes can be told"
            : null;
    }

    private async Task<RunStatus> ExecuteAsync(Func<ActorSystem> make, Func<ActorSystem, TaskCompletionSource, RunningParts> start, Func<ActorSystem, Task> stop, CancellationToken interruption)
    {
        using var folder = _folder;
        using var store = _store;
        var started = _earlier?.Started ?? _time.GetUtcNow();
        foreach (var name in Summaries)
        {
            File.Delete(_folder.FileOf(name)); // Of an earlier life: where this one is killed they would tell what is no more so.
        }

        WriteManifest(started, null, "running");
        _feed ??= new MeasurementFeed(Progress, _plan.Scenario.Telemetry, () => _sizes(), _time);
        var system = _system = make();
        var faults = new List<Exception>();
        var finished = false;
        await TryAsync(faults, async () => finished = await RunCellsAsync(system, start, interruption).ConfigureAwait(false)).ConfigureAwait(false);
        _sizes = () => ProcessSizes.None;
        Interventions.Population = null;
        _system = null;
        _devices = [];
        await stop(system).ConfigureAwait(false);
        _patience.End();

        // Whatever fails of it, the rest is written.
        await TryAsync(faults, () => Task.Run(_recorder.CloseUnfinished, CancellationToken.None)).ConfigureAwait(false);
        await TryAsync(faults, FlushCheckpointsAsync).ConfigureAwait(false);
        await TryAsync(faults, () => Task.Run(() => _folder.Write("population.json", s => RunDocuments.WritePopulation(s, _recorder)), CancellationToken.None)).ConfigureAwait(false);
        await TryAsync(faults, () => Task.Run(() => _folder.Write("population.csv", s => PopulationTable.Write(s, _recorder.Histories)), CancellationToken.None)).ConfigureAwait(false);
        _feed.Renew();
        var fault = faults.FirstOrDefault();

        var status = fault is null ? StatusOf(finished) : RunStatus.Failed;
        _word = WordOf(status);
        if (fault is not null)
        {
            TryWriteManifest(started, status);
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(fault);
        }

        WriteManifest(started, _time.GetUtcNow(), WordOf(status));
        if (status == RunStatus.Done)
        {
            _recorder.RemoveCheckpoints();
        }

        return status;
    }

    /// <summary>Whether all devices answer within a time; true where none is at work. By any thread.</summary>
    /// <param name="patience">The time.</param>
    public async Task<bool> DevicesAnswerAsync(TimeSpan patience)
    {
        try
        {
            await Task.WhenAll(_devices.Select(d => d.Ask<ActorIdentity>(new Identify(null), patience))).ConfigureAwait(false);
            return true;
        }
        catch (AskTimeoutException)
        {
            return false;
        }
    }

    /// <summary>Takes the run out of the metrics, which it stays in when it has ended, and lets go of its folder.</summary>
    public void Dispose()
    {
        _feed?.Dispose();
        _store.Dispose();
        _folder.Dispose();
    }

    private static IRunStore OpenStore(ScenarioPlan plan, RunFolder folder, TimeProvider time) =>
        IRunStore.Open(PopulationRecorder.HasCheckpoints(plan) ? plan.Scenario.Checkpoint.Store : CheckpointPlace.Folder, folder, time);

    private static void WriteScenario(ScenarioPlan plan, RunFolder folder)
    {
        try
        {
            folder.Write(RunContinuation.ScenarioName, s => s.Write(System.Text.Encoding.UTF8.GetBytes(ScenarioWriter.Write(plan.Scenario))));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new OutputFolderException($"the output folder '{folder.Path}' cannot be written to: {error.Message}", error);
        }
    }

    /// <summary>Does a part of the work. What fails is a fault of the run, in the words of <see cref="RunLostException"/> where it is none of the disk's.</summary>
    private static async Task TryAsync(List<Exception> faults, Func<Task> part)
    {
#pragma warning disable CA1031 // Whatever it is, the other parts must be done and the manifest must tell of it; the first fault is thrown at the end.
        try
        {
            await part().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            faults.Add(error is IOException or UnauthorizedAccessException or RunLostException
                ? error
                : new RunLostException($"the run failed in a way that was not foreseen: {error.GetType().Name}: {error.Message}", error));
        }
#pragma warning restore CA1031
    }

    /// <summary>After a fault the manifest should say so, but a disk that refuses it as well must not hide the fault.</summary>
    private void TryWriteManifest(DateTimeOffset started, RunStatus status)
    {
        try
        {
            WriteManifest(started, _time.GetUtcNow(), WordOf(status));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"simulator: the manifest could not be written either: {error.Message}");
        }
    }

    private static string WordOf(RunStatus status) => status switch { RunStatus.Done => "done", RunStatus.Failed => "failed", _ => "interrupted" };

    private RunStatus StatusOf(bool finished)
    {
        var ends = _recorder.Histories.Select(h => h.End).ToList();
        return !finished || ends.Exists(e => e is { Status: CellStatus.Interrupted, IsStopped: false }) ? RunStatus.Interrupted
            : ends.Exists(e => e?.Status == CellStatus.Failed) ? RunStatus.Failed
            : RunStatus.Done;
    }

    /// <summary>True when all cells that began have ended; false when the patience with an interrupted run is over.</summary>
    private async Task<bool> RunCellsAsync(ActorSystem system, Func<ActorSystem, TaskCompletionSource, RunningParts> start, CancellationToken interruption)
    {
        if (interruption.IsCancellationRequested)
        {
            return true; // The population would begin its cells before it hears that it should not.
        }

        var completion = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var parts = start(system, completion);
        var population = parts.Population;
        Interventions.Population = population;
        await using var registration = interruption.Register(() =>
        {
            population.Tell(CellProtocol.Stop.Instance);
            _patience.Begin();
        }).ConfigureAwait(false);
        var lost = Task.WhenAny([system.WhenTerminated, .. parts.Indispensable.Append(population).Select(a => a.WatchAsync(CancellationToken.None))]);
        await Task.WhenAny(completion.Task, _patience.Over, lost).ConfigureAwait(false);
        if (lost.IsCompleted && !completion.Task.IsCompleted)
        {
            throw new RunLostException(_device is null
                ? "this process was cut off from the cluster, or left it, before the run was over; with --resume it goes on"
                : "the device or the population ended unexpectedly; the errors above say why");
        }

        if (completion.Task.IsCompleted)
        {
            await completion.Task.ConfigureAwait(false);
        }

        return completion.Task.IsCompleted;
    }

    private RunningParts StartHere(ActorSystem system, TaskCompletionSource completion)
    {
        var options = new BatchingOptions(TimeSpan.FromMilliseconds(_plan.Scenario.Compute.BatchDelayMs), _plan.Scenario.Compute.CellsAtOnce);
        var parts = DeviceParts();
        var telemetry = parts.Select((_, i) => new DeviceTelemetry($"device-{i}")).ToArray();
        var devices = parts.Select((part, i) => system.ActorOf(BatchingActor.Props(part, options, telemetry[i]), telemetry[i].Device)).ToArray();
        var catalog = new RunCatalog(_plan, _recorder.WritesCells ? _store : null, _writer, _time);
        var hosts = LocalPopulation.Start(system, devices, catalog, _plan.Cells.Count, FirstEpoch, _recorder, completion);
        _devices = devices;
        _sizes = () => new ProcessSizes(
            [.. telemetry.Select(t => KeyValuePair.Create(t.Device, (double)t.Bytes))],
            [.. devices.Append(hosts[0]).Select(a => KeyValuePair.Create(a.Path.Name, (double)Mailboxes.Waiting(a)))]);
        return new RunningParts(hosts[0], [.. devices, .. hosts]);
    }

    private RunningParts StartOnCluster(ActorSystem system, TaskCompletionSource completion)
    {
        var run = new RunDescription(_store.Run, Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(_folder.Path))), ScenarioWriter.WriteShort(_plan.Scenario));
        var population = system.ActorOf(PopulationActor.Props(run, _plan.Cells.Count, FirstEpoch, ClusterCells.Reach(system), _recorder, completion), $"population-{_store.Run:N}");
        _sizes = () => new ProcessSizes([], [KeyValuePair.Create("population", (double)Mailboxes.Waiting(population))]);
        return new RunningParts(population, []);
    }

    /// <summary>Epoch of cells that start for the first time in this life of the run.</summary>
    private int FirstEpoch => _store.Life * IRunStore.EpochsOfLife;

    /// <summary>The parts of the device that cells share: threads as the scenario says, one for each processor where it says 0.</summary>
    private IReadOnlyList<ComputeDevice> DeviceParts()
    {
        var threads = _plan.Scenario.Compute.Threads;
        return _device!.Split(threads > 0 ? threads : System.Environment.ProcessorCount, _plan.Cells.Count);
    }

    /// <summary>Waits until all checkpoints are written.</summary>
    /// <exception cref="IOException">One that a cell was to end with could not be.</exception>
    private async Task FlushCheckpointsAsync()
    {
        await _writer.FlushAsync().ConfigureAwait(false);
        if (_recorder.LostAtEnd)
        {
            throw new IOException("a checkpoint could not be written, so that a run that is resumed goes on from an older one");
        }
    }

    private async Task StopAsync(ActorSystem system)
    {
        // A device in the middle of a long operation must not hold up an interrupted run.
        await Task.WhenAny(system.Terminate(), Task.Delay(TimeSpan.FromSeconds(1), _time)).ConfigureAwait(false);
    }

    private void WriteManifest(DateTimeOffset started, DateTimeOffset? ended, string status) =>
        _folder.Write(
            ManifestName,
            s => RunDocuments.WriteManifest(
                s, _plan, _device?.Name ?? "cluster", started, ended, (_earlier?.Recoveries ?? 0) + _recorder.Recoveries, Interventions.Effective, _earlier is null ? 0 : _earlier.Resumptions + 1, status));

    /// <summary>The actors of a run while it goes on.</summary>
    /// <param name="Population">The population.</param>
    /// <param name="Indispensable">Others without which the run is lost.</param>
    private sealed record RunningParts(IActorRef Population, IReadOnlyList<IActorRef> Indispensable);
}
