using System.Globalization;
using Akka.Configuration;

namespace Simulator;

/// <summary>What the command line says of a node; null where it says nothing.</summary>
internal sealed record NodeArguments
{
    /// <summary>What others call this node.</summary>
    internal string? Hostname { get; init; }

    /// <summary>TCP port for other nodes; 0 for any that is free.</summary>
    internal int? Port { get; init; }

    /// <summary>Nodes to ask for admission, HOST:PORT with commas between them.</summary>
    internal string? SeedNodes { get; init; }

    /// <summary>What the node does, with commas between the roles.</summary>
    internal string? Roles { get; init; }

    /// <summary>File with settings.</summary>
    internal string? ConfigFile { get; init; }

    /// <summary>Folder that runs are in.</summary>
    internal string? Runs { get; init; }

    /// <summary>Where to compute.</summary>
    internal string? Device { get; init; }

    /// <summary>Threads of the device that cells share.</summary>
    internal int? Threads { get; init; }
}

/// <summary>
/// What a node is, put together from the command line, the variables <c>SIMULATOR_*</c>, a file of the user and the file that comes with the program; the first that says something counts.
/// </summary>
internal sealed record NodeSettings
{
    /// <summary>Prefix of the variables.</summary>
    internal const string Prefix = "SIMULATOR_";

    private const string Transport = "akka.remote.dot-netty.tcp";

    /// <summary>Name or address by which others reach the node.</summary>
    internal required string Hostname { get; init; }

    /// <summary>TCP port for other nodes; 0 for any that is free.</summary>
    internal required int Port { get; init; }

    /// <summary>What the port is bound to, where that is not <see cref="Hostname"/>.</summary>
    internal string? BindHostname { get; init; }

    /// <summary>Nodes to ask for admission, the one that begins the cluster first.</summary>
    internal IReadOnlyList<NodeAddress> SeedNodes { get; init; } = [];

    /// <summary>What the node does.</summary>
    internal required IReadOnlyList<string> Roles { get; init; }

    /// <summary>The user's file; null where there is none.</summary>
    internal string? ConfigFile { get; init; }

    /// <summary>Folder that runs are in.</summary>
    internal string Runs { get; init; } = "runs";

    /// <summary>Where to compute.</summary>
    internal string Device { get; init; } = "auto";

    /// <summary>Threads of the device that cells share; 0 for one for each processor.</summary>
    internal int Threads { get; init; }

    /// <summary>Certificates that nodes must show each other; null where they need not.</summary>
    internal NodeCertificates? Certificates { get; init; }

    /// <summary>The files' settings, and below them what the program and Akka.NET set.</summary>
    internal required Config Files { get; init; }

    /// <summary>Into how many shards cells are divided.</summary>
    internal int Shards => Files.GetInt("simulator.cluster.shards");

    /// <summary>How long joining may take.</summary>
    internal TimeSpan JoinTimeout => Files.GetTimeSpan("simulator.cluster.join-timeout");

    /// <summary>The node's own address; null where its port is only known once it is bound.</summary>
    internal NodeAddress? Address => Port == 0 ? null : new NodeAddress(Hostname, Port);

    /// <summary>Puts the settings of a node together.</summary>
    /// <param name="arguments">What the command line says.</param>
    /// <param name="variable">Reads an environment variable.</param>
    /// <exception cref="NodeSettingsException">Something of it is wrong.</exception>
    internal static NodeSettings Read(NodeArguments arguments, Func<string, string?> variable)
    {
        var (file, from) = Chosen(arguments.ConfigFile, "--config", "CONFIG", variable);
        var files = file is null ? SettingsFile.Reference : SettingsFile.Read(file).WithFallback(SettingsFile.Reference);
        from ??= SettingsFile.Name;
        var (bind, bindFrom) = Chosen(null, "", "BIND_HOSTNAME", variable);
        var (hostname, hostFrom) = Chosen(arguments.Hostname, "--hostname", "HOSTNAME", variable);
        var publicName = files.GetString($"{Transport}.public-hostname");
        if (hostname is null && publicName.Length > 0)
        {
            (hostname, bind, hostFrom) = (publicName, bind ?? files.GetString($"{Transport}.hostname"), $"{Transport}.public-hostname");
        }

        var settings = new NodeSettings
        {
            Hostname = Host(hostname ?? files.GetString($"{Transport}.hostname"), hostFrom ?? $"{Transport}.hostname"),
            Port = PortOf(arguments.Port, files, variable),
            BindHostname = bind is null ? null : Host(bind, bindFrom ?? $"{Transport}.hostname"),
            SeedNodes = Seeds(arguments.SeedNodes, files, variable),
            Roles = RolesOf(arguments.Roles, files, variable),
            ConfigFile = file,
            Runs = Path.GetFullPath(Chosen(arguments.Runs, "--runs", "RUNS", variable).Value ?? "runs"),
            Device = arguments.Device ?? "auto",
            Threads = arguments.Threads ?? 0,
            Certificates = CertificatesOf(files, variable),
            Files = files,
        };
        if (System.Net.IPAddress.TryParse(settings.Hostname.Trim('[', ']'), out var address) && (address.Equals(System.Net.IPAddress.Any) || address.Equals(System.Net.IPAddress.IPv6Any)))
        {
            throw new NodeSettingsException($"{hostFrom ?? $"{Transport}.hostname"} '{settings.Hostname}' is no address by which others reach this node: give that, and bind to '{settings.Hostname}' by {Prefix}BIND_HOSTNAME");
        }

        const int fewest = 1, most = 100_000;
        return settings.Shards is < fewest or > most ? throw new NodeSettingsException($"{from}: simulator.cluster.shards is {fewest} to {most}")
            : settings.JoinTimeout <= TimeSpan.Zero ? throw new NodeSettingsException($"{from}: simulator.cluster.join-timeout is a time over 0, such as 60s")
            : settings;
    }

