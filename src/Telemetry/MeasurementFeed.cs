namespace Simulator.Telemetry;

/// <summary>
/// Prepares, again and again, what a scrape reads of a population, and lets the meter read it until it is disposed. Nothing is prepared while nobody listens. The work is done on a thread of the pool,
/// from what the recorder has left (<see cref="PopulationProgress"/>): neither actors nor scrapes wait for it.
/// </summary>
public sealed class MeasurementFeed : IDisposable
{
    private readonly MeasurementBuilder _builder;
    private readonly Func<ProcessSizes> _sizes;
    private readonly Lock _building = new();
    private readonly ITimer _timer;
    private MeasurementSet _newest = MeasurementSet.Empty;
    private bool _disposed;

    /// <summary>Begins.</summary>
    /// <param name="progress">The population.</param>
    /// <param name="options">What is told of it, and how often.</param>
    /// <param name="sizes">What the process tells of itself; called on threads of the pool, never twice at once.</param>
    /// <param name="time">Clock.</param>
    public MeasurementFeed(PopulationProgress progress, TelemetryOptions options, Func<ProcessSizes> sizes, TimeProvider time)
    {
        _builder = new MeasurementBuilder(progress, options);
        _sizes = sizes;
        Instruments.Add(this);
        var interval = TimeSpan.FromSeconds(options.Interval);
        _timer = time.CreateTimer(_ => Tick(), null, TimeSpan.Zero, interval);
    }

    internal MeasurementSet Newest => Volatile.Read(ref _newest);

    /// <summary>Prepares now what the next scrape reads.</summary>
    public void Renew()
    {
        lock (_building)
        {
            if (!_disposed)
            {
                Volatile.Write(ref _newest, _builder.Build(_sizes()));
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_building)
        {
            _disposed = true;
        }

        _timer.Dispose();
        Instruments.Remove(this);
    }

    private void Tick()
    {
        // A preparation that takes longer than the interval is not begun a second time.
        if (Instruments.AreMeasurementsRead && _building.TryEnter())
        {
            try
            {
                Renew();
            }
            finally
            {
                _building.Exit();
            }
        }
    }
}
