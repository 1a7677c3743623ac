using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Simulator.Compute;

namespace Simulator.Agents;

/// <summary>Whose a policy is.</summary>
public enum PolicySharing
{
    /// <summary>Each client has its own.</summary>
    Independent,

    /// <summary>All clients of a cell have one together, which learns from the mean of their gradients.</summary>
    Shared,
}

/// <summary>The clients' policies.</summary>
public sealed record PolicyOptions
{
    /// <summary>Which networks actors and critic have.</summary>
    [Description("Networks of actors and critic, one of the variants that the research compares.")]
    public PolicyVariant Variant { get; init; } = PolicyVariant.Baseline;

    /// <summary>How an actor's last layer starts, apart from the variant.</summary>
    [Description("Start of an actor's last layer: as the variant has it, small (within 3e-3), default (within 1/sqrt(fan_in)), or tiny (within 1e-4).")]
    public LastLayerStart LastLayer { get; init; } = LastLayerStart.Variant;

    /// <summary>Whether each client has a policy of its own.</summary>
    [Description("independent: each client has a policy of its own; shared: one policy for all clients of a cell, which steps along the mean of their gradients.")]
    public PolicySharing Sharing { get; init; } = PolicySharing.Independent;

    /// <summary>Folder of a finished run or of one of its cells, whose networks the cells start with; null where they are drawn.</summary>
    [Description("Folder of a finished run with one cell, or of one of a run's cells (cells/NAME), whose policies and critic the cells start with, client i with policy i; null draws them.")]
    public FolderPath? From { get; init; }
}

/// <summary>A folder, as the user named it.</summary>
/// <param name="Path">Its path; relative ones start from the working directory.</param>
public sealed record FolderPath(string Path);

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
