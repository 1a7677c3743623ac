using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Simulator.Observability.Tests.Running;

/// <summary>
/// A Prometheus server with the configuration and the rules of docker/prometheus, asked through its HTTP API (https://prometheus.io/docs/prometheus/latest/querying/api).
/// </summary>
internal sealed partial class PrometheusServer : IAsyncDisposable
{
    /// <summary>Time between two scrapes, and two evaluations of the rules: a run of seconds is to be scraped often enough for rates.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Process _process;
    private readonly HttpClient _client = new();
    private readonly ConcurrentQueue<string> _log = new();
    private readonly TaskCompletionSource<string> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _logging;
    private readonly DateTimeOffset _started = TimeProvider.System.GetUtcNow();

    private PrometheusServer(Process process)
    {
        _process = process;
        _logging = FollowLogAsync();
    }

    /// <summary>What it had to warn of: samples that it refused, rules that failed.</summary>
    public IEnumerable<string> Warnings => _log.Where(line => Warning().IsMatch(line));

    /// <summary>Starts it on a free port; its data go to the folder.</summary>
    /// <param name="program">Path of prometheus.</param>
    /// <param name="folder">An empty folder.</param>
    /// <param name="targets">Addresses that it scrapes in place of the container's.</param>
    /// <param name="patience">How long to wait until it answers.</param>
    public static async Task<PrometheusServer> StartAsync(string program, string folder, IReadOnlyList<string> targets, CancellationToken patience)
    {
        var configuration = Path.Combine(Directory.CreateDirectory(folder).FullName, "prometheus.yml");
        await File.WriteAllTextAsync(configuration, Configuration(targets), patience);
        string[] arguments = [$"--config.file={configuration}", $"--storage.tsdb.path={Path.Combine(folder, "data")}", "--web.listen-address=127.0.0.1:0"];
        var server = new PrometheusServer(Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, UseShellExecute = false, RedirectStandardError = true })!);
        try
        {
            server._client.BaseAddress = new Uri($"http://{await server._listening.Task.WaitAsync(patience)}/api/v1/");
            await server._ready.Task.WaitAsync(patience);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// docker/prometheus/prometheus.yml as it is, but for three things: the containers' targets become the given ones, all intervals are <see cref="Interval"/> (and the time that a scrape may take no
    /// longer than that), and the rules are named by their whole path, as the file lies elsewhere.
    /// </summary>
    internal static string Configuration(IReadOnlyList<string> targets)
    {
        var seconds = Seconds(Interval);
        return Change(File.ReadAllText(Repository.File("docker", "prometheus", "prometheus.yml")),
            ("  scrape_interval: 5s\n", $"  scrape_interval: {seconds}s\n"),
            ("  scrape_timeout: 4s\n", $"  scrape_timeout: {seconds}s\n"),
            ("  evaluation_interval: 5s\n", $"  evaluation_interval: {seconds}s\n"),
            ("  - rules/*.yml\n", $"  - '{Repository.File("docker", "prometheus", "rules", "*.yml")}'\n"),
            ("targets: [\"simulator:9464\", \"node-1:9464\", \"node-2:9464\", \"node-3:9464\"]\n", $"targets: [{string.Join(", ", targets.Select(target => $"\"{target}\""))}]\n"));
    }

    /// <summary>Whether an expression has a number at this moment, as rules and tables ask.</summary>
    /// <returns>Null where it has; else what there is instead.</returns>
    public Task<string?> LackNowAsync(string expression, CancellationToken patience) => LackAsync("query", new() { ["query"] = expression }, patience);

    /// <summary>Whether an expression has a number at any moment since the server was started, as panels that show a course ask.</summary>
    /// <returns>Null where it has; else what there is instead.</returns>
    public Task<string?> LackSinceStartAsync(string expression, CancellationToken patience) =>
        LackAsync("query_range", new() { ["query"] = expression, ["start"] = Time(_started), ["end"] = Time(TimeProvider.System.GetUtcNow()), ["step"] = Seconds(Interval) }, patience);

    /// <summary>Values of a label of the series that a selector finds, as Grafana's label_values asks.</summary>
    public async Task<IReadOnlyList<string>> ValuesAsync(string selector, string label, CancellationToken patience)
    {
        using var answer = JsonDocument.Parse(await _client.GetStringAsync($"label/{label}/values?match[]={Uri.EscapeDataString(selector)}", patience));
        return [.. answer.RootElement.GetProperty("data").EnumerateArray().Select(value => value.GetString()!)];
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        await _logging;
        _process.Dispose();
        _client.Dispose();
    }

    private static string Change(string text, params IEnumerable<(string Written, string Meant)> changes) =>
        changes.Aggregate(text, (changed, change) => changed.Split(change.Written) is [var before, var after]
            ? before + change.Meant + after
            : throw new InvalidOperationException($"prometheus.yml does not have this once: {change.Written}"));

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString(CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset time) => (time.ToUnixTimeMilliseconds() / 1000.0).ToString("F3", CultureInfo.InvariantCulture);

    /// <summary>The numbers of an answer: one for each series, or one for each series and moment.</summary>
    private static IEnumerable<string?> Numbers(JsonElement data) => data.GetProperty("resultType").GetString() switch
    {
        "vector" => data.GetProperty("result").EnumerateArray().Select(series => series.GetProperty("value")[1].GetString()),
        "matrix" => data.GetProperty("result").EnumerateArray().SelectMany(series => series.GetProperty("values").EnumerateArray()).Select(moment => moment[1].GetString()),
        var other => throw new InvalidOperationException($"an answer of type {other}"),
    };

    private async Task<string?> LackAsync(string way, Dictionary<string, string> question, CancellationToken patience)
    {
        using var form = new FormUrlEncodedContent(question);
        using var response = await _client.PostAsync(new Uri(way, UriKind.Relative), form, patience);
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(patience));
        if (answer.RootElement.GetProperty("status").GetString() != "success")
        {
            return answer.RootElement.GetProperty("error").GetString();
        }

        var numbers = Numbers(answer.RootElement.GetProperty("data")).ToList();
        return numbers.Exists(number => number is not ("NaN" or "+Inf" or "-Inf")) ? null : numbers.Count == 0 ? "no data" : "no number";
    }

    private async Task FollowLogAsync()
    {
        while (await _process.StandardError.ReadLineAsync(CancellationToken.None) is { } line)
        {
            _log.Enqueue(line);
            if (Listening().Match(line) is { Success: true } match)
            {
                _listening.TrySetResult(match.Groups[1].Value);
            }
            else if (line.Contains("Server is ready to receive web requests", StringComparison.Ordinal))
            {
                _ready.TrySetResult();
            }
        }

        var fault = new InvalidOperationException($"Prometheus ended before it answered\n{string.Join('\n', _log)}");
        _listening.TrySetException(fault);
        _ready.TrySetException(fault);
    }

    [GeneratedRegex("""msg="Listening on".* address=(\S+)""")]
    private static partial Regex Listening();

    [GeneratedRegex("level=(?:warn|error)", RegexOptions.IgnoreCase)]
    private static partial Regex Warning();
}
