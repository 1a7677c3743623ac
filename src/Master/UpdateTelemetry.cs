using System.Diagnostics;
using Akka.Event;
using Simulator.Compute;
using Simulator.Protocol;
using Simulator.Telemetry;

namespace Simulator.Master;

/// <summary>What a master tells of its episodes while they run: the trace of their phases, how long updates take, and the errors of minibatches.</summary>
/// <param name="cell">Name of the cell's actor.</param>
internal sealed class UpdateTelemetry(string cell)
{
    private static readonly KeyValuePair<string, object?> Critic = new("network", "critic");
    private static readonly KeyValuePair<string, object?> Actor = new("network", "actor");

    private readonly EpisodeTrace _trace = new();
    private long _since;

    internal void Acting(Turn turn)
    {
        if (turn is { Phase: Phase.Training, Step: 0 })
        {
            _trace.Begin(cell, turn.Episode, "act");
        }
    }

    internal void Storing() => _trace.Enter("store");

    internal void Sampling() => _trace.Enter("sample");

    internal void Targeting() => _trace.Enter("target");

    internal void Criticising()
    {
        _trace.Enter("critic");
        _since = Stopwatch.GetTimestamp();
    }

    /// <summary>The critic has made its step.</summary>
    /// <param name="step">The step, with errors in the units that the critic learns.</param>
    internal void Criticised(CriticStep step)
    {
        Record(Critic);
        if (Instruments.TdError.Enabled)
        {
            foreach (var error in step.Errors)
            {
                Instruments.TdError.Record(Math.Sqrt(error));
            }
        }
    }

    /// <summary>The actors' turn begins.</summary>
    internal void Teaching()
    {
        _trace.Enter("actors");
        _since = Stopwatch.GetTimestamp();
    }

    /// <summary>All actors have made their steps.</summary>
    internal void Taught() => Record(Actor);

    /// <summary>What the master asked of the device failed: that is logged in the episode's trace, which ends with it.</summary>
    internal void Fail(ILoggingAdapter log, Turn turn, string reason)
    {
        _trace.Within(() => log.Error("{0} failed in episode {1}: {2}", cell, turn.Episode, reason));
        _trace.End(reason);
    }

    internal void End(string? divergence) => _trace.End(divergence);

    private void Record(KeyValuePair<string, object?> network)
    {
        if (Instruments.UpdateDuration.Enabled)
        {
            Instruments.UpdateDuration.Record(Stopwatch.GetElapsedTime(_since).TotalSeconds, network);
        }
    }
}
