using Simulator.Compute;

namespace Simulator.Parity;

/// <summary>
/// The recorded behaviour of the original implementation: every safetensors file of the folder that PARITY_FIXTURES names, by default the
/// nearest tests/fixtures at or above the test's own folder.
/// </summary>
internal static class FixtureCatalog
{
    /// <summary>The variable that names another folder.</summary>
    internal const string Variable = "PARITY_FIXTURES";

    private const string Pattern = "*.safetensors";

    /// <summary>The folder; it need not exist.</summary>
    internal static string Folder { get; } = FindFolder();

    /// <summary>Paths of all files below the folder, relative to it and in ordinal order; empty where the folder is missing.</summary>
    internal static string[] Files() => Directory.Exists(Folder)
        ? [.. Directory.EnumerateFiles(Folder, Pattern, SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Folder, path))
            .Order(StringComparer.Ordinal)]
        : [];

    /// <summary>Reads a file by its path relative to the folder.</summary>
    internal static SafetensorsFile Read(string file) => SafetensorsFile.Read(Path.Combine(Folder, file));

    /// <summary>A value of the file's metadata; the test fails where it is missing.</summary>
    internal static string Required(this SafetensorsFile fixture, string key)
    {
        Assert.True(fixture.Metadata.ContainsKey(key), $"The fixture's metadata lacks '{key}'.");
        return fixture.Metadata[key];
    }

    private static string FindFolder()
    {
        var named = System.Environment.GetEnvironmentVariable(Variable);
        if (!string.IsNullOrEmpty(named))
            return Path.GetFullPath(named);
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var fixtures = Path.Combine(folder.FullName, "tests", "fixtures");
            if (Directory.Exists(fixtures))
                return fixtures;
        }

        return Path.Combine(AppContext.BaseDirectory, "tests", "fixtures");
    }
}
