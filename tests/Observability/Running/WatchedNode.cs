using System.Collections.Concurrent;
using System.Diagnostics;

namespace Simulator.Observability.Tests.Running;

/// <summary><c>simulator node</c> as a process of its own, on free ports.</summary>
internal sealed class WatchedNode : IAsyncDisposable
{
    private readonly Process _process;
    private readonly HttpClient _client = new();
    private readonly ConcurrentQueue<string> _complaints = new();
    private readonly Task _complaining;

    private WatchedNode(Process process)
    {
        _process = process;
        _complaining = EachLineAsync(process.StandardError, _complaints.Enqueue);
    }

    /// <summary>Where other nodes reach it.</summary>
    public string Address { get; private set; } = "";

    /// <summary>Address and port, which Prometheus has as the label instance.</summary>
    public string Instance => _client.BaseAddress!.Authority;

    /// <summary>Starts a node, which is a member when this comes back.</summary>
    /// <param name="seed">A member; null where the node begins the cluster.</param>
    /// <param name="runs">Folder that runs are in.</param>
    /// <param name="patience">How long to wait until it is a member.</param>
    public static async Task<WatchedNode> StartAsync(string? seed, string runs, CancellationToken patience)
    {
        // Its own address is what a node that begins a cluster must know beforehand.
        var port = FreePort();
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "simulator.dll"), "node", "--seed-nodes", seed ?? $"127.0.0.1:{port}", "--port", $"{port}", "--runs", runs, "--device", "cpu", "--threads", "1", "--listen", "127.0.0.1:0",
        ];
        var node = new WatchedNode(Process.Start(new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = runs, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!) { Address = $"127.0.0.1:{port}" };
        try
        {
            const string words = "health and metrics on ";
            var line = await node.UpAsync(patience);
            node._client.BaseAddress = new Uri(line[(line.IndexOf(words, StringComparison.Ordinal) + words.Length)..^"metrics".Length]);
            _ = EachLineAsync(node._process.StandardOutput, _ => { });
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    public async Task<Scrape> ScrapeAsync(CancellationToken patience) => Scrape.Read(await _client.GetStringAsync("metrics", patience));

    /// <summary>Kills it, as a machine that loses its power would.</summary>
    public Task KillAsync(CancellationToken patience)
    {
        _process.Kill(entireProcessTree: true);
        return _process.WaitForExitAsync(patience);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync(CancellationToken.None);
        }

        await _complaining;
        _process.Dispose();
        _client.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task EachLineAsync(StreamReader reader, Action<string> take)
    {
        while (await reader.ReadLineAsync(CancellationToken.None) is { } line)
        {
            take(line);
        }
    }

    private async Task<string> UpAsync(CancellationToken patience)
    {
        while (await _process.StandardOutput.ReadLineAsync(patience) is { } line)
        {
            if (line.StartsWith("Up as ", StringComparison.Ordinal))
            {
                return line;
            }
        }

        await _complaining;
        throw new InvalidOperationException($"the node ended before it was a member\n{string.Join('\n', _complaints)}");
    }
}
