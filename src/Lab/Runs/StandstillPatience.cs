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
    private int _held;

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

    /// <summary>Something comes to its end, and takes its time: meanwhile there is all the time in the world.</summary>
    internal void Hold() => Set(held: 1);

    /// <summary>It has come to its end: the patience begins anew, where nothing else does as well.</summary>
    internal void Release() => Set(held: -1);

    /// <summary>Ends a cell, between <see cref="Hold"/> and <see cref="Release"/>.</summary>
    internal void During(Action ending)
    {
        Hold();
        try
        {
            ending();
        }
        finally
        {
            Release();
        }
    }

    /// <summary>Ends, with the run.</summary>
    internal void End() => _timer.Dispose();

    private void Set(bool? begun = null, int held = 0)
    {
        lock (_lock)
        {
            _begun = begun ?? _begun;
            _held += held;
            _timer.Change(_begun && _held == 0 ? _length : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
