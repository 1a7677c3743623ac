using System.Diagnostics;

namespace Simulator;

/// <summary>Processes of this program on this machine that are nodes of a run's cluster, and end with it: the way to see a cluster with one command.</summary>
internal sealed class LocalNodes : IAsyncDisposable
{
    /// <summary>How long a node may take to leave in good order.</summary>
    private static readonly TimeSpan LeavingPatience = TimeSpan.FromSeconds(20);

    private readonly List<Process> _processes = [];
    private readonly List<Task> _voices = [];
    private volatile bool _ending;

    /// <summary>Whether a variable of this process counts for the nodes that it starts as well: not what says where it is in some other cluster.</summary>
    internal static bool Inherits(string variable) =>
        variable is not ($"{NodeSettings.Prefix}HOSTNAME" or $"{NodeSettings.Prefix}BIND_HOSTNAME" or $"{NodeSettings.Prefix}PORT" or $"{NodeSettings.Prefix}SEED_NODES" or $"{NodeSettings.Prefix}ROLES" or $"{NodeSettings.Prefix}RUNS");

    /// <summary>Processes that are still there.</summary>
    internal int Running => _processes.Count(p => !p.HasExited);

    /// <summary>Starts nodes, which join in their own time.</summary>
    /// <param name="count">How many.</param>
    /// <param name="seed">The node of this process, which they join.</param>
    /// <param name="runs">Folder that the run's folder is in.</param>
    /// <param name="device">Where they compute.</param>
    /// <param name="config">File with settings; null for none.</param>
    /// <param name="error">Where what they complain of goes, with the node's number before it.</param>
    /// <exception cref="NodeJoinException">One cannot be started.</exception>
    internal static LocalNodes Start(int count, NodeAddress seed, string runs, string device, string? config, TextWriter error)
    {
        var nodes = new LocalNodes();
        var threads = Math.Max(1, System.Environment.ProcessorCount / count);
        for (var i = 1; i <= count; i++)
        {
            List<string> arguments =
            [
                "node", "--seed-nodes", seed.ToString(), "--hostname", seed.Host, "--port", "0", "--roles", "cell,client", "--runs", runs, "--device", device, "--threads", $"{threads}", "--no-listen", "--leave-at-end-of-input",
            ];
            if (config is not null)
            {
                arguments.AddRange(["--config", config]);
            }

            nodes.Add(i, ThisProgram.Again(arguments), error);
        }

        return nodes;
    }

    /// <summary>Has the nodes leave, and ends those that do not.</summary>
    public async ValueTask DisposeAsync()
    {
        _ending = true; // That the nodes lose sight of each other is no news.
        foreach (var process in _processes)
        {
            process.StandardInput.Close();
        }

        using var patience = new CancellationTokenSource(LeavingPatience);
        foreach (var process in _processes)
        {
            try
            {
                await process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }

        await Task.WhenAll(_voices).ConfigureAwait(false);
        _processes.ForEach(p => p.Dispose());
    }

    private void Add(int number, ProcessStartInfo start, TextWriter error)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        foreach (var variable in start.Environment.Keys.Where(v => !Inherits(v)).ToList())
        {
            start.Environment.Remove(variable);
        }

        var process = Process.Start(start) ?? throw new NodeJoinException($"{start.FileName} cannot be started");
        _processes.Add(process);
        _voices.Add(ListenAsync(process.StandardError, line =>
        {
            if (!_ending)
            {
                error.WriteLine($"node {number}: {line}");
            }
        }));
        _voices.Add(ListenAsync(process.StandardOutput, _ => { })); // That it is up is seen in the cluster.
    }

    private static async Task ListenAsync(StreamReader voice, Action<string> say)
    {
        while (await voice.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            say(line);
        }
    }
}
