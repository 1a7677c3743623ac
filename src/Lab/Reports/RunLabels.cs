namespace Simulator.Lab.Reports;

/// <summary>Short names of runs that are compared: their folders' names, with as many folders above as tell them apart.</summary>
internal static class RunLabels
{
    /// <summary>A label for each folder.</summary>
    internal static string[] Of(IReadOnlyList<string> folders)
    {
        var parts = folders.Select(f => Path.TrimEndingDirectorySeparator(Path.GetFullPath(f)).Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries)).ToArray();
        for (var depth = 1; ; depth++)
        {
            var labels = parts.Select(p => string.Join('/', p.TakeLast(depth))).ToArray();
            if (labels.Distinct(StringComparer.Ordinal).Count() == labels.Length)
            {
                return labels;
            }

            if (depth > parts.Max(p => p.Length))
            {
                throw new UnreadableRunException("a run is given twice; compare folders that differ");
            }
        }
    }
}
