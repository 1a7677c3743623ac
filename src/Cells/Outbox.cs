namespace Simulator.Cells;

/// <summary>
/// What is to be heard at the other end of a line that may lose it: told in order, a bounded number at a time, and again until it is heard.
/// </summary>
/// <param name="window">Most that may be under way.</param>
internal sealed class Outbox(int window)
{
    private readonly Queue<object> _flying = [];
    private readonly Queue<object> _waiting = [];
    private long _heard;
    private long _heardBefore = -1;

    /// <summary>Whether all has been heard.</summary>
    internal bool IsEmpty => _flying.Count == 0 && _waiting.Count == 0;

    /// <summary>Takes in what is to be told.</summary>
    internal void Add(object message) => _waiting.Enqueue(message);

    /// <summary>The next to be told, with its number; null where nothing is, or too much is under way.</summary>
    internal (long Number, object Message)? Next()
    {
        if (_flying.Count == window || !_waiting.TryDequeue(out var message))
        {
            return null;
        }

        _flying.Enqueue(message);
        return (_heard + _flying.Count, message);
    }

    /// <summary>From time to time: all that is under way, in order, to be told once more, where nothing has been heard since the last call.</summary>
    internal IReadOnlyList<(long Number, object Message)> Stalled()
    {
        var stalled = _heard == _heardBefore;
        _heardBefore = _heard;
        return stalled ? [.. _flying.Select((m, i) => (_heard + 1 + i, m))] : [];
    }

    /// <summary>All up to a number has been heard. A number of earlier is none of interest; one that was never told is nobody's.</summary>
    internal void Heard(long number)
    {
        while (_heard < number && _flying.TryDequeue(out _))
        {
            _heard++;
        }
    }
}
