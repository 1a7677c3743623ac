namespace Simulator.Lab.Tests;

/// <summary>
/// The system's time, but no timer ever rings: an interrupted run waits for its cells however busy the machine is. A run reads it with whatever its cells tell, so that who wants to interrupt it at some
/// point can do so from there, and need not be awake at the right moment.
/// </summary>
internal sealed class PatientTime : TimeProvider
{
    private readonly Lock _reading = new();

    /// <summary>Called when it is read, by one thread at a time: hosts of cells and the population read it.</summary>
    internal Action? WhenRead { get; set; }

    public override long GetTimestamp()
    {
        lock (_reading)
        {
            WhenRead?.Invoke();
        }

        return base.GetTimestamp();
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Silent();

    private sealed class Silent : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
