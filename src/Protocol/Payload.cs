namespace Simulator.Protocol;

/// <summary>
/// Numbers that travel in a message: observations, actions, gradients, parameters. Where they lie (an array of the host, a device buffer)
/// is the sender's matter; a receiver copies what it needs. Immutable once sent.
/// </summary>
public interface IPayload
{
    /// <summary>Number of floats.</summary>
    int Length { get; }

    /// <summary>Copies all <see cref="Length"/> floats to the start of <paramref name="destination"/>.</summary>
    /// <exception cref="ArgumentException">The destination is shorter than <see cref="Length"/>.</exception>
    void CopyTo(Span<float> destination);
}

/// <summary>A payload on the host: part of an array that nobody writes to any more.</summary>
/// <param name="memory">The floats.</param>
public sealed class HostPayload(ReadOnlyMemory<float> memory) : IPayload
{
    /// <summary>A payload of length 0.</summary>
    public static HostPayload Empty { get; } = new(ReadOnlyMemory<float>.Empty);

    /// <inheritdoc/>
    public int Length => memory.Length;

    /// <summary>The floats themselves.</summary>
    public ReadOnlySpan<float> Span => memory.Span;

    /// <summary>Part of the payload, without a copy.</summary>
    public HostPayload Slice(int start, int length) => new(memory.Slice(start, length));

    /// <inheritdoc/>
    public void CopyTo(Span<float> destination) => memory.Span.CopyTo(destination);
}

/// <summary>Ways to read a payload.</summary>
public static class PayloadExtensions
{
    /// <summary>A copy of the payload's floats.</summary>
    public static float[] ToArray(this IPayload payload)
    {
        ArgumentNullException.ThrowIfNull(payload);
        var copy = new float[payload.Length];
        payload.CopyTo(copy);
        return copy;
    }
}
