using Simulator.Observability.Tests.Running;

namespace Simulator.Observability.Tests;

/// <summary>
/// The dashboards of docker/grafana, as files: that they are complete, say what they show, and ask for what exists. Each test lists every fault that it finds.
/// </summary>
public sealed class DashboardTests
{
    private const string DataSource = "${datasource}";

    private static IEnumerable<DashboardPanel> Panels => Dashboard.All.SelectMany(dashboard => dashboard.Shown);

    private static IEnumerable<DashboardTarget> Targets => Dashboard.All.SelectMany(dashboard => dashboard.Targets);

    [Fact]
    public void The_dashboards_are_found()
    {
        Assert.Superset(new HashSet<string>(["cluster.json", "population.json", "runtime.json", "saturation.json"]), Dashboard.All.Select(dashboard => dashboard.File).ToHashSet());
        Assert.All(Dashboard.All, dashboard => Assert.True(dashboard.Shown.Count() >= 10, $"{dashboard.File} has {dashboard.Shown.Count()} panels"));
    }

    [Fact]
    public void Each_has_a_uid_and_a_title_of_its_own_and_no_id_of_a_database()
    {
        Assert.All(Dashboard.All, dashboard =>
        {
            Assert.Equal($"simulator-{Path.GetFileNameWithoutExtension(dashboard.File)}", DashboardPanel.Text(dashboard.Json, "uid"));
            Assert.False(dashboard.Json.TryGetProperty("id", out _), $"{dashboard.File} has an id");
            Assert.False(string.IsNullOrWhiteSpace(DashboardPanel.Text(dashboard.Json, "description")), $"{dashboard.File} has no description");
            Assert.True(dashboard.Json.GetProperty("schemaVersion").GetInt32() >= 39, $"{dashboard.File} is older than Grafana 11");
            Assert.Contains("simulator", dashboard.Json.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()));
        });
        Assert.Distinct(Dashboard.All.Select(dashboard => DashboardPanel.Text(dashboard.Json, "title")));
    }

    [Fact]
    public void Each_lets_one_choose_data_source_job_instance_and_cell_but_nodes_have_cells_of_whatever_run() =>
        Assert.All(Dashboard.All, dashboard =>
        {
            var variables = dashboard.Variables.ToDictionary(variable => DashboardPanel.Text(variable, "name")!, StringComparer.Ordinal);
            string[] named = dashboard == Dashboard.Cluster ? ["job", "instance"] : ["job", "instance", "cell"];
            Assert.Equal(named.Prepend("datasource"), variables.Keys);
            Assert.Equal(("datasource", "prometheus"), (DashboardPanel.Text(variables["datasource"], "type"), DashboardPanel.Text(variables["datasource"], "query")));
            foreach (var variable in named)
            {
                Assert.Equal(DataSource, DashboardPanel.Text(variables[variable], "datasource", "uid"));
                Assert.Matches(@$"^label_values\(.*\b{variable}\)$", DashboardPanel.Text(variables[variable], "query", "query"));
                Assert.Equal(DashboardPanel.Text(variables[variable], "query", "query"), DashboardPanel.Text(variables[variable], "definition"));
            }

            Assert.All(named.Except(["job"]), variable => Assert.True(variables[variable].GetProperty("includeAll").GetBoolean() && variables[variable].GetProperty("multi").GetBoolean()));
        });

    [Fact]
    public void Variables_ask_for_series_that_exist() =>
        Faults.AssertNone(Dashboard.All.SelectMany(dashboard => dashboard.Variables).Select(variable => DashboardPanel.Text(variable, "query", "query")).OfType<string>()
            .Select(query => Grafana.LabelValues(query).Selector).SelectMany(Names.Unknown));

    [Fact]
    public void Every_panel_has_a_title_a_description_a_unit_and_something_to_show() =>
        Faults.AssertNone(Panels.SelectMany(panel => new[]
        {
            DashboardPanel.Text(panel.Json, "title") is { Length: > 3 } ? null : "no title",
            DashboardPanel.Text(panel.Json, "description") is { Length: > 40 } ? null : "no description that would help",
            panel.Unit is { Length: > 0 } ? null : "no unit",
            panel.Type != "heatmap" || DashboardPanel.Text(panel.Json, "options", "yAxis", "unit") is { Length: > 0 } ? null : "no unit of its y axis",
            panel.Targets.Count > 0 && panel.Targets.All(target => target.Expression.Length > 0) ? null : "nothing to show",
            panel.Targets.Select(target => target.Place).Distinct().Count() == panel.Targets.Count ? null : "two targets of one name",
        }.OfType<string>().Select(fault => $"{panel.Place}: {fault}")));

    [Fact]
    public void Ids_of_panels_are_unique_within_a_dashboard() =>
        Assert.All(Dashboard.All, dashboard => Assert.Distinct(dashboard.Panels.Select(panel => panel.Id)));

    [Fact]
    public void Panels_keep_within_the_grid_and_do_not_overlap() =>
        Assert.All(Dashboard.All, dashboard =>
        {
            var taken = new Dictionary<(int, int), string>();
            foreach (var panel in dashboard.Panels)
            {
                var (x, y, width, height) = panel.Position;
                Assert.True(x >= 0 && width > 0 && height > 0 && x + width <= 24, $"{panel.Place} is {width} wide at {x} of 24");
                foreach (var place in from column in Enumerable.Range(x, width) from row in Enumerable.Range(y, height) select (column, row))
                {
                    Assert.True(taken.TryAdd(place, panel.Place), $"{panel.Place} lies on {taken.GetValueOrDefault(place)}");
                }
            }
        });

    [Fact]
    public void Every_expression_goes_to_the_chosen_data_source()
    {
        Faults.AssertNone(Targets.Where(target => target.DataSource != DataSource).Select(target => target.Place));
        Faults.AssertNone(Panels.Where(panel => DashboardPanel.Text(panel.Json, "datasource", "uid") != DataSource).Select(panel => panel.Place));
    }

    [Fact]
    public void No_expression_asks_for_what_does_not_exist() =>
        Faults.AssertNone(Targets.SelectMany(target => Names.Unknown(target.Expression).Select(fault => $"{target.Place}: {fault}")));

    [Fact]
    public void Every_metric_of_the_simulator_is_shown_somewhere()
    {
        var shown = Targets.Select(target => target.Expression).Concat(RuleFiles.Rules.Select(rule => rule.Expr)).SelectMany(expression => PromQl.Read(expression).Selectors).Select(selector => selector.Name).ToHashSet();

        Faults.AssertNone(MetricCatalogue.Simulator.Concat(MetricCatalogue.Cluster).Where(metric => !shown.Contains(metric.Name) && !shown.Contains(metric.Name + "_bucket") && !shown.Contains(metric.Name + "_sum")).Select(metric => metric.Name));
    }

    [Fact]
    public void Every_selector_follows_the_chosen_job_and_instance_and_the_cell_where_it_has_one() =>
        Faults.AssertNone(
            from target in Targets
            from selector in PromQl.Read(target.Expression).Selectors
            let chosen = selector.Matchers.Where(matcher => matcher.Operator == "=~" && matcher.Value == "$" + matcher.Label).Select(matcher => matcher.Label).ToHashSet()
            from label in (string[])["job", "instance", .. selector.Name != "ALERTS" && Names.LabelsOf(selector.Name)?.Contains("cell") == true ? ["cell"] : Array.Empty<string>()]
            where !chosen.Contains(label)
            select $"{target.Place}: {selector.Name} is not chosen by {label}");

    [Fact]
    public void Legends_show_labels_that_their_series_have() =>
        Faults.AssertNone(
            from target in Targets
            let read = PromQl.Read(target.Expression)
            let labels = read.Labels.Concat(read.Labels.Count > 0 ? [] : read.Selectors.SelectMany(selector => (Names.LabelsOf(selector.Name) ?? []).Concat(MetricCatalogue.CommonLabels))).ToHashSet()
            from label in target.LegendLabels
            where !labels.Contains(label)
            select $"{target.Place}: no {label} is left to show");

    [Fact]
    public void Rates_are_taken_over_the_interval_that_Grafana_works_out() =>
        Faults.AssertNone(Targets.Where(target => PromQl.Read(target.Expression).Ranges.Any(range => range != "$__rate_interval")).Select(target => target.Place));

    [Fact]
    public void Counters_are_shown_as_rates_or_by_a_single_number() =>
        Faults.AssertNone(
            from panel in Panels
            where panel.Type is not "stat"
            from target in panel.Targets
            from name in PromQl.Read(target.Expression).Selectors.Select(selector => selector.Name).Distinct()
            let counts = MetricCatalogue.Simulator.Concat(MetricCatalogue.Runtime).Any(metric => metric.Kind == MetricKind.Counter && metric.Name == name)
            where counts && !name.StartsWith("dotnet_thread_pool_", StringComparison.Ordinal) && !target.Expression.Contains($"rate({name}", StringComparison.Ordinal)
            select $"{target.Place}: {name} only ever rises");

    [Fact]
    public void Histograms_over_time_are_heatmaps_of_buckets() =>
        Faults.AssertNone(Panels.SelectMany(panel => panel.Targets, (panel, target) => (panel, target))
            .Where(pair => (pair.panel.Type == "heatmap" && pair.target.Expression.Contains("_bucket{", StringComparison.Ordinal)) != (pair.target.Format == "heatmap" && pair.target.Legend == "{{le}}" && PromQl.Read(pair.target.Expression).Labels.Contains("le")))
            .Select(pair => pair.target.Place));

    [Fact]
    public void Gradients_asymmetry_and_slopes_stand_on_logarithmic_axes_with_zero_at_their_foot() =>
        Faults.AssertNone(
            from panel in Panels
            where panel.Type == "timeseries"
            from target in panel.Targets
            where new[] { "gradient_norm{", "asymmetry_ratio{", "tanh_slope{" }.Any(name => target.Expression.Contains(name, StringComparison.Ordinal))
            where DashboardPanel.Text(panel.Json, "fieldConfig", "defaults", "custom", "scaleDistribution", "type") != "log" || !target.Expression.StartsWith("clamp_min(", StringComparison.Ordinal)
            select target.Place);
}
