using System.Text;

namespace Simulator.Lab.Tests.Scenarios;

/// <summary>Damages YAML as people do who edit it, or who mean harm.</summary>
internal static class YamlMutations
{
    private static readonly string[] Pieces =
    [
        "\t", "\0", "\u001b[31m", "\u0085", "\u2028", "\uFEFF", "&a ", "*a ", "!!int ", "<<: *a", "---\n", "...\n", "%YAML 9.9\n", "? ", "- ", "[", "]", "{", "}", "|\n", ">\n", "'", "\"", "#", "~",
    ];

    private static readonly string[] Numbers =
    [
        "0", "-1", "1e999", "-1e999", ".nan", ".inf", "2147483647", "2147483648", "18446744073709551615", "18446744073709551616", "1000000", "0x7fffffff", "1e308", "5e-324", "100000",
        "9999999999999999999999999999999999999999999999", "[1, 2, 3]", "{}", "null", "\"1\"",
    ];

    /// <summary>A copy with one change.</summary>
    internal static byte[] Of(Random random, byte[] bytes)
    {
        if (random.Next(12) == 0)
        {
            var at = random.Next(bytes.Length + 1);
            byte[][] wrong = [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xC0, 0x80]];
            return [.. bytes[..at], .. wrong[random.Next(wrong.Length)], .. bytes[at..]];
        }

        var lines = Encoding.UTF8.GetString(bytes).Split('\n').ToList();
        var (one, other) = (random.Next(lines.Count), random.Next(lines.Count));
        switch (random.Next(11))
        {
            case 0:
                lines.Insert(other, lines[one]);
                break;
            case 1:
                lines.RemoveAt(one);
                break;
            case 2:
                lines[one] = new string(' ', random.Next(1, 9)) + lines[one];
                break;
            case 3:
                lines[one] = lines[one].TrimStart();
                break;
            case 4:
                lines[one] = WithNumber(random, lines[one]);
                break;
            case 5:
                var depth = random.Next(2, 300);
                lines[one] += string.Concat(Enumerable.Repeat(random.Next(2) == 0 ? "[" : "{a: ", depth));
                break;
            case 6:
                lines.InsertRange(one, Enumerable.Range(0, random.Next(2, 60)).Select(i => new string(' ', i) + $"k{i}:"));
                break;
            case 7:
                lines.InsertRange(one, Enumerable.Range(1, 12).Select(i => $"l{i}: &l{i} [{string.Join(", ", Enumerable.Repeat($"*l{i - 1}", 10))}]").Prepend("l0: &l0 lol"));
                break;
            case 8:
                lines[one] += new string((char)random.Next(32, 127), random.Next(10_000, 100_000));
                break;
            case 9:
                lines.InsertRange(one, Enumerable.Repeat(lines[other], random.Next(2, 2000)));
                break;
            default:
                var at = random.Next(lines[one].Length + 1);
                lines[one] = lines[one].Insert(at, Pieces[random.Next(Pieces.Length)]);
                break;
        }

        return Encoding.UTF8.GetBytes(string.Join('\n', lines));
    }

    /// <summary>The line with another value behind its key.</summary>
    private static string WithNumber(Random random, string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? line : $"{line[..colon]}: {Numbers[random.Next(Numbers.Length)]}";
    }
}
