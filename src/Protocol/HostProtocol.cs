namespace Simulator.Protocol;

/// <summary>What a node must know of a run to take cells of it.</summary>
/// <param name="Run">The run's identity, which its store has as well.</param>
/// <param name="Folder">Name of the run's folder among those that the nodes share; no path.</param>
/// <param name="Scenario">The resolved scenario, YAML, at most <see cref="MaximumScenario"/> bytes.</param>
public sealed record RunDescription(Guid Run, string Folder, string Scenario)
{
    /// <summary>Most bytes of a scenario that nodes can be told, so that a message with it stays under 64 KiB.</summary>
    public const int MaximumScenario = 48 * 1024;
}

/// <summary>
/// The messages between a population and the hosts of its cells, which may be on other nodes. What a host tells is numbered and told again until it is heard, so nothing is lost or heard twice
/// while both live; everything else may be said again without harm.
/// </summary>
public static class HostProtocol
{
    /// <summary>From the population, to wherever the cell belongs: take the cell. Its host tells <see cref="PopulationProtocol.CellOpened"/>.</summary>
    /// <param name="Run">The run.</param>
    /// <param name="Cell">Index of the cell.</param>
    /// <param name="Epoch">The cell's epoch, above each that was given before.</param>
    public sealed record Start(RunDescription Run, int Cell, int Epoch);

    /// <summary>From the population, when the host has opened the cell, behind so many <see cref="CellProtocol.Intervene"/>: the cell may begin.</summary>
    /// <param name="Interventions">Different interventions that the host must have been told.</param>
    public sealed record Begin(int Interventions);

    /// <summary>From a host: what happened in its cell, in order.</summary>
    /// <param name="Cell">Index of the cell.</param>
    /// <param name="Epoch">Its epoch.</param>
    /// <param name="Number">Number of what is told, from 1. Answered by <see cref="Heard"/>.</param>
    /// <param name="Message">One of <see cref="PopulationProtocol"/>.</param>
    public sealed record Told(int Cell, int Epoch, long Number, object Message);

    /// <summary>From the population: all up to a number has been heard, and dealt with.</summary>
    /// <param name="Number">The number.</param>
    public sealed record Heard(long Number);

    /// <summary>From the population, to a host that it does not know, or no more: nobody waits for the cell.</summary>
    public sealed record Dismiss
    {
        /// <summary>The one instance.</summary>
        public static Dismiss Instance { get; } = new();
    }
}
