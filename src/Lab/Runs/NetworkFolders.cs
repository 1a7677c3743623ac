using Simulator.Cells;
using Simulator.Compute;
using Simulator.Protocol;

namespace Simulator.Lab;

/// <summary>Thrown when a folder has no networks that a cell can start with.</summary>
internal sealed class NetworkFolderException : Exception
{
    /// <summary>Makes the exception with a message for the user.</summary>
    public NetworkFolderException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with a message for the user and its cause.</summary>
    public NetworkFolderException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Makes the exception.</summary>
    public NetworkFolderException()
    {
    }

    /// <summary>Whether the networks are what was written, by a cell that had diverged.</summary>
    public bool Diverged { get; init; }
}

/// <summary>
/// Reads what <see cref="NetworkFiles"/> wrote: the networks of a finished cell, for cells to start with. Each folder is read once and its arrays are shared by all cells that start
/// with them. Nothing outside the folder is read: links in it are refused.
/// </summary>
internal sealed class NetworkFolders
{
    private readonly Dictionary<string, (string Folder, SafetensorsFile Policies, SafetensorsFile Critic)> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<(string, NetworkArchitecture, NetworkArchitecture, int, bool), InitialNetworks> _loaded = [];

    /// <summary>The networks of a folder.</summary>
    /// <param name="path">Folder of a cell, or of a run with one cell.</param>
    /// <param name="options">The cell that they must fit.</param>
    /// <exception cref="NetworkFolderException">There are none, or they do not fit.</exception>
    internal InitialNetworks Load(string path, CellOptions options)
    {
        try
        {
            var (folder, policies, critic) = Files(path);
            CheckMetadata(Path.Combine(folder, NetworkFiles.Policies), policies, options);
            CheckMetadata(Path.Combine(folder, NetworkFiles.Critic), critic, options);
            var key = (path, CellMembers.PolicyOf(options), CellMembers.CriticOf(options), CellMembers.PoliciesOf(options), options.Mitigation.Observations == ObservationScale.Running);
            if (!_loaded.TryGetValue(key, out var networks))
            {
                var source = Path.Combine(folder, NetworkFiles.Policies);
                var own = Read(source, policies, key.Item2, key.Item4, stacked: true, besides: key.Item5 ? NetworkFiles.Statistics : null);
                networks = new InitialNetworks(own, Read(Path.Combine(folder, NetworkFiles.Critic), critic, key.Item3, 1, stacked: false)[0])
                {
                    ObservationStatistics = key.Item5 ? StatisticsOf(source, policies) : null,
                };
                _loaded.Add(key, networks);
            }

            return networks;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InvalidDataException or ArgumentException or NotSupportedException)
        {
            throw new NetworkFolderException($"the networks in '{Wording.Shorten(path)}' cannot be read: {fault.Message}", fault);
        }
    }

    private (string Folder, SafetensorsFile Policies, SafetensorsFile Critic) Files(string path)
    {
        if (!_files.TryGetValue(path, out var files))
        {
            var folder = CellFolder(path);
            files = (folder, SafetensorsFile.Read(FileIn(folder, NetworkFiles.Policies)), SafetensorsFile.Read(FileIn(folder, NetworkFiles.Critic)));
            _files.Add(path, files);
        }

        return files;
    }

    private static string CellFolder(string path)
    {
        if (!Directory.Exists(path))
        {
            throw new NetworkFolderException($"there is no folder '{Wording.Shorten(path)}'; name the folder of a finished run with one cell, or of one of its cells");
        }

        if (File.Exists(Path.Combine(path, NetworkFiles.Policies)))
        {
            return path;
        }

        var cells = new DirectoryInfo(Path.Combine(path, "cells"));
        var found = cells is { Exists: true, LinkTarget: null } ? cells.EnumerateDirectories().OrderBy(d => d.Name, StringComparer.Ordinal).ToList() : [];
        return found switch
        {
            [] => throw new NetworkFolderException(
                $"'{Wording.Shorten(path)}' holds no {NetworkFiles.Policies} and no cells; name the folder of a finished run with one cell, or of one of its cells"),
            [{ LinkTarget: not null }] => throw new NetworkFolderException($"'{found[0].FullName}' is a link; only what lies in the folder itself is read"),
            [var one] => Path.Combine(path, "cells", one.Name),
            _ => throw new NetworkFolderException(
                $"'{Wording.Shorten(path)}' has {found.Count} cells; name one of them, such as {Path.Combine(path, "cells", found[0].Name)}"),
        };
    }

    private static string FileIn(string folder, string name)
    {
        var file = new FileInfo(Path.Combine(folder, name));
        return !file.Exists ? throw new NetworkFolderException($"'{folder}' holds no {name}: it is no cell of a finished run that learned")
            : file.LinkTarget is not null ? throw new NetworkFolderException($"'{file}' is a link; only what lies in the folder itself is read")
            : file.ToString();
    }

