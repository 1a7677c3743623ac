using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Simulator;

/// <summary>Where a command lets others watch it.</summary>
/// <param name="Address">Address of the interface.</param>
/// <param name="Port">Port; the first that is tried where <paramref name="Asked"/> is false.</param>
/// <param name="Asked">Whether the user asked for it: then another port will not do.</param>
internal sealed record ListenAddress(IPAddress Address, int Port, bool Asked)
{
    /// <summary>127.0.0.1:9464, the port that OpenTelemetry registers for Prometheus exporters, or the next one that is free.</summary>
    internal static readonly ListenAddress Default = new(IPAddress.Loopback, 9464, Asked: false);

    /// <summary>How many ports are tried where none was asked for.</summary>
    internal const int MostTried = 100;

    /// <summary>The address as a browser of this machine opens it.</summary>
    internal string Url(int port)
    {
        var host = Address.Equals(IPAddress.Any) ? IPAddress.Loopback : Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : Address;
        return $"http://{new IPEndPoint(host, port)}/";
    }

    /// <summary>Reads ADDR:PORT: an IP address, in brackets where it is of version 6, or localhost, and a port; port 0 is any that is free.</summary>
    internal static bool TryParse(string text, [NotNullWhen(true)] out ListenAddress? address)
    {
        var colon = text.LastIndexOf(':');
        address = null;
        if (colon < 1 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            return false;
        }

        var host = text[..colon];
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
        {
            address = new ListenAddress(IPAddress.Loopback, port, Asked: true);
        }
        else if (host.Contains(':', StringComparison.Ordinal) == (host is ['[', .., ']']) && IPAddress.TryParse(host.Trim('[', ']'), out var parsed))
        {
            address = new ListenAddress(parsed, port, Asked: true);
        }

        return address is not null;
    }
}
