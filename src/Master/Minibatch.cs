namespace Simulator.Master;

/// <summary>B transitions to learn from, with raw observations. Arrays may be longer than what they hold.</summary>
/// <param name="Clients">N.</param>
/// <param name="States">S, [B, N, 7].</param>
/// <param name="NextStates">S', [B, N, 7].</param>
/// <param name="Actions">Stored raw actions with exploration, [B, N, 3].</param>
/// <param name="Selected">Who was selected, [B, N].</param>
/// <param name="Rewards">Rewards as the critic sees them, [B].</param>
/// <param name="Done">Whether the episode ended, [B].</param>
/// <param name="Weights">Importance weights, [B].</param>
public sealed record Minibatch(
    int Clients, float[] States, float[] NextStates, float[] Actions, bool[] Selected, double[] Rewards, bool[] Done, double[] Weights)
{
    /// <summary>B.</summary>
    public int Size => Rewards.Length;
}
