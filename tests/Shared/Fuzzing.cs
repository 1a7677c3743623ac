namespace Simulator.Testing;

/// <summary>Runs many damaged inputs through a reader: what one may take of memory is measured, and a reader that hangs is named.</summary>
internal static class Fuzzing
{
    /// <summary>Most bytes that one read may allocate.</summary>
    internal const long MostBytes = 64L << 20;

    /// <summary>A bound for hangs, far above what a run takes on a slow machine: it does not measure speed.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);

    /// <summary>Calls with the number of each case, on one thread, and fails where the whole does not come to its end.</summary>
    internal static async Task Run(int cases, Action<int> one)
    {
        var number = 0;
        var all = Task.Factory.StartNew(
            () =>
            {
                for (; number < cases; number++)
                {
                    one(number);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        try
        {
            await all.WaitAsync(Patience, TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"Case {number} of {cases} has not come to its end.");
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            throw new InvalidOperationException($"Case {number} of {cases}: {fault.Message}", fault);
        }
    }

    /// <summary>Bytes that a read allocates on this thread.</summary>
    internal static long Allocated(Action read)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        read();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
