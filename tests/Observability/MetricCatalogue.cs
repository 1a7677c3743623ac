namespace Simulator.Observability.Tests;

/// <summary>What Prometheus takes a metric for; up-down counters are gauges to it.</summary>
internal enum MetricKind
{
    Gauge,
    Counter,
    Histogram,
}

/// <summary>A metric as Prometheus shows it: units are suffixes, counters end in _total.</summary>
/// <param name="Name">Its name; a histogram's without _bucket, _sum and _count.</param>
/// <param name="Kind">What Prometheus takes it for.</param>
/// <param name="Labels">Its labels beside those that every series has.</param>
internal sealed record Metric(string Name, MetricKind Kind, params string[] Labels);

/// <summary>
/// Every metric that a dashboard or a rule may ask for: those of the meter Simulator (shared/observability.md), those of .NET that are shown, and Prometheus' own. It is the one list of them in
/// the tests: an expression with a name or a label that is not here would show nothing, for ever and without a word.
/// </summary>
internal static class MetricCatalogue
{
    /// <summary>Labels that any series can have: Prometheus' two, the exporter's for the meter, and its mark on a stream that overflowed.</summary>
    public static readonly IReadOnlyList<string> CommonLabels = ["job", "instance", "otel_scope_name", "otel_metric_overflow"];

    /// <summary>The meter Simulator.</summary>
    public static readonly IReadOnlyList<Metric> Simulator =
    [
        new("simulator_agent_saturation_ratio", MetricKind.Gauge, "cell", "agent"),
        new("simulator_agent_gradient_norm", MetricKind.Gauge, "cell", "agent"),
        new("simulator_agent_tanh_slope", MetricKind.Gauge, "cell", "agent"),
        new("simulator_top_saturation_ratio", MetricKind.Gauge, "cell", "rank"),
        new("simulator_top_agent", MetricKind.Gauge, "cell", "rank"),
        new("simulator_top_agent_cell", MetricKind.Gauge, "cell", "rank"),
        new("simulator_top_cell_saturation_ratio", MetricKind.Gauge, "rank"),
        new("simulator_top_cell", MetricKind.Gauge, "rank"),
        new("simulator_saturation_ratio", MetricKind.Histogram, "action"),
        new("simulator_cell_saturation_ratio", MetricKind.Gauge, "cell", "threshold", "side"),
        new("simulator_agents", MetricKind.Gauge, "cell", "state"),
        new("simulator_preactivation_magnitude", MetricKind.Histogram, "action"),
        new("simulator_gradient_norm", MetricKind.Gauge, "cell", "network", "layer"),
        new("simulator_gradient_asymmetry_ratio", MetricKind.Gauge, "cell"),
        new("simulator_gradient_clipped_total", MetricKind.Counter, "network"),
        new("simulator_td_error", MetricKind.Histogram),
        new("simulator_critic_loss", MetricKind.Gauge, "cell"),
        new("simulator_exploration_epsilon", MetricKind.Gauge, "cell"),
        new("simulator_episode_cost", MetricKind.Histogram, "phase"),
        new("simulator_episode_reward", MetricKind.Gauge, "cell", "phase"),
        new("simulator_baseline_reward", MetricKind.Gauge, "cell", "policy"),
        new("simulator_violation_ratio", MetricKind.Gauge, "cell", "constraint"),
        new("simulator_episodes_total", MetricKind.Counter, "phase"),
        new("simulator_environment_steps_total", MetricKind.Counter, "phase"),
        new("simulator_client_steps_total", MetricKind.Counter, "phase"),
        new("simulator_updates_total", MetricKind.Counter, "network"),
        new("simulator_cells", MetricKind.Gauge, "state"),
        new("simulator_cell_episode", MetricKind.Gauge, "cell"),
        new("simulator_update_duration_seconds", MetricKind.Histogram, "network"),
        new("simulator_replay_transitions", MetricKind.Gauge, "cell"),
        new("simulator_batch_size", MetricKind.Histogram, "device", "operation"),
        new("simulator_batch_delay_seconds", MetricKind.Histogram, "device", "operation"),
        new("simulator_device_memory_bytes", MetricKind.Gauge, "device"),
        new("simulator_mailbox_messages", MetricKind.Gauge, "actor"),
        new("simulator_checkpoint_duration_seconds", MetricKind.Histogram),
        new("simulator_checkpoint_size_bytes", MetricKind.Histogram),
        new("simulator_recoveries_total", MetricKind.Counter),
    ];

