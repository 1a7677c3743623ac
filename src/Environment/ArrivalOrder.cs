namespace Simulator.Environment;

/// <summary>The order in which the server looks at tasks: ascending time, of equal times the lowest client index first.</summary>
internal static class ArrivalOrder
{
    /// <summary>Sorts both spans by time without allocating.</summary>
    /// <param name="times">Times in s, none of them NaN.</param>
    /// <param name="clients">Index of the client of each time.</param>
    internal static void Sort(Span<double> times, Span<int> clients)
    {
        times.Sort(clients);

        // The library's sort is not stable: put each run of equal times in order of the index.
        for (var start = 0; start < times.Length;)
        {
            var end = start + 1;
            while (end < times.Length && times[end].Equals(times[start]))
                end++;
            if (end - start > 1)
                clients[start..end].Sort();
            start = end;
        }
    }
}
