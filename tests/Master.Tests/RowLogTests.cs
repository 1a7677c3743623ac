using CsCheck;

namespace Simulator.Master.Tests;

public sealed class RowLogTests
{
    // Four rows to a chunk: appending and forgetting cross chunks all the time.
    private const int Width = 4096;
    private const int RowsPerChunk = 4;

    [Fact]
    public void It_keeps_what_was_appended_and_not_forgotten_wherever_chunks_begin()
    {
        Gen.Select(Gen.Long[0, 20], Gen.Int[-6, 3].Array[1, 60]).Sample((first, operations) =>
        {
            var log = new RowLog<int>(Width, first);
            var kept = new SortedDictionary<long, int>();
            var end = first;
            foreach (var operation in operations)
            {
                if (operation <= 0)
                {
                    var row = new int[Width];
                    row[0] = row[^1] = (int)end * 7;
                    Assert.Equal(end, log.Append(row));
                    kept.Add(end, row[0]);
                    end++;
                }
                else
                {
                    log.ForgetBefore(log.First + operation);
                    foreach (var row in kept.Keys.Where(row => row < log.First).ToArray())
                        kept.Remove(row);
                }

                Assert.Equal(end, log.End);
                foreach (var (row, value) in kept)
                {
                    Assert.Equal(value, log[row][0]);
                    Assert.Equal(value, log[row][^1]);
                }

                Assert.Equal(end - log.First, kept.Count);
                Assert.Throws<ArgumentOutOfRangeException>(() => log[end][0]);
                Assert.Throws<ArgumentOutOfRangeException>(() => log[log.First - 1][0]);
                Assert.InRange(log.AllocatedValues, 0, (kept.Count + (3 * RowsPerChunk)) * Width);
            }
        });
    }

    [Fact]
    public void Forgetting_never_passes_the_end_or_goes_back()
    {
        var log = new RowLog<int>(Width);
        log.Append(new int[Width]);
        log.ForgetBefore(9);
        Assert.Equal(1, log.First);
        log.ForgetBefore(0);
        Assert.Equal(1, log.First);
    }
}
