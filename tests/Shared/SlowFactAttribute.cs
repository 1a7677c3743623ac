using System.Runtime.CompilerServices;
using Xunit.v3;

namespace Simulator.Testing;

/// <summary>
/// A fact of the slow suite (processes killed, partitions, browser): skipped unless the variable SIMULATOR_TESTS is <c>all</c>. It carries the trait
/// Suite=Slow, by which .ci/run picks the suite out.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SlowFactAttribute : FactAttribute, ITraitAttribute
{
    public SlowFactAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber)
    {
        Skip = SlowSuite.SkipReason;
    }

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => SlowSuite.Traits;
}

/// <summary>A theory of the slow suite; see <see cref="SlowFactAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SlowTheoryAttribute : TheoryAttribute, ITraitAttribute
{
    public SlowTheoryAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber)
    {
        Skip = SlowSuite.SkipReason;
    }

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => SlowSuite.Traits;
}

internal static class SlowSuite
{
    public static readonly IReadOnlyCollection<KeyValuePair<string, string>> Traits = [new("Suite", "Slow")];

    /// <summary>Why slow tests do not run; null where they do. .ci/run knows the words: such a test counts where it runs.</summary>
    public static string? SkipReason =>
        System.Environment.GetEnvironmentVariable("SIMULATOR_TESTS") == "all" ? null : "slow: set SIMULATOR_TESTS=all";
}
