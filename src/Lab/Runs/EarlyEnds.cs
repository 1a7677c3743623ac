namespace Simulator.Lab;

/// <summary>What an interruption left of cells that did not come to an episode's boundary, in words.</summary>
internal static class EarlyEnds
{
    /// <summary>Says how many cells were ended without their networks, how many never began, and which handed over no checkpoint; null where there are none.</summary>
    /// <param name="histories">What the cells told.</param>
    /// <param name="withoutHandover">Cells that were told to end and never handed over a checkpoint, by name.</param>
    internal static string? InWords(IReadOnlyCollection<CellHistory> histories, IEnumerable<string> withoutHandover)
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

        var names = string.Join(", ", withoutHandover);
        if (names.Length > 0)
        {
            parts.Add($"no checkpoint of where the run was ended came from {names}: there --resume goes on from an older one, or from the beginning");
        }

        return parts.Count > 0 ? string.Join("; ", parts) + "." : null;

        static string Cells(int count) => count == 1 ? "1 cell was" : $"{count} cells were";
    }
}
