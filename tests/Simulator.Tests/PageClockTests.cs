namespace Simulator.Tests;

public sealed class PageClockTests
{
    private readonly ByHand _time = new();

    [Fact]
    public void It_rests_while_no_page_is_open()
    {
        using var clock = new PageClock(() => false, _time);
        Assert.False(clock.Runs);
        var calls = 0;
        using (clock.Tell(() => calls++))
        {
            Assert.Equal(PageClock.Interval, _time.Period);
            _time.Tick();
            _time.Tick();
        }

        Assert.Equal(2, calls);
        Assert.False(clock.Runs);
        Assert.Equal(Timeout.InfiniteTimeSpan, _time.Period);
    }

    [Fact]
    public void When_the_run_is_over_each_page_is_told_once_more_and_no_more()
    {
        var over = false;
        using var clock = new PageClock(() => over, _time);
        var (first, second) = (0, 0);
        using var open = clock.Tell(() => first++);
        _time.Tick();
        over = true;
        _time.Tick();
        Assert.Equal((2, false), (first, clock.Runs));

        using var late = clock.Tell(() => second++);
        Assert.True(clock.Runs);
        _time.Tick();
        Assert.Equal((1, false), (second, clock.Runs));
    }

    [Fact]
    public void A_page_that_left_is_not_told()
    {
        using var clock = new PageClock(() => false, _time);
        var (staying, leaving) = (0, 0);
        using var stays = clock.Tell(() => staying++);
        clock.Tell(() => leaving++).Dispose();
        _time.Tick();
        Assert.Equal((1, 0), (staying, leaving));
    }

    /// <summary>A time that ticks when it is told to.</summary>
    private sealed class ByHand : TimeProvider
    {
        private TimerCallback? _callback;

        internal TimeSpan Period { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (_callback, Period) = (callback, period);
            return new Timer(this);
        }

        internal void Tick() => _callback!(null);

        private sealed class Timer(ByHand time) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                time.Period = period;
                return true;
            }

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
