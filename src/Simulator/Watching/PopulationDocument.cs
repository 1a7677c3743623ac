using System.Text.Json.Serialization;
using Simulator.Telemetry;

namespace Simulator;

/// <summary>What <c>/api/population</c> tells: how far the run and each of its cells are. A number that is not there yet, or is not finite, is null.</summary>
/// <param name="Name">Name of the scenario.</param>
/// <param name="Status">running, done, failed or interrupted.</param>
/// <param name="Folder">Folder of the results.</param>
/// <param name="Cells">The cells, in the order of the plan.</param>
internal sealed record PopulationDocument(string Name, string Status, string Folder, IReadOnlyList<CellDocument> Cells)
{
    internal static PopulationDocument Of(string name, string status, string folder, PopulationProgress progress) =>
        new(name, status, folder, [.. progress.Snapshot().Select((c, i) => CellDocument.Of(i, c))]);
}

/// <summary>How far a cell is.</summary>
internal sealed record CellDocument(
    int Index,
    string Name,
    string Activity,
    string? Ending,
    int Episode,
    int Episodes,
    int Clients,
    double Seconds,
    double? SecondsLeft,
    double? Reward,
    double? Evaluation,
    double? BestConstant,
    double? Saturation,
    double? Asymmetry,
    double? Epsilon,
    AgentsDocument? Agents,
    IReadOnlyDictionary<string, string> Parameters)
{
    internal static CellDocument Of(int index, CellProgress cell) => new(
        index,
        cell.Name,
        CellProgress.WordOf(cell.Activity),
        cell.Ending,
        cell.Episode,
        cell.Episodes,
        cell.Clients,
        cell.Seconds,
        Finite(cell.SecondsLeft),
        Finite(cell.LastReward),
        Finite(cell.Evaluation),
        Finite(cell.BestConstant),
        Finite(cell.Saturation),
        Finite(cell.Learning?.Asymmetry),
        cell.Epsilon,
        cell.Learning is { Agents.Count: > 0 } ? new AgentsDocument(cell.Agents.Learning, cell.Agents.Saturated, cell.Agents.Dead, cell.Agents.Frozen) : null,
        cell.Changed.ToDictionary(StringComparer.Ordinal));

    private static double? Finite(double? number) => number is { } known && double.IsFinite(known) ? known : null;
}

/// <summary>Agents of a cell by state.</summary>
internal sealed record AgentsDocument(int Learning, int Saturated, int Dead, int Frozen);

/// <summary>Serialisation of the documents, made when the program is built.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(PopulationDocument))]
internal sealed partial class WatchJson : JsonSerializerContext;
