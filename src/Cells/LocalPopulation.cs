using Akka.Actor;
using Simulator.Protocol;

namespace Simulator.Cells;

/// <summary>A population on this node alone.</summary>
public static class LocalPopulation
{
    /// <summary>What a node is told of a run that no other node has part in.</summary>
    public static RunDescription Alone { get; } = new(Guid.Empty, string.Empty, string.Empty);

    /// <summary>Starts the actors that have the cells of a population hosted here.</summary>
    /// <param name="system">Their system.</param>
    /// <param name="devices">The batching actors, at least one.</param>
    /// <param name="catalog">Knows the cells, and keeps their checkpoints.</param>
    /// <param name="count">Number of cells.</param>
    /// <param name="firstEpoch">Epoch of cells that start for the first time, above all of earlier lives of the run.</param>
    /// <param name="observer">Told what happens.</param>
    /// <param name="completion">As in <see cref="PopulationActor.Props"/>.</param>
    /// <returns>The population, and the actors that it cannot do without: where one ends the run is lost.</returns>
    public static IReadOnlyList<IActorRef> Start(
        IActorRefFactory system, IReadOnlyList<IActorRef> devices, ICellCatalog catalog, int count, int firstEpoch, IPopulationObserver observer, TaskCompletionSource completion)
    {
        var places = system.ActorOf(CellPlaces.Props(devices), "places");
        var cells = system.ActorOf(LocalCells.Props(catalog, places), "cells");
        return [system.ActorOf(PopulationActor.Props(Alone, count, firstEpoch, cells, observer, completion), "population"), places, cells];
    }

    /// <summary>Starts a population of which nothing is kept.</summary>
    /// <param name="system">Its system.</param>
    /// <param name="devices">The batching actors, at least one.</param>
    /// <param name="cells">Its cells.</param>
    /// <param name="observer">Told what happens.</param>
    /// <param name="completion">As in <see cref="PopulationActor.Props"/>.</param>
    /// <returns>The population, and the actors that it cannot do without: where one ends the run is lost.</returns>
    public static IReadOnlyList<IActorRef> Start(
        IActorRefFactory system, IReadOnlyList<IActorRef> devices, IReadOnlyList<CellOptions> cells, IPopulationObserver observer, TaskCompletionSource completion) =>
        Start(system, devices, new UnkeptCells(cells), cells.Count, 0, observer, completion);
}
