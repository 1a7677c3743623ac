using System.Text.Json;
using Simulator.Cells;
using Simulator.Protocol;
using Simulator.Telemetry;

namespace Simulator.Lab;

/// <summary>
/// Records what the cells of a run tell: keeps the progress for whoever shows it, and writes the result files of each cell as it ends. Calls come from the population's actor;
/// <see cref="CloseUnfinished"/> may come from elsewhere, so a lock guards the histories.
/// </summary>
internal sealed class PopulationRecorder : IPopulationObserver
{
    /// <summary>Cells that only act have files of their own in populations of at most so many cells: more would be more files than anybody reads.</summary>
    internal const int MostActingCellsWithFiles = 1000;

    private readonly Lock _lock = new();
    private readonly RunFolder _folder;
    private readonly TimeProvider _time;
    private readonly CellHistory[] _histories;
    private readonly long[] _started;
    private readonly double[] _seconds;
    private readonly StandstillPatience _patience;
    private bool _closed;

    internal PopulationRecorder(ScenarioPlan plan, RunFolder folder, TimeProvider time, StandstillPatience patience)
    {
        _patience = patience;
        _folder = folder;
        _time = time;
        WritesCells = plan.Cells.Count <= MostActingCellsWithFiles || plan.Cells.Any(c => c.Options.Learns);
        _histories = [.. plan.Cells.Select(c => new CellHistory(c, WritesCells))];
        _started = new long[_histories.Length];
        _seconds = new double[_histories.Length];
        Progress = new PopulationProgress(plan.Cells.Select(c => new CellProgress(c.Name, c.Options.Episodes) { Acts = !c.Options.Learns }));
    }

    internal PopulationProgress Progress { get; }

    internal IReadOnlyList<CellHistory> Histories => _histories;

    /// <summary>Whether each cell has a folder with files of its own.</summary>
    internal bool WritesCells { get; }

    internal int Recoveries { get; private set; }

    internal double Seconds(int cell) => _seconds[cell];

    public void OnStarted(PopulationProtocol.CellStarted message) => Locked(() =>
    {
        var history = _histories[message.Cell];
        history.Begin(message);
        _started[message.Cell] = _time.GetTimestamp();
        Progress[message.Cell] = new CellProgress(history.Cell.Name, history.Cell.Options.Episodes)
        {
            Acts = !history.Cell.Options.Learns,
            Activity = CellActivity.Running,
            BestConstant = history.BestConstant?.Reward,
        };
    });

    public void OnEpisode(PopulationProtocol.EpisodeFinished message) => Locked(() =>
    {
        var history = _histories[message.Cell];
        history.Add(message);
        _seconds[message.Cell] = _time.GetElapsedTime(_started[message.Cell]).TotalSeconds;
        Progress[message.Cell] = Progress[message.Cell] with
        {
            Episode = message.Episode,
            Seconds = _seconds[message.Cell],
            Reward = history.RecentReward,
            Saturation = message.Update?.Activations?.SaturationRatio ?? Progress[message.Cell].Saturation,
            Agents = message.Update?.Actors is null ? Progress[message.Cell].Agents : CellHistory.Count(message.Update),
        };
    });

    public void OnAgents(PopulationProtocol.AgentsLearned message) => Locked(() => _histories[message.Cell].Add(message));

    public void OnEvaluated(PopulationProtocol.Evaluated message) => Locked(() =>
    {
        _histories[message.Cell].Add(message);
        Progress[message.Cell] = Progress[message.Cell] with { Evaluation = message.Reward };
    });

    public void OnParameters(PopulationProtocol.CellParameters message) => Locked(() => _histories[message.Cell].Add(message.Part));

    public void OnEnded(PopulationProtocol.CellEnded message) => _patience.During(() => Locked(() => Close(message, withNetworks: message.Status != CellStatus.Failed)));

    public void OnRecovering(int cell, int epoch, string reason) => Locked(() =>
    {
        Recoveries++;
        Event("recovering", w =>
        {
            w.WriteString("cell", _histories[cell].Cell.Name);
            w.WriteNumber("epoch", epoch);
            w.WriteString("reason", reason);
        });
    });

    /// <summary>Writes what is there of cells that have begun and not ended, and takes nothing in any more.</summary>
    /// <exception cref="IOException">Some could not be written; the others are.</exception>
    internal void CloseUnfinished() => Locked(() =>
    {
        _closed = true;
        Exception? first = null;
        for (var i = 0; i < _histories.Length; i++)
        {
            var history = _histories[i];
            if (history.End is not null)
            {
                continue;
            }

            try
            {
                Close(new PopulationProtocol.CellEnded(i, history.Epoch, CellStatus.Interrupted, history.EpisodeCount, 0, null), withNetworks: false);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                first ??= error;
            }
        }

        if (first is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
        }
    });

    /// <summary>Writes a line to events.jsonl.</summary>
    internal void Event(string kind, Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("time", _time.GetUtcNow());
            json.WriteString("event", kind);
            write(json);
            json.WriteEndObject();
        }

        _folder.Append("events.jsonl", System.Text.Encoding.UTF8.GetString(buffer.ToArray()));
    }

    private void Close(PopulationProtocol.CellEnded message, bool withNetworks)
    {
        var history = _histories[message.Cell];
        history.End = message;
        try
        {
            if (history.Begun || message.Status != CellStatus.Interrupted)
            {
                WriteFiles(history, withNetworks);
            }
        }
        catch
        {
            history.End = null;
            throw;
        }

        history.DropWritten();
        Progress[message.Cell] = Progress[message.Cell] with { Activity = CellActivity.Ended, Ending = ResultFiles.StatusOf(message) };
    }

    private void WriteFiles(CellHistory history, bool withNetworks)
    {
        if (!WritesCells)
        {
            return;
        }

        var folder = RunFolder.CellFolder(history.Cell.Name);
        _folder.Write(Path.Combine(folder, "results.json"), s => ResultFiles.WriteResults(s, history));
        history.HasFiles = true;
        if (!history.Cell.Options.Learns)
        {
            return; // Nothing was learned: there is no update to tell of, and no network that is not known already.
        }

        _folder.Write(Path.Combine(folder, "tracking_data.json"), s => ResultFiles.WriteTracking(s, history));
        _folder.Write(Path.Combine(folder, "episodes.parquet"), s => EpisodesFile.WriteAsync(s, history).GetAwaiter().GetResult());
        _folder.Write(Path.Combine(folder, "agents.parquet"), s => AgentsFile.WriteAsync(s, history).GetAwaiter().GetResult());
        if (withNetworks)
        {
            _folder.Write(Path.Combine(folder, NetworkFiles.Policies), s => NetworkFiles.WritePolicies(s, history));
            _folder.Write(Path.Combine(folder, NetworkFiles.Critic), s => NetworkFiles.WriteCritic(s, history));
            history.HasNetworks = true;
        }
    }

    private void Locked(Action action)
    {
        lock (_lock)
        {
            if (!_closed)
            {
                action();
            }
        }
    }
}
