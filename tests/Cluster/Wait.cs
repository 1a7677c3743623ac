using System.Diagnostics;

namespace Simulator.Cluster.Tests;

/// <summary>Waits for what can be observed. The bound is for what never comes: it measures nothing.</summary>
internal static class Wait
{
    internal static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Waits until something holds.</summary>
    /// <param name="holds">Whether it does. A file that is renamed or removed while it is looked at is looked at again.</param>
    /// <param name="what">What is waited for, in words.</param>
    /// <param name="state">How it stands, for whoever reads that it did not come.</param>
    internal static async Task UntilAsync(Func<bool> holds, string what, Func<string> state)
    {
        var began = Stopwatch.GetTimestamp();
        while (!Holds(holds))
        {
            if (Stopwatch.GetElapsedTime(began) > Patience)
            {
                Assert.Fail($"waited {Patience.TotalMinutes} minutes for {what}; by then:\n{state()}");
            }

            await Task.Delay(LookInterval, TestContext.Current.CancellationToken);
        }
    }

    private static bool Holds(Func<bool> holds)
    {
        try
        {
            return holds();
        }
        catch (Exception moved) when (moved is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
