using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;

namespace Simulator.Browser.Tests;

/// <summary>
/// An installed Chromium without a network, spoken to by the Chrome DevTools Protocol (https://chromedevtools.github.io/devtools-protocol). Nothing is downloaded for it.
/// </summary>
internal sealed class Chromium : IAsyncDisposable
{
    /// <summary>Names of the program on the path.</summary>
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge"];

    private readonly Process _process;
    private readonly ClientWebSocket _socket = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonElement>> _answers = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<JsonElement>> _awaited = new(StringComparer.Ordinal);
    private readonly CancellationToken _cancellation;
    private string? _session;
    private Task _listening = Task.CompletedTask;
    private int _count;

    private Chromium(Process process, CancellationToken cancellation)
    {
        _process = process;
        _cancellation = cancellation;
    }

    /// <summary>Errors and warnings of the page: what its console was told, and what its scripts threw.</summary>
    public ConcurrentQueue<string> Complaints { get; } = new();

    /// <summary>What the page asked for beside itself.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Path of the program: the variable CHROMIUM, or one on the path; null where there is none.</summary>
    internal static string? Find() =>
        System.Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } chosen
            ? chosen
            : (System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).SelectMany(folder => Names.Select(name => Path.Combine(folder, name)))
                .SelectMany(path => new[] { path, path + ".exe" }).FirstOrDefault(File.Exists);

    /// <summary>Starts it with a page that has nothing in it; what is downloaded goes to a folder.</summary>
    internal static async Task<Chromium> StartAsync(string program, string folder, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(program) { UseShellExecute = false, RedirectStandardError = true };
        string[] arguments =
        [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions", "--disable-background-networking",
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--remote-debugging-port=0", $"--user-data-dir={Path.Combine(folder, "profile")}", "--window-size=1280,1000", "about:blank",
        ];
        Array.ForEach(arguments, start.ArgumentList.Add);
        var chromium = new Chromium(Process.Start(start)!, cancellation);
        try
        {
            await chromium.ConnectAsync(folder);
            return chromium;
        }
        catch
        {
            await chromium.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        await Task.WhenAny(_listening);
        _socket.Dispose();
        _process.Dispose();
    }

    /// <summary>Shows pages on a screen of this size.</summary>
    internal async Task ResizeAsync(int width, int height, bool dark)
    {
        await SendAsync("Emulation.setDeviceMetricsOverride", new { width, height, deviceScaleFactor = 1, mobile = false });
        await SendAsync("Emulation.setEmulatedMedia", new { features = new[] { new { name = "prefers-color-scheme", value = dark ? "dark" : "light" } } });
    }

    /// <summary>Takes a picture of what is seen.</summary>
    internal async Task PictureAsync(string file)
    {
        var picture = await SendAsync("Page.captureScreenshot", new { format = "png" });
        await File.WriteAllBytesAsync(file, picture.GetProperty("data").GetBytesFromBase64(), _cancellation);
    }

    /// <summary>Opens a file or an address and waits until it is loaded.</summary>
    internal async Task OpenAsync(string file)
    {
        var loaded = Await("Page.loadEventFired");
        await SendAsync("Page.navigate", new { url = new Uri(file).AbsoluteUri });
        await loaded;
    }

    /// <summary>The value of an expression in the page, of a promise when it is kept.</summary>
    internal async Task<JsonElement> EvaluateAsync(string expression)
    {
        var answer = await SendAsync("Runtime.evaluate", new { expression, awaitPromise = true, returnByValue = true, userGesture = true });
        return answer.TryGetProperty("exceptionDetails", out var fault) ? throw new InvalidOperationException(fault.ToString()) : answer.GetProperty("result").GetProperty("value");
    }

    /// <summary>Does what downloads a file, and waits for its last byte.</summary>
    /// <returns>The name that the page gave the file.</returns>
    internal async Task<string> DownloadAsync(string expression)
    {
        var (begun, completed) = (Await("Browser.downloadWillBegin"), Await("Browser.downloadProgress completed"));
        await EvaluateAsync(expression);
        await completed;
        return (await begun).GetProperty("suggestedFilename").GetString()!;
    }

    private Task<JsonElement> Await(string occasion) =>
        (_awaited[occasion] = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously)).Task.WaitAsync(_cancellation);

    private async Task ConnectAsync(string folder)
    {
        const string Announcement = "DevTools listening on ";
        string? line;
        do
        {
            line = await _process.StandardError.ReadLineAsync(_cancellation) ?? throw new InvalidOperationException("Chromium ended before it could be spoken to");
        }
        while (!line.StartsWith(Announcement, StringComparison.Ordinal));

        // Whatever it goes on to say is read, so that it never waits for a reader.
        _ = _process.StandardError.ReadToEndAsync(CancellationToken.None);
        await _socket.ConnectAsync(new Uri(line[Announcement.Length..].Trim()), _cancellation);
        _listening = ListenAsync();
        await SendAsync("Browser.setDownloadBehavior", new { behavior = "allow", downloadPath = folder, eventsEnabled = true });
        var target = await SendAsync("Target.createTarget", new { url = "about:blank" });
        var attached = await SendAsync("Target.attachToTarget", new { targetId = target.GetProperty("targetId").GetString(), flatten = true });
        _session = attached.GetProperty("sessionId").GetString();
        foreach (var domain in new[] { "Runtime", "Log", "Page", "Network" })
        {
            await SendAsync($"{domain}.enable", new { });
        }
    }

    private async Task<JsonElement> SendAsync(string method, object parameters)
    {
        var id = Interlocked.Increment(ref _count);
        var answer = _answers[id] = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        var message = _session is null ? JsonSerializer.SerializeToUtf8Bytes(new { id, method, @params = parameters }) : JsonSerializer.SerializeToUtf8Bytes(new { id, method, @params = parameters, sessionId = _session });
        await _socket.SendAsync(message, WebSocketMessageType.Text, true, _cancellation);
        var reply = await answer.Task.WaitAsync(_cancellation);
        return reply.TryGetProperty("error", out var error) ? throw new InvalidOperationException($"{method}: {error}") : reply.GetProperty("result");
    }

    private async Task ListenAsync()
    {
        var buffer = new byte[1 << 16];
        using var message = new MemoryStream();
        while (_socket.State == WebSocketState.Open)
        {
            message.SetLength(0);
            ValueWebSocketReceiveResult received;
            do
            {
                received = await _socket.ReceiveAsync(buffer.AsMemory(), _cancellation);
                message.Write(buffer, 0, received.Count);
            }
            while (!received.EndOfMessage);

            if (received.MessageType == WebSocketMessageType.Close)
            {
                return;
            }

            var root = JsonDocument.Parse(message.ToArray()).RootElement;
            if (root.TryGetProperty("id", out var id))
            {
                _answers[id.GetInt32()].TrySetResult(root);
            }
            else
            {
                Take(root.GetProperty("method").GetString()!, root.GetProperty("params"));
            }
        }
    }

    private void Take(string method, JsonElement parameters)
    {
        switch (method)
        {
            case "Runtime.consoleAPICalled" when parameters.GetProperty("type").GetString() is "error" or "warning" or "assert":
            case "Runtime.exceptionThrown":
            case "Log.entryAdded":
                Complaints.Enqueue(parameters.ToString());
                break;
            case "Network.requestWillBeSent" when parameters.GetProperty("request").GetProperty("url").GetString() is { } url && !url.StartsWith("data:", StringComparison.Ordinal) && !url.StartsWith("blob:", StringComparison.Ordinal):
                Requests.Enqueue(url);
                break;
            default:
                break;
        }

        var occasion = method == "Browser.downloadProgress" ? $"{method} {parameters.GetProperty("state").GetString()}" : method;
        if (_awaited.TryGetValue(occasion, out var awaited))
        {
            awaited.TrySetResult(parameters);
        }
    }
}
