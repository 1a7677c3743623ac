using Akka.Actor;
using Simulator.Compute;
using Simulator.Protocol;

namespace Simulator.Cells.Tests;

/// <summary>Cells that wait for their turn at the device: whatever happens to one of them, the others get theirs.</summary>
public sealed class TurnTests
{
    private static readonly BatchingOptions OneAtATime = new(TimeSpan.Zero, CellsAtOnce: 1);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(100)]
    public async Task How_many_cells_are_in_an_episode_at_once_changes_no_bit(int cellsAtOnce)
    {
        var cells = Cells();
        var turns = await TestPopulation.RunAsync(cells, batching: new BatchingOptions(TimeSpan.Zero, cellsAtOnce));

        for (var i = 0; i < cells.Length; i++)
            Assert.Equal((await TestPopulation.RunAsync(cells[i])).Fingerprint(), turns[i].Fingerprint());
    }

    [Fact]
    public async Task A_cell_that_fails_in_its_episode_and_comes_back_holds_up_nobody()
    {
        var cells = Cells();
        var undisturbed = await TestPopulation.RunAsync(cells);
        var disturbed = await TestPopulation.RunAsync(cells, batching: OneAtATime, between: device => Props.Create(() => new FailingTwice(device)));

        Assert.Equal(2, disturbed.Sum(l => l.Recoveries));
        Assert.Equal(undisturbed.Select(l => l.Fingerprint()), disturbed.Select(l => l.Fingerprint()));
    }

    [Fact]
    public async Task A_cell_that_diverges_passes_its_place_on()
    {
        var cells = Cells();
        cells[1] = cells[1] with { Learning = cells[1].Learning with { ActorRate = 1e3, CriticRate = 1e3 }, Episodes = 200, Tracking = new TrackingOptions { EarlyStop = false } };
        var logs = await TestPopulation.RunAsync(cells, batching: OneAtATime);

        Assert.All(logs.Where((_, i) => i != 1), l => Assert.Equal(CellStatus.Completed, l.End!.Status));
        Assert.NotNull(logs[1].End);
    }

    [Fact]
    public async Task Cells_that_wait_for_their_turn_end_when_they_are_told_to_stop()
    {
        var cells = Enumerable.Range(1, 6).Select(i => TestPopulation.Small(seed: (ulong)i, episodes: 100_000)).ToArray();
        var told = 0;
        var logs = await TestPopulation.RunAsync(
            cells,
            batching: OneAtATime,
            afterEpisode: (population, _) =>
            {
                if (Interlocked.Increment(ref told) == 4)
                    population.Tell(CellProtocol.Stop.Instance);
            });

        Assert.All(logs.Where(l => l.End is not null), l => Assert.Equal(CellStatus.Interrupted, l.End!.Status));
        Assert.Contains(logs, l => l.End is not null);
    }

    private static CellOptions[] Cells() => [.. Enumerable.Range(1, 4).Select(i => TestPopulation.Small(seed: (ulong)i))];

    /// <summary>Stands before the device and refuses two learning steps, of whichever cells come with them.</summary>
    private sealed class FailingTwice : ReceiveActor
    {
        private int _seen;

        public FailingTwice(IActorRef device)
        {
            Receive<DeviceProtocol.Improve>(
                m => m.Turn is { Episode: 4, Epoch: 0 } && _seen++ is 2 or 9, m => Sender.Tell(new DeviceProtocol.OperationFailed(m.Turn, "planned")));
            ReceiveAny(device.Forward);
        }
    }
}
