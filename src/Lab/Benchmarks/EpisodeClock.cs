using System.Diagnostics;
using Simulator.Cells;
using Simulator.Protocol;

namespace Simulator.Lab.Benchmarks;

/// <summary>
/// Takes the time of a population's episodes. Cells begin one after the other and run at their own pace, so the population's e-th episode counts as done when as many episodes are
/// finished as its cells make of e, counted from when each cell has done its warm-up.
/// </summary>
/// <param name="cells">Cells of the population.</param>
/// <param name="episodes">Episodes after which the measurement is complete.</param>
/// <param name="warmUp">Episodes that each cell finishes before the count begins; 0 counts from the start.</param>
internal sealed class EpisodeClock(int cells, int episodes, int warmUp = 0) : IPopulationObserver
{
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly List<long> _stamps = [];
    private readonly int[] _ofCell = new int[cells];
    private TaskCompletionSource? _awaited;
    private int _awaitedEpisode;
    private long _began;
    private long _latest;
    private int _cold = warmUp > 0 ? cells : 0;
    private int _finished;

    /// <summary>Completes after the last episode; faulted where a cell did not get there.</summary>
    internal Task Completion => _complete.Task;

    /// <summary>What the clock says by now.</summary>
    internal ClockReading Read()
    {
        lock (_lock)
        {
            return new ClockReading(_cold == 0, _finished, _began, [.. _stamps], _latest);
        }
    }

    /// <summary>Completes when the population has done an episode; for one caller at a time.</summary>
    internal Task Await(int episode)
    {
        lock (_lock)
        {
            if (_stamps.Count >= episode)
            {
                return Task.CompletedTask;
            }

            _awaitedEpisode = episode;
            _awaited = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return Task.WhenAny(_awaited.Task, _complete.Task).Unwrap();
        }
    }

    /// <inheritdoc/>
    public void OnEpisode(PopulationProtocol.EpisodeFinished message)
    {
        var now = Stopwatch.GetTimestamp();
        lock (_lock)
        {
            _latest = now;
            var warm = _cold == 0;
            _cold -= ++_ofCell[message.Cell] == warmUp ? 1 : 0;
            _finished++;
            if (!warm)
            {
                (_finished, _began) = _cold == 0 ? (0, now) : (_finished, 0);
                return;
            }

            if (_finished % cells != 0 || _stamps.Count == episodes)
            {
                return;
            }

            _stamps.Add(now);
            if (_stamps.Count == _awaitedEpisode)
            {
                _awaited?.TrySetResult();
            }

            if (_stamps.Count == episodes)
            {
                _complete.TrySetResult();
            }
        }
    }

    /// <inheritdoc/>
    public void OnRecovering(int cell, int epoch, string reason, bool handedOver) => Fail($"cell {cell} failed: {reason}");

    /// <inheritdoc/>
    public void OnEnded(PopulationProtocol.CellEnded message)
    {
        if (message.Status is CellStatus.Diverged or CellStatus.Failed)
        {
            Fail($"cell {message.Cell} ended after {message.Episodes} episodes: {message.Detail}");
        }
    }

    /// <inheritdoc/>
    public void OnStarted(PopulationProtocol.CellStarted message)
    {
    }

    /// <inheritdoc/>
    public void OnAgents(PopulationProtocol.AgentsLearned message)
    {
    }

    /// <inheritdoc/>
    public void OnEvaluated(PopulationProtocol.Evaluated message)
    {
    }

    /// <inheritdoc/>
    public void OnIntervened(PopulationProtocol.Intervened message) => Fail($"something was done to cell {message.Cell} from outside");

    /// <inheritdoc/>
    public void OnParameters(PopulationProtocol.CellParameters message)
    {
    }

    private void Fail(string why) => _complete.TrySetException(new MeasurementException(why));
}

/// <summary>What a clock says at one time.</summary>
/// <param name="Warm">Whether the count has begun.</param>
/// <param name="Finished">Episodes finished since, of all cells together; before, those of the warm-up.</param>
/// <param name="Began">Timestamp of the beginning of the count; 0 where it was at the start, or has not come.</param>
/// <param name="Stamps">Timestamps of the population's episodes.</param>
/// <param name="Latest">Timestamp of the latest episode of any cell; 0 before the first.</param>
internal readonly record struct ClockReading(bool Warm, int Finished, long Began, long[] Stamps, long Latest);
