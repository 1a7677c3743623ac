namespace Simulator.Environment;

/// <summary>Columns of one client's observation, in the original's order [P, G, E, S, C, D, F].</summary>
public static class Observation
{
    /// <summary>Numbers of one client.</summary>
    public const int Width = 7;

    /// <summary>Column of the transmission power P, in dBm.</summary>
    public const int Power = 0;

    /// <summary>Column of the channel gain G, in dB.</summary>
    public const int Gain = 1;

    /// <summary>Column of the battery E, in MJ.</summary>
    public const int Energy = 2;

    /// <summary>Column of the task's size S, in MB.</summary>
    public const int Size = 3;

    /// <summary>Column of the task's cycles C, per bit.</summary>
    public const int Cycles = 4;

    /// <summary>Column of the task's deadline D, in s.</summary>
    public const int Deadline = 5;

    /// <summary>Column of the processor's speed F, in GHz.</summary>
    public const int Cpu = 6;
}
