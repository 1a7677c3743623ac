namespace Simulator.Lab;

/// <summary>
/// How long an interrupted run waits for cells that have not ended. It begins anew whenever a cell ends or hands over a checkpoint, and stands still while the cell's files are written: what it measures is a
/// population in which nothing comes to its end any more, and neither the number of cells nor the disk.
/// </summary>
internal sealed class StandstillPatience
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimeSpan _length;
    private readonly ITimer _timer;
    private bool _begun;
    private bool _held;

    /// <summary>Makes patience that has not begun.</summary>
    /// <param name="time">Clock.</param>
    /// <param name="length">How long nothing may end.</param>
    internal StandstillPatience(TimeProvider time, TimeSpan length)
    {
        _length = length;
        _timer = time.CreateTimer(_ => _over.TrySetResult(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Completed when nothing has ended for too long.</summary>
    internal Task Over => _over.Task;

    /// <summary>Begins, at the interruption.</summary>
    internal void Begin() => Set(begun: true);

    /// <summary>Ends a cell, or takes its checkpoint: meanwhile there is all the time in the world, and behind it the patience begins anew.</summary>
    internal void During(Action ending)
    {
        Set(held: true);
        try
        {
            ending();
        }
        finally
        {
            Set(held: false);
        }
    }

    /// <summary>Ends, with the run.</summary>
    internal void End() => _timer.Dispose();

    private void Set(bool? begun = null, bool? held = null)
    {
        lock (_lock)
        {
            _begun = begun ?? _begun;
            _held = held ?? _held;
            _timer.Change(_begun && !_held ? _length : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
