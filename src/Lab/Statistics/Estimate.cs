namespace Simulator.Lab.Statistics;

/// <summary>A statistic of a sample with its 95 % interval.</summary>
/// <param name="Value">The statistic.</param>
/// <param name="Low">Lower end; null where the sample is too small for an interval.</param>
/// <param name="High">Upper end; null likewise.</param>
/// <param name="Count">Size of the sample.</param>
internal readonly record struct Estimate(double Value, double? Low, double? High, int Count);
