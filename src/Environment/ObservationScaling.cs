namespace Simulator.Environment;

/// <summary>
/// Maps raw observations to [-1, 1] by their known ranges (ccm-madrl, section 8): the intervals that they are drawn from, and for the
/// battery 0 to its capacity. A column whose interval has no width becomes 0. Immutable.
/// </summary>
public sealed class ObservationScaling
{
    private readonly double[] _slope = new double[Observation.Width];
    private readonly double[] _offset = new double[Observation.Width];

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
                rows[column] = (float)((rows[column] * _slope[column]) + _offset[column]);
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