    /// <summary>What the command line says, or else the variable; empty as nothing.</summary>
    private static (string? Value, string? From) Chosen(string? argument, string option, string name, Func<string, string?> variable) =>
        argument is not null ? (argument, option)
        : variable(Prefix + name) is { Length: > 0 } value ? (value, Prefix + name)
        : (null, null);

    private static string Host(string text, string from) =>
        NodeAddress.TryHost(text, bracketed: false, out var host) ? host : throw new NodeSettingsException($"{from} '{text}': a name or an IP address is allowed");

    private static int PortOf(int? argument, Config files, Func<string, string?> variable)
    {
        if (argument is { } asked)
        {
            return asked;
        }

        var (text, from) = Chosen(null, "", "PORT", variable);
        text ??= files.GetString($"{Transport}.port");
        return ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port : throw new NodeSettingsException($"{from ?? $"{Transport}.port"} '{text}': a whole number from 0 to {ushort.MaxValue} is allowed");
    }

    private static IReadOnlyList<NodeAddress> Seeds(string? argument, Config files, Func<string, string?> variable)
    {
        var (text, from) = Chosen(argument, "--seed-nodes", "SEED_NODES", variable);
        var (words, source) = text is null ? ([.. files.GetStringList("akka.cluster.seed-nodes")], "akka.cluster.seed-nodes") : (Words(text), from!);
        return [.. words.Select(w => NodeAddress.TryParse(w, out var address) ? address : throw new NodeSettingsException($"{source} '{w}': {NodeAddress.Allowed}"))];
    }

    private static IReadOnlyList<string> RolesOf(string? argument, Config files, Func<string, string?> variable)
    {
        var (text, from) = Chosen(argument, "--roles", "ROLES", variable);
        var (words, source) = text is null ? ([.. files.GetStringList("akka.cluster.roles")], "akka.cluster.roles") : (Words(text), from!);
        if (Array.Find(words, w => w is not (NodeRoles.Cell or NodeRoles.Client)) is { } unknown)
        {
            throw new NodeSettingsException(
                $"{source} '{unknown}': {NodeRoles.Cell} and {NodeRoles.Client} are allowed{(unknown == NodeRoles.Lab ? $"; {NodeRoles.Lab} is the role of simulator run" : "")}");
        }

        return words.Length == 0 ? throw new NodeSettingsException($"{source}: a node needs a role, {NodeRoles.Cell} or {NodeRoles.Client} or both") : [.. words.Distinct(StringComparer.Ordinal)];
    }

    private static NodeCertificates? CertificatesOf(Config files, Func<string, string?> variable)
    {
        const string tls = "simulator.cluster.tls";
        if (files.GetBoolean($"{Transport}.enable-ssl"))
        {
            throw new NodeSettingsException($"{Transport}.enable-ssl would let in whatever the machine trusts: {tls} has the settings for encryption");
        }

        string Of(string key, string name) => Chosen(null, "", name, variable).Value ?? files.GetString($"{tls}.{key}");
        var (certificate, password, authority) = (Of("certificate", "TLS_CERTIFICATE"), Of("password", "TLS_PASSWORD"), Of("authority", "TLS_AUTHORITY"));
        return (certificate, authority) switch
        {
            ("", "") => null,
            ("", _) => throw new NodeSettingsException($"an authority is named and no certificate of this node: {Prefix}TLS_CERTIFICATE or {tls}.certificate"),
            (_, "") => throw new NodeSettingsException($"a certificate is named and no authority whose certificates are let in: {Prefix}TLS_AUTHORITY or {tls}.authority"),
            _ => NodeCertificates.Read(certificate, password.Length == 0 ? null : password, authority),
        };
    }

    private static string[] Words(string text) => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>What nodes can do.</summary>
internal static class NodeRoles
{
    /// <summary>Has cells with their masters.</summary>
    internal const string Cell = "cell";

    /// <summary>Has clients of cells that are spread over nodes.</summary>
    internal const string Client = "client";

    /// <summary>Runs a population: a <c>simulator run</c> gives itself this role.</summary>
    internal const string Lab = "lab";
}
