namespace Simulator.Lab.Benchmarks;

/// <summary>Where a measured value lies.</summary>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
/// <param name="Kind">What it covers, in words.</param>
public sealed record Interval(double Low, double High, string Kind)
{
    /// <summary>The kind of an interval that covers the median with a probability of at least 95 %.</summary>
    public const string Confidence = "95 % of the median";

    /// <summary>The kind of an interval from the smallest to the largest value.</summary>
    public const string Range = "range";
}

/// <summary>What a figure should come to.</summary>
/// <param name="Limit">The limit, in the figure's unit.</param>
/// <param name="IsLower">Whether the figure should be at least the limit; else at most.</param>
public sealed record Target(double Limit, bool IsLower)
{
    /// <summary>A target not to be exceeded.</summary>
    public static Target AtMost(double limit) => new(limit, IsLower: false);

    /// <summary>A target to be reached.</summary>
    public static Target AtLeast(double limit) => new(limit, IsLower: true);

    /// <summary>Whether a value reaches it.</summary>
    public bool IsReachedBy(double value) => IsLower ? value >= Limit : value <= Limit;
}

/// <summary>Something that was measured.</summary>
/// <param name="Name">What, in words.</param>
/// <param name="Value">How much; null where it could not be measured, and <see cref="Note"/> says why.</param>
/// <param name="Unit">Unit of value, interval and target; <c>x</c> for a ratio.</param>
public sealed record Figure(string Name, double? Value, string Unit)
{
    /// <summary>Where the value lies; null for one that does not vary.</summary>
    public Interval? Interval { get; init; }

    /// <summary>How many measurements the value is the median of; 0 where it is no median.</summary>
    public int Samples { get; init; }

    /// <summary>What it should come to; null where nothing was set.</summary>
    public Target? Target { get; init; }

    /// <summary>What a reader must know to read it; null for nothing.</summary>
    public string? Note { get; init; }

    /// <summary>Whether the target is reached; null without a target or a value.</summary>
    public bool? Reached => Value is { } value ? Target?.IsReachedBy(value) : null;

    /// <summary>The median of measurements, with its interval.</summary>
    public static Figure MedianOf(string name, IEnumerable<double> measurements, string unit)
    {
        var order = new OrderStatistics(measurements);
        return new Figure(name, order.Median, unit) { Interval = order.MedianInterval(), Samples = order.Count };
    }

    /// <summary>What a floor was taken over, in words.</summary>
    internal static string AtCeiling(double ceiling) => $"at {ceiling / 1e9:0} GFLOP/s";

    /// <summary>A figure that could not be measured.</summary>
    public static Figure Missing(string name, string unit, string why) => new(name, null, unit) { Note = why };
}
