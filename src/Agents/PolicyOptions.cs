using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Simulator.Compute;

namespace Simulator.Agents;

/// <summary>The clients' policies.</summary>
public sealed record PolicyOptions
{
    /// <summary>Which networks actors and critic have.</summary>
    [Description("Networks of actors and critic, one of the variants that the research compares.")]
    public PolicyVariant Variant { get; init; } = PolicyVariant.Baseline;

    /// <summary>How an actor's last layer starts, apart from the variant.</summary>
    [Description("Start of an actor's last layer: as the variant has it, small (within 3e-3), or default (within 1/sqrt(fan_in)).")]
    public LastLayerStart LastLayer { get; init; } = LastLayerStart.Variant;
}

/// <summary>Exploration: eps_n = final + (initial - final) exp(-n / decay), n finished episodes.</summary>
public sealed record ExplorationOptions
{
    /// <summary>Noise scale of the first episode, in units of the raw action.</summary>
    [Description("Noise scale in the first episode; also the probability that the master selects at random.")]
    [Range(0.0, 1.0)]
    public double Initial { get; init; } = 1;

    /// <summary>Noise scale that is approached.</summary>
    [Description("Noise scale that is approached as episodes pass.")]
    [Range(0.0, 1.0)]
    public double Final { get; init; } = 0.01;

    /// <summary>Episodes in which the distance to the final scale falls by a factor e.</summary>
    [Description("Episodes in which the distance to the final scale falls by a factor e.")]
    [Range(1e-3, 1e9)]
    public double DecayEpisodes { get; init; } = 2000;

    /// <summary>Noise scale after <paramref name="finishedEpisodes"/> finished episodes.</summary>
    public double Epsilon(int finishedEpisodes) => Final + ((Initial - Final) * Math.Exp(-finishedEpisodes / DecayEpisodes));
}
