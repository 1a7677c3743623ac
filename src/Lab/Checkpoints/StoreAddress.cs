using Npgsql;

namespace Simulator.Lab;

/// <summary>Thrown when the environment does not say where a database is.</summary>
public sealed class StoreAddressException : Exception
{
    /// <summary>Makes the exception with a message for the user.</summary>
    public StoreAddressException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with a message for the user and its cause.</summary>
    public StoreAddressException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Makes the exception.</summary>
    public StoreAddressException()
    {
    }
}

/// <summary>
/// Where the database of checkpoints is: from the environment, since it holds a password, which no file of a run and no message may tell.
/// </summary>
internal static class StoreAddress
{
    /// <summary>The variable that holds it.</summary>
    internal const string Variable = "SIMULATOR_STORE";

    /// <summary>Seconds that a connection may take to come about, where the address does not say.</summary>
    private const int ConnectSeconds = 5;

    /// <summary>Keywords of libpq's addresses that Npgsql has other words for.</summary>
    private static readonly Dictionary<string, string> Words = new(StringComparer.OrdinalIgnoreCase)
    {
        ["application_name"] = "Application Name",
        ["connect_timeout"] = "Timeout",
        ["dbname"] = "Database",
        ["user"] = "Username",
    };

    /// <summary>What the environment says.</summary>
    /// <exception cref="StoreAddressException">Nothing, or no address.</exception>
    internal static NpgsqlConnectionStringBuilder FromEnvironment() =>
        System.Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } text ? Parse(text)
            : throw new StoreAddressException($"checkpoint.store is postgres, and the environment variable {Variable} does not say where that is: postgres://USER:PASSWORD@HOST/DATABASE");

    /// <summary>Reads an address: a URI (postgres:// or postgresql://), or keywords as Npgsql has them (Host=...;Username=...).</summary>
    /// <exception cref="StoreAddressException">It is neither; the message does not tell what is in it.</exception>
    internal static NpgsqlConnectionStringBuilder Parse(string text)
    {
        try
        {
            var builder = text.Contains("://", StringComparison.Ordinal) ? FromUri(text) : new NpgsqlConnectionStringBuilder(text);
            if (string.IsNullOrEmpty(builder.Host))
            {
                throw new StoreAddressException($"the address in {Variable} names no host");
            }

            builder.ApplicationName ??= "simulator";
            builder.Enlist = false;
            if (!builder.ShouldSerialize("Timeout"))
            {
                builder.Timeout = ConnectSeconds;
            }

            return builder;
        }
        catch (Exception fault) when (fault is ArgumentException or FormatException or InvalidCastException or OverflowException or KeyNotFoundException)
        {
#pragma warning disable MA0054 // Its message may quote the password.
            throw new StoreAddressException($"what {Variable} holds is no address of a PostgreSQL database: postgres://USER:PASSWORD@HOST:PORT/DATABASE, or Host=...;Username=...;Password=...;Database=...");
#pragma warning restore MA0054
        }
    }

    private static NpgsqlConnectionStringBuilder FromUri(string text)
    {
        var colon = text.IndexOf("://", StringComparison.Ordinal);
        if (text[..colon] is not ("postgres" or "postgresql"))
        {
            throw new FormatException();
        }

        // libpq's form without a host (postgres:///name?host=/folder) is none of Uri's; a stand-in takes the host's place.
        const string nowhere = "host.invalid";
        var rest = text[(colon + 3)..];
        var slash = rest.IndexOfAny(['/', '?']);
        var authority = slash < 0 ? rest : rest[..slash];
        var uri = new Uri(authority.Length == 0 || authority.EndsWith('@') ? $"postgres://{authority}{nowhere}{(slash < 0 ? string.Empty : rest[slash..])}" : text);
        var builder = new NpgsqlConnectionStringBuilder();
        if (uri.Host != nowhere)
        {
            builder.Host = Uri.UnescapeDataString(uri.Host.Trim('[', ']'));
        }

        if (uri.Port > 0)
        {
            builder.Port = uri.Port;
        }

        var user = uri.UserInfo.Split(':', 2);
        if (user[0].Length > 0)
        {
            builder.Username = Uri.UnescapeDataString(user[0]);
        }

        if (user.Length > 1)
        {
            builder.Password = Uri.UnescapeDataString(user[1]);
        }

        if (uri.AbsolutePath.TrimStart('/') is { Length: > 0 } database)
        {
            builder.Database = Uri.UnescapeDataString(database);
        }

        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=', 2);
            var key = Uri.UnescapeDataString(parts[0]);
            builder[Words.GetValueOrDefault(key, key)] = parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : string.Empty;
        }

        return builder;
    }
}
