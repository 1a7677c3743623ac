using Simulator.Environment;
using Simulator.Protocol;

namespace Simulator.Master;

/// <summary>How the actors' learning rate follows the asymmetry of gradients.</summary>
public enum AsymmetryScaling
{
    /// <summary>It does not, as in the original.</summary>
    None,

    /// <summary>Rate times asymmetry: actors whose gradients are small beside the critic's go in smaller steps, which Adam alone does not make.</summary>
    Proportional,

    /// <summary>Rate over asymmetry: actors whose gradients are small beside the critic's go in larger steps, to keep up with it.</summary>
    Inverse,
}

/// <summary>
/// What the actors' learning rate is multiplied by (the research's proposal): the running asymmetry A or its reciprocal, clipped to an interval. A is the exponential mean over updates of the asymmetry ratio (ccm-madrl,
/// section 6), A + (1 - 0.99) (ratio - A), begun at the first one; an update is scaled by what those before it gave, the first by 1.
/// </summary>
/// <param name="scaling">Which way.</param>
/// <param name="bounds">Smallest and largest factor.</param>
public sealed class AsymmetryScale(AsymmetryScaling scaling, Interval bounds)
{
    /// <summary>Decay of the mean in one update.</summary>
    public const double Decay = 0.99;

    private bool _known;
    private double _mean;

    /// <summary>What the actors' rate is multiplied by at this moment.</summary>
    public double Factor => scaling == AsymmetryScaling.None || !_known ? 1 : Math.Clamp(scaling == AsymmetryScaling.Proportional ? _mean : 1 / _mean, bounds.Low, bounds.High);

    /// <summary>Takes in an update's asymmetry ratio; null where it has none.</summary>
    public void Observe(double? ratio)
    {
        if (ratio is { } known)
        {
            _mean = _known ? _mean + ((1 - Decay) * (known - _mean)) : known;
            _known = true;
        }
    }

    /// <summary>Writes the running mean.</summary>
    public void Save(StateWriter writer)
    {
        writer.Write(_known);
        writer.Write(_mean);
    }

    /// <summary>Goes on from what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It did not write that.</exception>
    public void Load(StateReader reader)
    {
        _known = reader.ReadBoolean();
        _mean = reader.ReadDouble();
    }
}