    /// <summary>What equal shapes do not tell; files of others, which do not say, are taken at their shapes.</summary>
    private static void CheckMetadata(string source, SafetensorsFile file, CellOptions options)
    {
        (string Key, string Option, string Wanted)[] wanted =
        [
            ("variant", "policy.variant", options.Policy.Variant.ToString()),
            ("output", "mitigation.output", options.Mitigation.Output.ToString()),
            ("activation", "mitigation.actor_activation", CellMembers.PolicyOf(options).Activation.ToString()),
            ("actor_layer_norm", "mitigation.actor_layer_norm", options.Mitigation.ActorLayerNorm.ToString()),
            ("critic_layer_norm", "mitigation.critic_layer_norm", options.Mitigation.CriticLayerNorm.ToString()),
            .. NetworkFiles.OutputScale(options) is { } scale ? [(NetworkFiles.OutputScaleKey, "mitigation.output_scale", scale)] : Array.Empty<(string, string, string)>(),
            ("observations", "mitigation.observations", options.Mitigation.Observations.ToString()),
            ("sharing", "policy.sharing", options.Policy.Sharing.ToString()),

            // Who acts asks the critic for an order alone, which no scale changes.
            .. options.Learns ? [("rewards", "mitigation.rewards", options.Mitigation.Rewards.ToString())] : Array.Empty<(string, string, string)>(),
        ];
        if (options.Learns && file.Metadata.GetValueOrDefault("popart") == bool.TrueString)
        {
            throw new NetworkFolderException(
                $"{source} was trained with mitigation.popart: true, and the moments of its targets are not saved; such networks can act (mode: act), and not go on learning");
        }

        foreach (var (key, option, value) in wanted)
        {
            if (file.Metadata.TryGetValue(key, out var found) && found != value)
            {
                throw new NetworkFolderException(
                    $"{source} is of another kind: it was trained with {option}: {ScenarioSchema.SnakeCase(Wording.Shorten(found))}, and here that is {ScenarioSchema.SnakeCase(value)}");
            }
        }
    }

    /// <summary>Mean, then deviation of each column of observations, [2, 7].</summary>
    private static HostPayload StatisticsOf(string source, SafetensorsFile file)
    {
        if (!file.Contains(NetworkFiles.Statistics))
        {
            throw new NetworkFolderException(
                $"{source} does not fit: it has no tensor {NetworkFiles.Statistics}, so that it is not known what its policies saw of observations; earlier versions did not save them");
        }

        var values = file.Floats(NetworkFiles.Statistics);
        return !file.Shape(NetworkFiles.Statistics).SequenceEqual(NetworkFiles.StatisticsShape)
            ? throw new NetworkFolderException($"{source} does not fit: {NetworkFiles.Statistics} has the shape [{string.Join(", ", file.Shape(NetworkFiles.Statistics))}], and [{string.Join(", ", NetworkFiles.StatisticsShape)}] is needed")
            : !Array.TrueForAll(values, float.IsFinite) || Array.Exists(values[(values.Length / 2)..], deviation => deviation < 0)
                ? throw new NetworkFolderException($"{source} cannot be acted with: {NetworkFiles.Statistics} holds what are no means and deviations")
                : new HostPayload(values);
    }

    private static HostPayload[] Read(string source, SafetensorsFile file, NetworkArchitecture architecture, int count, bool stacked, string? besides = null)
    {
        var networks = new float[count][];
        for (var i = 0; i < count; i++)
        {
            networks[i] = new float[architecture.StateLength];
        }

        var tensors = NetworkFiles.Tensors(architecture).ToList();
        foreach (var (name, own, offset) in tensors)
        {
            var shape = stacked ? [count, .. own] : own;
            if (!file.Contains(name))
            {
                throw new NetworkFolderException($"{source} does not fit: it has no tensor {name}");
            }

            var found = file.Shape(name);
            if (stacked && found.Count == shape.Length && found[0] != count)
            {
                throw new NetworkFolderException($"{source} does not fit: it holds {found[0]} {(found[0] == 1 ? "policy" : "policies")}, and {count} are needed");
            }

            if (!found.SequenceEqual(shape))
            {
                throw new NetworkFolderException($"{source} does not fit: {name} has the shape [{string.Join(", ", found)}], and [{string.Join(", ", shape)}] is needed");
            }

            var values = file.Floats(name);
            if (Array.Exists(values, v => !float.IsFinite(v)))
            {
                throw new NetworkFolderException($"{source} cannot be acted with: {name} has numbers that are not finite, so its cell had diverged") { Diverged = true };
            }

            for (var i = 0; i < count; i++)
            {
                values.AsSpan(i * (values.Length / count), values.Length / count).CopyTo(networks[i].AsSpan(offset));
            }
        }

        if (file.Names.Except(tensors.Select(t => t.Name), StringComparer.Ordinal).FirstOrDefault(name => name != besides) is { } unknown)
        {
            throw new NetworkFolderException($"{source} does not fit: this network has no tensor {Wording.Shorten(unknown)}, so the file is of another kind");
        }

        return Array.ConvertAll(networks, n => new HostPayload(n));
    }
}
