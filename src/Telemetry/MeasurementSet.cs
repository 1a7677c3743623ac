using System.Diagnostics.Metrics;

namespace Simulator.Telemetry;

/// <summary>What the observable instruments report: an array for each, prepared at one time and never changed.</summary>
internal sealed record MeasurementSet
{
    internal static readonly MeasurementSet Empty = new();

    internal Measurement<double>[] AgentSaturation { get; init; } = [];

    internal Measurement<double>[] AgentGradient { get; init; } = [];

    internal Measurement<double>[] AgentSlope { get; init; } = [];

    internal Measurement<double>[] TopSaturation { get; init; } = [];

    internal Measurement<double>[] TopAgent { get; init; } = [];

    internal Measurement<double>[] TopAgentCell { get; init; } = [];

    internal Measurement<double>[] TopCellSaturation { get; init; } = [];

    internal Measurement<double>[] TopCell { get; init; } = [];

    internal Measurement<double>[] CellSaturation { get; init; } = [];

    internal Measurement<double>[] Agents { get; init; } = [];

    internal Measurement<double>[] Gradient { get; init; } = [];

    internal Measurement<double>[] Asymmetry { get; init; } = [];

    internal Measurement<double>[] CriticLoss { get; init; } = [];

    internal Measurement<double>[] Epsilon { get; init; } = [];

    internal Measurement<double>[] Reward { get; init; } = [];

    internal Measurement<double>[] Baseline { get; init; } = [];

    internal Measurement<double>[] Violations { get; init; } = [];

    internal Measurement<double>[] Cells { get; init; } = [];

    internal Measurement<double>[] Episode { get; init; } = [];

    internal Measurement<double>[] Transitions { get; init; } = [];

    internal Measurement<double>[] DeviceMemory { get; init; } = [];

    internal Measurement<double>[] Mailboxes { get; init; } = [];
}
