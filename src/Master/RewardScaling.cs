using Simulator.Protocol;

namespace Simulator.Master;

/// <summary>
/// Rewards over the running deviation of the discounted return, r / sqrt(var + 1e-8): Gymnasium's NormalizeReward with its running moments (Welford's, started at mean 0,
/// variance 1 and a count of 1e-4).
/// </summary>
/// <param name="gamma">Discount of the return.</param>
public sealed class RewardScaling(double gamma)
{
    private const double Epsilon = 1e-8;

    private double _return;
    private double _mean;
    private double _variance = 1;
    private double _count = 1e-4;

    /// <summary>What rewards are divided by at this moment.</summary>
    public double Deviation => Math.Sqrt(_variance + Epsilon);

    /// <summary>Takes in the reward of a step; an episode's end begins a new return.</summary>
    public void Observe(double reward, bool done)
    {
        _return = (_return * gamma) + reward;
        var total = _count + 1;
        var delta = _return - _mean;
        _mean += delta / total;
        _variance = ((_variance * _count) + (delta * delta * _count / total)) / total;
        _count = total;
        if (done)
        {
            _return = 0;
        }
    }

    /// <summary>Writes the running moments.</summary>
    public void Save(StateWriter writer) => writer.Write([_return, _mean, _variance, _count]);

    /// <summary>Goes on from what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It did not write that.</exception>
    public void Load(StateReader reader)
    {
        Span<double> moments = stackalloc double[4];
        reader.Read(moments);
        (_return, _mean, _variance, _count) = (moments[0], moments[1], moments[2], moments[3]);
    }
}
