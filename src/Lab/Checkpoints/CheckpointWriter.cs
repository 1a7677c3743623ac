namespace Simulator.Lab;

/// <summary>Writes what the cells of a node keep, behind the actors' backs: one after the other, so that a disk is asked for one checkpoint at a time. Used by any thread.</summary>
internal sealed class CheckpointWriter
{
    private readonly Lock _lock = new();
    private Task _tail = Task.CompletedTask;
    private Exception? _fault;

    /// <summary>Writes, later.</summary>
    /// <param name="write">Writes.</param>
    /// <param name="written">Told when it is written: why it could not be, or null.</param>
    internal void Enqueue(Action write, Action<string?> written)
    {
        lock (_lock)
        {
            _tail = _tail.ContinueWith(_ => written(Try(write)), TaskScheduler.Default);
        }
    }

    /// <summary>Waits until everything is written.</summary>
    internal async Task FlushAsync()
    {
        Task tail;
        lock (_lock)
        {
            tail = _tail;
        }

        await tail.ConfigureAwait(false);
        if (_fault is { } fault)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(fault);
        }
    }

    private string? Try(Action write)
    {
#pragma warning disable CA1031 // What is no fault of the disk is thrown where the run waits for the end, and told as well.
        try
        {
            write();
            return null;
        }
        catch (Exception fault)
        {
            if (fault is not (IOException or UnauthorizedAccessException))
            {
                _fault ??= fault;
            }

            return fault.Message;
        }
#pragma warning restore CA1031
    }
}
