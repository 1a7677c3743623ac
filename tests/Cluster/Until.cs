using System.Diagnostics;

namespace Simulator.Cluster.Tests;

/// <summary>Waits for what can be seen from outside, with a bound that only a hang reaches.</summary>
internal static class Until
{
    /// <summary>The bound.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>Waits until something holds.</summary>
    internal static async Task HoldsAsync(Func<bool> condition, string what)
    {
        var started = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(Interval);
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Patience, $"{what} has not come about in {Patience.TotalSeconds} s");
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }
}
