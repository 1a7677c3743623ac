using System.Text.RegularExpressions;

namespace Simulator.Observability.Tests;

/// <summary>One condition on a label within a selector.</summary>
internal sealed record LabelMatcher(string Label, string Operator, string Value)
{
    public override string ToString() => $"{Label}{Operator}\"{Value}\"";
}

/// <summary>A selector of an expression.</summary>
/// <param name="Name">The metric's name; empty where only labels select.</param>
/// <param name="Matchers">The conditions in its braces.</param>
internal sealed record Selector(string Name, IReadOnlyList<LabelMatcher> Matchers)
{
    /// <summary>The selector as an expression of its own.</summary>
    public override string ToString() => Matchers.Count == 0 ? Name : $"{Name}{{{string.Join(", ", Matchers)}}}";
}

/// <summary>
/// The selectors, groupings and ranges of a PromQL expression (https://prometheus.io/docs/prometheus/latest/querying/basics): as much of the language as it takes to find the names in it. Whether an
/// expression is well-formed is for promtool and Prometheus to say.
/// </summary>
internal sealed partial class PromQl
{
    private static readonly string[] Groupings = ["by", "without", "on", "ignoring", "group_left", "group_right"];
    private static readonly string[] Words = ["and", "or", "unless", "bool", "offset", "atan2", "inf", "nan"];
    private static readonly string[] Aggregations = ["sum", "min", "max", "avg", "group", "stddev", "stdvar", "count", "count_values", "bottomk", "topk", "quantile"];

    private PromQl(IReadOnlyList<Selector> selectors, IReadOnlySet<string> labels, IReadOnlyList<string> ranges) => (Selectors, Labels, Ranges) = (selectors, labels, ranges);

    /// <summary>Its selectors, in the order in which they stand.</summary>
    public IReadOnlyList<Selector> Selectors { get; }

    /// <summary>Labels that it groups or joins by, or makes.</summary>
    public IReadOnlySet<string> Labels { get; }

    /// <summary>What stands between square brackets.</summary>
    public IReadOnlyList<string> Ranges { get; }

    public static PromQl Read(string expression)
    {
        var tokens = Token().Matches(expression).Select(match => match.Value).Where(token => !string.IsNullOrWhiteSpace(token) && token[0] != '#').ToList();
        var selectors = new List<Selector>();
        var labels = new HashSet<string>(StringComparer.Ordinal);
        var ranges = new List<string>();
        for (var i = 0; i < tokens.Count; i++)
        {
            var token = tokens[i];
            var next = i + 1 < tokens.Count ? tokens[i + 1] : "";
            if (token == "{")
            {
                selectors.Add(new Selector("", Matchers(tokens, ref i)));
            }
            else if (token == "[")
            {
                var end = tokens.IndexOf("]", i);
                ranges.Add(string.Concat(tokens[(i + 1)..end]));
                i = end;
            }
            else if (Groupings.Contains(token))
            {
                if (next == "(")
                {
                    var end = tokens.IndexOf(")", i);
                    labels.UnionWith(tokens[(i + 2)..end].Where(t => t != ","));
                    i = end;
                }
            }
            else if (token is "count_values" or "label_replace" or "label_join")
            {
                // The label that comes of it is the first string within.
                labels.Add(tokens.Skip(i).First(t => t[0] == '"' && tokens.IndexOf(t) > i).Trim('"'));
            }
            else if (IsName(token) && next != "(" && !Words.Contains(token, StringComparer.OrdinalIgnoreCase) && !Aggregations.Contains(token))
            {
                i += next == "{" ? 1 : 0;
                selectors.Add(new Selector(token, next == "{" ? Matchers(tokens, ref i) : []));
            }
        }

        return new PromQl(selectors, labels, ranges);
    }

    /// <summary>An expression that has a value wherever the given one is compared with a number, whether the comparison holds or not.</summary>
    public static string WithoutComparisons(string expression) => Comparison().Replace(expression, "");

    /// <summary>What stands on either side of each <c>or</c>: where one side is wrong, the other still answers. <c>or</c> binds least of all operators, so that a side ends at a parenthesis or a comma.</summary>
    public static IReadOnlyList<string> Alternatives(string expression)
    {
        var tokens = Token().Matches(expression).Where(match => !string.IsNullOrWhiteSpace(match.Value) && match.Value[0] != '#').ToList();
        var alternatives = new List<string>();
        var open = new Stack<(int Start, bool Alternative)>([(0, false)]);
        for (var i = 0; i < tokens.Count; i++)
        {
            var end = tokens[i].Index + tokens[i].Length;
            switch (tokens[i].Value)
            {
                case "(" or "{":
                    open.Push((end, false));
                    break;
                case ")" or "}":
                    Close(tokens[i].Index);
                    break;
                case ",":
                    Close(tokens[i].Index);
                    open.Push((end, false));
                    break;
                case "or":
                    Close(tokens[i].Index, alternative: true);
                    if (tokens[i + 1].Value is "on" or "ignoring")
                    {
                        i = tokens.FindIndex(i, token => token.Value == ")");
                    }

                    open.Push((tokens[i].Index + tokens[i].Length, true));
                    break;
                default:
                    break;
            }
        }

        Close(expression.Length);
        return alternatives;

        void Close(int end, bool alternative = false)
        {
            var (start, one) = open.Pop();
            if (one || alternative)
            {
                alternatives.Add(expression[start..end].Trim());
            }
        }
    }

    private static bool IsName(string token) => char.IsAsciiLetter(token[0]) || token[0] is '_' or ':';

    /// <summary>Reads from an opening brace; leaves the index at the closing one.</summary>
    private static List<LabelMatcher> Matchers(List<string> tokens, ref int i)
    {
        var matchers = new List<LabelMatcher>();
        for (i++; tokens[i] != "}"; i++)
        {
            if (tokens[i] != ",")
            {
                matchers.Add(new LabelMatcher(tokens[i], tokens[i + 1], tokens[i + 2].Trim('"')));
                i += 2;
            }
        }

        return matchers;
    }

    // Comments, strings, Grafana's variables, names, numbers with units, operators of two characters, and whatever is one character.
    [GeneratedRegex("""\#.*|"(?:\\.|[^"\\])*"|\$\w+|[A-Za-z_:][\w:]*|\d[\w.+]*|=~|!~|!=|==|<=|>=|.|\n""")]
    private static partial Regex Token();

    // Matchers compare labels with strings, so that they are not among these.
    [GeneratedRegex(@"\s*(?:==|!=|<=|>=|<|>)\s*(?:bool\s+)?[-+]?\d[\d.]*(?:e[-+]?\d+)?\b")]
    private static partial Regex Comparison();
}
