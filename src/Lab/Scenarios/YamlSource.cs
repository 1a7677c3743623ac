using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Simulator.Lab;

/// <summary>A value as it was written, with its place.</summary>
internal abstract record SourceNode(Place Place);

/// <summary>Text without structure; <paramref name="Plain"/>: written without quotes, so that it may be a number or null.</summary>
internal sealed record SourceScalar(Place Place, string Text, bool Plain) : SourceNode(Place)
{
    /// <summary>Nothing was written where a value belongs.</summary>
    public bool IsEmpty => Plain && Text.Length == 0;

    public bool IsNull => Plain && Text is "" or "~" or "null" or "Null" or "NULL";
}

/// <summary>A list, block or flow.</summary>
internal sealed record SourceList(Place Place, IReadOnlyList<SourceNode> Items) : SourceNode(Place);

/// <summary>A mapping, with its entries as written: a key may come twice.</summary>
internal sealed record SourceMap(Place Place, IReadOnlyList<SourceEntry> Entries) : SourceNode(Place);

/// <summary>Something whose fault has been reported already; readers pass over it.</summary>
internal sealed record SourceUnusable(Place Place) : SourceNode(Place);

/// <summary>A key and its value.</summary>
internal sealed record SourceEntry(SourceScalar Key, SourceNode Value);

/// <summary>Turns text into a tree of nodes that know their places.</summary>
/// <remarks>
/// The tree is built from YamlDotNet's events, not its representation model: that one stops at the first duplicate key and recurses as deep
/// as the text does, and here every fault is wanted and no text may exhaust the stack. Anchors, aliases and tags are refused.
/// </remarks>
internal sealed class YamlSource
{
    /// <summary>The largest scenario file, in bytes.</summary>
    public const int LargestFile = 1 << 20;

    private const int DeepestNesting = 20;

    private readonly Parser _parser;
    private readonly Func<Mark, Place> _place;
    private readonly List<ScenarioFault> _faults;

    private YamlSource(string text, Func<Mark, Place> place, List<ScenarioFault> faults)
    {
        _parser = new Parser(new StringReader(text));
        _place = place;
        _faults = faults;
    }

    /// <summary>Reads a file's text. An unreadable, too large or wrongly encoded file is a fault, and gives null.</summary>
    public static string? ReadText(string path, List<ScenarioFault> faults)
    {
        try
        {
            using var stream = File.OpenRead(path);
            var bytes = new byte[LargestFile + 1];
            var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length <= LargestFile)
            {
                using var reader = new StreamReader(new MemoryStream(bytes, 0, length), new UTF8Encoding(false, throwOnInvalidBytes: true));
                return reader.ReadToEnd();
            }

            faults.Add(new(path, 0, "", "the file is over 1 MB; a scenario has at most 1 MB"));
        }
        catch (DecoderFallbackException)
        {
            faults.Add(new(path, 0, "", "the file is not UTF-8 text; a scenario is YAML in UTF-8"));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            faults.Add(new(path, 0, "", "there is no such file"));
        }
        catch (UnauthorizedAccessException) when (Directory.Exists(path))
        {
            faults.Add(new(path, 0, "", "this is a folder; name the scenario file in it"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            faults.Add(new(path, 0, "", $"the file cannot be read: {e.Message}"));
        }

        return null;
    }

    /// <summary>Parses a file's text; null where it is empty or, with a fault added, where it is not YAML.</summary>
    public static SourceNode? ParseFile(string path, string text, List<ScenarioFault> faults) =>
        new YamlSource(text, mark => new Place(path, (int)mark.Line), faults).Document(new Place(path, 1));

    /// <summary>Parses the value of a command-line option; every node has the option as its place.</summary>
    public static SourceNode? ParseOption(string option, string text, List<ScenarioFault> faults)
    {
        var place = new Place(option, 0);
        return new YamlSource(text, _ => place, faults).Document(place);
    }

    private SourceNode? Document(Place start)
    {
        try
        {
            _parser.Consume<StreamStart>();
            if (_parser.TryConsume<StreamEnd>(out _)) return null;

            _parser.Consume<DocumentStart>();
            var root = Node(depth: 1);
            _parser.Consume<DocumentEnd>();
            if (_parser.Current is DocumentStart second)
                throw new YamlException(second.Start, second.End, "a second document begins; a scenario is one YAML document");

            return root is SourceScalar { IsEmpty: true } ? null : root;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Some broken texts surprise the parser itself: a stray directive gives InvalidOperationException, a wrong tag ArgumentException.
            var place = _place((e as YamlException)?.Start ?? _parser.Current?.Start ?? Mark.Empty);
            _faults.Add((place.Line > 0 ? place : start).Fault("", $"the YAML cannot be read: {e.Message.TrimEnd('.')}"));
            return null;
        }
    }

    private SourceNode Node(int depth)
    {
        var current = _parser.Current ?? throw new SyntaxErrorException("the text ends too early");
        var place = _place(current.Start);
        if (depth > DeepestNesting)
            throw new YamlException(current.Start, current.End, $"more than {DeepestNesting} levels of nesting; a scenario has at most {DeepestNesting}");

        if (ScenarioFault.Enough(_faults)) throw new YamlException(current.Start, current.End, $"there are {ScenarioFault.Most} faults before this, and nothing is read after them");

        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            _faults.Add(place.Fault("", $"alias {Wording.Quote("*" + alias.Value.Value)} is not supported; write the value out"));
            return new SourceUnusable(place);
        }

        if (current is NodeEvent node) Refuse(node, place);
        if (_parser.TryConsume<Scalar>(out var scalar)) return new SourceScalar(place, scalar.Value, scalar.Style == ScalarStyle.Plain);

        return _parser.TryConsume<SequenceStart>(out _) ? List(place, depth) : Map(place, depth);
    }

    private SourceList List(Place place, int depth)
    {
        var items = new List<SourceNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _)) items.Add(Node(depth + 1));
        return new SourceList(place, items);
    }

    private SourceMap Map(Place place, int depth)
    {
        _parser.Consume<MappingStart>();
        var entries = new List<SourceEntry>();
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var key = Node(depth + 1);
            var value = Node(depth + 1);
            if (key is SourceScalar scalar) entries.Add(new SourceEntry(scalar, value));
            else if (key is not SourceUnusable) _faults.Add(key.Place.Fault("", "a list or a mapping stands where a key belongs; a key is a word"));
        }

        return new SourceMap(place, entries);
    }

    private void Refuse(NodeEvent node, Place place)
    {
        if (!node.Anchor.IsEmpty)
            _faults.Add(place.Fault("", $"anchor {Wording.Quote("&" + node.Anchor.Value)} is not supported; write the value where it is needed"));
        if (!node.Tag.IsEmpty)
            _faults.Add(place.Fault("", $"tag {Wording.Quote(node.Tag.IsNonSpecific ? "!" : node.Tag.Value)} is not supported; every key has its type already"));
    }
}
