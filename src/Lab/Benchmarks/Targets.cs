namespace Simulator.Lab.Benchmarks;

/// <summary>What is to be reached on a machine of two cores (docs/performance.md), and what the original takes there. Limits alone: every value is measured.</summary>
internal static class Targets
{
    /// <summary>ms of an episode of 50 clients, all learning at once.</summary>
    internal static readonly Target SimultaneousMs = Target.AtMost(18);

    /// <summary>The same episode over the time of its matrix products.</summary>
    internal static readonly Target SimultaneousOverFloor = Target.AtMost(2);

    /// <summary>ms of an episode of 50 clients, learning one after the other.</summary>
    internal static readonly Target SequentialMs = Target.AtMost(300);

    /// <summary>An episode through actors over the same one in a plain loop.</summary>
    internal static readonly Target ActorsOverLoop = Target.AtMost(1.1);

    /// <summary>An episode of a cell of the grid over the time of its matrix products.</summary>
    internal static readonly Target GridOverFloor = Target.AtMost(1.5);

    /// <summary>us of a step of 50 clients.</summary>
    internal static readonly Target PhysicsUs = Target.AtMost(10);

    /// <summary>Bytes that such a step allocates.</summary>
    internal static readonly Target PhysicsBytes = Target.AtMost(0);

    /// <summary>Clients of the large learning population, and s of one of its episodes.</summary>
    internal const int LearningClients = 100_000;

    /// <summary>s of an episode of that population.</summary>
    internal static readonly Target LearningSeconds = Target.AtMost(60);

    /// <summary>Clients of the large acting population.</summary>
    internal const int ActingClients = 1_000_000;

    /// <summary>Steps of clients a second in that population.</summary>
    internal static readonly Target ActingSteps = Target.AtLeast(300_000);

    /// <summary>GiB resident of either population.</summary>
    internal static readonly Target ResidentGiB = Target.AtMost(20);

    /// <summary>Clients of the large cell.</summary>
    internal const int LargeCell = 1_000;

    /// <summary>An episode of the large cell over one of 50 clients.</summary>
    internal static readonly Target LargeCellOverSmall = Target.AtMost(40);

    /// <summary>
    /// Seconds that the original takes for an episode of 50 clients on the machine of two cores: 3.35 of learning, 0.13 of acting (PyTorch 1.13 with OpenBLAS; read from a
    /// run of it, and no result of this program).
    /// </summary>
    internal const double OriginalSeconds = 3.35 + 0.13;
}
