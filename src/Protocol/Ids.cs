namespace Simulator.Protocol;

/// <summary>What a cell is doing when a message is sent.</summary>
public enum Phase : byte
{
    /// <summary>Acting with exploration; what happens is stored and learned from.</summary>
    Training,

    /// <summary>Learning from a minibatch, at an episode's end.</summary>
    Learning,

    /// <summary>Acting without exploration; nothing is stored, nothing learned, nothing monitored.</summary>
    Evaluation,

    /// <summary>As in evaluation, but on the tasks of the training episodes: all that a population does that only acts.</summary>
    Acting,
}

/// <summary>
/// Where in a cell's life a message belongs. A cell that is restored after a failure goes on with a higher epoch, and messages of an older one are dropped.
/// </summary>
/// <param name="Epoch">How often the cell was restored.</param>
/// <param name="Phase">What the cell is doing.</param>
/// <param name="Episode">Training or acting episode, from 1; in evaluation the evaluation episode, from 0.</param>
/// <param name="Step">Step of the episode, from 0.</param>
public readonly record struct Turn(int Epoch, Phase Phase, int Episode, int Step);

/// <summary>
/// A client's raw action, each component in [-1, 1]: <paramref name="Offload"/> of 0 or more proposes to offload, the others map to shares of processor and power.
/// </summary>
/// <param name="Offload">Proposes offloading when 0 or more.</param>
/// <param name="Cpu">Processor share, raw.</param>
/// <param name="Power">Transmission power share, raw.</param>
public readonly record struct ClientAction(float Offload, float Cpu, float Power)
{
    /// <summary>Number of components.</summary>
    public const int Width = 3;

    /// <summary>Whether the action proposes to offload. NaN does not.</summary>
    public bool Proposes => Offload >= 0;

    /// <summary>Reads an action from its three components.</summary>
    public static ClientAction From(ReadOnlySpan<float> raw) => new(raw[0], raw[1], raw[2]);

    /// <summary>Writes the three components.</summary>
    public void CopyTo(Span<float> destination)
    {
        destination[0] = Offload;
        destination[1] = Cpu;
        destination[2] = Power;
    }
}
