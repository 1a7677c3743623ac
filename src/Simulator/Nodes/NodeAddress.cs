using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Akka.Actor;

namespace Simulator;

/// <summary>Where other nodes reach a node.</summary>
/// <param name="Host">Name or IP address; in brackets where it is of version 6.</param>
/// <param name="Port">TCP port.</param>
internal sealed record NodeAddress(string Host, int Port)
{
    /// <summary>What is allowed, in words.</summary>
    internal const string Allowed = "a name or an IP address, and a port, are allowed: node-1:2552, 10.0.0.1:2552, [::1]:2552";

    /// <summary>HOST:PORT.</summary>
    public override string ToString() => $"{Host}:{Port.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Reads HOST:PORT, or the address of a node as Akka.NET writes it (akka.tcp://simulator@HOST:PORT).</summary>
    internal static bool TryParse(string text, [NotNullWhen(true)] out NodeAddress? address)
    {
        address = null;
        var at = text.IndexOf($"://{NodeSystem.Name}@", StringComparison.Ordinal);
        var rest = at < 0 ? text : text[(at + $"://{NodeSystem.Name}@".Length)..];
        var colon = rest.LastIndexOf(':');
        if (colon < 1 || !ushort.TryParse(rest.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0 || !TryHost(rest[..colon], bracketed: true, out var host))
        {
            return false;
        }

        address = new NodeAddress(host, port);
        return true;
    }

    /// <summary>Reads a name or an IP address.</summary>
    /// <param name="text">What was written.</param>
    /// <param name="bracketed">Whether an address of version 6 must be in brackets; otherwise it may be.</param>
    /// <param name="host">The host; in brackets where it is an address of version 6.</param>
    internal static bool TryHost(string text, bool bracketed, [NotNullWhen(true)] out string? host)
    {
        var inner = text is ['[', .., ']'] ? text[1..^1] : text;
        host = Uri.CheckHostName(inner) switch
        {
            UriHostNameType.IPv6 when inner.Length < text.Length || !bracketed => $"[{inner}]",
            UriHostNameType.IPv4 or UriHostNameType.Dns when inner.Length == text.Length => text,
            _ => null,
        };
        return host is not null;
    }

    /// <summary>The address as actor systems name it.</summary>
    /// <param name="protocol">Protocol of the cluster: with TLS it has another name.</param>
    internal Address In(string protocol) => new(protocol, NodeSystem.Name, Host, Port);
}
