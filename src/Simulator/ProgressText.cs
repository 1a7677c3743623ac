using System.Globalization;
using Simulator.Telemetry;

namespace Simulator;

/// <summary>How progress is worded, in the live table and in plain lines alike.</summary>
internal static class ProgressText
{
    internal static string Cells(int count) => count == 1 ? "1 cell" : $"{count} cells";

    internal static string Reward(double? reward) => reward is { } r ? r.ToString("#,0", CultureInfo.InvariantCulture) : "-";

    internal static string Ratio(double? ratio) => ratio is { } r ? r.ToString("0.00", CultureInfo.InvariantCulture) : "-";

    internal static string Share(long part, long whole) => (100.0 * part / whole).ToString("0", CultureInfo.InvariantCulture) + " %";

    internal static string Duration(double? seconds) => seconds switch
    {
        null => "-",
        < 60 => $"{seconds.Value.ToString("0", CultureInfo.InvariantCulture)} s",
        < 3600 => $"{(int)(seconds.Value / 60)} min {(int)(seconds.Value % 60)} s",
        _ => $"{(int)(seconds.Value / 3600)} h {(int)(seconds.Value % 3600 / 60)} min",
    };

    internal static string State(CellProgress cell) => cell.Activity switch
    {
        CellActivity.Waiting => "waiting",
        CellActivity.Running => Duration(cell.SecondsLeft) is var left and not "-" ? $"{left} left" : "starting",
        CellActivity.Paused => "paused",
        _ => cell.Ending ?? "ended",
    };
}
