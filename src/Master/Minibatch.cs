using Simulator.Environment;
using Simulator.Protocol;

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

    /// <summary>Copies transitions out of the replay memory.</summary>
    /// <param name="replay">The memory.</param>
    /// <param name="slots">Where they are in it, [B].</param>
    /// <param name="clients">N.</param>
    /// <param name="rewardScale">What the critic sees rewards over.</param>
    /// <param name="weights">Their importance weights, [B].</param>
    /// <param name="arrays">Where the large arrays come from.</param>
    internal static Minibatch Of(PrioritizedReplay replay, ReadOnlySpan<int> slots, int clients, double rewardScale, double[] weights, RentedArrays arrays)
    {
        var batch = new Minibatch(
            clients,
            arrays.Take(slots.Length * clients * Observation.Width),
            arrays.Take(slots.Length * clients * Observation.Width),
            arrays.Take(slots.Length * clients * ClientAction.Width),
            new bool[slots.Length * clients],
            new double[slots.Length],
            new bool[slots.Length],
            weights);
        for (var b = 0; b < slots.Length; b++)
        {
            var slot = slots[b];
            replay.State(slot).CopyTo(batch.States.AsSpan(b * clients * Observation.Width));
            replay.NextState(slot).CopyTo(batch.NextStates.AsSpan(b * clients * Observation.Width));
            replay.Actions(slot).CopyTo(batch.Actions.AsSpan(b * clients * ClientAction.Width));
            replay.Selected(slot).CopyTo(batch.Selected.AsSpan(b * clients));
            batch.Rewards[b] = replay.Reward(slot) / rewardScale;
            batch.Done[b] = replay.Done(slot);
        }

        return batch;
    }
}
