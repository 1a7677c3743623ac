using Akka.Actor;
using Simulator.Protocol;

namespace Simulator.Cells;

/// <summary>Where the clients of a cell go that is spread over nodes.</summary>
/// <param name="Clients">Has groups of clients hosted: told <see cref="GroupProtocol.Enlist"/>.</param>
/// <param name="Run">The cell's run.</param>
/// <param name="Host">The cell's host, which hands over where a group has to leave.</param>
/// <param name="Groups">Groups that the clients are divided into, at most.</param>
internal sealed record SpreadClients(IActorRef Clients, RunDescription Run, IActorRef Host, int Groups)
{
    /// <summary>Fewest clients of a group: operations on one policy alone are slower than they need be.</summary>
    private const int FewestClients = 2;

    /// <summary>The groups of a cell, each with its first client and how many there are. Clients that share a policy learn from each other's gradients in one step, and stay together.</summary>
    internal IEnumerable<(int First, int Count)> Divide(CellOptions options)
    {
        var groups = options.SharesPolicy ? 1 : Math.Clamp(options.Clients / FewestClients, 1, Groups);
        for (var (i, first) = (0, 0); i < groups; i++)
        {
            var count = (options.Clients / groups) + (i < options.Clients % groups ? 1 : 0);
            yield return (first, count);
            first += count;
        }
    }
}

/// <summary>Thrown where clients of a cell were lost with their node: that is no failure of the cell, which is brought back.</summary>
public sealed class ClientsLostException : Exception
{
    /// <summary>Makes the exception with what was lost.</summary>
    public ClientsLostException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with what was lost and its cause.</summary>
    public ClientsLostException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Makes the exception.</summary>
    public ClientsLostException()
    {
    }
}
