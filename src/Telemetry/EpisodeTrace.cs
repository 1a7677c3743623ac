using System.Diagnostics;

namespace Simulator.Telemetry;

/// <summary>
/// The trace of a training episode: a span for the episode, and below it one for each phase. Without a listener, or where the episode is not sampled, nothing is made. Spans are never current: actors
/// share threads, and what one does must not lie below another's episode.
/// </summary>
public sealed class EpisodeTrace
{
    private Activity? _episode;
    private Activity? _phase;

    /// <summary>Begins an episode in a phase.</summary>
    /// <param name="cell">Name of the cell's actor.</param>
    /// <param name="episode">The episode, from 1.</param>
    /// <param name="phase">The phase.</param>
    public void Begin(string cell, int episode, string phase)
    {
        End(null);
        if (!Instruments.Traces.HasListeners())
        {
            return;
        }

        Activity.Current = null;
        _episode = Instruments.Traces.StartActivity("episode");
        Activity.Current = null;
        if (_episode is { IsAllDataRequested: true })
        {
            _episode.SetTag("simulator.cell", cell);
            _episode.SetTag("simulator.episode", episode);
            Enter(phase);
        }
    }

    /// <summary>Ends the phase and begins the next one.</summary>
    public void Enter(string phase)
    {
        if (_episode is { IsAllDataRequested: true })
        {
            _phase?.Stop();
            _phase = Instruments.Traces.StartActivity(phase, ActivityKind.Internal, _episode.Context);
            Activity.Current = null;
        }
    }

    /// <summary>Does something in the name of the running phase: what is logged in it belongs to the trace.</summary>
    public void Within(Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        Activity.Current = _phase ?? _episode;
        try
        {
            action();
        }
        finally
        {
            Activity.Current = null;
        }
    }

    /// <summary>Ends the episode.</summary>
    /// <param name="fault">Why it went wrong; null where it did not.</param>
    public void End(string? fault)
    {
        if (_episode is not null)
        {
            _phase?.Stop();
            if (fault is not null)
            {
                _episode.SetStatus(ActivityStatusCode.Error, fault);
            }

            _episode.Stop();
            (_episode, _phase) = (null, null);
            Activity.Current = null;
        }
    }
}
