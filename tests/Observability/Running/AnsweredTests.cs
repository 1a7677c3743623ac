namespace Simulator.Observability.Tests.Running;

/// <summary>
/// Every expression of the dashboards and the rules, put to a Prometheus server that has scraped real runs. An answer without a single finite number counts as none. Panels that show a course are asked for the
/// time since the runs began, tables and rules for this moment, as Grafana and Prometheus do.
/// </summary>
[Collection(nameof(WatchedPopulations))]
public sealed class AnsweredTests(WatchedPopulations populations)
{
    /// <summary>What must not be there: <see cref="ScrapeTests"/> and a test below hold that it is not.</summary>
    private const string Overflow = "otel_metric_overflow";

    /// <summary>Which cells the worst agents are in is told where cells have no series of their own, and nowhere else.</summary>
    private static readonly string[] ShownOfManyCellsOnly = ["saturation.json, panel Cells of the worst agents, of many cells, A"];

    /// <summary>Columns of the worst agents that stay empty where cells have no series of their own: the worst are told under the cell "population" there, and the agents of the sample under their cells' names.</summary>
    private static readonly string[] ShownOfFewCellsOnly = ["saturation.json, panel Worst agents, B", "saturation.json, panel Worst agents, C"];

    /// <summary>What NoEpisodeFinished asks of a simulator that counts no episodes yet, and of nodes: these have finished theirs, and are no members of a cluster (<see cref="ClusterTests"/>).</summary>
    private static readonly string[] NoEpisodeYet =
    [
        "NoEpisodeFinished: (up{job=\"simulator\"} unless on (job, instance) (simulator_episodes_total or simulator_cluster_unreachable))",
        "NoEpisodeFinished: simulator_cluster_unreachable",
    ];

    /// <summary>Rules but those that are about nodes alone.</summary>
    private static IEnumerable<Rule> Rules => RuleFiles.Rules.Where(rule => !rule.Expr.Contains(Overflow, StringComparison.Ordinal) && PromQl.Read(rule.Expr).Selectors.Any(selector => !IsOfNodes(selector.Name)));

    [SlowFact]
    public Task Every_panel_and_annotation_shows_something_with_everything_chosen() => AssertAnsweredAsync(Shown([]));

    [SlowFact]
    public async Task Every_panel_shows_something_of_a_run_with_few_cells_each_chosen_by_name()
    {
        var cells = await populations.Prometheus.ValuesAsync($"simulator_cell_episode{{instance=\"{populations.Few.Instance}\"}}", "cell", TestContext.Current.CancellationToken);
        Assert.Equal(2, cells.Count);

        await AssertAnsweredAsync(Shown(new() { ["instance"] = [populations.Few.Instance], ["cell"] = [.. cells] }), ShownOfManyCellsOnly);
        foreach (var cell in cells)
        {
            await AssertAnsweredAsync(Shown(new() { ["instance"] = [populations.Few.Instance], ["cell"] = [cell] }), ShownOfManyCellsOnly);
        }
    }

    [SlowFact]
    public Task Every_panel_shows_something_of_a_run_with_many_cells() => AssertAnsweredAsync(Shown(new() { ["instance"] = [populations.Many.Instance] }), ShownOfFewCellsOnly);

    [SlowFact]
    public async Task Every_selector_of_every_dashboard_and_rule_finds_series()
    {
        // "or vector(0)" answers for what does not exist. Over time, since devices and mailboxes end with a run.
        var ruled = Rules.Select(rule => new Question(rule.Record + rule.Alert, rule.Expr, Instant: false));

        await AssertAnsweredAsync(
            Shown([]).Concat(ruled).SelectMany(question => PromQl.Read(question.Expression).Selectors.Where(selector => !IsOfNodes(selector.Name)).Select(selector => selector.ToString()), (question, selector) => new Question($"{question.Place}: {selector}", selector, Instant: false))
                .Where(question => !question.Expression.Contains(Overflow, StringComparison.Ordinal)));
    }

    [SlowFact]
    public async Task Both_sides_of_every_or_are_answered()
    {
        var ruled = Rules.Select(rule => new Question(rule.Record + rule.Alert, PromQl.WithoutComparisons(rule.Expr), Instant: true));

        await AssertAnsweredAsync(
            Shown([]).Concat(ruled).SelectMany(question => PromQl.Alternatives(question.Expression), (question, side) => question with { Place = $"{question.Place}: {side}", Expression = side })
                .Where(question => !question.Expression.Contains(Overflow, StringComparison.Ordinal)),
            NoEpisodeYet);
    }

    [SlowFact]
    public async Task Variables_offer_what_has_been_scraped()
    {
        var offered = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
        foreach (var dashboard in Dashboard.OfRuns)
        {
            foreach (var query in dashboard.Variables.Select(variable => DashboardPanel.Text(variable, "query", "query")).OfType<string>())
            {
                var (selector, label) = Grafana.LabelValues(Grafana.Fill(query, dashboard, Chosen([])));
                var values = await populations.Prometheus.ValuesAsync(selector, label, TestContext.Current.CancellationToken);
                Assert.True(offered.TryAdd(label, [.. values]) || offered[label].SetEquals(values), $"{dashboard.File}: another {label} than in other dashboards");
            }
        }

        Assert.Equal(["cell", "instance", "job"], offered.Keys.Order());
        Assert.Equal(["simulator"], offered["job"]);
        Assert.Equal(new HashSet<string> { populations.Few.Instance, populations.Many.Instance }, offered["instance"]);
        Assert.Equal(["actor_rate-0.001-s42", "actor_rate-0.1-s42", "population"], offered["cell"].Order(StringComparer.Ordinal));
    }

    [SlowFact]
    public Task Every_recording_rule_computes_something_and_Prometheus_keeps_it() =>
        AssertAnsweredAsync(RuleFiles.Recording.SelectMany(rule => new[] { new Question(rule.Record, rule.Expr, Instant: true), new Question($"{rule.Record} as recorded", rule.Record, Instant: true) }));

    [SlowFact]
    public Task Every_alert_has_numbers_to_compare() =>
        AssertAnsweredAsync(Rules.Where(rule => rule.Alert.Length > 0).Select(rule => new Question(rule.Alert, PromQl.WithoutComparisons(rule.Expr), Instant: true)));

    [SlowFact]
    public async Task Nothing_was_without_room_from_beginning_to_end() =>
        Assert.Equal("no data", await populations.Prometheus.LackSinceStartAsync($"count({{{Overflow}!=\"\"}})", TestContext.Current.CancellationToken));

    [SlowFact]
    public void Prometheus_refuses_no_sample_and_fails_at_no_rule() => Faults.AssertNone(populations.Prometheus.Warnings);

    private static bool IsOfNodes(string metric) => MetricCatalogue.Cluster.Any(of => of.Name == metric);

    private static Dictionary<string, string[]> Chosen(Dictionary<string, string[]> chosen) => new(chosen, StringComparer.Ordinal) { ["job"] = ["simulator"] };

    private static IEnumerable<Question> Shown(Dictionary<string, string[]> chosen) =>
        from dashboard in Dashboard.OfRuns
        from target in dashboard.Targets
        select new Question(target.Place, Grafana.Fill(target.Expression, dashboard, Chosen(chosen)), target.Instant);

    private Task AssertAnsweredAsync(IEnumerable<Question> questions, params string[] unanswered) => Answers.AssertAsync(populations.Prometheus, questions, unanswered);
}
