using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Event;

namespace Simulator;

/// <summary>Where an actor system's warnings and errors go.</summary>
internal sealed class LoggingSetup(ILoggerFactory factory) : Setup
{
    internal ILoggerFactory Factory => factory;
}

/// <summary>Hands the actor system's warnings and errors to the logging of the process (<see cref="LoggingSetup"/>); without one it writes them to the standard error, a line each, so that they do not mix with what the command shows.</summary>
internal sealed class StandardErrorLogger : ReceiveActor
{
    private readonly ILoggerFactory? _factory = Context.System.Settings.Setup.Get<LoggingSetup>().GetOrElse(null!)?.Factory;

    /// <summary>HOCON that makes this the system's logger.</summary>
    internal static string Configuration => $"akka.loggers = [\"{typeof(StandardErrorLogger).FullName}, {typeof(StandardErrorLogger).Assembly.GetName().Name}\"]";

    /// <summary>Made by the actor system.</summary>
    public StandardErrorLogger()
    {
        Receive<InitializeLogger>(_ => Sender.Tell(new LoggerInitialized()));
        Receive<LogEvent>(Write);
    }

    private void Write(LogEvent message)
    {
        var isError = message.LogLevel() == Akka.Event.LogLevel.ErrorLevel;
        if (_factory is null)
        {
            Console.Error.WriteLine(StandardErrorLogging.Line(isError, message.LogSource, message.Message.ToString(), message.Cause));
        }
        else
        {
            var (logger, level) = (_factory.CreateLogger(message.LogSource), isError ? Microsoft.Extensions.Logging.LogLevel.Error : Microsoft.Extensions.Logging.LogLevel.Warning);
            if (logger.IsEnabled(level))
            {
                ActorTrace.Of(message.ActivityContext, () => logger.Log(level, message.Cause, "{Message}", message.Message));
            }
        }
    }
}
