namespace Simulator.Protocol;

/// <summary>What a client is told.</summary>
public interface IClientMessage
{
    /// <summary>Where in the cell's life the message belongs.</summary>
    Turn Turn { get; }
}

/// <summary>The messages that a client receives from its cell and its master.</summary>
public static class ClientProtocol
{
    /// <summary>From the cell, each step: what the client sees. Answered to the master by <see cref="MasterProtocol.Propose"/>.</summary>
    /// <param name="Turn">Step it belongs to.</param>
    /// <param name="Observation">Raw observation, [7].</param>
    public sealed record Observe(Turn Turn, IPayload Observation) : IClientMessage
    {
        /// <summary>Mean, then deviation of each column, which policies scale observations by from now on, [2, 7]; empty where that is not by running statistics.</summary>
        public IPayload Statistics { get; init; } = HostPayload.Empty;
    }

    /// <summary>From the master, each update: the client's part of the minibatch. Answered by <see cref="MasterProtocol.ActionBatch"/>.</summary>
    /// <param name="Turn">Update it belongs to.</param>
    /// <param name="States">Raw observations S_i, [B, 7].</param>
    /// <param name="NextStates">Raw observations S'_i, [B, 7].</param>
    public sealed record ObservationBatch(Turn Turn, IPayload States, IPayload NextStates) : IClientMessage;

    /// <summary>From the master, each update: the gradient of the actors' loss. Answered by <see cref="MasterProtocol.PolicyUpdated"/>.</summary>
    /// <param name="Turn">Update it belongs to.</param>
    /// <param name="Gradient">dL/da_i, [B, 3].</param>
    /// <param name="RateFactor">What the learning rate is multiplied by in this step.</param>
    public sealed record ActionGradient(Turn Turn, IPayload Gradient, double RateFactor) : IClientMessage;

    /// <summary>From the cell, before an episode's first step: somebody intervenes on the client.</summary>
    /// <param name="Turn">The episode that is about to begin, at step 0.</param>
    /// <param name="Kind">What is done: <see cref="InterventionKind.ResetOutput"/> or <see cref="InterventionKind.ScaleRate"/>.</param>
    /// <param name="Factor">What the learning rate is multiplied by from now on, where it is scaled.</param>
    public sealed record Intervene(Turn Turn, InterventionKind Kind, double Factor) : IClientMessage;

    /// <summary>From the cell, at an episode's boundary: asks for the policy's parameters. Answered to the cell by <see cref="CellProtocol.Parameters"/>, in parts.</summary>
    /// <param name="Turn">The episode's end.</param>
    public sealed record Snapshot(Turn Turn) : IClientMessage;

    /// <summary>
    /// From the cell, at an episode's boundary: asks for all that the client would need to go on from there. Answered to the cell by <see cref="CellProtocol.ClientState"/>, in parts.
    /// </summary>
    /// <param name="Turn">The episode's end.</param>
    public sealed record Remember(Turn Turn) : IClientMessage;

    /// <summary>
    /// From the cell, before its first episode: part of what the client answered to <see cref="Remember"/> in an earlier life. Parts come in order; the last one is answered by
    /// <see cref="CellProtocol.Ready"/>.
    /// </summary>
    /// <param name="Turn">The episode's end.</param>
    /// <param name="Offset">Where the part begins, in bytes.</param>
    /// <param name="Total">Bytes of the whole.</param>
    /// <param name="Values">The part, at most <see cref="CellProtocol.MaximumStatePart"/> bytes.</param>
    public sealed record Restore(Turn Turn, int Offset, int Total, byte[] Values) : IClientMessage;
}
