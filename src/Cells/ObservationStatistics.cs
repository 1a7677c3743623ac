using Simulator.Environment;
using Simulator.Protocol;

namespace Simulator.Cells;

/// <summary>
/// Running mean and deviation of a cell's observations, by Welford's method, over what all its clients saw. Pooled, for most columns of one client never change in its cell: by statistics of its own each
/// client would see zeros there, and could not be told from the others by a critic or a shared policy.
/// </summary>
/// <remarks>
/// The cell holds them, and tells clients and master the numbers with each step, so that all scale by the same at every moment. A step's observations are taken in before they are scaled, in training only;
/// an update scales by the numbers of its episode's last step.
/// </remarks>
public sealed class ObservationStatistics
{
    private readonly double[] _mean = new double[Observation.Width];
    private readonly double[] _squares = new double[Observation.Width];
    private long _count;

    /// <summary>Takes in raw observations.</summary>
    /// <param name="rows">Observations, [rows, 7].</param>
    public void Observe(ReadOnlySpan<float> rows)
    {
        for (; !rows.IsEmpty; rows = rows[Observation.Width..])
        {
            _count++;
            for (var column = 0; column < Observation.Width; column++)
            {
                var difference = rows[column] - _mean[column];
                _mean[column] += difference / _count;
                _squares[column] += difference * (rows[column] - _mean[column]);
            }
        }
    }

    /// <summary>Mean, then standard deviation of each column, [2, 7]; empty before the first observation.</summary>
    public HostPayload Numbers()
    {
        if (_count == 0)
        {
            return HostPayload.Empty;
        }

        var numbers = new float[2 * Observation.Width];
        for (var column = 0; column < Observation.Width; column++)
        {
            numbers[column] = (float)_mean[column];
            numbers[Observation.Width + column] = (float)Math.Sqrt(_squares[column] / _count);
        }

        return new HostPayload(numbers);
    }

    /// <summary>Writes the statistics.</summary>
    public void Save(StateWriter writer)
    {
        writer.Write(_count);
        writer.Write(_mean);
        writer.Write(_squares);
    }

    /// <summary>Goes on from what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It did not write that.</exception>
    public void Load(StateReader reader)
    {
        _count = reader.ReadInt64();
        reader.Read(_mean);
        reader.Read(_squares);
    }
}
