namespace Simulator.Telemetry.Tests;

public sealed class PopulationProgressTests
{
    [Fact]
    public void A_snapshot_has_the_newest_of_each_cell()
    {
        var progress = new PopulationProgress([new CellProgress("a", 10), new CellProgress("b", 20)]);
        progress[1] = progress[1] with { Activity = CellActivity.Running, Episode = 5, Seconds = 2 };
        var snapshot = progress.Snapshot();
        progress[1] = progress[1] with { Episode = 6 };

        Assert.Equal(["a", "b"], snapshot.Select(c => c.Name));
        Assert.Equal([0, 5], snapshot.Select(c => c.Episode));
        Assert.Equal(6, progress[1].Episode);
    }

    [Theory]
    [InlineData(CellActivity.Running, 5, 2.0, 6.0)]
    [InlineData(CellActivity.Running, 20, 8.0, 0.0)]
    [InlineData(CellActivity.Running, 0, 1.0, null)]
    [InlineData(CellActivity.Waiting, 0, 0.0, null)]
    [InlineData(CellActivity.Ended, 5, 2.0, null)]
    public void Time_left_is_the_pace_so_far_over_what_is_to_do(CellActivity activity, int episode, double seconds, double? left) =>
        Assert.Equal(left, new CellProgress("a", 20) { Activity = activity, Episode = episode, Seconds = seconds }.SecondsLeft);

    [Fact]
    public async Task Cells_are_written_and_read_from_any_thread_without_tearing()
    {
        // Episode and seconds are written together: a reader never sees one without the other.
        var progress = new PopulationProgress([new CellProgress("a", 100_000)]);
        var writer = Task.Run(() =>
        {
            for (var i = 1; i <= 100_000; i++)
            {
                progress[0] = progress[0] with { Episode = i, Seconds = i };
            }
        });
        var torn = 0;
        do
        {
            var cell = progress[0];
            torn += cell.Episode == (int)cell.Seconds ? 0 : 1;
        }
        while (!writer.IsCompleted);

        await writer;
        Assert.Equal(0, torn);
    }
}
