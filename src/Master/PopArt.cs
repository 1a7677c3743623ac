using Simulator.Compute;
using Simulator.Protocol;

namespace Simulator.Master;

/// <summary>From what a critic puts out to a value: mean + deviation q.</summary>
/// <param name="Mean">Mean.</param>
/// <param name="Deviation">Deviation.</param>
public readonly record struct ValueScale(double Mean, double Deviation)
{
    /// <summary>The critic puts out values themselves.</summary>
    public static ValueScale None { get; } = new(0, 1);

    /// <summary>The value of an output.</summary>
    public double Restore(float output) => Mean + (Deviation * output);

    /// <summary>The output that has this value.</summary>
    public double Normalise(double value) => (value - Mean) / Deviation;
}

/// <summary>
/// PopArt (van Hasselt et al. 2016, arXiv 1602.07714): the critic learns targets y normalised by their running mean and deviation, and whenever those change its last layer is rescaled, so that the
/// values it stands for stay as they were. Mean mu and second moment nu of the targets are exponential means over updates, mu + beta_t (mean_b y - mu), with the paper's step size
/// beta_t = beta / (1 - (1 - beta)^t), which makes the first update's moments the first estimate; the deviation is sqrt(nu - mu^2), at least 1e-4.
/// </summary>
/// <remarks>
/// Values, in units of the rewards that the critic sees, are: targets, and the errors that give priorities. In units of the critic's outputs are: its loss and gradient, the actors' loss and gradient, and
/// the order of selection, which is the same in both.
/// </remarks>
/// <param name="rate">beta; canonical 3e-4.</param>
public sealed class PopArt(double rate)
{
    private const double SmallestDeviation = 1e-4;

    private double _second = 1;
    private double _weight;

    /// <summary>What the critic's outputs mean at this moment.</summary>
    public ValueScale Scale { get; private set; } = ValueScale.None;

    /// <summary>Takes in the targets of an update.</summary>
    /// <param name="targets">y, [B].</param>
    /// <returns>What the critic's outputs must be rescaled by for its values to stay.</returns>
    public OutputRescaling Observe(ReadOnlySpan<double> targets)
    {
        var (sum, squares) = (0.0, 0.0);
        foreach (var y in targets)
        {
            sum += y;
            squares += y * y;
        }

        _weight += rate * (1 - _weight);
        var step = rate / _weight;
        var before = Scale;
        var mean = before.Mean + (step * ((sum / targets.Length) - before.Mean));
        _second += step * ((squares / targets.Length) - _second);
        Scale = new ValueScale(mean, Math.Max(Math.Sqrt(Math.Max(_second - (mean * mean), 0)), SmallestDeviation));
        return new OutputRescaling(before.Deviation / Scale.Deviation, (before.Mean - Scale.Mean) / Scale.Deviation);
    }

    /// <summary>Writes the running moments.</summary>
    public void Save(StateWriter writer) => writer.Write([Scale.Mean, Scale.Deviation, _second, _weight]);

    /// <summary>Goes on from what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It did not write that.</exception>
    public void Load(StateReader reader)
    {
        Span<double> moments = stackalloc double[4];
        reader.Read(moments);
        Scale = new ValueScale(moments[0], moments[1]);
        (_second, _weight) = (moments[2], moments[3]);
    }
}
