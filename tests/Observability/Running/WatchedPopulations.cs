namespace Simulator.Observability.Tests.Running;

/// <summary>
/// Two runs that have been scraped from their start to after their end, by a Prometheus server where there is one: few cells and agents, each with series of its own, and so many (for what their scenario
/// allows) that summaries take their place. Nothing is started where the slow tests do not run.
/// </summary>
public sealed class WatchedPopulations : IAsyncLifetime
{
    // Fifty agents. An evaluation that earns less than the best constant policy raises an alert after 500 episodes, as these rates do (docs/findings.md), so that there are alerts to show.
    private const string FewScenario = """
        name: few
        episodes: 600
        clients: 25
        learning: { critic_rate: 0.001 }
        evaluation: { every: 50, episodes: 2 }
        tracking: { early_stop: false }
        checkpoint: { seconds: 0.5 }
        telemetry: { interval: 0.2 }
        sweep:
          learning.actor_rate: [0.001, 0.1]
        """;

    private const string ManyScenario = """
        name: many
        episodes: 600
        clients: 6
        learning: { critic_rate: 0.001, batch: 16 }
        evaluation: { every: 50, episodes: 2 }
        tracking: { early_stop: false }
        checkpoint: { seconds: 0.5 }
        telemetry:
          interval: 0.2
          agents: { full: 4, sample: 4, worst: 3 }
          cells: { full: 2, worst: 2 }
        sweep:
          learning.actor_rate: [0.001, 0.01, 0.1]
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(6);

    private readonly string _folder = Directory.CreateTempSubdirectory("simulator-watched-").FullName;
    private readonly Stack<IAsyncDisposable> _started = new();
    private PrometheusServer? _prometheus;

    internal WatchedRun Few { get; private set; } = null!;

    internal WatchedRun Many { get; private set; } = null!;

    /// <summary>Of the run with few agents: the last scrape while its cells were running, and one after their end.</summary>
    internal (Scrape Running, Scrape Over) OfFew { get; private set; }

    /// <summary>The same of the run with many.</summary>
    internal (Scrape Running, Scrape Over) OfMany { get; private set; }

    /// <summary>The server, which has scraped both to their end; the test that asks for it is skipped where there is none.</summary>
    internal PrometheusServer Prometheus
    {
        get
        {
            Assert.SkipWhen(_prometheus is null, Installed.PrometheusMissing);
            return _prometheus!;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (SlowSuite.SkipReason is not null)
        {
            return;
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            Few = await StartAsync("few", FewScenario, patience.Token);
            Many = await StartAsync("many", ManyScenario, patience.Token);
            if (Installed.Find("prometheus") is { } program)
            {
                _started.Push(_prometheus = await PrometheusServer.StartAsync(program, Path.Combine(_folder, "prometheus"), [Few.Instance, Many.Instance], patience.Token));
            }

            var (few, many) = (Few.FollowAsync(patience.Token), Many.FollowAsync(patience.Token));
            await Task.WhenAll(few, many);
            (OfFew, OfMany) = (await few, await many);
            while (_prometheus is not null && await _prometheus.LackNowAsync("count(sum by (instance) (simulator_cells{state=\"ended\"}) == sum by (instance) (simulator_cells)) == 2", patience.Token) is not null)
            {
                await Task.Delay(PrometheusServer.Interval / 4, patience.Token);
            }
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        while (_started.TryPop(out var one))
        {
            await one.DisposeAsync();
        }

        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private async Task<WatchedRun> StartAsync(string name, string scenario, CancellationToken patience)
    {
        var run = await WatchedRun.StartAsync(scenario, Path.Combine(_folder, name), patience);
        _started.Push(run);
        return run;
    }
}

/// <summary>The tests that share the runs.</summary>
[CollectionDefinition(nameof(WatchedPopulations))]
public sealed class WatchedPopulationsCollection : ICollectionFixture<WatchedPopulations>;
