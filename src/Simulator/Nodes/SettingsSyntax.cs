namespace Simulator;

/// <summary>A setting of a file.</summary>
/// <param name="Path">Keys from the outermost one on.</param>
/// <param name="Line">Its line, from 1.</param>
internal sealed record SettingPlace(IReadOnlyList<string> Path, int Line);

/// <summary>
/// Finds what is wrong with the syntax of a settings file, and where each setting is. Akka.NET's own reader takes nearly anything for HOCON (a bracket that is never closed, a key without a value) and gives back something else than was meant.
/// What it reads is a part of HOCON: objects, lists, texts in quotes or without, comments; no include and no substitution, which Akka.NET resolves against nothing but the same file.
/// </summary>
internal sealed class SettingsSyntax
{
    private const char End = '\0';

    private readonly string _text;
    private readonly List<SettingPlace> _places = [];
    private int _at;
    private int _line = 1;

    private SettingsSyntax(string text) => _text = text;

    private char Next => _at < _text.Length ? _text[_at] : End;

    /// <summary>The settings of a text, those that hold others among them.</summary>
    /// <exception cref="FormatException">It is not well-formed; the message begins with the line.</exception>
    internal static IReadOnlyList<SettingPlace> Read(string text)
    {
        var syntax = new SettingsSyntax(text);
        syntax.Space();
        if (syntax.Next == '{')
        {
            syntax.Object([]);
            syntax.Space();
        }
        else
        {
            syntax.Fields([], braced: false);
        }

        return syntax._at < text.Length ? throw syntax.Fault($"'{syntax.Next}' closes nothing") : syntax._places;
    }

    private void Object(List<string> path)
    {
        var opened = _line;
        Take();
        Fields(path, braced: true);
        if (Next != '}')
        {
            throw Fault($"the brace of line {opened} is not closed");
        }

        Take();
    }

    private void Fields(List<string> path, bool braced)
    {
        for (Space(); Next is not (End or '}'); Space())
        {
            var key = Key();
            List<string> inner = [.. path, .. key.Split('.')];
            _places.Add(new SettingPlace(inner, _line));
            Blanks();
            if (Next != '{')
            {
                if (Next == '+')
                {
                    Take();
                }

                if (Next is not ('=' or ':'))
                {
                    throw Fault($"'{key}' has no value: KEY = VALUE or KEY {{ ... }} is allowed");
                }

                Take();
                Blanks();
            }

            Value(key, inner);
        }

        if (!braced && Next == '}')
        {
            throw Fault("'}' closes nothing");
        }
    }

    private void Value(string key, List<string> path)
    {
        switch (Next)
        {
            case '{':
                Object(path);
                break;
            case '[':
                List(key);
                break;
            default:
                Scalar(key);
                break;
        }

        Blanks();
        if (Next is not (End or '\n' or '\r' or ',' or '}' or ']') && !AtComment())
        {
            throw Fault($"'{Next}' after the value of '{key}': a setting is a line of its own");
        }
    }

    private void List(string key)
    {
        var opened = _line;
        Take();
        for (Space(); Next is not (End or ']' or '}'); Space())
        {
            Value(key, []);
        }

        if (Next != ']')
        {
            throw Fault($"the bracket of line {opened} is not closed");
        }

        Take();
    }

    private string Key()
    {
        var start = _at;
        if (Next == '"')
        {
            Quoted();
            return _text[(start + 1)..(_at - 1)];
        }

        while (char.IsLetterOrDigit(Next) || Next is '.' or '-' or '_' or '/' or '*')
        {
            Take();
        }

        var key = _text[start.._at];
        return key.Length == 0 ? throw Fault($"'{Next}' is no key")
            : key == "include" ? throw Fault("other files cannot be included")
            : key.Split('.').Contains("", StringComparer.Ordinal) ? throw Fault($"'{key}' is no key")
            : key;
    }

    private void Scalar(string key)
    {
        var start = _at;
        while (Next is not (End or '\n' or '\r' or ',' or '}' or ']') && !AtComment())
        {
            switch (Next)
            {
                case '"':
                    Quoted();
                    break;
                case '=' or ':' or '{' or '[':
                    throw Fault($"a value with '{Next}' must be in quotes (the value of '{key}')");
                case '$':
                    throw Fault($"substitutions are not supported (the value of '{key}')");
                default:
                    Take();
                    break;
            }
        }

        if (_text[start.._at].Trim().Length == 0)
        {
            throw Fault($"'{key}' has no value");
        }
    }

    private void Quoted()
    {
        var opened = _line;
        if (_text.AsSpan(_at).StartsWith("\"\"\"", StringComparison.Ordinal))
        {
            throw Fault("texts in three quotes are not supported");
        }

        Take();
        while (Next is not (End or '\n' or '"'))
        {
            if (Next == '\\')
            {
                Take();
            }

            Take();
        }

        if (Next != '"')
        {
            throw Fault($"the quote of line {opened} is not closed");
        }

        Take();
    }

    private bool AtComment() => Next == '#' || (Next == '/' && _at + 1 < _text.Length && _text[_at + 1] == '/');

    /// <summary>Skips blanks of a line, and comments.</summary>
    private void Blanks()
    {
        while (Next is ' ' or '\t')
        {
            Take();
        }

        if (AtComment())
        {
            while (Next is not (End or '\n'))
            {
                Take();
            }
        }
    }

    /// <summary>Skips what may stand between settings.</summary>
    private void Space()
    {
        for (Blanks(); Next is '\n' or '\r' or ','; Blanks())
        {
            Take();
        }
    }

    private void Take()
    {
        if (_at < _text.Length)
        {
            _line += _text[_at] == '\n' ? 1 : 0;
            _at++;
        }
    }

    private FormatException Fault(string what) => new($"{_line}: {what}");
}
