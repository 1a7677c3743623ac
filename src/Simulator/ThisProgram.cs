using System.Diagnostics;

namespace Simulator;

/// <summary>How this program is started again: by itself, or by dotnet with the assembly's path.</summary>
internal static class ThisProgram
{
    /// <summary>The file to start, and the arguments that come before the program's own.</summary>
    internal static (string File, IReadOnlyList<string> Before) Command
    {
        get
        {
            var assembly = typeof(ThisProgram).Assembly;
            return System.Environment.ProcessPath is { } program && Path.GetFileNameWithoutExtension(program) == assembly.GetName().Name ? (program, []) : ("dotnet", [assembly.Location]);
        }
    }

    /// <summary>Starts it again.</summary>
    /// <param name="arguments">Its arguments.</param>
    internal static ProcessStartInfo Again(IEnumerable<string> arguments)
    {
        var (file, before) = Command;
        var start = new ProcessStartInfo(file) { UseShellExecute = false };
        foreach (var argument in before.Concat(arguments))
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }
}
