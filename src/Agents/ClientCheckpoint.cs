using Simulator.Compute;
using Simulator.Protocol;

namespace Simulator.Agents;

/// <summary>All that a client needs to go on from an episode's boundary.</summary>
/// <param name="Policy">Its policy with all that it learns with; null where another client of the cell keeps the one that they share.</param>
/// <param name="Own">What <see cref="ClientAgent.Save"/> wrote.</param>
public sealed record ClientCheckpoint(TrainingState? Policy, byte[] Own)
{
    /// <summary>What a client would need.</summary>
    /// <param name="policy">Its policy; null where another client keeps it.</param>
    /// <param name="agent">The client.</param>
    public static ClientCheckpoint Of(TrainingState? policy, ClientAgent agent)
    {
        var writer = new StateWriter();
        agent.Save(writer);
        return new ClientCheckpoint(policy, writer.ToArray());
    }

    /// <summary>It as bytes.</summary>
    public byte[] ToBytes()
    {
        var writer = new StateWriter();
        writer.Write(Policy is not null);
        Policy?.Save(writer);
        writer.Write(Own);
        return writer.ToArray();
    }

    /// <summary>From bytes.</summary>
    /// <exception cref="InvalidDataException">They are none.</exception>
    public static ClientCheckpoint From(byte[] bytes)
    {
        var reader = new StateReader(bytes);
        return new ClientCheckpoint(reader.ReadBoolean() ? TrainingState.Load(reader) : null, reader.ReadBytes());
    }
}
