namespace Simulator.Lab;

/// <summary>One thing wrong with a scenario, and where.</summary>
/// <param name="File">Path of the file as it was given, or the command-line option at fault.</param>
/// <param name="Line">Line in the file, from 1; 0 where there is none.</param>
/// <param name="Key">Dotted key at fault; empty where the fault is not a key's.</param>
/// <param name="Message">What is wrong; what is allowed; the nearest valid spelling where there is one.</param>
public sealed record ScenarioFault(string File, int Line, string Key, string Message)
{
    /// <summary>Faults after which reading stops: what is wrong line after line has one cause, and a million such lines would take a gigabyte to say.</summary>
    internal const int Most = 1000;

    /// <summary>Whether reading stops.</summary>
    internal static bool Enough(List<ScenarioFault> faults) => faults.Count >= Most;

    /// <summary>One line, <c>file:line: key: message</c>, free of control characters.</summary>
    public override string ToString()
    {
        var place = Line > 0 ? $"{File}:{Line}" : File;
        return Wording.OneLine(Key.Length > 0 ? $"{place}: {Key}: {Message}" : $"{place}: {Message}");
    }
}

/// <summary>Where a node, and so a value, comes from.</summary>
/// <param name="File">Path of the file, or the command-line option.</param>
/// <param name="Line">Line from 1; 0 where there is none.</param>
internal readonly record struct Place(string File, int Line)
{
    public ScenarioFault Fault(string key, string message) => new(File, Line, key, message);

    /// <summary>How a message about another place refers to this one.</summary>
    public override string ToString() => Line > 0 ? $"line {Line}" : Wording.OneLine(File);
}
