using System.Globalization;
using Simulator.Lab;
using Simulator.Protocol;
using Simulator.Telemetry;

namespace Simulator;

/// <summary>How the page words numbers and states.</summary>
internal static class PageText
{
    internal static readonly string[] States = ["learning", "saturated", "dead", "frozen"];

    internal static string State(AgentState state) => States[(int)state];

    /// <summary>A share: 71.2 %.</summary>
    internal static string Percent(double? share) => share is { } s && double.IsFinite(s) ? (100 * s).ToString("0.0", CultureInfo.InvariantCulture) + " %" : "–";

    /// <summary>A reward, in full.</summary>
    internal static string Reward(double? reward) => reward is { } r && double.IsFinite(r) ? r.ToString(Math.Abs(r) < 100 ? "0.##" : "#,0", CultureInfo.InvariantCulture) : "–";

    /// <summary>A norm, which may be tiny or huge: 3.2e-5.</summary>
    internal static string Norm(double? norm) => norm is { } n && double.IsFinite(n)
        ? Math.Abs(n) switch { 0 => "0", >= 0.01 and < 1000 => n.ToString("G3", CultureInfo.InvariantCulture), _ => n.ToString("0.0e-0", CultureInfo.InvariantCulture) }
        : "–";

    internal static string Count(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>A count and its noun.</summary>
    internal static string Count(long count, string noun) => $"{Count(count)} {noun}{(count == 1 ? string.Empty : "s")}";

    /// <summary>An outcome's episode; 0 where it has not come.</summary>
    internal static string Outcome(int episode) => episode > 0 ? Count(episode) : "–";

    /// <summary>What a cell is doing, in words.</summary>
    internal static string Activity(CellProgress cell) => cell is { Activity: CellActivity.Running, SecondsLeft: not null } ? $"running, {ProgressText.State(cell)}" : ProgressText.State(cell);

    /// <summary>The evaluation beside the best constant policy: how many times its loss, where both are losses.</summary>
    internal static string Against(CellProgress cell) => cell is not { Evaluation: { } reached, BestConstant: { } constant } ? string.Empty : ConstantComparison.Compare(reached, constant) switch
    {
        AgainstConstant.Better => "better than the best constant policy",
        AgainstConstant.Equal => "which equals the best constant policy",
        _ when reached < 0 && constant < 0 => $"{(reached / constant).ToString("G3", CultureInfo.InvariantCulture)} times the loss of the best constant policy",
        _ => "worse than the best constant policy",
    };

    /// <summary>Class of the colour of a share, in eleven steps; none where there is no share.</summary>
    internal static string Shade(double? share) => share is { } s && double.IsFinite(s) ? $"s{Math.Clamp((int)Math.Round(10 * s), 0, 10).ToString(CultureInfo.InvariantCulture)}" : "none";
}
