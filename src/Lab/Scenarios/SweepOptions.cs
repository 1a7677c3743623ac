namespace Simulator.Lab;

/// <summary>One swept key with its values, in the file's order.</summary>
/// <param name="Key">Dotted key, such as learning.actor_rate.</param>
/// <param name="Values">Values of the key's own type; at least one, none twice.</param>
public sealed record SweepAxis(string Key, IReadOnlyList<object?> Values)
{
    /// <summary>Whether both sweep the same key through equal values.</summary>
    public bool Equals(SweepAxis? other) => other is not null && Key == other.Key && Values.SequenceEqual(other.Values);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Key, Values.Count);
}

/// <summary>A product of axes: every combination of their values is a configuration. Without axes it is the base configuration alone.</summary>
/// <param name="Axes">Axes in the file's order; the last one varies fastest.</param>
public sealed record SweepProduct(IReadOnlyList<SweepAxis> Axes)
{
    /// <summary>Whether both have equal axes in the same order.</summary>
    public bool Equals(SweepProduct? other) => other is not null && Axes.SequenceEqual(other.Axes);

    /// <inheritdoc/>
    public override int GetHashCode() => Axes.Count;
}

/// <summary>What differs between the configurations of a scenario: products whose configurations are joined.</summary>
/// <param name="Products">Products in the file's order; empty where nothing is swept.</param>
public sealed record SweepOptions(IReadOnlyList<SweepProduct> Products)
{
    /// <summary>No sweep: the base configuration alone.</summary>
    public static SweepOptions None { get; } = new([]);

    /// <summary>Whether both have equal products in the same order.</summary>
    public bool Equals(SweepOptions? other) => other is not null && Products.SequenceEqual(other.Products);

    /// <inheritdoc/>
    public override int GetHashCode() => Products.Count;
}
