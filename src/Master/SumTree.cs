namespace Simulator.Master;

/// <summary>
/// Sums of priorities as an unpadded heap of 2M - 1 nodes: node k has the children 2k + 1 and 2k + 2, slot j is node M - 1 + j
/// (ccm-madrl, section 4). The layout decides which slot a value finds, so it is the original's and not a power of two.
/// </summary>
/// <remarks>
/// A node is always the rounded sum of its two children, never updated by differences: the tree is a function of its leaves alone, so a
/// restored memory draws what the one that was saved would have drawn.
/// </remarks>
internal sealed class SumTree
{
    private readonly double[] _nodes;

    /// <summary>A tree whose priorities are all zero.</summary>
    /// <param name="slots">Number M of slots, at least 1.</param>
    internal SumTree(int slots)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(slots);
        Slots = slots;
        _nodes = new double[checked((2 * slots) - 1)];
    }

    /// <summary>Number M of slots.</summary>
    internal int Slots { get; }

    /// <summary>Sum of all priorities.</summary>
    internal double Total => _nodes[0];

    /// <summary>Priority of a slot; setting it takes O(log M).</summary>
    internal double this[int slot]
    {
        get => _nodes[Leaf(slot)];
        set
        {
            var node = Leaf(slot);
            _nodes[node] = value;
            while (node > 0)
            {
                node = (node - 1) / 2;
                _nodes[node] = _nodes[(2 * node) + 1] + _nodes[(2 * node) + 2];
            }
        }
    }

    /// <summary>
    /// The slot that a value finds: left where it is at most the left sum, else right with the left sum taken off. A value beyond the total,
    /// or rounding on the way, can end in a slot of priority zero.
    /// </summary>
    /// <param name="value">A value from 0 to <see cref="Total"/>.</param>
    internal int Find(double value)
    {
        var node = 0;
        while (node < Slots - 1)
        {
            var left = (2 * node) + 1;
            if (value <= _nodes[left])
            {
                node = left;
            }
            else
            {
                value -= _nodes[left];
                node = left + 1;
            }
        }

        return node - (Slots - 1);
    }

    private int Leaf(int slot)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(slot);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slot, Slots);
        return Slots - 1 + slot;
    }
}
