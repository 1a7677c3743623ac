namespace Simulator.Observability.Tests;

internal static class Faults
{
    /// <summary>Fails with all of them, a line each, in full.</summary>
    public static void AssertNone(IEnumerable<string> faults)
    {
        var all = faults.ToList();
        Assert.True(all.Count == 0, string.Join('\n', all));
    }
}
