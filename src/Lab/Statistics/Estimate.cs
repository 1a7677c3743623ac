namespace Simulator.Lab.Statistics;

/// <summary>A statistic of a sample with how far it spreads.</summary>
/// <param name="Value">The statistic.</param>
/// <param name="Low">Lower end of its 95 % interval, or with fewer seeds than <see cref="Bootstrap.FewestSeeds"/> of its range over them; null where there are fewer than two.</param>
/// <param name="High">Upper end; null likewise.</param>
/// <param name="Seeds">Seeds that the ends are made of: what was drawn independently.</param>
internal readonly record struct Estimate(double Value, double? Low, double? High, int Seeds)
{
    /// <summary>Whether the ends are a range rather than an interval.</summary>
    internal bool IsRange => Low is not null && Seeds < Bootstrap.FewestSeeds;
}

/// <summary>A value that was measured under a seed.</summary>
/// <param name="Seed">The seed: values of one seed share devices, tasks and noise.</param>
/// <param name="Value">The value.</param>
internal readonly record struct SeedValue(ulong Seed, double Value);

/// <summary>A curve that was measured under a seed.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Values">Its points; null where there is none.</param>
internal readonly record struct SeedCurve(ulong Seed, double?[] Values);
