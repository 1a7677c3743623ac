namespace Simulator;

/// <summary>
/// Tells open pages once a second to look again. It rests while no page is open, and when the run is over and all have been told so; whoever asks to be told is told at least once.
/// </summary>
internal sealed class PageClock : IDisposable
{
    /// <summary>Time between two looks.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly List<Action> _pages = [];
    private readonly Func<bool> _isOver;
    private readonly ITimer _timer;
    private bool _runs;

    /// <summary>Makes a clock that rests.</summary>
    /// <param name="isOver">Whether there is nothing new to come.</param>
    /// <param name="time">Its time.</param>
    internal PageClock(Func<bool> isOver, TimeProvider time)
    {
        _isOver = isOver;
        _timer = time.CreateTimer(_ => Tick(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether it ticks.</summary>
    internal bool Runs
    {
        get
        {
            lock (_lock)
            {
                return _runs;
            }
        }
    }

    /// <summary>Calls a page at each tick, by any thread, until what is returned is disposed.</summary>
    internal IDisposable Tell(Action page)
    {
        lock (_lock)
        {
            _pages.Add(page);
            Run(true);
        }

        return new Subscription(this, page);
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Tick()
    {
        // Asked before the pages look: what was over then is seen by them.
        var over = _isOver();
        Action[] pages;
        lock (_lock)
        {
            pages = [.. _pages];
            Run(!over && pages.Length > 0);
        }

        Array.ForEach(pages, page => page());
    }

    private void Run(bool run)
    {
        if (run != _runs)
        {
            _runs = run;
            var interval = run ? Interval : Timeout.InfiniteTimeSpan;
            _timer.Change(interval, interval);
        }
    }

    private void Leave(Action page)
    {
        lock (_lock)
        {
            _pages.Remove(page);
            Run(_runs && _pages.Count > 0);
        }
    }

    private sealed class Subscription(PageClock clock, Action page) : IDisposable
    {
        public void Dispose() => clock.Leave(page);
    }
}
