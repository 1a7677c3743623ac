namespace Simulator.Protocol;

/// <summary>Cuts a client's state into parts that each stay under 64 KiB, and puts them together again.</summary>
public sealed class StateParts
{
    private readonly List<byte> _received = [];
    private int? _total;

    /// <summary>The parts of a state, in order; one at least.</summary>
    /// <param name="state">The whole.</param>
    public static IEnumerable<(int Offset, byte[] Values)> Of(byte[] state)
    {
        for (var offset = 0; offset == 0 || offset < state.Length; offset += CellProtocol.MaximumStatePart)
        {
            yield return (offset, state.AsSpan(offset, Math.Min(CellProtocol.MaximumStatePart, state.Length - offset)).ToArray());
        }
    }

    /// <summary>Takes in a part; parts come in order. No more memory is taken than parts have come, whatever they claim of the whole.</summary>
    /// <param name="offset">Where it begins, in bytes.</param>
    /// <param name="total">Bytes of the whole.</param>
    /// <param name="values">The part.</param>
    /// <returns>The whole with its last part; null before.</returns>
    /// <exception cref="InvalidDataException">It does not follow the parts before it.</exception>
    public byte[]? Add(int offset, int total, byte[] values)
    {
        _total ??= total;
        if (total < 0 || total != _total || offset != _received.Count || values.Length > total - offset)
        {
            throw new InvalidDataException($"a part of {values.Length} bytes at {offset} of {total} does not follow {_received.Count} of {_total}");
        }

        _received.AddRange(values);
        return _received.Count == total ? [.. _received] : null;
    }
}
