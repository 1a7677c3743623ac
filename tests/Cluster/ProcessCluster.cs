using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Simulator.Cluster.Tests;

/// <summary>Real processes of one cluster on this machine, with a folder for their runs; they end with it.</summary>
/// <param name="network">Where they are: the nodes at the first two lines, a run at the third; null for the loopback address.</param>
internal sealed class ProcessCluster(CutNetwork? network = null) : IDisposable
{
    private const int MostNodes = 2;

    private readonly string _folder = Directory.CreateTempSubdirectory("simulator-").FullName;
    private readonly List<ProgramProcess> _processes = [];
    private readonly List<ProgramProcess> _nodes = [];
    private readonly NodeAddress _seed = network is null ? new("127.0.0.1", FreePort()) : new(CutNetwork.AddressOf(1), 2552);

    /// <summary>Folder that the runs are in.</summary>
    internal string Runs => Directory.CreateDirectory(Path.Combine(_folder, "runs")).FullName;

    /// <summary>Variables that all processes get.</summary>
    internal Dictionary<string, string> Variables { get; } = [];

    /// <summary>What <c>--join</c> is told: the first node.</summary>
    internal string Seed => _seed.ToString();

    /// <summary>What the nodes have said, for whoever reads of a failure.</summary>
    internal string NodesSaid => string.Join("\n--\n", _nodes.Select(n => n.Said));

    /// <summary>A file with settings that all processes get from here on.</summary>
    internal void Configure(string hocon)
    {
        var file = Path.Combine(_folder, "node.hocon");
        File.WriteAllText(file, hocon);
        Variables["SIMULATOR_CONFIG"] = file;
    }

    /// <summary>Starts a node, and waits until it is up. The first one begins the cluster.</summary>
    internal async Task<ProgramProcess> StartNodeAsync(string? runs = null, string? seed = null)
    {
        var port = _nodes.Count == 0 ? _seed.Port : 0;
        var node = Start(_nodes.Count + 1, [], "node", "--seed-nodes", seed ?? Seed, "--port", port.ToString(CultureInfo.InvariantCulture), "--runs", runs ?? Runs, "--threads", "1", "--no-listen");
        _nodes.Add(node);
        await node.SaysAsync("Up as ");
        return node;
    }

    /// <summary>Starts a run of the scenario of these tests.</summary>
    /// <param name="name">Name of its folder.</param>
    /// <param name="more">What else the command line says.</param>
    internal ClusterRun Run(string name, params string[] more) => Run([], name, more);

    /// <summary>Starts a run in a group of processes of its own, with those that it starts.</summary>
    /// <param name="name">Name of its folder.</param>
    /// <param name="more">What else the command line says.</param>
    internal ClusterRun RunInGroup(string name, params string[] more) => Run(["setsid"], name, more);

    /// <summary>Starts a run on the nodes.</summary>
    /// <param name="name">Name of its folder.</param>
    /// <param name="more">What else the command line says.</param>
    internal ClusterRun Join(string name = "run", params string[] more) => Run(name, ["--join", Seed, "--quiet", "--no-listen", .. more]);

    /// <summary>Starts a run on the nodes that says where it is to be watched.</summary>
    internal ClusterRun Watched() => Run("run", "--join", Seed, "--listen", "127.0.0.1:0");

    /// <summary>Goes on with a run on the nodes.</summary>
    internal ClusterRun Resume(ClusterRun run) => new(Start(MostNodes + 1, [], "run", "--output", run.Folder, "--resume", "--join", Seed, "--quiet", "--no-listen"), run.Folder);

    /// <summary>Goes on with a run in one process.</summary>
    internal ClusterRun ResumeHere(ClusterRun run) => new(Start(MostNodes + 1, [], "run", "--output", run.Folder, "--resume", "--quiet", "--no-listen"), run.Folder);

    public void Dispose()
    {
        _processes.ForEach(p => p.Dispose());
        Directory.Delete(_folder, recursive: true);
    }

    private ClusterRun Run(IReadOnlyList<string> before, string name, string[] more)
    {
        var scenario = Path.Combine(_folder, "s.yaml");
        File.WriteAllText(scenario, Undisturbed.Scenario);
        var output = Path.Combine(Runs, name);
        return new ClusterRun(Start(MostNodes + 1, before, ["run", scenario, "--output", output, .. more]), output);
    }

    private ProgramProcess Start(int line, IReadOnlyList<string> before, params string[] arguments)
    {
        var process = network is null
            ? ProgramProcess.Start(before, Variables, arguments)
            : ProgramProcess.Start(network.At(line), new Dictionary<string, string>(Variables) { ["SIMULATOR_HOSTNAME"] = CutNetwork.AddressOf(line) }, arguments);
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
