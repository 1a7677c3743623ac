using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Simulator.Telemetry;

/// <summary>Which agents have series of their own.</summary>
public sealed record AgentSeriesOptions
{
    /// <summary>Most agents of a node of which each has series of its own.</summary>
    [Description("Most agents of a node of which each has series of its own; of more, a fixed sample has, beside histograms, counts and the worst by rank.")]
    [Range(0, 1_000_000)]
    public int Full { get; init; } = 2000;

    /// <summary>Agents of the fixed sample.</summary>
    [Description("Agents of the fixed sample, which lie evenly over the population.")]
    [Range(0, 100_000)]
    public int Sample { get; init; } = 64;

    /// <summary>Worst agents by rank.</summary>
    [Description("How many of the most saturated agents are told by rank: of each cell, or of the population where cells have no series of their own.")]
    [Range(0, 1000)]
    public int Worst { get; init; } = 10;
}

/// <summary>Which cells have series of their own.</summary>
public sealed record CellSeriesOptions
{
    /// <summary>Most cells of a node of which each has series of its own.</summary>
    [Description("Most cells of a node of which each has series of its own; of more, sums and means over the population are told under the cell 'population', and the worst cells by rank.")]
    [Range(0, 100_000)]
    public int Full { get; init; } = 50;

    /// <summary>Worst cells by rank.</summary>
    [Description("How many of the most saturated cells are told by rank where cells have no series of their own.")]
    [Range(0, 1000)]
    public int Worst { get; init; } = 10;
}

/// <summary>What a run tells while it runs: without influence on the results.</summary>
public sealed record TelemetryOptions
{
    /// <summary>Agents.</summary>
    [Description("Which agents have metrics of their own.")]
    public AgentSeriesOptions Agents { get; init; } = new();

    /// <summary>Cells.</summary>
    [Description("Which cells have metrics of their own.")]
    public CellSeriesOptions Cells { get; init; } = new();

    /// <summary>Seconds between two preparations of what a scrape reads.</summary>
    [Description("Seconds between two preparations of what a scrape of the metrics reads.")]
    [Range(0.1, 3600.0)]
    public double Interval { get; init; } = 1;

    /// <summary>Share of training episodes that are traced.</summary>
    [Description("Share of training episodes whose phases are traced, where traces are exported (the OTEL_* variables say where to).")]
    [Range(0.0, 1.0)]
    public double TraceRatio { get; init; } = 0.01;
}
