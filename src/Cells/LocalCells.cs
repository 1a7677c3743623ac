using System.Globalization;
using Akka.Actor;
using Simulator.Protocol;

namespace Simulator.Cells;

/// <summary>Hosts the cells of a population on this node, where there is no cluster: a host for each that is started.</summary>
public sealed class LocalCells : UntypedActor
{
    private readonly ICellCatalog _catalog;
    private readonly IActorRef _places;

    /// <summary>Made by <see cref="Props"/>.</summary>
    public LocalCells(ICellCatalog catalog, IActorRef places)
    {
        _catalog = catalog;
        _places = places;
    }

    /// <summary>Props of the parent of a node's hosts.</summary>
    /// <param name="catalog">Knows the cells.</param>
    /// <param name="places">The <see cref="CellPlaces"/> of the node.</param>
    public static Props Props(ICellCatalog catalog, IActorRef places) => Akka.Actor.Props.Create(() => new LocalCells(catalog, places));

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        if (message is not HostProtocol.Start start)
        {
            Unhandled(message);
            return;
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"host-{start.Cell}-{start.Epoch}");
        var host = Context.Child(name);
        (host.IsNobody() ? Context.ActorOf(CellHost.Props(_catalog, _places, spread: null), name) : host).Forward(start);
    }
}
