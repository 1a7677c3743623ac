namespace Simulator.Lab.Reports;

/// <summary>What laying results out came to.</summary>
/// <param name="Cells">Cells that were written.</param>
/// <param name="Notes">In words: each cell that could not be laid out and why, each that is laid out unfinished, and where several layouts went.</param>
public sealed record LayoutOutcome(int Cells, IReadOnlyList<string> Notes);
