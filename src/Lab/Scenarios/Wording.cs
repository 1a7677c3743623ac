using System.Globalization;

namespace Simulator.Lab;

/// <summary>How values and spellings are put into words; what a user wrote may hold anything and be of any length.</summary>
public static class Wording
{
    private const int LongestQuote = 60;

    /// <summary>The text in single quotes, shortened.</summary>
    internal static string Quote(string text) => $"'{Shorten(text)}'";

    internal static string Shorten(string text) => text.Length <= LongestQuote ? text : text[..LongestQuote] + "...";

    /// <summary>The text without line breaks and terminal control characters.</summary>
    internal static string OneLine(string text) =>
        text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)) : text;

    /// <summary>Shortest text that parses back to the number, with a plain exponent: 0.01, 5e-27, 1e9.</summary>
    internal static string Shortest(double value)
    {
        var (mantissa, exponent) = Split(value);
        return exponent is { } e ? $"{mantissa}e{e}" : mantissa;
    }

    /// <summary>A bound of a range, long round ones with an exponent: 1e9 rather than 1000000000.</summary>
    internal static string Bound(double value)
    {
        var (plain, scientific) = (Shortest(value), value.ToString("0.################e0", CultureInfo.InvariantCulture));
        return scientific.Length + 2 < plain.Length ? scientific : plain;
    }

    /// <summary>As <see cref="Shortest"/>, in the form that every version of YAML reads as a number: 0.01, 5.0e-27, 1.0e+9.</summary>
    internal static string YamlNumber(double value)
    {
        var (mantissa, exponent) = Split(value);
        if (exponent is not { } e) return mantissa;

        var point = mantissa.Contains('.', StringComparison.Ordinal) ? "" : ".0";
        return $"{mantissa}{point}e{e.ToString("+0;-0", CultureInfo.InvariantCulture)}";
    }

    /// <summary>The candidate with the smallest edit distance, or null where none is near enough to be meant.</summary>
    /// <param name="text">What was written.</param>
    /// <param name="candidates">What could have been meant.</param>
    public static string? Nearest(string text, IEnumerable<string> candidates)
    {
        var within = Math.Max(2, text.Length / 3);
        return candidates
            .Where(candidate => Math.Abs(candidate.Length - text.Length) <= within)
            .Select(candidate => (Candidate: candidate, Distance: Distance(text, candidate)))
            .Where(pair => pair.Distance <= within && pair.Distance < pair.Candidate.Length)
            .OrderBy(pair => pair.Distance)
            .Select(pair => pair.Candidate)
            .FirstOrDefault();
    }

    /// <summary>Edit distance in which neighbours swapped count as one edit (optimal string alignment), ignoring case.</summary>
    private static int Distance(string a, string b)
    {
        a = a.ToUpperInvariant();
        b = b.ToUpperInvariant();
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) rows[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) rows[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = rows[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                rows[i, j] = Math.Min(replaced, Math.Min(rows[i - 1, j], rows[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
            }
        }

        return rows[a.Length, b.Length];
    }

    private static (string Mantissa, int? Exponent) Split(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        var at = text.IndexOf('E', StringComparison.Ordinal);
        return at < 0 ? (text, null) : (text[..at], int.Parse(text.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
    }
}
