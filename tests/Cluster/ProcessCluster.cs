using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;

namespace Simulator.Cluster.Tests;

/// <summary>Real processes of one cluster on this machine, with a folder for their runs; they end with it.</summary>
internal sealed class ProcessCluster : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("simulator-").FullName;
    private readonly List<ProgramProcess> _processes = [];
    private readonly List<ProgramProcess> _nodes = [];
    private readonly NodeAddress _seed = new("127.0.0.1", FreePort());

    /// <summary>Folder that the runs are in.</summary>
    internal string Runs => Directory.CreateDirectory(Path.Combine(_folder, "runs")).FullName;

    /// <summary>Variables that all processes get.</summary>
    internal Dictionary<string, string> Variables { get; } = [];

    /// <summary>What <c>--join</c> is told: the first node.</summary>
    internal string Seed => _seed.ToString();

    /// <summary>What the nodes have said, for whoever reads of a failure.</summary>
    internal string NodesSaid => string.Join("\n--\n", _nodes.Select(n => n.Said));

    /// <summary>Starts a node, and waits until it is up. The first one begins the cluster.</summary>
    internal async Task<ProgramProcess> StartNodeAsync(string? runs = null)
    {
        var port = _nodes.Count == 0 ? _seed.Port : 0;
        var node = Start("node", "--seed-nodes", Seed, "--port", port.ToString(CultureInfo.InvariantCulture), "--runs", runs ?? Runs, "--threads", "1", "--no-listen");
        _nodes.Add(node);
        await node.SaysAsync("Up as ");
        return node;
    }

    /// <summary>Starts a run of the scenario of these tests.</summary>
    /// <param name="name">Name of its folder.</param>
    /// <param name="more">What else the command line says.</param>
    internal ClusterRun Run(string name, params string[] more)
    {
        var scenario = Path.Combine(_folder, "s.yaml");
        File.WriteAllText(scenario, Undisturbed.Scenario);
        var output = Path.Combine(Runs, name);
        return new ClusterRun(Start(["run", scenario, "--output", output, .. more]), output);
    }

    /// <summary>Starts a run on the nodes.</summary>
    internal ClusterRun Join(string name = "run") => Run(name, "--join", Seed, "--quiet", "--no-listen");

    /// <summary>Starts a run on the nodes that says where it is to be watched.</summary>
    internal ClusterRun Watched() => Run("run", "--join", Seed, "--listen", "127.0.0.1:0");

    /// <summary>Goes on with a run on the nodes.</summary>
    internal ClusterRun Resume(ClusterRun run) => new(Start("run", "--output", run.Folder, "--resume", "--join", Seed, "--quiet", "--no-listen"), run.Folder);

    public void Dispose()
    {
        _processes.ForEach(p => p.Dispose());
        Directory.Delete(_folder, recursive: true);
    }

    private ProgramProcess Start(params string[] arguments)
    {
        var process = ProgramProcess.Start([], Variables, arguments);
        _processes.Add(process);
        return process;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>A run that is under way in a process.</summary>
/// <param name="process">The process.</param>
/// <param name="folder">The run's folder.</param>
internal sealed class ClusterRun(ProgramProcess process, string folder)
{
    internal ProgramProcess Process => process;

    internal string Folder => folder;

    /// <summary>How often a cell was brought back, by the manifest.</summary>
    internal int Recoveries => Manifest("recoveries").GetInt32();

    /// <summary>Events of a kind, so far.</summary>
    internal IReadOnlyList<JsonElement> Events(string kind)
    {
        var path = Path.Combine(folder, "events.jsonl");
        return !File.Exists(path) ? [] :
        [
            .. File.ReadAllText(path).Split('\n').SkipLast(1).Select(l => JsonDocument.Parse(l).RootElement).Where(e => e.GetProperty("event").GetString() == kind),
        ];
    }

    /// <summary>Value of a key of the manifest.</summary>
    internal JsonElement Manifest(string key)
    {
        using var manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "manifest.json")));
        return manifest.RootElement.GetProperty(key).Clone();
    }

    /// <summary>Waits until each cell has a checkpoint: until all are in the middle of their episodes.</summary>
    internal Task CheckpointsAsync() => UntilAsync(
        () => Directory.Exists(Cells) && Directory.GetDirectories(Cells).Count(c => Directory.GetFiles(c, "checkpoint-*.json", SearchOption.AllDirectories).Length > 0) >= Undisturbed.Cells,
        "a checkpoint of each cell");

    /// <summary>Waits until something holds, or the run is over, which it should not be yet.</summary>
    internal async Task UntilAsync(Func<bool> holds, string what)
    {
        await Wait.UntilAsync(() => holds() || process.HasExited, what, () => process.Said);
        Assert.False(process.HasExited, $"the run was over before there was {what}:\n{process.Said}");
    }

    /// <summary>Waits until it is over, and holds it against the undisturbed one.</summary>
    internal async Task CompletesAsync(Undisturbed undisturbed, ProcessCluster cluster)
    {
        var status = await process.ExitedAsync();
        Assert.True(status == 0, $"the run ended with status {status}:\n{process.Said}\n--\n{cluster.NodesSaid}");
        Assert.Equal("done", Manifest("status").GetString());
        await undisturbed.AssertSameAsync(folder);
    }

    private string Cells => Path.Combine(folder, "cells");

    /// <summary>Every file of every cell, by its bytes.</summary>
    internal static SortedDictionary<string, string> Hashes(string folder) => new(
        Directory.GetFiles(Path.Combine(folder, "cells"), "*", SearchOption.AllDirectories)
            .ToDictionary(f => Path.GetRelativePath(folder, f), f => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(f))), StringComparer.Ordinal),
        StringComparer.Ordinal);
}
