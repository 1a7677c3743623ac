using System.Security.Cryptography;
using System.Text.Json;

namespace Simulator.Cluster.Tests;

/// <summary>What the folder of a run tells.</summary>
/// <param name="path">The folder.</param>
internal sealed class ClusterRunFolder(string path)
{
    internal string Path => path;

    /// <summary>Folder of the cells.</summary>
    internal string Cells => System.IO.Path.Combine(path, "cells");

    /// <summary>Events of a kind, so far.</summary>
    internal IReadOnlyList<JsonElement> Events(string kind)
    {
        var file = System.IO.Path.Combine(path, "events.jsonl");
        return !File.Exists(file) ? [] :
        [
            .. File.ReadAllText(file).Split('\n').SkipLast(1).Select(l => JsonDocument.Parse(l).RootElement).Where(e => e.GetProperty("event").GetString() == kind),
        ];
    }

    /// <summary>Value of a key of the manifest.</summary>
    internal JsonElement Manifest(string key)
    {
        using var manifest = JsonDocument.Parse(File.ReadAllBytes(System.IO.Path.Combine(path, "manifest.json")));
        return manifest.RootElement.GetProperty(key).Clone();
    }

    /// <summary>Every file of every cell, by its bytes.</summary>
    internal static SortedDictionary<string, string> Hashes(string folder) => new(
        Directory.GetFiles(System.IO.Path.Combine(folder, "cells"), "*", SearchOption.AllDirectories)
            .ToDictionary(f => System.IO.Path.GetRelativePath(folder, f), f => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(f))), StringComparer.Ordinal),
        StringComparer.Ordinal);
}
