namespace Simulator.Compute;

/// <summary>
/// Spreads the parts of one operation over processors. How an operation is cut never decides a bit of its result, since no sum crosses a cut; so the number of threads is free.
/// </summary>
/// <param name="threads">Most threads at work at once, the caller's included.</param>
internal sealed class Workers(int threads)
{
    /// <summary>Floating-point operations that are worth waking another thread for.</summary>
    private const long Grain = 2_000_000;

    private readonly ParallelOptions _options = new() { MaxDegreeOfParallelism = threads };

    /// <summary>Works on part of a range.</summary>
    /// <param name="begin">First index.</param>
    /// <param name="end">Behind the last index.</param>
    internal delegate void Part(int begin, int end);

    /// <summary>The calling thread and no other.</summary>
    internal static Workers Alone { get; } = new(1);

    /// <summary>Works on all of 0 to <paramref name="count"/> - 1, in as many parts as are worth it.</summary>
    /// <param name="count">Length of the range.</param>
    /// <param name="cost">Floating-point operations of the whole range.</param>
    /// <param name="work">Called for each part.</param>
    /// <param name="multiple">Parts begin at multiples of this.</param>
    internal void For(int count, double cost, Part work, int multiple = 1)
    {
        var pieces = (count + multiple - 1) / multiple;
        var parts = (int)Math.Min(Math.Min(threads, pieces), 1 + (cost / Grain));
        if (parts <= 1)
        {
            work(0, count);
            return;
        }

        Each(parts, i => work(Math.Min(count, (int)((long)pieces * i / parts) * multiple), Math.Min(count, (int)((long)pieces * (i + 1) / parts) * multiple)));
    }

    /// <summary>Works on each of 0 to <paramref name="count"/> - 1 by itself, wherever a thread is free.</summary>
    internal void Each(int count, Action<int> work)
    {
        if (threads == 1 || count == 1)
        {
            for (var i = 0; i < count; i++)
            {
                work(i);
            }

            return;
        }

        try
        {
            Parallel.For(0, count, _options, work);
        }
        catch (AggregateException error)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(error.InnerExceptions[0]);
        }
    }
}
