using CsCheck;

namespace Simulator.Environment.Tests;

public sealed class ArrivalOrderTests
{
    [Fact]
    public void Times_ascend_and_the_lowest_index_wins_a_tie()
    {
        // Few different times, infinity among them: nearly every pair ties.
        Gen.Int[0, 4].Select(time => time == 4 ? double.PositiveInfinity : time / 4.0).Array[0, 60].Sample(times =>
        {
            var clients = Enumerable.Range(0, times.Length).ToArray();
            int[] expected = [.. clients.OrderBy(client => times[client])];
            ArrivalOrder.Sort(times.ToArray(), clients);
            Assert.Equal(expected, clients);
        });
    }
}
