using Akka.Actor;
using Simulator.Protocol;

namespace Simulator.Compute;

/// <summary>Sends a network's parameters to a cell in parts that each stay under 64 KiB.</summary>
public static class ParameterParts
{
    /// <summary>Sends all parts in order.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="turn">The snapshot.</param>
    /// <param name="owner">Index of the client, or <see cref="CellProtocol.Critic"/>.</param>
    /// <param name="values">The parameters.</param>
    /// <param name="sender">Who sends.</param>
    public static void Send(IActorRef cell, Turn turn, int owner, IPayload values, IActorRef sender)
    {
        ReadOnlyMemory<float> all = values.ToArray();
        for (var offset = 0; offset < all.Length; offset += CellProtocol.MaximumPart)
        {
            var part = all.Slice(offset, Math.Min(CellProtocol.MaximumPart, all.Length - offset));
            cell.Tell(new CellProtocol.Parameters(turn, owner, offset, all.Length, new HostPayload(part)), sender);
        }
    }
}
