using System.Net.Sockets;
using Akka.Hosting;
using Akka.Hosting.HealthChecks;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Simulator.Lab;

namespace Simulator;

/// <summary>Thrown where the command cannot listen as it was asked to.</summary>
internal sealed class ListenException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// Lets others watch a run in this process: metrics, health, a page and its data over HTTP, and whatever the OTEL_* variables ask for. It reads what the run shows and never waits for an actor.
/// </summary>
internal sealed class WatchHost : IAsyncDisposable
{
    private const string Ready = "ready";

    /// <summary>A device answers between two operations; one of a large cell takes seconds.</summary>
    private static readonly TimeSpan DevicePatience = TimeSpan.FromSeconds(10);

    private static readonly ActorSystemLivenessCheck ActorSystemCheck = new();

    private readonly IHost _host;
    private readonly Watched _watched;

    private WatchHost(IHost host, Watched watched, string? url)
    {
        _host = host;
        _watched = watched;
        Url = url;
    }

    /// <summary>Where the page is; null where nobody listens.</summary>
    internal string? Url { get; }

    /// <summary>Logging of the process.</summary>
    internal ILoggerFactory Logging => _host.Services.GetRequiredService<ILoggerFactory>();

    /// <summary>Starts to listen and to export, before anything is written: an address that cannot be had must not cost a folder. <see cref="Watch"/> names the run.</summary>
    /// <param name="listen">Where; null for nowhere.</param>
    /// <param name="plan">What will run.</param>
    /// <exception cref="ListenException">The address cannot be listened on, or the token is none.</exception>
    internal static async Task<WatchHost> StartAsync(ListenAddress? listen, ScenarioPlan plan)
    {
        var watched = new Watched(plan);
        if (listen is null)
        {
            var builder = Host.CreateEmptyApplicationBuilder(null);
            builder.Logging.AddStandardError();
            builder.Services.AddExport(plan, prometheus: false);
            var host = builder.Build();
            await host.StartAsync().ConfigureAwait(false);
            return new WatchHost(host, watched, null);
        }

        var access = WriteAccess.With(System.Environment.GetEnvironmentVariable(WriteAccess.Variable));
        for (var port = listen.Port; ; port++)
        {
            var app = Build(listen, port, plan, watched, access);
            try
            {
                await app.StartAsync().ConfigureAwait(false);
                return new WatchHost(app, watched, listen.Url(new Uri(app.Urls.First()).Port));
            }
            catch (Exception fault) when (IsInUse(fault) && !listen.Asked && port < listen.Port + ListenAddress.MostTried)
            {
                await app.DisposeAsync().ConfigureAwait(false);
            }
            catch (Exception fault) when (fault is IOException or SocketException)
            {
                await app.DisposeAsync().ConfigureAwait(false);
                throw new ListenException($"cannot listen on {listen.Address}:{port}: {Why(fault)}; --listen ADDR:PORT names another address, --no-listen does without", fault);
            }
        }
    }

    /// <summary>Shows a run.</summary>
    internal void Watch(PopulationRun run) => _watched.Run = run;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _host.StopAsync(patience.Token).ConfigureAwait(false);
        if (_host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync().ConfigureAwait(false);
        }
        else
        {
            _host.Dispose();
        }
    }

    private static HealthCheckResult Result(bool healthy, string? otherwise) => healthy ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy(otherwise);

    private static string Why(Exception fault) => IsInUse(fault) ? "the port is in use" : fault.GetBaseException().Message;

    /// <summary>Of two processes that bind a port at the same moment both may succeed, and the second to listen fails: Kestrel lets that through as it comes.</summary>
    private static bool IsInUse(Exception fault) => fault is IOException { InnerException: AddressInUseException } or SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse };

    private static WebApplication Build(ListenAddress listen, int port, ScenarioPlan plan, Watched watched, WriteAccess access)
    {
        // No settings but the command's: neither files of the working folder nor ASPNETCORE_URLS say where it listens.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = typeof(WatchHost).Assembly.GetName().Name, ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k =>
        {
            k.AddServerHeader = false;
            k.Listen(listen.Address, port);
        });
        builder.Logging.AddStandardError();
        builder.AddPage(watched);
        builder.Services.AddExport(plan, prometheus: true);
        builder.Services.AddHealthChecks()
            .AddAsyncCheck("actors", async ct => watched.Run?.Actors is { } actors ? await ActorSystemCheck.CheckHealthAsync(new AkkaHealthCheckContext(actors), ct).ConfigureAwait(false) : HealthCheckResult.Healthy())
            .AddCheck("store", () => Result(watched.Run is { StoreFault: null }, watched.Run is { } run ? run.StoreFault : "the run has not begun"), tags: [Ready])
            .AddAsyncCheck("device", async () => Result(watched.Run is not { } run || await run.DevicesAnswerAsync(DevicePatience).ConfigureAwait(false), $"a device has not answered for {DevicePatience.TotalSeconds} s"), tags: [Ready]);

        var app = builder.Build();
        app.UsePagePolicy();
        app.MapPage();
        app.MapPrometheusScrapingEndpoint("/metrics");
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = c => !c.Tags.Contains(Ready) });
        app.MapHealthChecks("/health/ready");
        app.MapGet("/api/population", (HttpContext context) => watched.Run is { } run
            ? Results.Json(PopulationDocument.Of(plan.Scenario.Name, run.StatusWord, run.Folder, run.Progress), WatchJson.Default.PopulationDocument)
            : Results.Problem("the run has not begun", statusCode: StatusCodes.Status503ServiceUnavailable));
        app.MapInterventions(watched, access);
        return app;
    }
}
