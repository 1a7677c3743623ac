using Simulator.Lab;

namespace Simulator;

/// <summary>The run that is shown.</summary>
/// <param name="plan">What runs.</param>
internal sealed class Watched(ScenarioPlan plan)
{
    private PopulationRun? _run;

    /// <summary>Name of the scenario.</summary>
    internal string Name => plan.Scenario.Name;

    /// <summary>The cells of the plan.</summary>
    internal IReadOnlyList<PlannedCell> Cells => plan.Cells;

    /// <summary>The run; null until it is there.</summary>
    internal PopulationRun? Run
    {
        get => Volatile.Read(ref _run);
        set => Volatile.Write(ref _run, value);
    }

    /// <summary>Whether there is nothing new to come.</summary>
    internal bool IsOver => Run is { StatusWord: not "running" };
}
