using Simulator.Agents;
using Simulator.Master;
using Simulator.Protocol;

namespace Simulator.Cells;

/// <summary>A consistent cut of a cell at an episode's boundary: all that it needs to go on from there as if nothing had happened.</summary>
/// <param name="Cell">Index of the cell in its population.</param>
/// <param name="Episode">Training episodes done.</param>
/// <param name="Own">What <see cref="CellSimulation.Save"/> wrote.</param>
/// <param name="Master">The master's, with its critic and the replay memory or what was added to it since an earlier checkpoint.</param>
/// <param name="Clients">Each client's, with its policy, [N].</param>
public sealed record CellCheckpoint(int Cell, int Episode, byte[] Own, MasterCheckpoint Master, ClientCheckpoint[] Clients);

/// <summary>Puts together what a cell's members answer when they are asked what they would need.</summary>
/// <param name="cell">Index of the cell.</param>
/// <param name="simulation">The cell.</param>
/// <param name="clients">N.</param>
internal sealed class CheckpointCollection(int cell, CellSimulation simulation, int clients)
{
    private readonly StateParts[] _parts = [.. Enumerable.Range(0, clients).Select(_ => new StateParts())];
    private readonly ClientCheckpoint[] _clients = new ClientCheckpoint[clients];
    private MasterCheckpoint? _master;
    private int _awaited = clients + 1;

    /// <summary>Takes in part of a client's answer.</summary>
    /// <returns>The checkpoint, where that was the last answer.</returns>
    internal CellCheckpoint? Add(CellProtocol.ClientState message)
    {
        if (_parts[message.Client].Add(message.Offset, message.Total, message.Values) is not { } state)
        {
            return null;
        }

        _clients[message.Client] = ClientCheckpoint.From(state);
        return Answered();
    }

    /// <summary>Takes in the master's answer.</summary>
    /// <returns>The checkpoint, where that was the last answer.</returns>
    internal CellCheckpoint? Add(MasterActor.Remembered message)
    {
        _master = message.Checkpoint;
        return Answered();
    }

    private CellCheckpoint? Answered()
    {
        if (--_awaited > 0)
        {
            return null;
        }

        var writer = new StateWriter();
        simulation.Save(writer);
        return new CellCheckpoint(cell, simulation.FinishedEpisodes, writer.ToArray(), _master!, _clients);
    }
}
