using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Simulator.Master;

/// <summary>In which order clients learn within one update.</summary>
public enum UpdateMode
{
    /// <summary>Every client steps from the same joint action: what a master that sends all gradients at once gives.</summary>
    Simultaneous,

    /// <summary>Client 0 steps, then client 1 sees client 0's new policy, and so on: the original's.</summary>
    Sequential,
}

/// <summary>Whom the master draws from when it explores.</summary>
public enum SelectionExploration
{
    /// <summary>All clients, as the original does.</summary>
    All,

    /// <summary>Those who proposed.</summary>
    Proposers,
}

/// <summary>How actors and critic learn (ccm-madrl, sections 4 and 5).</summary>
public sealed record LearningOptions
{
    /// <summary>Adam's learning rate of the actors.</summary>
    [Description("Learning rate of the actors (Adam).")]
    [Range(0.0, 1e3)]
    public double ActorRate { get; init; } = 0.0001;

    /// <summary>Adam's learning rate of the critic.</summary>
    [Description("Learning rate of the critic (Adam).")]
    [Range(0.0, 1e3)]
    public double CriticRate { get; init; } = 0.001;

    /// <summary>In which order clients learn.</summary>
    [Description("simultaneous: all clients step from the same joint action; sequential: one after the other, as the original does.")]
    public UpdateMode Update { get; init; } = UpdateMode.Simultaneous;

    /// <summary>Minibatch size B.</summary>
    [Description("Transitions of a minibatch.")]
    [Range(1, 4096)]
    public int Batch { get; init; } = 64;

    /// <summary>Replay capacity M, in transitions.</summary>
    [Description("Transitions that the replay memory holds.")]
    [Range(1, 10_000_000)]
    public int Replay { get; init; } = 10_000;

    /// <summary>Exponent alpha of the replay priority (|error| + 0.01)^alpha (Schaul et al., arXiv 1511.05952); 0 draws uniformly.</summary>
    [Description("Exponent of the replay priority (|TD error| + 0.01)^exponent; 0 draws all transitions alike, with equal weights.")]
    [Range(0.0, 1.0)]
    public double PriorityExponent { get; init; } = PrioritizedReplay.Alpha;

    /// <summary>Discount factor.</summary>
    [Description("Discount factor of the return.")]
    [Range(0.0, 1.0)]
    public double Gamma { get; init; } = 0.99;

    /// <summary>
    /// Soft targets: after each step of a network its target moves by target += tau (network - target) (Lillicrap et al. 2016, DDPG, arXiv 1509.02971; 0.005 is canonical). With 1, the original's, targets
    /// equal the networks whenever they are read, and none exist. With running normalisation of the input a target has its network's statistics.
    /// </summary>
    [Description("Share by which target networks follow critic and policies after each step: 1, the original's, means no target networks of their own; 0.005 is canonical (DDPG, arXiv 1509.02971).")]
    [Range(1e-6, 1.0)]
    public double Tau { get; init; } = 1;

    /// <summary>Largest gradient norm of one network; 0 leaves gradients alone. Null: as the variant has it.</summary>
    [Description("Largest gradient norm of each network, 0 for no limit; null takes the variant's (1 for clipped, else 0).")]
    [Range(0.0, 1e12)]
    public double? MaxGradNorm { get; init; }
}

/// <summary>The master's choice of who offloads (ccm-madrl, section 3).</summary>
public sealed record SelectionOptions
{
    /// <summary>Whom the master draws from when it explores.</summary>
    [Description("Whom the master draws from when it explores: all clients, as the original does, or only those who proposed.")]
    public SelectionExploration Explore { get; init; } = SelectionExploration.All;
}
