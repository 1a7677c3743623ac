namespace Simulator.Protocol;

/// <summary>The messages that a cell receives from its clients, its master and its population.</summary>
public static class CellProtocol
{
    /// <summary>Owner of the critic in <see cref="Parameters"/>.</summary>
    public const int Critic = -1;

    /// <summary>
    /// Owner in <see cref="Parameters"/> of the running statistics of observations, in what a cell hands over to its population: mean, then deviation of each column, [2, 7].
    /// </summary>
    public const int ObservationStatistics = -2;

    /// <summary>From a client or the master: its network has its initial parameters.</summary>
    /// <param name="Epoch">Epoch it was started in.</param>
    /// <param name="Member">Index of the client, or <see cref="Critic"/> for the master.</param>
    public sealed record Ready(int Epoch, int Member);

    /// <summary>From the master: who offloads.</summary>
    /// <param name="Turn">The step.</param>
    /// <param name="Selected">Who offloads, [N].</param>
    /// <param name="Actions">Raw actions with exploration, [N, 3].</param>
    public sealed record Decide(Turn Turn, bool[] Selected, IPayload Actions);

    /// <summary>From the master: the episode's transitions are stored, and what was learned from a minibatch.</summary>
    /// <param name="Turn">The update.</param>
    /// <param name="Update">What the update did; null where there was none (the first episode, or divergence).</param>
    /// <param name="Divergence">Which number became non-finite; null where all are finite.</param>
    public sealed record EpisodeLearned(Turn Turn, UpdateReport? Update, string? Divergence);

    /// <summary>From a client or the master: part of its network's parameters, in the order of the parameter layout.</summary>
    /// <param name="Turn">The snapshot.</param>
    /// <param name="Owner">Index of the client, <see cref="Critic"/>, or <see cref="ObservationStatistics"/>.</param>
    /// <param name="Offset">Where the part begins, in floats.</param>
    /// <param name="Total">Floats of the whole, running statistics of the input at the end included.</param>
    /// <param name="Values">The part, at most <see cref="MaximumPart"/> floats.</param>
    public sealed record Parameters(Turn Turn, int Owner, int Offset, int Total, IPayload Values);

    /// <summary>Most floats of one part, so that it stays under 64 KiB.</summary>
    public const int MaximumPart = 12 * 1024;

    /// <summary>From a client: part of all that it would need to go on from here. Parts come in order.</summary>
    /// <param name="Turn">The episode's end.</param>
    /// <param name="Client">Index of the client.</param>
    /// <param name="Offset">Where the part begins, in bytes.</param>
    /// <param name="Total">Bytes of the whole.</param>
    /// <param name="Values">The part, at most <see cref="MaximumStatePart"/> bytes.</param>
    public sealed record ClientState(Turn Turn, int Client, int Offset, int Total, byte[] Values);

    /// <summary>Most bytes of one part of a client's state, so that it stays under 64 KiB.</summary>
    public const int MaximumStatePart = 48 * 1024;

    /// <summary>To the population, and from it to the cell: somebody intervenes. Where it takes effect the cell says so by <see cref="PopulationProtocol.Intervened"/>.</summary>
    /// <param name="Intervention">What is done, and when.</param>
    public sealed record Intervene(Intervention Intervention);

    /// <summary>From the population: end at the next episode's boundary.</summary>
    public sealed record Stop
    {
        /// <summary>The one instance.</summary>
        public static Stop Instance { get; } = new();
    }
}
