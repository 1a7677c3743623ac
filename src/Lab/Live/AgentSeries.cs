using Simulator.Protocol;

namespace Simulator.Lab.Live;

/// <summary>An agent's change from one state to another, seen at one of its rows.</summary>
/// <param name="Episode">The first row's episode at which it was seen.</param>
/// <param name="Before">The row's before; 0 where there is none.</param>
/// <param name="From">State there; null where there is none.</param>
/// <param name="To">State at the episode.</param>
public sealed record Transition(int Before, int Episode, AgentState? From, AgentState To);

/// <summary>An agent over time, in lines of at most <see cref="Line.MostPoints"/> points, from its rows at each tenth episode.</summary>
public sealed class AgentSeries
{
    private readonly AgentMoment[] _shown;
    private readonly float[] _episodes;

    private AgentSeries(IReadOnlyList<AgentMoment> moments)
    {
        _shown = Array.ConvertAll(Line.Thin(moments.Count), i => moments[i]);
        _episodes = Array.ConvertAll(_shown, m => (float)m.Episode);
        Newest = moments.Count > 0 ? moments[^1] : null;
        Transitions = [.. ChangesOf(moments)];
        Low = [.. OutputDiagnostics.Actions.Select((name, i) => Over(name, m => m.Outputs is { } o ? -o.Of(i).Low90 : float.NaN))];
        High = [.. OutputDiagnostics.Actions.Select((name, i) => Over(name, m => m.Outputs?.Of(i).High90 ?? float.NaN))];
        Saturation = Over("saturation", m => m.Sample.SaturationRatio);
        Slope = Over("mean slope", m => m.Sample.Slope);
        Gradient = Over("gradient |dL/dθ|", m => m.Sample.GradientNorm);
        Factors =
        [
            Over("critic |dL/da|", m => (float?)m.Outputs?.ActionGradient ?? float.NaN),
            Over("squash |dL/dz| / |dL/da|", m => (float?)m.Outputs?.SquashFactor ?? float.NaN),
            Over("body |dL/dθ| / |dL/dz|", m => (float?)m.Outputs?.BodyFactor ?? float.NaN),
        ];
    }

    /// <summary>The newest row; null without any.</summary>
    public AgentMoment? Newest { get; }

    /// <summary>When its state changed, oldest first; the first tells the state that it began with.</summary>
    public IReadOnlyList<Transition> Transitions { get; }

    /// <summary>Share of outputs under -0.9, with a minus, by action.</summary>
    public IReadOnlyList<Line> Low { get; }

    /// <summary>Share of outputs over 0.9, by action.</summary>
    public IReadOnlyList<Line> High { get; }

    /// <summary>Share of saturated outputs.</summary>
    public Line Saturation { get; }

    /// <summary>Mean da/dz.</summary>
    public Line Slope { get; }

    /// <summary>L2 norm of the gradient.</summary>
    public Line Gradient { get; }

    /// <summary>What the gradient is a product of: the critic's part, the output function's, the body's.</summary>
    public IReadOnlyList<Line> Factors { get; }

    /// <summary>Computes the lines of an agent.</summary>
    public static AgentSeries Of(IReadOnlyList<AgentMoment> moments) => new(moments);

    private static IEnumerable<Transition> ChangesOf(IReadOnlyList<AgentMoment> moments)
    {
        AgentMoment? before = null;
        foreach (var moment in moments)
        {
            if (before?.Sample.State != moment.Sample.State)
            {
                yield return new Transition(before?.Episode ?? 0, moment.Episode, before?.Sample.State, moment.Sample.State);
            }

            before = moment;
        }
    }

    private Line Over(string name, Func<AgentMoment, float> of) => new(name, _episodes, Array.ConvertAll(_shown, m => of(m)));
}
