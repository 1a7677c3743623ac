using System.Text.RegularExpressions;
using Akka.Cluster.Sharding;
using Akka.Cluster.Tools.Singleton;
using Akka.Configuration;
using Akka.Configuration.Hocon;
using Simulator.Cells;
using Simulator.Lab;

namespace Simulator;

/// <summary>Files with settings of a cluster, in HOCON: <c>cluster.hocon</c>, which comes with the program, and those of users.</summary>
internal static partial class SettingsFile
{
    /// <summary>Name of the file that comes with the program.</summary>
    internal const string Name = "cluster.hocon";

    private const long MostBytes = 1 << 20;

    /// <summary>Sections whose keys are names that users give.</summary>
    private static readonly string[] Free =
    [
        "akka.actor.deployment", "akka.actor.serializers", "akka.actor.serialization-bindings", "akka.actor.serialization-identifiers", "akka.actor.serialization-settings",
        "akka.cluster.role", "akka.coordinated-shutdown.phases", "akka.remote.adapters",
    ];

    /// <summary>Settings that Akka.NET reads and does not list.</summary>
    private static readonly string[] Unlisted =
    [
        "akka.remote.dot-netty.tcp.enable-pooling", "akka.remote.dot-netty.tcp.log-transport", "akka.loggers", "akka.log-config-on-start",
    ];

    private static readonly Lazy<Config> Shipped = new(() => Read(Path.Combine(AppContext.BaseDirectory, Name), check: false)
        .WithFallback(SimulatorSystem.Configuration)
        .WithFallback(ClusterSharding.DefaultConfig())
        .WithFallback(ClusterSingleton.DefaultConfig()));

    private static readonly Lazy<Config> Known = new(() => Reference
        .WithFallback(ConfigurationFactory.ParseString(string.Join('\n', Unlisted.Select(u => $"{u} = on"))))
        .WithFallback(FromResource(typeof(Akka.Cluster.Cluster), "Akka.Cluster.Configuration.Cluster.conf"))
        .WithFallback(FromResource(typeof(Akka.Remote.RemoteSettings), "Akka.Remote.Configuration.Remote.conf"))
        .WithFallback(ConfigurationFactory.Default()));

    /// <summary>The settings that come with the program, and below them what it and Akka.NET's extensions set.</summary>
    /// <exception cref="NodeSettingsException">The file is not there, or not well-formed.</exception>
    internal static Config Reference => Shipped.Value;

    /// <summary>Reads a file of a user.</summary>
    /// <exception cref="NodeSettingsException">It cannot be read, is not well-formed, or has a setting that nobody reads.</exception>
    internal static Config Read(string path) => Read(path, check: true);

    private static Config Read(string path, bool check)
    {
        try
        {
            var file = new FileInfo(path);
            if (file.Exists && file.Length > MostBytes)
            {
                throw new NodeSettingsException($"{path} has {file.Length} bytes: a file of settings has at most {MostBytes}");
            }

            var text = File.ReadAllText(path);
            var places = SettingsSyntax.Read(text);
            if (check)
            {
                Check(path, places);
            }

            var config = ConfigurationFactory.ParseString(text);
            if (check)
            {
                CheckValues(path, places, config);
            }

            return config;
        }
        catch (FormatException fault)
        {
            throw new NodeSettingsException($"{path}:{fault.Message}", fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new NodeSettingsException($"the settings cannot be read: {fault.Message}", fault);
        }
    }

    private static void Check(string path, IReadOnlyList<SettingPlace> places)
    {
        var known = Known.Value;
        foreach (var place in places)
        {
            for (var depth = 0; depth < place.Path.Count; depth++)
            {
                var keys = KeysOf(known, place.Path.Take(depth));
                if (keys is null || Free.Contains(string.Join('.', place.Path.Take(depth)), StringComparer.Ordinal))
                {
                    break;
                }

                var key = place.Path[depth];
                if (!keys.Contains(key, StringComparer.Ordinal))
                {
                    var nearest = Wording.Nearest(key, keys);
                    throw new NodeSettingsException($"{path}:{place.Line}: there is no setting '{string.Join('.', place.Path.Take(depth + 1))}'{(nearest is null ? "" : $"; did you mean '{nearest}'?")}");
                }
            }
        }
    }

    /// <summary>Times and numbers are such where the settings that come with the program, or Akka.NET's, have one.</summary>
    private static void CheckValues(string path, IReadOnlyList<SettingPlace> places, Config config)
    {
        foreach (var place in places)
        {
            var name = string.Join('.', place.Path);
            if (ValueOf(Known.Value, place.Path) is not { } usual || ValueOf(config, place.Path) is not { } value)
            {
                continue;
            }

            if (Time().IsMatch(usual) && !Time().IsMatch(value) && value is not ("off" or "infinite"))
            {
                throw new NodeSettingsException($"{path}:{place.Line}: {name} is '{value}': a time with its unit is allowed, as in {usual}");
            }

            if (Number().IsMatch(usual) && !(usual.Contains('.', StringComparison.Ordinal) ? Number() : Whole()).IsMatch(value) && value is not ("off" or "all"))
            {
                throw new NodeSettingsException($"{path}:{place.Line}: {name} is '{value}': a number is allowed, as in {usual}");
            }
        }
    }

    private static string? ValueOf(Config config, IEnumerable<string> path) =>
        path.Aggregate(config.Root, (HoconValue? value, string key) => value?.GetObject()?.GetKey(key)) is { } found && found.IsString() ? found.GetString().Trim() : null;

    [GeneratedRegex(@"^[0-9]+(\.[0-9]+)? ?(ms|millis(econds)?|s|seconds?|m|min(utes)?|h|hours?|d|days?)$", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Time();

    [GeneratedRegex(@"^[0-9]+(\.[0-9]+)?$", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Number();

    [GeneratedRegex("^[0-9]{1,9}$", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Whole();

    /// <summary>Keys of a section; none where it holds a value.</summary>
    private static Dictionary<string, HoconValue>.KeyCollection? KeysOf(Config config, IEnumerable<string> section) =>
        section.Aggregate(config.Root, (HoconValue? value, string key) => value?.GetObject()?.GetKey(key))?.GetObject()?.Items.Keys;

    private static Config FromResource(Type of, string name)
    {
        using var stream = of.Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{of.Assembly.GetName().Name} has no {name}");
        using var reader = new StreamReader(stream);
        return ConfigurationFactory.ParseString(reader.ReadToEnd());
    }
}
