using System.Diagnostics;
using Simulator.Cells;
using Simulator.Protocol;

namespace Simulator.Lab.Benchmarks;

/// <summary>
/// Takes the time of a population's episodes. Cells run at their own pace, so the population's e-th episode counts as done when as many episodes are finished as its cells make of e.
/// </summary>
/// <param name="cells">Cells of the population.</param>
/// <param name="episodes">Episodes after which the measurement is complete.</param>
internal sealed class EpisodeClock(int cells, int episodes) : IPopulationObserver
{
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly List<long> _stamps = [];
    private TaskCompletionSource? _awaited;
    private int _awaitedEpisode;
    private long _latest;
    private int _finished;

    /// <summary>Completes after the last episode; faulted where a cell did not get there.</summary>
    internal Task Completion => _complete.Task;

    /// <summary>Episodes finished by now, of all cells together; timestamps of the population's episodes, and of the latest one of any cell.</summary>
    internal (int Finished, long[] Stamps, long Latest) Read()
    {
        lock (_lock)
        {
            return (_finished, [.. _stamps], _latest);
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
            if (++_finished % cells != 0 || _stamps.Count == episodes)
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
    public void OnRecovering(int cell, int epoch, string reason) => Fail($"cell {cell} failed: {reason}");

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
    public void OnEvaluated(PopulationProtocol.Evaluated message)
    {
    }

    /// <inheritdoc/>
    public void OnParameters(PopulationProtocol.CellParameters message)
    {
    }

    private void Fail(string why) => _complete.TrySetException(new MeasurementException(why));
}
