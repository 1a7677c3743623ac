namespace Simulator.Lab;

/// <summary>What an interruption left of cells that did not come to an episode's boundary, in words.</summary>
internal static class EarlyEnds
{
    /// <summary>Says how many cells were ended without their networks, and how many never began; null where there are none.</summary>
    internal static string? InWords(IReadOnlyCollection<CellHistory> histories)
    {
        var cut = histories.Count(h => h is { Begun: true, HasNetworks: false, End.Status: Protocol.CellStatus.Interrupted } && h.Cell.Options.Learns);
        var waiting = histories.Count(h => h is { Begun: false, End.Status: Protocol.CellStatus.Interrupted });
        var parts = new List<string>();
        if (cut > 0)
        {
            parts.Add($"{Cells(cut)} ended without {(cut == 1 ? "its" : "their")} networks, in the middle of an episode");
        }

        if (waiting > 0)
        {
            parts.Add($"{Cells(waiting)} never begun and {(waiting == 1 ? "has" : "have")} no files");
        }

        return parts.Count > 0 ? string.Join("; ", parts) + "." : null;

        static string Cells(int count) => count == 1 ? "1 cell was" : $"{count} cells were";
    }
}
