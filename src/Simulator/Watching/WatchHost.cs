using Microsoft.Extensions.Diagnostics.HealthChecks;
using Simulator.Lab;

namespace Simulator;

/// <summary>
/// Lets others watch a run in this process: metrics, health, a page and its data over HTTP, and whatever the OTEL_* variables ask for. It reads what the run shows and never waits for an actor.
/// </summary>
internal sealed class WatchHost : IAsyncDisposable
{
    /// <summary>A device answers between two operations; one of a large cell takes seconds.</summary>
    private static readonly TimeSpan DevicePatience = TimeSpan.FromSeconds(10);

    private readonly CommandHost _host;
    private readonly Watched _watched;

    private WatchHost(CommandHost host, Watched watched)
    {
        _host = host;
        _watched = watched;
    }

    /// <summary>Where the page is; null where nobody listens.</summary>
    internal string? Url => _host.Url;

    /// <summary>Logging of the process.</summary>
    internal ILoggerFactory Logging => _host.Logging;

    /// <summary>Starts to listen and to export, before anything is written: an address that cannot be had must not cost a folder. <see cref="Watch"/> names the run.</summary>
    /// <param name="listen">Where; null for nowhere.</param>
    /// <param name="plan">What will run.</param>
    /// <exception cref="ListenException">The address cannot be listened on, or the token is none.</exception>
    internal static async Task<WatchHost> StartAsync(ListenAddress? listen, ScenarioPlan plan)
    {
        var watched = new Watched(plan);
        var access = listen is null ? null : WriteAccess.With(System.Environment.GetEnvironmentVariable(WriteAccess.Variable));
        var host = await CommandHost.StartAsync(
            listen,
            (services, prometheus) => services.AddExport(plan, prometheus),
            builder => Add(builder, watched),
            app => Map(app, plan, watched, access!)).ConfigureAwait(false);
        return new WatchHost(host, watched);
    }

    /// <summary>Shows a run.</summary>
    internal void Watch(PopulationRun run) => _watched.Run = run;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private static HealthCheckResult Result(bool healthy, string? otherwise) => healthy ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy(otherwise);

    private static void Add(WebApplicationBuilder builder, Watched watched)
    {
        builder.AddPage(watched);
        builder.Services.AddHealthChecks()
            .AddAsyncCheck("actors", ct => CommandHost.CheckAsync(watched.Run?.Actors, ct))
            .AddCheck("store", () => Result(watched.Run is { StoreFault: null }, watched.Run is { } run ? run.StoreFault : "the run has not begun"), tags: [CommandHost.Ready])
            .AddAsyncCheck("device", async () => Result(watched.Run is not { } run || await run.DevicesAnswerAsync(DevicePatience).ConfigureAwait(false), $"a device has not answered for {DevicePatience.TotalSeconds} s"), tags: [CommandHost.Ready]);
    }

    private static void Map(WebApplication app, ScenarioPlan plan, Watched watched, WriteAccess access)
    {
        app.UsePagePolicy();
        app.MapPage();
        app.MapGet("/api/population", (HttpContext context) => watched.Run is { } run
            ? Results.Json(PopulationDocument.Of(plan.Scenario.Name, run.StatusWord, run.Folder, run.Progress), WatchJson.Default.PopulationDocument)
            : Results.Problem("the run has not begun", statusCode: StatusCodes.Status503ServiceUnavailable));
        app.MapInterventions(watched, access);
    }
}
