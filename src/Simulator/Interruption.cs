using System.Runtime.InteropServices;

namespace Simulator;

/// <summary>
/// The signals that end a command. The first one cancels, so that the command can write what is there; a second one ends the program as it would without us.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration _terminal;
    private readonly PosixSignalRegistration _system;

    /// <summary>Begins to listen for the signals.</summary>
    /// <param name="belongsToAnother">Whether this process was started by another one that ends it: a terminal interrupts both, and that is the other one's matter.</param>
    internal Interruption(bool belongsToAnother = false)
    {
        _terminal = PosixSignalRegistration.Create(PosixSignal.SIGINT, belongsToAnother ? c => c.Cancel = true : Interrupt);
        _system = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
    }

    /// <summary>Cancelled by the first signal.</summary>
    internal CancellationToken Token => _source.Token;

    /// <summary>Waits for the first signal.</summary>
    internal async Task WaitAsync() => await Task.Delay(Timeout.InfiniteTimeSpan, Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    public void Dispose()
    {
        _system.Dispose();
        _terminal.Dispose();
        _source.Dispose();
    }

    private void Interrupt(PosixSignalContext context)
    {
        context.Cancel = !_source.IsCancellationRequested;
        _source.Cancel();
    }
}
