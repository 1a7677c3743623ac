using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Simulator.Telemetry.Tests;

/// <summary>The meter is one for the process: its tests run one after the other.</summary>
public sealed class InstrumentsTests
{
    [Fact]
    public void Nothing_is_prepared_while_nobody_listens_and_a_listener_reads_what_was_prepared_last()
    {
        var time = new ManualTime();
        var population = MeasurementBuilderTests.Population(cells: 1, clients: 2);
        using var feed = new MeasurementFeed(population, new TelemetryOptions(), () => new ProcessSizes([new("device-0", 64)], [new("population", 3)]), time);
        time.Tick();
        Assert.Empty(feed.Newest.Cells);

        var read = new Dictionary<string, double>(StringComparer.Ordinal);
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == Instruments.Name)
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => read[$"{instrument.Name} {string.Join(',', tags.ToArray().Select(t => $"{t.Key}={t.Value}"))}"] = value);
        listener.Start();

        time.Tick();
        listener.RecordObservableInstruments();
        Assert.Equal(0.1f, (float)read["simulator.agent.saturation.ratio cell=c0,agent=1"]);
        Assert.Equal(64, read["simulator.device.memory device=device-0"]);
        Assert.Equal(3, read["simulator.mailbox.messages actor=population"]);
        Assert.Equal(10, read["simulator.cell.episode cell=c0"]);

        population[0] = population[0] with { Episode = 11 };
        listener.RecordObservableInstruments();
        Assert.Equal(10, read["simulator.cell.episode cell=c0"]);
        feed.Renew();
        listener.RecordObservableInstruments();
        Assert.Equal(11, read["simulator.cell.episode cell=c0"]);

        read.Clear();
        feed.Dispose();
        listener.RecordObservableInstruments();
        Assert.DoesNotContain("simulator.cell.episode cell=c0", read.Keys);
    }

    [Fact]
    public void Every_instrument_has_a_name_of_the_simulator_a_unit_and_a_description()
    {
        var instruments = new List<Instrument>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == Instruments.Name)
            {
                instruments.Add(instrument);
            }
        };
        listener.Start();
        Instruments.Recoveries.Add(0);

        Assert.True(instruments.Count > 30, $"{instruments.Count} instruments");
        Assert.All(instruments, i =>
        {
            Assert.Matches("^simulator(\\.[a-z]+)+$", i.Name);
            Assert.NotNull(i.Unit);
            Assert.EndsWith(".", i.Description, StringComparison.Ordinal);
        });
        Assert.Equal(instruments.Count, instruments.Select(i => i.Name).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void An_episode_is_a_trace_with_a_span_for_each_phase_and_is_nobody_s_current_one()
    {
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = s => s.Name == Instruments.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Add,
        };
        ActivitySource.AddActivityListener(listener);
        var trace = new EpisodeTrace();
        trace.Begin("cell-3-0", 7, "act");
        Assert.Null(Activity.Current);
        trace.Enter("critic");
        Assert.Null(Activity.Current);
        ActivityContext? within = null;
        trace.Within(() => within = Activity.Current?.Context);
        Assert.Null(Activity.Current);
        trace.End("the actors' loss");
        trace.End(null);

        Assert.Equal(["act", "critic", "episode"], spans.Select(s => s.OperationName));
        Assert.All(spans.Take(2), s => Assert.Equal(spans[2].SpanId, s.ParentSpanId));
        Assert.Equal(spans[1].Context, within);
        Assert.Equal(7, spans[2].GetTagItem("simulator.episode"));
        Assert.Equal("cell-3-0", spans[2].GetTagItem("simulator.cell"));
        Assert.Equal((ActivityStatusCode.Error, "the actors' loss"), (spans[2].Status, spans[2].StatusDescription));
    }

    [Fact]
    public void Without_a_listener_no_trace_is_made()
    {
        var trace = new EpisodeTrace();
        trace.Begin("cell-0-0", 1, "act");
        trace.Enter("critic");
        trace.End(null);
        Assert.Null(Activity.Current);
    }

    /// <summary>A clock whose timers fire when they are told to.</summary>
    private sealed class ManualTime : TimeProvider
    {
        private readonly List<(TimerCallback Callback, object? State)> _timers = [];

        public void Tick() => _timers.ForEach(t => t.Callback(t.State));

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _timers.Add((callback, state));
            return new Timer();
        }

        private sealed class Timer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
