namespace Simulator.Environment;

/// <summary>
/// Maps raw observations to what networks see (ccm-madrl, section 8). By their known ranges: the intervals that they are drawn from, and for the battery 0 to its capacity, to [-1, 1]; a column
/// whose interval has no width becomes 0. By running statistics: (o - mean) / (deviation + 1e-8), clipped to [-10, 10] (Gymnasium's NormalizeObservation, SimBa). Immutable.
/// </summary>
public sealed class ObservationScaling
{
    /// <summary>Largest absolute observation after scaling by running statistics.</summary>
    public const double RunningClip = 10;

    private const double RunningEpsilon = 1e-8;

    private readonly double[] _slope = new double[Observation.Width];
    private readonly double[] _offset = new double[Observation.Width];
    private readonly double _clip = double.PositiveInfinity;

    /// <summary>Takes the ranges from a cell's constants.</summary>
    /// <param name="options">Constants of the cell.</param>
    public ObservationScaling(EnvironmentOptions options)
    {
        Set(Observation.Power, options.PowerDbm);
        Set(Observation.Gain, options.GainDb);
        Set(Observation.Energy, options.EnergyMj with { Low = 0 });
        Set(Observation.Size, options.SizeMb);
        Set(Observation.Cycles, options.CyclesPerBit);
        Set(Observation.Deadline, options.DeadlineS);
        Set(Observation.Cpu, options.CpuGhz);
    }

    /// <summary>Takes running statistics.</summary>
    /// <param name="mean">Mean of each column, [<see cref="Observation.Width"/>].</param>
    /// <param name="deviation">Standard deviation of each column.</param>
    public ObservationScaling(ReadOnlySpan<float> mean, ReadOnlySpan<float> deviation)
    {
        _clip = RunningClip;
        for (var column = 0; column < Observation.Width; column++)
        {
            _slope[column] = 1 / (deviation[column] + RunningEpsilon);
            _offset[column] = -mean[column] * _slope[column];
        }
    }

    /// <summary>Scales whole observations in place.</summary>
    /// <param name="rows">Raw observations, [rows, <see cref="Observation.Width"/>]; afterwards the scaled ones.</param>
    /// <exception cref="ArgumentException">The length is no multiple of <see cref="Observation.Width"/>.</exception>
    public void Apply(Span<float> rows)
    {
        if (rows.Length % Observation.Width != 0)
            throw new ArgumentException($"Observations come in rows of {Observation.Width}, not {rows.Length} values.", nameof(rows));
        for (; !rows.IsEmpty; rows = rows[Observation.Width..])
        {
            for (var column = 0; column < Observation.Width; column++)
                rows[column] = (float)Math.Clamp((rows[column] * _slope[column]) + _offset[column], -_clip, _clip);
        }
    }

    private void Set(int column, Interval range)
    {
        if (!(range.High > range.Low))
            return;
        _slope[column] = 2 / (range.High - range.Low);
        _offset[column] = range.ToUnit(0);
    }
}
