namespace Simulator.Observability.Tests.Running;

/// <summary>
/// Two nodes with a run that has joined them, one of which was killed when it had done some work, and a run with nodes of this machine: scraped by a Prometheus server until the cells of the lost node had come
/// back on the other. Nothing is started where the slow tests do not run, or where there is no Prometheus.
/// </summary>
public sealed class WatchedCluster : IAsyncLifetime
{
    // It goes on until the tests are over.
    private const string JoinedScenario = """
        name: joined
        episodes: 1000000
        cells: 4
        clients: 6
        learning: { batch: 16 }
        tracking: { early_stop: false }
        checkpoint: { seconds: 1 }
        telemetry: { interval: 0.2 }
        """;

    private const string LocalScenario = """
        name: local
        episodes: 300
        cells: 2
        clients: 6
        learning: { batch: 16 }
        tracking: { early_stop: false }
        checkpoint: { seconds: 1 }
        telemetry: { interval: 0.2 }
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(6);

    private readonly string _folder = Directory.CreateTempSubdirectory("simulator-cluster-").FullName;
    private readonly Stack<IAsyncDisposable> _started = new();
    private PrometheusServer? _prometheus;

    /// <summary>The node that stays.</summary>
    internal WatchedNode Node { get; private set; } = null!;

    /// <summary>The node that was killed.</summary>
    internal WatchedNode Lost { get; private set; } = null!;

    /// <summary>The run on both.</summary>
    internal WatchedRun Joined { get; private set; } = null!;

    /// <summary>The run of <c>--local-nodes 2</c>.</summary>
    internal WatchedRun Local { get; private set; } = null!;

    /// <summary>What the node that stays answered while both had cells.</summary>
    internal Scrape OfNode { get; private set; } = null!;

    /// <summary>The server; the test that asks for it is skipped where there is none.</summary>
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
        if (SlowSuite.SkipReason is not null || Installed.Find("prometheus") is not { } program)
        {
            return;
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            await StartAsync(program, patience.Token);
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

    private async Task StartAsync(string program, CancellationToken patience)
    {
        var runs = Directory.CreateDirectory(Path.Combine(_folder, "joined")).FullName;
        _started.Push(Node = await WatchedNode.StartAsync(null, runs, patience));
        _started.Push(Lost = await WatchedNode.StartAsync(Node.Address, runs, patience));
        _started.Push(Joined = await WatchedRun.StartAsync(JoinedScenario, runs, patience, "--join", Node.Address));
        _started.Push(Local = await WatchedRun.StartAsync(LocalScenario, Path.Combine(_folder, "local"), patience, "--local-nodes", "2", "--device", "cpu"));
        _started.Push(_prometheus = await PrometheusServer.StartAsync(program, Path.Combine(_folder, "prometheus"), [Node.Instance, Lost.Instance, Joined.Instance, Local.Instance], patience));
        await Local.Over.WaitAsync(patience);
        await UntilAsync("both nodes have written checkpoints, as Prometheus saw twice", "count(increase(simulator_checkpoint_size_bytes_count[1m]) > 0) >= 2", patience);
        OfNode = await Node.ScrapeAsync(patience);

        await Lost.KillAsync(patience);
        await UntilAsync("Prometheus says that a member cannot be reached", "ALERTS{alertname=\"ClusterMemberUnreachable\", alertstate=\"firing\"}", patience);
        await UntilAsync("all cells are on the node that is left", $"simulator_cluster_cells{{instance=\"{Node.Instance}\"}} == 4", patience);
        await UntilAsync("the run has counted its recoveries", $"simulator_recoveries_total{{instance=\"{Joined.Instance}\"}} > 0", patience);
        await UntilAsync("the node that is left goes on", $"rate(simulator_batch_size_count{{instance=\"{Node.Instance}\"}}[10s]) > 0", patience);
    }

    private async Task UntilAsync(string what, string expression, CancellationToken patience)
    {
        string? lack;
        while ((lack = await _prometheus!.LackNowAsync(expression, CancellationToken.None)) is not null)
        {
            try
            {
                await Task.Delay(PrometheusServer.Interval / 4, patience);
            }
            catch (OperationCanceledException fault)
            {
                throw new TimeoutException($"it never came that {what}: {lack}", fault);
            }
        }
    }
}

/// <summary>The tests that share the cluster.</summary>
[CollectionDefinition(nameof(WatchedCluster))]
public sealed class WatchedClusterCollection : ICollectionFixture<WatchedCluster>;
