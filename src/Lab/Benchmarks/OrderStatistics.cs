namespace Simulator.Lab.Benchmarks;

/// <summary>
/// Measurements in order. Times are skewed and have outliers, so medians stand for them, with intervals that assume no distribution.
/// </summary>
public sealed class OrderStatistics
{
    private const double Uncertainty = 0.05;

    private readonly double[] _sorted;

    /// <summary>Sorts measurements.</summary>
    /// <exception cref="ArgumentException">There are none.</exception>
    public OrderStatistics(IEnumerable<double> values)
    {
        _sorted = [.. values.Order()];
        if (_sorted.Length == 0)
        {
            throw new ArgumentException("without a measurement there is no median", nameof(values));
        }
    }

    /// <summary>How many there are.</summary>
    public int Count => _sorted.Length;

    /// <summary>The middle value, or the mean of the two in the middle.</summary>
    public double Median => Quantile(0.5);

    /// <summary>The value below which a share of the measurements lies, interpolated between neighbours (R's type 7).</summary>
    /// <param name="share">From 0 to 1.</param>
    public double Quantile(double share)
    {
        var position = share * (_sorted.Length - 1);
        var below = (int)position;
        var above = Math.Min(below + 1, _sorted.Length - 1);
        return _sorted[below] + ((position - below) * (_sorted[above] - _sorted[below]));
    }

    /// <summary>
    /// The interval between two order statistics that covers the median with a probability of at least 95 %: the k-th smallest to the k-th largest, with the largest k for which
    /// 2 P(Binomial(n, 1/2) &lt; k) is at most 5 %. Below six measurements there is none, and the interval is their range. Source: Conover, Practical Nonparametric Statistics, section 3.2.
    /// </summary>
    public Interval MedianInterval()
    {
        var n = _sorted.Length;
        var k = 0;
        var outside = 0.0;
        for (var logTerm = -n * Math.Log(2); k < n; k++)
        {
            // P(Binomial(n, 1/2) = k) is n over k, over 2^n.
            var next = outside + (2 * Math.Exp(logTerm));
            if (next > Uncertainty)
            {
                break;
            }

            outside = next;
            logTerm += Math.Log((double)(n - k) / (k + 1));
        }

        return k == 0 ? new Interval(_sorted[0], _sorted[^1], Interval.Range) : new Interval(_sorted[k - 1], _sorted[n - k], Interval.Confidence);
    }
}
