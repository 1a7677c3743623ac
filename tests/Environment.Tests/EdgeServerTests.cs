using CsCheck;

namespace Simulator.Environment.Tests;

public sealed class EdgeServerTests
{
    private const double Horizon = 1;

    // Services from far below to far above the horizon, with ties, over few units: queues form, and some of them end in time.
    private static readonly Gen<(double[] Arrival, double[] Service, int Units)> AnyLoad =
        Gen.Select(Gen.Double[0, 0.3].Array[1, 30], Gen.Double[0, 0.4], Gen.Int[1, 8], Gen.Int[0, int.MaxValue]).Select((arrival, scale, units, seed) =>
        {
            var random = new Random(seed);
            return (arrival, arrival.Select(_ => scale * random.NextDouble()).ToArray(), units);
        });

    [Fact]
    public void The_reference_queue_does_what_the_original_writes()
    {
        AnyLoad.Sample(load => Check(QueueDiscipline.Reference, load.Arrival, load.Service, load.Units, OriginalQueue));
    }

    [Fact]
    public void The_fifo_queue_serves_in_order_of_arrival_on_the_first_free_unit()
    {
        AnyLoad.Sample(load => Check(QueueDiscipline.Fifo, load.Arrival, load.Service, load.Units, PlainQueue));
    }

    [Fact]
    public void Without_a_queue_every_task_starts_on_arrival()
    {
        double[] arrival = [0.3, 0.1, 0.2];
        double[] service = [2, 3, 4];
        var finish = new double[3];
        new EdgeServer(ServerMode.TOBM, QueueDiscipline.Reference, units: 1, Horizon).Serve([1, 2, 0], arrival, service, finish);
        Assert.Equal([2.3, 3.1, 4.2], finish);
    }

    [Fact]
    public void The_queues_agree_while_units_are_free()
    {
        AnyLoad.Where(load => load.Arrival.Length <= load.Units).Sample(load =>
            Assert.Equal(
                Serve(QueueDiscipline.Fifo, load.Arrival, load.Service, load.Units),
                Serve(QueueDiscipline.Reference, load.Arrival, load.Service, load.Units)));
    }

    private delegate double[] Model(int[] order, double[] arrival, double[] service, int units);

    private static void Check(QueueDiscipline queue, double[] arrival, double[] service, int units, Model model)
    {
        var expected = model(Order(arrival), arrival, service, units);
        var actual = Serve(queue, arrival, service, units);
        for (var i = 0; i < expected.Length; i++)
            Assert.Equal(Math.Min(expected[i], Horizon), Math.Min(actual[i], Horizon), 1e-12);
    }

    private static int[] Order(double[] arrival) => [.. Enumerable.Range(0, arrival.Length).OrderBy(i => arrival[i])];

    private static double[] Serve(QueueDiscipline queue, double[] arrival, double[] service, int units)
    {
        var finish = new double[arrival.Length];
        new EdgeServer(ServerMode.H2, queue, units, Horizon).Serve(Order(arrival), arrival, service, finish);
        return finish;
    }

    /// <summary>ccm-madrl, section 1, word for word: no heap, no early end.</summary>
    private static double[] OriginalQueue(int[] order, double[] arrival, double[] service, int units)
    {
        var m = new double[units];
        var finish = new double[arrival.Length];
        for (var k = 0; k < order.Length; k++)
        {
            var i = order[k];
            if (k < units)
            {
                finish[i] = arrival[i] + service[i];
            }
            else
            {
                for (var j = 0; j < k; j++)
                    m[Array.IndexOf(m, m.Min())] += service[order[j]];
                finish[i] = Math.Max(arrival[i], m.Min()) + service[i];
            }

            m[Array.IndexOf(m, m.Min())] = finish[i];
        }

        return finish;
    }

    private static double[] PlainQueue(int[] order, double[] arrival, double[] service, int units)
    {
        var free = new double[units];
        var finish = new double[arrival.Length];
        foreach (var i in order)
        {
            var unit = Array.IndexOf(free, free.Min());
            finish[i] = free[unit] = Math.Max(arrival[i], free[unit]) + service[i];
        }

        return finish;
    }
}
