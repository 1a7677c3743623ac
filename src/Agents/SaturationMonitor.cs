using Simulator.Protocol;

namespace Simulator.Agents;

/// <summary>
/// Watches the outputs of one policy between two updates: how many are saturated, how steep the output function still is, how large pre-activations are
/// (ccm-madrl, section 6).
/// </summary>
/// <param name="head">The policy's output function.</param>
/// <param name="threshold">|a| above which an output counts as saturated.</param>
public sealed class SaturationMonitor(OutputHead head, double threshold)
{
    private readonly ActionStatistics[] _statistics = [new(), new(), new()];
    private double[] _slopes = [];
    private float[] _locations = [];
    private int _outputs;
    private int _saturated;
    private double _slope;
    private double _sum;
    private double _squares;
    private double _min = double.PositiveInfinity;
    private double _max = double.NegativeInfinity;
    private double _actionSum;
    private double _actionMin = double.PositiveInfinity;
    private double _actionMax = double.NegativeInfinity;

    /// <summary>Takes in outputs of the noise-free policy.</summary>
    /// <param name="preActivations">z, [rows, outputs].</param>
    /// <param name="actions">Their noise-free actions, [rows, 3].</param>
    public void Observe(ReadOnlySpan<float> preActivations, ReadOnlySpan<float> actions)
    {
        if (_slopes.Length < actions.Length)
        {
            _slopes = new double[actions.Length];
            _locations = new float[actions.Length];
        }

        var slopes = _slopes.AsSpan(0, actions.Length);
        var locations = _locations.AsSpan(0, actions.Length);
        head.Slopes(preActivations, actions, slopes);
        head.Locations(preActivations, locations);
        for (var action = 0; action < ClientAction.Width; action++)
        {
            _statistics[action].Add(locations[action..], actions[action..], slopes[action..]);
        }

        // In registers; the order of the sums is that of the outputs.
        var (saturated, slope, sum, squares, actionSum) = (_saturated, _slope, _sum, _squares, _actionSum);
        var (min, max, actionMin, actionMax) = (_min, _max, _actionMin, _actionMax);
        for (var i = 0; i < actions.Length; i++)
        {
            double z = locations[i];
            double a = actions[i];
            saturated += Math.Abs(a) > threshold ? 1 : 0;
            slope += slopes[i];
            sum += z;
            squares += z * z;
            min = Math.Min(min, z);
            max = Math.Max(max, z);
            actionSum += a;
            actionMin = Math.Min(actionMin, a);
            actionMax = Math.Max(actionMax, a);
        }

        (_saturated, _slope, _sum, _squares, _actionSum) = (saturated, slope, sum, squares, actionSum);
        (_min, _max, _actionMin, _actionMax) = (min, max, actionMin, actionMax);
        _outputs += actions.Length;
    }

    /// <summary>What was seen since the last call, all actions together and each by itself, and begins anew.</summary>
    /// <exception cref="InvalidOperationException">Nothing was seen.</exception>
    public (ActivationSummary All, ActionOutputs Offload, ActionOutputs Cpu, ActionOutputs Power) Take()
    {
        if (_outputs == 0)
        {
            throw new InvalidOperationException("no output was observed since the last update");
        }

        var mean = _sum / _outputs;
        var summary = new ActivationSummary(
            _outputs,
            (double)_saturated / _outputs,
            _slope / _outputs,
            mean,
            Math.Sqrt(Math.Max(0, (_squares / _outputs) - (mean * mean))),
            _min,
            _max,
            _actionSum / _outputs,
            _actionMin,
            _actionMax);
        (_outputs, _saturated, _slope, _sum, _squares, _actionSum) = (0, 0, 0, 0, 0, 0);
        (_min, _max, _actionMin, _actionMax) = (double.PositiveInfinity, double.NegativeInfinity, double.PositiveInfinity, double.NegativeInfinity);
        return (summary, _statistics[0].Take(), _statistics[1].Take(), _statistics[2].Take());
    }

    /// <summary>Writes what was seen since the last <see cref="Take"/>.</summary>
    public void Save(StateWriter writer)
    {
        writer.Write([_outputs, _saturated]);
        writer.Write([_slope, _sum, _squares, _min, _max, _actionSum, _actionMin, _actionMax]);
        foreach (var statistics in _statistics)
        {
            statistics.Save(writer);
        }
    }

    /// <summary>Goes on from what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It did not write that.</exception>
    public void Load(StateReader reader)
    {
        Span<int> counts = stackalloc int[2];
        reader.Read(counts);
        Span<double> sums = stackalloc double[8];
        reader.Read(sums);
        (_outputs, _saturated) = (counts[0], counts[1]);
        (_slope, _sum, _squares, _min, _max, _actionSum, _actionMin, _actionMax) = (sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], sums[6], sums[7]);
        foreach (var statistics in _statistics)
        {
            statistics.Load(reader);
        }
    }
}
