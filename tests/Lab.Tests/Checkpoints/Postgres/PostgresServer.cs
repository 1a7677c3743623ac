using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Simulator.Lab.Tests.Postgres;

/// <summary>Tests of one server, one after the other: some stop it, and the environment variable that tells where it is belongs to the process.</summary>
[CollectionDefinition(PostgresServer.Collection)]
public sealed class PostgresTests : ICollectionFixture<PostgresServer>;

/// <summary>A PostgreSQL server with a folder of its own, which listens on a socket there and nowhere else. It begins with the first test that needs it.</summary>
public sealed class PostgresServer : IDisposable
{
    internal const string Collection = "PostgreSQL";

    /// <summary>With characters that addresses have a meaning for.</summary>
    internal const string Password = "s3cr;t='%40/pass";

    private const string User = "simulator";
    private const string Account = "postgres"; // Of Debian's package: the server does not run as root.

    private static readonly string? Programs = FindPrograms();

    private readonly Lock _lock = new();
    private string? _folder;
    private bool _running;

    /// <summary>Why there is no server; null where there is one.</summary>
    private static string? SkipReason =>
        SlowSuite.SkipReason ?? (Programs is null ? "PostgreSQL's server is not installed (Debian: apt-get install postgresql)" : null);

    /// <summary>Its address, the password within.</summary>
    internal string Address => new NpgsqlConnectionStringBuilder { Host = Begin(), Username = User, Password = Password, Database = "postgres" }.ConnectionString;

    /// <summary>Skips a test where there is no server, and sees that it runs where there is one.</summary>
    internal void Require()
    {
        Assert.SkipWhen(SkipReason is not null, SkipReason ?? string.Empty);
        Start();
    }

    internal void Start()
    {
        lock (_lock)
        {
            if (!_running)
            {
                var folder = Begin();
                Run("pg_ctl", "start", "-D", Path.Combine(folder, "data"), "-l", Path.Combine(folder, "log"), "-w", "-t", "60", "-o", $"-k '{folder}' -c listen_addresses='' -c fsync=off");
                _running = true;
            }
        }
    }

    /// <summary>Stops it, by the process id in its folder, as if somebody had pulled it away: connections end.</summary>
    internal void Stop()
    {
        lock (_lock)
        {
            if (_running)
            {
                Run("pg_ctl", "stop", "-D", Path.Combine(Begin(), "data"), "-m", "fast", "-w", "-t", "60");
                _running = false;
            }
        }
    }

    internal T Ask<T>(string statement)
    {
        using var source = NpgsqlDataSource.Create(Address);
        using var command = source.CreateCommand(statement);
        return (T)command.ExecuteScalar()!;
    }

    public void Dispose()
    {
        Stop();
        if (_folder is not null)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private string Begin()
    {
        lock (_lock)
        {
            if (_folder is null)
            {
                _folder = Directory.CreateTempSubdirectory("simulator-pg-").FullName;
                var password = Path.Combine(_folder, "password");
                File.WriteAllText(password, Password);
                if (System.Environment.IsPrivilegedProcess)
                {
                    RunAsIs("chown", "-R", $"{Account}:", _folder);
                }

                Run("initdb", "-D", Path.Combine(_folder, "data"), "-U", User, "--auth=scram-sha-256", $"--pwfile={password}", "--no-sync", "-E", "UTF8", "--locale=C");
            }

            return _folder;
        }
    }

    private void Run(string program, params string[] arguments)
    {
        var path = Path.Combine(Programs!, program);
        if (System.Environment.IsPrivilegedProcess)
        {
            RunAsIs("setpriv", [$"--reuid={Account}", $"--regid={Account}", "--init-groups", path, .. arguments]);
        }
        else
        {
            RunAsIs(path, arguments);
        }
    }

    private void RunAsIs(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = _folder!, UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program}: {output.Result}{error}");
    }

    /// <summary>Folder of the newest server's programs: Debian has them off the path.</summary>
    private static string? FindPrograms()
    {
        const string debian = "/usr/lib/postgresql";
        IEnumerable<string> folders = Directory.Exists(debian)
            ? Directory.GetDirectories(debian).OrderByDescending(d => double.TryParse(Path.GetFileName(d), CultureInfo.InvariantCulture, out var version) ? version : 0).Select(d => Path.Combine(d, "bin"))
            : [];
        return folders.Concat((System.Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator))
            .FirstOrDefault(d => File.Exists(Path.Combine(d, "initdb")) && File.Exists(Path.Combine(d, "pg_ctl")));
    }
}
