namespace Simulator.Compute;

/// <summary>
/// Dormant hidden units (Sokar et al. 2023, arXiv 2302.12902): a unit's score is its mean |h| over rows, over the mean of that in its layer, h the unit's activation. A layer without any
/// activity is dormant as a whole. What a pass hands over is the activity: sums of |h| over its rows, of the first hidden layer's units, then of the second's.
/// </summary>
internal static class DormantUnits
{
    /// <summary>Score up to which a unit is reported as dormant.</summary>
    internal const double ReportedScore = 0.025;

    /// <summary>Share of dormant units among all hidden units.</summary>
    internal static double Share(NetworkArchitecture network, ReadOnlySpan<float> activity)
    {
        Span<bool> dormant = stackalloc bool[network.Units];
        Find(network, activity, ReportedScore, dormant);
        return (double)dormant.Count(true) / dormant.Length;
    }

    /// <summary>Which hidden units are dormant, the first layer's first.</summary>
    internal static bool[] Find(NetworkArchitecture network, ReadOnlySpan<float> activity, double threshold)
    {
        var dormant = new bool[network.Units];
        Find(network, activity, threshold, dormant);
        return dormant;
    }

    private static void Find(NetworkArchitecture network, ReadOnlySpan<float> activity, double threshold, Span<bool> dormant)
    {
        Find(activity[..network.Hidden1], threshold, dormant);
        Find(activity[network.Hidden1..], threshold, dormant[network.Hidden1..]);
    }

    /// <summary>
    /// What recycling writes to a network: places in the order of its layout, ascending, and their new values. Where a dormant unit feeds a dormant unit the weight between them is
    /// outgoing: zero.
    /// </summary>
    /// <param name="layout">The network's layout.</param>
    /// <param name="dormant">What <see cref="Find(NetworkArchitecture, ReadOnlySpan{float}, double)"/> gave.</param>
    /// <param name="fresh">A network as it might have started.</param>
    internal static (int[] Places, float[] Values) Renew(ParameterLayout layout, bool[] dormant, float[] fresh)
    {
        var values = (float[])fresh.Clone();
        var renewed = new bool[values.Length];
        var first = layout["fc1.bias"].Length;
        for (var unit = 0; unit < dormant.Length; unit++)
        {
            if (dormant[unit])
            {
                var (layer, index) = unit < first ? (1, unit) : (2, unit - first);
                foreach (var tensor in layout.Tensors)
                {
                    if (tensor.Layer == $"fc{layer}" || tensor.Layer == $"ln{layer}")
                    {
                        var width = Math.Max(tensor.Columns, 1);
                        renewed.AsSpan(tensor.Offset + (index * width), width).Fill(true);
                    }
                }
            }
        }

        for (var unit = 0; unit < dormant.Length; unit++)
        {
            if (dormant[unit])
            {
                var (next, index) = unit < first ? (layout["fc2.weight"], unit) : (layout["fc3.weight"], unit - first);
                for (var row = 0; row < next.Rows; row++)
                {
                    var place = next.Offset + (row * next.Columns) + index;
                    (renewed[place], values[place]) = (true, 0);
                }
            }
        }

        int[] places = [.. Enumerable.Range(0, renewed.Length).Where(i => renewed[i])];
        return (places, Array.ConvertAll(places, i => values[i]));
    }

    private static void Find(ReadOnlySpan<float> activity, double threshold, Span<bool> dormant)
    {
        var mean = 0.0;
        foreach (var unit in activity)
        {
            mean += unit;
        }

        mean /= activity.Length;
        for (var i = 0; i < activity.Length; i++)
        {
            dormant[i] = activity[i] <= threshold * mean;
        }
    }
}
