using CsCheck;

namespace Simulator.Master.Tests;

public sealed class SumTreeTests
{
    // Whole numbers below 2^40: their sums are exact, so the scan below has no rounding to agree on.
    private static readonly Gen<double[]> AnyPriorities = Gen.Int[0, 1000].Select(value => (double)value).Array[1, 70];

    [Fact]
    public void A_value_finds_the_slot_that_a_scan_over_the_leaves_finds()
    {
        Gen.Select(AnyPriorities, Gen.Double[0, 1]).Sample((priorities, share) =>
        {
            var tree = Fill(priorities);
            var value = Math.Floor(share * tree.Total) + 0.5;
            if (value > tree.Total)
                return;

            var found = tree.Find(value);

            Assert.Equal(Scan(priorities, value), found);
        });
    }

    [Fact]
    public void The_total_is_the_sum_whatever_was_written_before()
    {
        Gen.Select(AnyPriorities, Gen.Int[0, 1_000_000].Array[0, 50]).Sample((priorities, writes) =>
        {
            var tree = Fill(priorities);
            foreach (var write in writes)
            {
                var slot = write % priorities.Length;
                tree[slot] = priorities[slot] = write;
            }

            Assert.Equal(priorities.Sum(), tree.Total);
            for (var slot = 0; slot < priorities.Length; slot++)
                Assert.Equal(priorities[slot], tree[slot]);
        });
    }

    [Fact]
    public void A_value_equal_to_the_left_sum_goes_left()
    {
        // Three slots: nodes 2, 3, 4; node 1 sums slots 1 and 2 and is the root's left child.
        var tree = Fill([4, 2, 3]);
        Assert.Equal(2, tree.Find(5));
        Assert.Equal(0, tree.Find(5.001));
        Assert.Equal(1, tree.Find(2));
        Assert.Equal(1, tree.Find(0));
    }

    [Fact]
    public void A_slot_outside_the_tree_is_refused()
    {
        var tree = new SumTree(3);
        Assert.Throws<ArgumentOutOfRangeException>(() => tree[3] = 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => tree[-1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => new SumTree(0));
    }

    private static SumTree Fill(double[] priorities)
    {
        var tree = new SumTree(priorities.Length);
        for (var slot = 0; slot < priorities.Length; slot++)
            tree[slot] = priorities[slot];
        return tree;
    }

    /// <summary>Takes the leaves from left to right, as the heap is drawn.</summary>
    private static int Scan(double[] priorities, double value)
    {
        foreach (var slot in LeavesInOrder(0, priorities.Length))
        {
            if (value <= priorities[slot])
                return slot;
            value -= priorities[slot];
        }

        throw new InvalidOperationException("The value is beyond the total.");
    }

    private static IEnumerable<int> LeavesInOrder(int node, int slots) =>
        node >= slots - 1 ? [node - (slots - 1)] : LeavesInOrder((2 * node) + 1, slots).Concat(LeavesInOrder((2 * node) + 2, slots));
}
