using Akka.Actor;
using Simulator.Compute;
using Simulator.Protocol;

namespace Simulator.Cells.Tests;

/// <summary>How the cells of a population are spread over devices, begin and end.</summary>
public sealed class PopulationTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public async Task Any_number_of_device_threads_gives_the_same_bits(int threads)
    {
        CellOptions[] cells = [.. Enumerable.Range(0, 5).Select(i => TestPopulation.Small((ulong)i)), TestPopulation.Small(9) with { Clients = 4 }];
        var one = await TestPopulation.RunAsync(cells);
        var several = await TestPopulation.RunAsync(cells, threads: threads);
        Assert.Equal(one.Select(l => l.Fingerprint()), several.Select(l => l.Fingerprint()));
    }

    [Fact]
    public async Task Cells_go_round_the_devices()
    {
        var reserved = new int[3];
        var made = 0;
        await TestPopulation.RunAsync(
            [.. Enumerable.Range(0, 7).Select(i => TestPopulation.Small((ulong)i, episodes: 1))],
            between: device =>
            {
                var own = made++;
                return Tap.Props(device, m =>
                {
                    if (m is DeviceProtocol.ReservePolicies)
                    {
                        Interlocked.Increment(ref reserved[own]);
                    }
                });
            },
            threads: 3);
        Assert.Equal([3, 2, 2], reserved.OrderDescending());
    }

    [Fact]
    public async Task Cells_begin_a_few_at_a_time()
    {
        var (begun, ready, most) = (0, 0, 0);
        var logs = await TestPopulation.RunAsync(
            [.. Enumerable.Range(0, 60).Select(i => TestPopulation.Small((ulong)i, episodes: 1) with { Evaluation = new EvaluationOptions { Episodes = 0 } })],
            between: device => Tap.Props(device, m =>
            {
                if (m is DeviceProtocol.ReservePolicies)
                {
                    most = Math.Max(most, Interlocked.Increment(ref begun) - Volatile.Read(ref ready));
                }
            }),
            afterStart: () => Interlocked.Increment(ref ready));
        Assert.Equal(60, begun);
        Assert.InRange(most, 1, Math.Max(System.Environment.ProcessorCount, 60 / 16));
        Assert.All(logs, l => Assert.Equal(CellStatus.Completed, l.End!.Status));
    }

    [Fact]
    public async Task A_cell_whose_epoch_was_used_by_a_host_that_nobody_heard_of_is_started_with_the_next_one()
    {
        var cell = TestPopulation.Small();
        UsedEpochs? catalog = null;
        var log = (await TestPopulation.RunAsync([cell], around: c => catalog = new UsedEpochs(c, 2)))[0];
        Assert.Equal([0, 1, 2], catalog!.Epochs);
        Assert.Equal(2, log.Recoveries);
        Assert.Equal((await TestPopulation.RunAsync(cell)).Fingerprint(), log.Fingerprint());
    }

    [Fact]
    public async Task A_population_told_to_stop_begins_no_more_cells()
    {
        var stopped = false;
        var cells = Enumerable.Range(0, 10_000).Select(i => TestPopulation.Small((ulong)i, episodes: 100_000) with { Evaluation = new EvaluationOptions { Episodes = 0 } }).ToArray();
        var logs = await TestPopulation.RunAsync(cells, afterEpisode: (population, _) =>
        {
            if (!stopped)
            {
                stopped = true;
                population.Tell(CellProtocol.Stop.Instance);
            }
        });
        var ended = logs.Count(l => l.End is not null);
        Assert.InRange(ended, 1, 9_000);
        Assert.All(logs.Take(ended), l => Assert.Equal(CellStatus.Interrupted, l.End!.Status));
        Assert.All(logs.Skip(ended), l => Assert.Null(l.End));
    }

    /// <summary>Cells whose first epochs were used up before.</summary>
    private sealed class UsedEpochs(ICellCatalog cells, int used) : ICellCatalog
    {
        internal List<int> Epochs { get; } = [];

        public Task<ICellKeeper> OpenAsync(RunDescription run, int cell, int epoch, CancellationToken cancellation)
        {
            Epochs.Add(epoch);
            return epoch < used ? Task.FromException<ICellKeeper>(new EpochUsedException("it was used")) : cells.OpenAsync(run, cell, epoch, cancellation);
        }

        public CellOptions Plan(RunDescription run, int cell) => cells.Plan(run, cell);
    }
}
