namespace Simulator.Lab;

/// <summary>How long a cell has run, over all lives of its run, without the time that it was paused.</summary>
/// <param name="time">Clock.</param>
internal sealed class CellClock(TimeProvider time)
{
    private double _before;
    private long? _since;

    /// <summary>Seconds at the last <see cref="Look"/>.</summary>
    internal double Seconds { get; private set; }

    /// <summary>Goes on from an earlier life; stands until it is started.</summary>
    internal void GoOnFrom(double seconds) => (_before, Seconds, _since) = (seconds, seconds, null);

    /// <summary>Starts, or starts again.</summary>
    internal void Start() => (_before, _since) = (Seconds, time.GetTimestamp());

    /// <summary>Stands from the last look on.</summary>
    internal void Pause() => (_before, _since) = (Seconds, null);

    /// <summary>Looks at it.</summary>
    internal double Look() => Seconds = _before + (_since is { } since ? time.GetElapsedTime(since).TotalSeconds : 0);
}
