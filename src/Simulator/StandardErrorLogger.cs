using Akka.Actor;
using Akka.Event;

namespace Simulator;

/// <summary>Writes the actor system's warnings and errors to the standard error, a line each, so that they do not mix with what the command shows.</summary>
internal sealed class StandardErrorLogger : ReceiveActor
{
    /// <summary>HOCON that makes this the system's logger.</summary>
    internal static string Configuration => $"akka.loggers = [\"{typeof(StandardErrorLogger).FullName}, {typeof(StandardErrorLogger).Assembly.GetName().Name}\"]";

    /// <summary>Made by the actor system.</summary>
    public StandardErrorLogger()
    {
        Receive<InitializeLogger>(_ => Sender.Tell(new LoggerInitialized()));
        Receive<LogEvent>(e => Console.Error.WriteLine($"{Severity(e)}: {e.LogSource}: {e.Message}{(e.Cause is { } cause ? $": {cause.GetBaseException().Message}" : string.Empty)}"));
    }

    private static string Severity(LogEvent message) => message.LogLevel() == LogLevel.ErrorLevel ? "error" : "warning";
}
