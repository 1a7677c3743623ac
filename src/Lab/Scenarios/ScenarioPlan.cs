using Simulator.Cells;

namespace Simulator.Lab;

/// <summary>One cell of a population, as planned.</summary>
/// <param name="Name">Name, unique in the population and safe as a folder's: changed keys with their values, then -s and the seed.</param>
/// <param name="Configuration">Number of the cell's configuration, from 0 in the file's order; cells that differ by seed alone share it.</param>
/// <param name="Run">Which of its configuration's seeds this is, from 1 (_run_k in the research's layout).</param>
/// <param name="Options">Everything that determines the cell's results.</param>
/// <param name="Changed">
/// The keys that name the configuration, in the file's order, with their values as YAML: those its sweep map sets and that differ between
/// configurations. Empty for a configuration named base. Cells of one configuration share the dictionary.
/// </param>
public sealed record PlannedCell(string Name, int Configuration, int Run, CellOptions Options, IReadOnlyDictionary<string, string> Changed);

/// <summary>A scenario without faults: its options with every default, and the cells that it stands for.</summary>
/// <param name="Scenario">The resolved scenario, overrides included.</param>
/// <param name="Cells">The cells, by configuration in the file's order, then by run.</param>
public sealed record ScenarioPlan(ScenarioOptions Scenario, IReadOnlyList<PlannedCell> Cells)
{
    /// <summary>The most cells that a scenario may have.</summary>
    public const int LargestPopulation = 1_000_000;
}
