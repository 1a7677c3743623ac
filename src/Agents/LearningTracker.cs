using Simulator.Protocol;

namespace Simulator.Agents;

/// <summary>
/// Follows one agent through its updates: its state, and the episodes at which it first saturated, lost its gradient, and froze, by the research's
/// definition and by ours (ccm-madrl, section 6). States can be left again; outcomes stay.
/// </summary>
/// <param name="window">Updates W in a row that make a gradient death or a freeze.</param>
public sealed class LearningTracker(int window)
{
    /// <summary>Saturation ratio over which an agent counts as saturated.</summary>
    public const double SaturatedRatio = 0.9;

    /// <summary>Share of the largest norm so far under which a gradient counts as vanished.</summary>
    public const double VanishedShare = 1e-12;

    private double _largestNorm;
    private int _frozenRun;
    private int _frozenSince;
    private int _vanishedRun;
    private int _vanishedSince;
    private bool _saturated;

    /// <summary>What has happened so far.</summary>
    public AgentOutcomes Outcomes { get; private set; }

    /// <summary>How learning stands: frozen, dead, saturated, learning, the first that holds.</summary>
    public AgentState State =>
        _frozenRun >= window ? AgentState.Frozen
        : _vanishedRun >= window ? AgentState.Dead
        : _saturated ? AgentState.Saturated
        : AgentState.Learning;

    /// <summary>Takes in one update.</summary>
    /// <param name="episode">Episode after which it took place, from 1.</param>
    /// <param name="gradientNorm">L2 norm of the agent's gradient, before clipping.</param>
    /// <param name="saturationRatio">Share of saturated outputs since the last update.</param>
    /// <param name="frozen">Whether every parameter is bit-identical before and after the step.</param>
    public void Update(int episode, double gradientNorm, double saturationRatio, bool frozen)
    {
        _saturated = saturationRatio > SaturatedRatio;
        var vanished = gradientNorm == 0 || gradientNorm < VanishedShare * _largestNorm;
        _largestNorm = Math.Max(_largestNorm, gradientNorm);
        (_frozenRun, _frozenSince) = Extend(frozen, _frozenRun, _frozenSince, episode);
        (_vanishedRun, _vanishedSince) = Extend(vanished, _vanishedRun, _vanishedSince, episode);
        Outcomes = new AgentOutcomes(
            First(Outcomes.ReferenceStop, frozen, episode),
            First(Outcomes.SaturationOnset, _saturated, episode),
            First(Outcomes.GradientDeath, _vanishedRun >= window, _vanishedSince),
            First(Outcomes.Freeze, _frozenRun >= window, _frozenSince));
    }

    /// <summary>Writes what it has followed so far.</summary>
    public void Save(StateWriter writer)
    {
        writer.Write(_largestNorm);
        writer.Write([_frozenRun, _frozenSince, _vanishedRun, _vanishedSince, Outcomes.ReferenceStop, Outcomes.SaturationOnset, Outcomes.GradientDeath, Outcomes.Freeze]);
        writer.Write(_saturated);
    }

    /// <summary>Goes on from what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It did not write that.</exception>
    public void Load(StateReader reader)
    {
        _largestNorm = reader.ReadDouble();
        Span<int> counts = stackalloc int[8];
        reader.Read(counts);
        (_frozenRun, _frozenSince, _vanishedRun, _vanishedSince) = (counts[0], counts[1], counts[2], counts[3]);
        Outcomes = new AgentOutcomes(counts[4], counts[5], counts[6], counts[7]);
        _saturated = reader.ReadBoolean();
    }

    private static (int Run, int Since) Extend(bool holds, int run, int since, int episode) =>
        !holds ? (0, 0) : run == 0 ? (1, episode) : (run + 1, since);

    private static int First(int known, bool holds, int episode) => known != 0 ? known : holds ? episode : 0;
}
