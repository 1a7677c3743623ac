using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Logs;

namespace Simulator;

/// <summary>Gives what an actor logged the trace that it was logged in: it is handed to the process's logging by another thread, where that trace is not current.</summary>
internal sealed class ActorTrace : BaseProcessor<LogRecord>
{
    [ThreadStatic]
    private static ActivityContext? _context;

    /// <summary>Logs what belongs to a trace.</summary>
    /// <param name="context">The trace; null for none.</param>
    /// <param name="log">Logs it, on this thread.</param>
    internal static void Of(ActivityContext? context, Action log)
    {
        _context = context;
        try
        {
            log();
        }
        finally
        {
            _context = null;
        }
    }

    /// <inheritdoc/>
    public override void OnEnd(LogRecord data)
    {
        if (_context is { } context)
        {
            (data.TraceId, data.SpanId, data.TraceFlags) = (context.TraceId, context.SpanId, context.TraceFlags);
        }
    }
}
