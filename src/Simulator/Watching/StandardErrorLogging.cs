using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Simulator;

/// <summary>Warnings and errors on the standard error, a line each, so that they do not mix with what the command shows.</summary>
internal static class StandardErrorLogging
{
    private const string Format = "line";

    internal static void AddStandardError(this ILoggingBuilder logging)
    {
        logging.SetMinimumLevel(LogLevel.Warning);
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None); // What it says of a start that fails is thrown as well.
        logging.AddConsole(o =>
        {
            o.FormatterName = Format;
            o.LogToStandardErrorThreshold = LogLevel.Trace;
        });
        logging.AddConsoleFormatter<LineFormatter, ConsoleFormatterOptions>();
    }

    /// <summary>The line of an event.</summary>
    internal static string Line(bool isError, string source, string? message, Exception? cause) =>
        $"{(isError ? "error" : "warning")}: {source}: {message}{(cause is null ? string.Empty : $": {cause.GetBaseException().Message}")}";

    private sealed class LineFormatter() : ConsoleFormatter(Format)
    {
        public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
        {
            textWriter.WriteLine(Line(logEntry.LogLevel >= LogLevel.Error, logEntry.Category, logEntry.Formatter(logEntry.State, logEntry.Exception), logEntry.Exception));
        }
    }
}
