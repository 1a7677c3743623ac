using System.Net.Sockets;
using Akka.Actor;
using Akka.Hosting;
using Akka.Hosting.HealthChecks;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Simulator;

/// <summary>Thrown where the command cannot listen as it was asked to.</summary>
internal sealed class ListenException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>What a command has beside its work while it is there: logging, and export of what is measured, over HTTP where it listens.</summary>
internal sealed class CommandHost : IAsyncDisposable
{
    /// <summary>Tag of health checks that say whether work can be done; those without it say whether the process is alive.</summary>
    internal const string Ready = "ready";

    private static readonly ActorSystemLivenessCheck ActorSystemCheck = new();

    private readonly IHost _host;

    private CommandHost(IHost host, string? url)
    {
        _host = host;
        Url = url;
    }

    /// <summary>Where it listens; null where it does not.</summary>
    internal string? Url { get; }

    /// <summary>Logging of the process.</summary>
    internal ILoggerFactory Logging => _host.Services.GetRequiredService<ILoggerFactory>();

    /// <summary>Starts to listen and to export.</summary>
    /// <param name="listen">Where; null for nowhere.</param>
    /// <param name="export">Adds the export; told whether Prometheus may scrape.</param>
    /// <param name="add">Adds what listening takes beside /metrics and health.</param>
    /// <param name="map">Maps it.</param>
    /// <exception cref="ListenException">The address cannot be listened on.</exception>
    internal static async Task<CommandHost> StartAsync(ListenAddress? listen, Action<IServiceCollection, bool> export, Action<WebApplicationBuilder> add, Action<WebApplication> map)
    {
        if (listen is null)
        {
            var builder = Host.CreateEmptyApplicationBuilder(null);
            builder.Logging.AddStandardError();
            export(builder.Services, false);
            var host = builder.Build();
            await host.StartAsync().ConfigureAwait(false);
            return new CommandHost(host, null);
        }

        for (var port = listen.Port; ; port++)
        {
            var app = Build(listen, port, export, add, map);
            try
            {
                await app.StartAsync().ConfigureAwait(false);
                return new CommandHost(app, listen.Url(new Uri(app.Urls.First()).Port));
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

    /// <summary>Whether an actor system is alive; one that is not there yet, or not missed any more, is well.</summary>
    internal static async Task<HealthCheckResult> CheckAsync(ActorSystem? system, CancellationToken cancellation) =>
        system is null ? HealthCheckResult.Healthy() : await ActorSystemCheck.CheckHealthAsync(new AkkaHealthCheckContext(system), cancellation).ConfigureAwait(false);

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

    private static WebApplication Build(ListenAddress listen, int port, Action<IServiceCollection, bool> export, Action<WebApplicationBuilder> add, Action<WebApplication> map)
    {
        // No settings but the command's: neither files of the working folder nor ASPNETCORE_URLS say where it listens.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = typeof(CommandHost).Assembly.GetName().Name, ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k =>
        {
            k.AddServerHeader = false;
            k.Listen(listen.Address, port);
        });
        builder.Logging.AddStandardError();
        builder.Services.AddRouting();
        export(builder.Services, true);
        builder.Services.AddHealthChecks();
        add(builder);

        var app = builder.Build();
        map(app);
        app.MapPrometheusScrapingEndpoint("/metrics");
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = c => !c.Tags.Contains(Ready) });
        app.MapHealthChecks("/health/ready");
        return app;
    }

    private static string Why(Exception fault) => IsInUse(fault) ? "the port is in use" : fault.GetBaseException().Message;

    /// <summary>Of two processes that bind a port at the same moment both may succeed, and the second to listen fails: Kestrel lets that through as it comes.</summary>
    private static bool IsInUse(Exception fault) => fault is IOException { InnerException: AddressInUseException } or SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse };
}
