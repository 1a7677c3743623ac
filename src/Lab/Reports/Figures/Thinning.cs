namespace Simulator.Lab.Reports.Figures;

/// <summary>Figures with a point for each agent: of very many each k-th is drawn, so that a browser can show the page.</summary>
internal static class Thinning
{
    /// <summary>The most points of a figure, but for what rounding leaves of each line.</summary>
    internal const int Most = 5000;

    /// <summary>Each how manieth of so many agents is drawn; 1 where all are.</summary>
    internal static int Step(int agents) => Math.Max(1, (agents + Most - 1) / Most);

    /// <summary>Each k-th value.</summary>
    internal static IEnumerable<T> Each<T>(IEnumerable<T> values, int step) => values.Where((_, i) => i % step == 0);

    /// <summary>How a note says it, a space before it; nothing where all are drawn.</summary>
    internal static string InWords(int step) => step == 1 ? "" : $" Drawn, and in the numbers, is one agent in {step} of each line; the sentence above counts all.";
}
