using System.Globalization;
using Akka.Actor;
using Simulator.Agents;
using Simulator.Environment;
using Simulator.Master;
using Simulator.Protocol;

namespace Simulator.Cells;

/// <summary>The master and the clients of a cell, and what it tells them all together.</summary>
internal sealed class CellTeam
{
    private readonly IActorRef _master;
    private readonly IActorRef[] _clients;
    private readonly bool _sharesPolicy;

    /// <summary>Makes the actors, as children of the cell.</summary>
    /// <param name="cell">Makes children.</param>
    /// <param name="options">The cell's options.</param>
    /// <param name="master">Whom the master talks to.</param>
    /// <param name="linksOf">Whom the clients talk to, from the master.</param>
    internal CellTeam(IActorRefFactory cell, CellOptions options, MasterLinks master, Func<IActorRef, ClientLinks> linksOf)
    {
        _master = cell.ActorOf(MasterActor.Props(CellMembers.MasterOf(options), master), "master");
        _sharesPolicy = options.SharesPolicy;
        var settings = CellMembers.ClientsOf(options);
        var links = linksOf(_master);
        _clients = new IActorRef[options.Clients];
        for (var i = 0; i < _clients.Length; i++)
        {
            _clients[i] = cell.ActorOf(ClientActor.Props(i, settings, links), NameOf(i));
        }

        _master.Tell(new MasterActor.Introduce(_clients));
    }

    /// <summary>Makes the master, as a child of the cell, and has the clients made on other nodes: each of the cell's posts carries what is said to a group of them.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="options">Its options.</param>
    /// <param name="master">Whom the master talks to.</param>
    /// <param name="spread">Where the clients go.</param>
    /// <param name="index">Index of the cell.</param>
    /// <param name="epoch">Its epoch.</param>
    internal CellTeam(IActorContext cell, CellOptions options, MasterLinks master, SpreadClients spread, int index, int epoch)
    {
        _master = cell.ActorOf(MasterActor.Props(CellMembers.MasterOf(options), master), "master");
        _sharesPolicy = options.SharesPolicy;
        var sequential = options.Learning.Update == UpdateMode.Sequential;
        _clients = new IActorRef[options.Clients];
        foreach (var (group, (first, count)) in spread.Divide(options).Index())
        {
            var post = cell.ActorOf(
                ClientPost.Props(spread, new GroupProtocol.Enlist(spread.Run, index, epoch, group, first, count), cell.Self, _master, sequential), string.Create(CultureInfo.InvariantCulture, $"post-{group}"));
            for (var i = first; i < first + count; i++)
            {
                _clients[i] = AddressedRef.Of(cell.System, post, NameOf(i), i);
            }
        }

        _master.Tell(new MasterActor.Introduce(_clients));
    }

    /// <summary>Master and clients.</summary>
    internal int Count => _clients.Length + 1;

    /// <summary>Begins a step.</summary>
    /// <param name="turn">The step.</param>
    /// <param name="observations">Raw observations, [N, 7].</param>
    /// <param name="statistics">What they are scaled by from now on; empty for no change.</param>
    internal void BeginStep(Turn turn, float[] observations, IPayload statistics)
    {
        _master.Tell(new MasterProtocol.Begin(turn, new HostPayload(observations)) { Statistics = statistics });
        for (var i = 0; i < _clients.Length; i++)
        {
            _clients[i].Tell(new ClientProtocol.Observe(turn, new HostPayload(observations.AsMemory(i * Observation.Width, Observation.Width))) { Statistics = statistics });
        }
    }

    /// <summary>Tells the master what came of a training step.</summary>
    internal void EndStep(MasterProtocol.Outcome outcome) => _master.Tell(outcome);

    /// <summary>Passes an intervention on to the agent that it is done to, or to all that have their policy in common with it.</summary>
    /// <param name="turn">The episode that is about to begin.</param>
    /// <param name="intervention">What is done to an agent.</param>
    internal void Intervene(Turn turn, Intervention intervention)
    {
        var message = new ClientProtocol.Intervene(turn, intervention.Kind, intervention.Factor);
        foreach (var client in _sharesPolicy ? _clients.AsSpan() : _clients.AsSpan(intervention.Agent, 1))
        {
            client.Tell(message);
        }
    }

    /// <summary>Asks for the parameters of the critic and of policies.</summary>
    /// <param name="turn">The episode's end.</param>
    /// <param name="policies">Policies of the cell: clients with one policy hand over one.</param>
    /// <returns>How many networks will come.</returns>
    internal int HandOver(Turn turn, int policies)
    {
        _master.Tell(new MasterProtocol.Snapshot(turn));
        foreach (var client in _clients.AsSpan(0, policies))
        {
            client.Tell(new ClientProtocol.Snapshot(turn));
        }

        return policies + 1;
    }

    /// <summary>Asks all what they would need to go on from here.</summary>
    /// <param name="turn">The episode's end.</param>
    /// <param name="replayFrom">Number of the first replay transition that is wanted.</param>
    internal void Remember(Turn turn, long replayFrom)
    {
        _master.Tell(new MasterActor.Remember(turn, replayFrom));
        foreach (var client in _clients)
        {
            client.Tell(new ClientProtocol.Remember(turn));
        }
    }

    /// <summary>Gives all what they need to go on from a checkpoint; each answers that it is ready.</summary>
    internal void Restore(Turn turn, CellCheckpoint checkpoint)
    {
        if (checkpoint.Clients.Length != _clients.Length)
        {
            throw new InvalidDataException($"a checkpoint of {checkpoint.Clients.Length} clients is none of a cell of {_clients.Length}");
        }

        _master.Tell(new MasterActor.Restore(turn, checkpoint.Master));
        for (var i = 0; i < _clients.Length; i++)
        {
            var state = checkpoint.Clients[i].ToBytes();
            foreach (var (offset, values) in StateParts.Of(state))
            {
                _clients[i].Tell(new ClientProtocol.Restore(turn, offset, state.Length, values));
            }
        }
    }

    /// <summary>Names are few and kept: a population would else hold one for each of its clients.</summary>
    private static string NameOf(int client) => client < Names.Length ? Names[client] : string.Create(CultureInfo.InvariantCulture, $"client-{client}");

    private static readonly string[] Names = [.. Enumerable.Range(0, 1000).Select(i => string.Create(CultureInfo.InvariantCulture, $"client-{i}"))];
}
