namespace Simulator.Protocol;

/// <summary>What a master is told.</summary>
public interface IMasterMessage
{
    /// <summary>Where in the cell's life the message belongs.</summary>
    Turn Turn { get; }
}

/// <summary>The messages that a master receives from its cell and its clients.</summary>
public static class MasterProtocol
{
    /// <summary>From the cell, each step: all observations. Answered by <see cref="CellProtocol.Decide"/> once all clients have proposed.</summary>
    /// <param name="Turn">The step.</param>
    /// <param name="States">Raw observations, [N, 7].</param>
    public sealed record Begin(Turn Turn, IPayload States) : IMasterMessage
    {
        /// <summary>Mean, then deviation of each column, which the critic's input is scaled by from now on, [2, 7]; empty where that is not by running statistics.</summary>
        public IPayload Statistics { get; init; } = HostPayload.Empty;
    }

    /// <summary>From a client, each step: what it would do.</summary>
    /// <param name="Turn">The step.</param>
    /// <param name="Client">Index of the client.</param>
    /// <param name="Policy">The target policy's action, without noise: pi'(S') of the transition before. With tau = 1 it is the policy's own.</param>
    /// <param name="Explored">The action with exploration noise, which is what happens and what is stored.</param>
    public sealed record Propose(Turn Turn, int Client, ClientAction Policy, ClientAction Explored) : IMasterMessage;

    /// <summary>From the cell, each training step: what came of the decision. The last one of an episode starts learning, and is answered by <see cref="CellProtocol.EpisodeLearned"/>.</summary>
    /// <param name="Turn">The step.</param>
    /// <param name="Reward">Reward, shared by all clients.</param>
    /// <param name="NextStates">Raw observations after the step, [N, 7].</param>
    /// <param name="Done">Whether the episode is over.</param>
    public sealed record Outcome(Turn Turn, double Reward, IPayload NextStates, bool Done) : IMasterMessage;

    /// <summary>From a client, each update: what its policy does on the minibatch.</summary>
    /// <param name="Turn">The update.</param>
    /// <param name="Client">Index of the client.</param>
    /// <param name="Actions">pi_i(S_i), [B, 3].</param>
    /// <param name="NextActions">pi'_i(S'_i), [B, 3].</param>
    public sealed record ActionBatch(Turn Turn, int Client, IPayload Actions, IPayload NextActions) : IMasterMessage;

    /// <summary>From a client, each update: what the step did.</summary>
    /// <param name="Turn">The update.</param>
    /// <param name="Client">Index of the client.</param>
    /// <param name="Report">Gradient norms, saturation, state.</param>
    /// <param name="ActionsAfter">pi_i(S_i) after the step, [B, 3]; empty where nobody asked for it.</param>
    public sealed record PolicyUpdated(Turn Turn, int Client, AgentReport Report, IPayload ActionsAfter) : IMasterMessage;

    /// <summary>From the cell, at an episode's boundary: asks for the critic's parameters. Answered by <see cref="CellProtocol.Parameters"/>, in parts.</summary>
    /// <param name="Turn">The episode's end.</param>
    public sealed record Snapshot(Turn Turn) : IMasterMessage;
}
