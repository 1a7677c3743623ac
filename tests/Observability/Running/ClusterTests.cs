namespace Simulator.Observability.Tests.Running;

/// <summary>The dashboard <i>Cluster</i> and the rules about nodes, put to a Prometheus server that has scraped a real cluster, of which a node was lost.</summary>
[Collection(nameof(WatchedCluster))]
public sealed class ClusterTests(WatchedCluster cluster)
{
    private const string Overflow = "otel_metric_overflow";

    /// <summary>What a process is asked that has no devices: a run whose cells are on nodes.</summary>
    private static readonly string[] OfNodesAlone =
    [
        .. ((string[])
        [
            "Device operations per second", "Device operations per second, by node", "Size of batches, by node", "Delay of batches, by node",
            "Duration of checkpoints, by node", "Size of checkpoints, by node", "Checkpoints per minute, by node", "Bytes per second to the store, by node",
        ]).Select(panel => $"cluster.json, panel {panel}, A"),
    ];

    /// <summary>What nodes do not count: the runs do whose cells they have.</summary>
    private static readonly string[] OfRunsAlone = [.. ((string[])["Recoveries per minute", "Episodes per second, by run"]).Select(panel => $"cluster.json, panel {panel}, A")];

    /// <summary>Rules about nodes.</summary>
    private static IEnumerable<Rule> Rules => RuleFiles.Rules.Where(rule => MetricCatalogue.Cluster.Any(metric => rule.Expr.Contains(metric.Name, StringComparison.Ordinal)) || rule.Alert == "RecoveriesFrequent");

    [SlowFact]
    public Task Every_panel_and_annotation_shows_something_with_everything_chosen() => AssertAnsweredAsync(Shown());

    [SlowFact]
    public Task Every_panel_shows_something_of_a_run_and_its_nodes_chosen_by_name() => AssertAnsweredAsync(Shown(cluster.Node.Instance, cluster.Lost.Instance, cluster.Joined.Instance));

    [SlowFact]
    public Task A_node_by_itself_shows_what_it_does_and_whom_it_sees() => AssertAnsweredAsync(Shown(cluster.Node.Instance), OfRunsAlone);

    [SlowFact]
    public Task A_run_by_itself_shows_whom_it_sees_and_what_came_back() => AssertAnsweredAsync(Shown(cluster.Joined.Instance), OfNodesAlone);

    [SlowFact]
    public Task A_run_with_nodes_of_its_own_shows_as_much() => AssertAnsweredAsync(Shown(cluster.Local.Instance), OfNodesAlone);

    [SlowFact]
    public Task Every_selector_of_the_dashboard_and_the_rules_finds_series() =>
        AssertAnsweredAsync(
            Shown().Concat(Rules.Select(rule => new Question(rule.Alert, rule.Expr, Instant: false)))
                .SelectMany(question => PromQl.Read(question.Expression).Selectors.Select(selector => selector.ToString()), (question, selector) => new Question($"{question.Place}: {selector}", selector, Instant: false)));

    [SlowFact]
    public Task Both_sides_of_every_or_are_answered() =>
        AssertAnsweredAsync(
            Shown().Concat(Rules.Select(rule => new Question(rule.Alert, PromQl.WithoutComparisons(rule.Expr), Instant: false)))
                .SelectMany(question => PromQl.Alternatives(question.Expression), (question, side) => question with { Place = $"{question.Place}: {side}", Expression = side }));

    [SlowFact]
    public Task Every_alert_about_nodes_has_numbers_to_compare() => AssertAnsweredAsync(Rules.Select(rule => new Question(rule.Alert, PromQl.WithoutComparisons(rule.Expr), Instant: true)));

    [SlowFact]
    public async Task A_node_that_was_killed_is_missed_and_nodes_without_episodes_are_not_taken_for_runs_that_stand_still()
    {
        await AssertAnsweredAsync([new Question("missed", "ALERTS{alertname=\"ClusterMemberUnreachable\", alertstate=\"firing\"}", Instant: false)]);
        Assert.Equal("no data", await cluster.Prometheus.LackSinceStartAsync($"ALERTS{{alertname=\"NoEpisodeFinished\", instance=\"{cluster.Node.Instance}\"}}", TestContext.Current.CancellationToken));
    }

    [SlowFact]
    public async Task Variables_offer_the_members()
    {
        var (job, instance) = (Query("job"), Query("instance"));

        Assert.Equal(["simulator"], await cluster.Prometheus.ValuesAsync(job.Selector, job.Label, TestContext.Current.CancellationToken));
        Assert.Equal(
            new HashSet<string>([cluster.Node.Instance, cluster.Lost.Instance, cluster.Joined.Instance, cluster.Local.Instance]),
            [.. await cluster.Prometheus.ValuesAsync(instance.Selector, instance.Label, TestContext.Current.CancellationToken)]);
    }

    [SlowFact]
    public void What_a_node_exports_is_in_the_catalogue_with_its_kind_labels_and_values()
    {
        Assert.SkipWhen(cluster.OfNode is null, Installed.PrometheusMissing);
        var known = MetricCatalogue.Simulator.Concat(MetricCatalogue.Cluster).ToList();

        Assert.Superset(MetricCatalogue.Cluster.Select(metric => metric.Name).ToHashSet(), cluster.OfNode.Kinds.Keys.ToHashSet());
        Assert.Empty(cluster.OfNode.Kinds.Keys.Where(name => name.StartsWith("simulator_", StringComparison.Ordinal)).Except(known.Select(metric => metric.Name)));
        Faults.AssertNone(from metric in known where cluster.OfNode.Kinds.ContainsKey(metric.Name) from fault in ScrapeTests.KindAndLabelsOf(metric, cluster.OfNode) select $"{metric.Name} {fault}");
        Faults.AssertNone(from sample in cluster.OfNode.Samples from label in sample.Labels where MetricCatalogue.Values.TryGetValue(label.Key, out var values) && !values.Contains(label.Value) select $"{sample.Name}: {label.Key} is {label.Value}");
        Assert.DoesNotContain(cluster.OfNode.Samples, sample => sample.Labels.ContainsKey(Overflow));
    }

    [SlowFact]
    public void Prometheus_refuses_no_sample_and_fails_at_no_rule() => Faults.AssertNone(cluster.Prometheus.Warnings);

    private static (string Selector, string Label) Query(string name) =>
        Grafana.LabelValues(Grafana.Fill(DashboardPanel.Text(Dashboard.Cluster.Variables.Single(variable => DashboardPanel.Text(variable, "name") == name), "query", "query")!, Dashboard.Cluster, Chosen([])));

    private static Dictionary<string, string[]> Chosen(string[] instances) => instances.Length == 0 ? new() { ["job"] = ["simulator"] } : new() { ["job"] = ["simulator"], ["instance"] = instances };

    /// <summary>What the dashboard asks. The alerts that mark its graphs are those of the cluster: which ones there are of a single instance is chance.</summary>
    private static IEnumerable<Question> Shown(params string[] instances) =>
        (instances.Length == 0 ? Dashboard.Cluster.Targets : Dashboard.Cluster.Shown.SelectMany(panel => panel.Targets)).Select(target => new Question(target.Place, Grafana.Fill(target.Expression, Dashboard.Cluster, Chosen(instances)), target.Instant));

    private Task AssertAnsweredAsync(IEnumerable<Question> questions, params string[] unanswered) => Answers.AssertAsync(cluster.Prometheus, questions, unanswered);
}
