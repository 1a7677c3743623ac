using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Simulator.Cluster.Tests;

/// <summary>Keeps what actor systems warn of.</summary>
internal sealed class Recorder : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<string> _lines = new();

    /// <summary>Warnings and errors so far, with their causes.</summary>
    internal IReadOnlyCollection<string> Lines => _lines;

    /// <summary>Waits for a line that has all these words.</summary>
    internal Task SaysAsync(params string[] words) =>
        Until.HoldsAsync(() => _lines.Any(l => words.All(w => l.Contains(w, StringComparison.Ordinal))), $"a line with '{string.Join("' and '", words)}' among\n{string.Join('\n', _lines)}\n");

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue($"{formatter(state, exception)} {exception}");
}
