using Simulator.Lab.Reports;
using Simulator.Protocol;
using Simulator.Telemetry;

namespace Simulator.Lab.Live;

/// <summary>
/// A cell over its episodes, in lines of at most <see cref="Line.MostPoints"/> points, as the report has them (docs/report.md): windows of episodes, with the mean of rewards and shares and the median of norms, which span decades.
/// </summary>
public sealed class CellSeries
{
    private readonly Windows _windows;
    private readonly IReadOnlyList<PopulationProtocol.EpisodeFinished> _episodes;
    private readonly float[] _ends;

    private CellSeries(CellLook look)
    {
        _episodes = look.Episodes;
        _windows = new Windows(_episodes.Count);
        _ends = Array.ConvertAll(_windows.Ends, e => (float)e);
        Rewards = Mean("training", e => e.Reward);
        Evaluations = Evaluated(look.Evaluations);
        Baselines = [.. look.Baselines.Select(b => KeyValuePair.Create(b.Name, b.Reward))];
        BestConstant = CellHistory.BestConstantOf(look.Baselines)?.Reward;
        States =
        [
            Counted("learning", look.States, s => s.Learning), Counted("saturated", look.States, s => s.Saturated),
            Counted("dead", look.States, s => s.Dead), Counted("frozen", look.States, s => s.Frozen),
        ];
        Saturation = Mean("saturation", e => e.Update?.Activations?.SaturationRatio);
        ActorGradient = Median("actors", e => e.Update?.Actors?.GradientNorm);
        CriticGradient = Median("critic", e => e.Update?.Critic.GradientNorm);
        Asymmetry = Median("asymmetry", e => e.Update?.Asymmetry);
        PreActivations = [.. OutputDiagnostics.Actions.SelectMany((action, i) => new[]
        {
            Median($"{action} 50 %", e => e.Update?.Outputs?.Of(i).Z50), Median($"{action} 99 %", e => e.Update?.Outputs?.Of(i).Z99),
        })];
    }

    /// <summary>Reward of the training episodes.</summary>
    public Line Rewards { get; }

    /// <summary>Mean reward of each evaluation, without exploration.</summary>
    public Line Evaluations { get; }

    /// <summary>Mean rewards of the policies without learning, by name.</summary>
    public IReadOnlyList<KeyValuePair<string, double>> Baselines { get; }

    /// <summary>The best of the constant ones; null without evaluation.</summary>
    public double? BestConstant { get; }

    /// <summary>Agents that learn, are saturated, without gradient, frozen.</summary>
    public IReadOnlyList<Line> States { get; }

    /// <summary>Share of saturated outputs.</summary>
    public Line Saturation { get; }

    /// <summary>Root mean square over agents of the actors' gradient norm.</summary>
    public Line ActorGradient { get; }

    /// <summary>The critic's gradient norm.</summary>
    public Line CriticGradient { get; }

    /// <summary>The first over the second.</summary>
    public Line Asymmetry { get; }

    /// <summary>For each action |z| at 50 % and at 99 %, means over agents.</summary>
    public IReadOnlyList<Line> PreActivations { get; }

    /// <summary>How many episodes a point stands for.</summary>
    public int Width => _windows.Width;

    /// <summary>Whether all rewards are negative: then they are shown as costs, on a logarithmic axis.</summary>
    public bool AreCosts => Rewards.Y.Concat(Evaluations.Y).Where(float.IsFinite).All(v => v < 0) && Baselines.All(b => b.Value < 0);

    /// <summary>Computes the lines of a cell.</summary>
    public static CellSeries Of(CellLook look) => new(look);

    private static Line Evaluated(IReadOnlyList<PopulationProtocol.Evaluated> evaluations)
    {
        var shown = Line.Thin(evaluations.Count);
        return new Line("evaluation", Array.ConvertAll(shown, i => (float)evaluations[i].Episode), Array.ConvertAll(shown, i => (float)evaluations[i].Reward));
    }

    private static double Average(Span<double> values)
    {
        var sum = 0.0;
        foreach (var value in values)
        {
            sum += value;
        }

        return sum / values.Length;
    }

    private Line Counted(string name, IReadOnlyList<AgentCounts> states, Func<AgentCounts, int> of) => Reduce(name, i => of(states[i]), Average);

    private Line Mean(string name, Func<PopulationProtocol.EpisodeFinished, double?> of) => Reduce(name, i => of(_episodes[i]), Average);

    private Line Median(string name, Func<PopulationProtocol.EpisodeFinished, double?> of) => Reduce(name, i => of(_episodes[i]), values =>
    {
        values.Sort();
        return (values[(values.Length - 1) / 2] + values[values.Length / 2]) / 2;
    });

    private Line Reduce(string name, Func<int, double?> of, Statistic statistic)
    {
        var reduced = new float[_ends.Length];
        var values = new double[_windows.Width];
        for (var window = 0; window < reduced.Length; window++)
        {
            var count = 0;
            for (var i = window * _windows.Width; i < Math.Min((window + 1) * _windows.Width, _episodes.Count); i++)
            {
                if (of(i) is { } value && double.IsFinite(value))
                {
                    values[count++] = value;
                }
            }

            reduced[window] = count > 0 ? (float)statistic(values.AsSpan(0, count)) : float.NaN;
        }

        return new Line(name, _ends, reduced);
    }

    private delegate double Statistic(Span<double> values);
}
