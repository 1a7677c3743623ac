using Simulator.Compute;

namespace Simulator.Master;

/// <summary>All that a master needs to go on from an episode's boundary.</summary>
/// <param name="Critic">The critic with all that it learns with.</param>
/// <param name="Replay">Transitions of the replay memory: all that it holds, or those since an earlier checkpoint.</param>
/// <param name="Priorities">Priorities of all transitions held, oldest first.</param>
/// <param name="Added">Transitions ever added.</param>
/// <param name="Beta">Exponent of the importance weights that the latest sample call used.</param>
/// <param name="Own">What <see cref="MasterAgent.Save"/> wrote.</param>
public sealed record MasterCheckpoint(TrainingState Critic, IReadOnlyList<ReplaySegment> Replay, double[] Priorities, long Added, double Beta, byte[] Own);
