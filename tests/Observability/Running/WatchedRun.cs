using System.Collections.Concurrent;
using System.Diagnostics;

namespace Simulator.Observability.Tests.Running;

/// <summary><c>simulator run</c> as a process of its own, as users start it, on a free port, which can be scraped after its end, too.</summary>
internal sealed class WatchedRun : IAsyncDisposable
{
    private readonly Process _process;
    private readonly HttpClient _client = new();
    private readonly ConcurrentQueue<string> _complaints = new();
    private readonly Task _complaining;
    private Task _over = Task.CompletedTask;

    private WatchedRun(Process process)
    {
        _process = process;
        _complaining = EachLineAsync(process.StandardError, _complaints.Enqueue);
    }

    /// <summary>Address and port, which Prometheus has as the label instance.</summary>
    public string Instance => _client.BaseAddress!.Authority;

    /// <summary>Starts a scenario; results go to the folder.</summary>
    /// <param name="scenario">The scenario, YAML.</param>
    /// <param name="folder">Folder of its own, for the scenario and the results.</param>
    /// <param name="patience">How long to wait until it can be watched.</param>
    /// <param name="where">Where its cells are; on this process's device where nothing is said.</param>
    public static async Task<WatchedRun> StartAsync(string scenario, string folder, CancellationToken patience, params string[] where)
    {
        var file = Path.Combine(Directory.CreateDirectory(folder).FullName, "scenario.yaml");
        await File.WriteAllTextAsync(file, scenario, patience);
        string[] arguments = [Path.Combine(AppContext.BaseDirectory, "simulator.dll"), "run", file, "--output", Path.Combine(folder, "run"), "--listen", "127.0.0.1:0", "--stay", "--quiet", .. where.Length > 0 ? where : ["--device", "cpu"]];
        var run = new WatchedRun(Process.Start(new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!);
        try
        {
            run._client.BaseAddress = new Uri((await run.LineAsync("Watch it on ", patience)).Split(' ')[0]);
            run._over = run.OverAsync(patience);
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    /// <summary>Completed when the run is over, which can be watched on.</summary>
    public Task Over => _over;

    /// <summary>Scrapes it, without asking for OpenMetrics, until the run is over.</summary>
    /// <returns>The last scrape while cells were running, which has what ends with them (devices, mailboxes), and one after the end.</returns>
    public async Task<(Scrape Running, Scrape Over)> FollowAsync(CancellationToken patience)
    {
        Scrape? running = null;
        while (!_over.IsCompleted)
        {
            var scrape = await ScrapeAsync(patience);
            running = scrape.Samples.Any(sample => sample.Name == "simulator_cells" && sample.Labels["state"] == "running" && sample.Value > 0) ? scrape : running;
            await Task.WhenAny(_over, Task.Delay(TimeSpan.FromMilliseconds(250), patience));
        }

        await _over;
        return (running ?? throw new InvalidOperationException("no scrape met a running cell"), await ScrapeAsync(patience));
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        await Task.WhenAny(_over);
        await _complaining;
        _process.Dispose();
        _client.Dispose();
    }

    private static async Task EachLineAsync(StreamReader reader, Action<string> take)
    {
        while (await reader.ReadLineAsync(CancellationToken.None) is { } line)
        {
            take(line);
        }
    }

    private async Task<Scrape> ScrapeAsync(CancellationToken patience) => Scrape.Read(await _client.GetStringAsync("metrics", patience));

    private async Task OverAsync(CancellationToken patience)
    {
        await LineAsync("The run is over", patience);

        // Whatever it goes on to say is read, so that it never waits for a reader.
        _ = EachLineAsync(_process.StandardOutput, _ => { });
    }

    /// <summary>Waits for a line that begins with some words.</summary>
    /// <returns>What follows them.</returns>
    private async Task<string> LineAsync(string words, CancellationToken patience)
    {
        while (await _process.StandardOutput.ReadLineAsync(patience) is { } line)
        {
            if (line.StartsWith(words, StringComparison.Ordinal))
            {
                return line[words.Length..];
            }
        }

        await _complaining;
        throw new InvalidOperationException($"the run ended before it said '{words}'\n{string.Join('\n', _complaints)}");
    }
}
