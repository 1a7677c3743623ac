using System.Diagnostics;
using System.Globalization;

namespace Simulator.Cluster.Tests;

/// <summary>
/// A network of its own for processes of this machine, in which each is at the end of a line that can be cut: network namespaces, with a bridge between them in one more. Nothing of it is to be seen from outside, and it goes with
/// the object.
/// </summary>
internal sealed class CutNetwork : IDisposable
{
    private readonly string _name = string.Create(CultureInfo.InvariantCulture, $"simulator-{System.Environment.ProcessId}-{Interlocked.Increment(ref _made)}");
    private readonly List<string> _namespaces = [];
    private static int _made;

    /// <summary>Makes a network.</summary>
    /// <param name="lines">How many can be at its ends.</param>
    internal CutNetwork(int lines)
    {
        try
        {
            Make(Hub);
            Ip("-n", Hub, "link", "add", "hub", "type", "bridge");
            Ip("-n", Hub, "link", "set", "hub", "up");
            for (var i = 1; i <= lines; i++)
            {
                Make(Line(i));
                Ip("-n", Line(i), "link", "add", "line", "type", "veth", "peer", "name", $"line{i}", "netns", Hub);
                Ip("-n", Hub, "link", "set", $"line{i}", "master", "hub");
                Ip("-n", Hub, "link", "set", $"line{i}", "up");
                Ip("-n", Line(i), "address", "add", $"{AddressOf(i)}/24", "dev", "line");
                Ip("-n", Line(i), "link", "set", "line", "up");
                Ip("-n", Line(i), "link", "set", "lo", "up");
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Why there can be no such network here; null where there can.</summary>
    internal static string? SkipReason
    {
        get
        {
            if (SlowSuite.SkipReason is { } slow)
            {
                return slow;
            }

            try
            {
                using var probe = new CutNetwork(1);
                return null;
            }
            catch (Exception fault) when (fault is InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                return $"no network namespaces can be made here, which takes Linux's ip and the right to administer networks: {fault.Message}";
            }
        }
    }

    /// <summary>Address at the end of a line, from 1.</summary>
    internal static string AddressOf(int line) => $"10.77.0.{line}";

    /// <summary>What is put before a program that is to be at the end of a line.</summary>
    internal IReadOnlyList<string> At(int line) => ["ip", "netns", "exec", Line(line)];

    /// <summary>Cuts a line: what is sent there is lost, and nobody is told.</summary>
    internal void Cut(int line) => Ip("-n", Hub, "link", "set", $"line{line}", "down");

    /// <summary>Mends a line.</summary>
    internal void Mend(int line) => Ip("-n", Hub, "link", "set", $"line{line}", "up");

    public void Dispose()
    {
        _namespaces.ForEach(n => Ip("netns", "delete", n));
        _namespaces.Clear();
    }

    private string Hub => $"{_name}-hub";

    private string Line(int number) => $"{_name}-{number}";

    private void Make(string name)
    {
        Ip("netns", "add", name);
        _namespaces.Add(name);
    }

    private static void Ip(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("ip", arguments) { UseShellExecute = false, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"ip {string.Join(' ', arguments)}: {error.Trim()}");
        }
    }
}
