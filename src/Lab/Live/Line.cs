namespace Simulator.Lab.Live;

/// <summary>A line of a chart.</summary>
/// <param name="Name">What it shows.</param>
/// <param name="X">Episodes.</param>
/// <param name="Y">Values; NaN where there is none.</param>
public sealed record Line(string Name, IReadOnlyList<float> X, IReadOnlyList<float> Y)
{
    /// <summary>The most points of a line: what a screen can show, in little time.</summary>
    public const int MostPoints = Reports.Windows.Most;

    /// <summary>The last value that is one; null without any.</summary>
    public float? Latest
    {
        get
        {
            for (var i = Y.Count - 1; i >= 0; i--)
            {
                if (float.IsFinite(Y[i]))
                {
                    return Y[i];
                }
            }

            return null;
        }
    }

    /// <summary>Which of so many points are shown: at most <paramref name="most"/>, equally far apart, and always the newest.</summary>
    internal static int[] Thin(int count, int most = MostPoints)
    {
        var step = Math.Max(1, (count + most - 1) / most);
        return [.. Enumerable.Range(0, (count + step - 1) / step).Select(i => count - 1 - (i * step)).Reverse()];
    }
}