    /// <summary>The meter Simulator in a process that is a node of a cluster; a run by itself has none of these.</summary>
    public static readonly IReadOnlyList<Metric> Cluster =
    [
        new("simulator_cluster_members", MetricKind.Gauge, "status", "role"),
        new("simulator_cluster_unreachable", MetricKind.Gauge),
        new("simulator_cluster_cells", MetricKind.Gauge),
    ];

    /// <summary>The meter System.Runtime of .NET 10, by OpenTelemetry.Instrumentation.Runtime 1.20. It has the thread pool's two levels as counters, so they end in _total though they fall, too.</summary>
    public static readonly IReadOnlyList<Metric> Runtime =
    [
        new("dotnet_gc_collections_total", MetricKind.Counter, "gc_heap_generation"),
        new("dotnet_gc_heap_total_allocated_bytes_total", MetricKind.Counter),
        new("dotnet_gc_last_collection_heap_size_bytes", MetricKind.Gauge, "gc_heap_generation"),
        new("dotnet_gc_last_collection_memory_committed_size_bytes", MetricKind.Gauge),
        new("dotnet_gc_pause_time_seconds_total", MetricKind.Counter),
        new("dotnet_monitor_lock_contentions_total", MetricKind.Counter),
        new("dotnet_process_cpu_count", MetricKind.Gauge),
        new("dotnet_process_cpu_time_seconds_total", MetricKind.Counter, "cpu_mode"),
        new("dotnet_process_memory_working_set_bytes", MetricKind.Gauge),
        new("dotnet_thread_pool_queue_length_total", MetricKind.Counter),
        new("dotnet_thread_pool_thread_count_total", MetricKind.Counter),
    ];

    /// <summary>What Prometheus itself writes of a target and of its rules.</summary>
    public static readonly IReadOnlyList<Metric> Prometheus =
    [
        new("up", MetricKind.Gauge),
        new("scrape_duration_seconds", MetricKind.Gauge),
        new("scrape_samples_scraped", MetricKind.Gauge),
        new("ALERTS", MetricKind.Gauge, "alertname", "alertstate", "severity", "cell"),
    ];

    /// <summary>Values of labels that have few; of layers, which some variants have more of, those that an expression may name.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> Values = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["state"] = ["learning", "saturated", "dead", "frozen", "waiting", "running", "paused", "ended"],
        ["status"] = ["joining", "weaklyup", "up", "leaving", "exiting", "down"],
        ["role"] = ["cell", "client", "cell+client", "lab"],
        ["action"] = ["offload", "cpu", "power"],
        ["threshold"] = ["0.9", "0.99"],
        ["side"] = ["negative", "positive"],
        ["network"] = ["actor", "critic"],
        ["layer"] = ["fc1", "fc2", "fc3", "all"],
        ["phase"] = ["training", "evaluation", "acting"],
        ["constraint"] = ["server", "deadline", "energy"],
        ["policy"] = ["all_local_1_percent_cpu", "all_local_5_percent_cpu", "all_local_10_percent_cpu", "all_local_30_percent_cpu", "all_local_full_cpu", "all_offload_full_power", "greedy_shortest_transmission"],
        ["alertstate"] = ["pending", "firing"],
    };

    /// <summary>The labels of every series, by its name: a histogram has three.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> Series = Simulator.Concat(Cluster).Concat(Runtime).Concat(Prometheus)
        .SelectMany(metric => metric.Kind == MetricKind.Histogram
            ? [(metric.Name + "_bucket", [.. metric.Labels, "le"]), (metric.Name + "_sum", metric.Labels), (metric.Name + "_count", metric.Labels)]
            : new[] { (Name: metric.Name, metric.Labels) })
        .ToDictionary(series => series.Name, series => series.Labels, StringComparer.Ordinal);
}
