namespace Simulator.Observability.Tests.Running;

/// <summary>What real runs answer at /metrics.</summary>
[Collection(nameof(WatchedPopulations))]
public sealed class ScrapeTests(WatchedPopulations populations)
{
    /// <summary>Metrics that only exist where cells have no series of their own.</summary>
    private static readonly string[] OfManyCells = ["simulator_top_agent_cell", "simulator_top_cell_saturation_ratio", "simulator_top_cell"];

    /// <summary>Labels that say of which meter a series is.</summary>
    private static readonly string[] ScopeLabels = ["otel_scope_name", "otel_scope_version"];

    /// <summary>
    /// What promtool has against three instruments of .NET's meter System.Runtime: they count what there is at the moment, and their names are .NET's (dotnet.timer.count and so on), so that another name here
    /// would be found nowhere else.
    /// </summary>
    private static readonly string[] KnownComplaints =
    [
        "dotnet_assembly_count non-histogram and non-summary metrics should not have \"_count\" suffix",
        "dotnet_process_cpu_count non-histogram and non-summary metrics should not have \"_count\" suffix",
        "dotnet_timer_count non-histogram and non-summary metrics should not have \"_count\" suffix",
    ];

    private IEnumerable<Scrape> Scrapes => [populations.OfFew.Running, populations.OfFew.Over, populations.OfMany.Running, populations.OfMany.Over];

    [SlowFact]
    public void Every_metric_of_the_catalogue_is_there_while_few_agents_learn_or_else_while_many_do()
    {
        string[] all = [.. MetricCatalogue.Simulator.Concat(MetricCatalogue.Runtime).Select(metric => metric.Name)];

        Assert.Equal(OfManyCells.Order(), all.Except(populations.OfFew.Running.Kinds.Keys).Order());
        Assert.Empty(all.Except(populations.OfMany.Running.Kinds.Keys));
    }

    [SlowFact]
    public void The_simulator_has_no_metric_that_the_catalogue_has_not() =>
        Faults.AssertNone(Scrapes.SelectMany(scrape => scrape.Kinds.Keys).Where(name => name.StartsWith("simulator_", StringComparison.Ordinal)).Distinct().Except(MetricCatalogue.Simulator.Select(metric => metric.Name)));

    [SlowFact]
    public void Metrics_are_of_the_kind_and_have_the_labels_that_the_catalogue_says() =>
        Faults.AssertNone(
            from scrape in Scrapes
            from metric in MetricCatalogue.Simulator.Concat(MetricCatalogue.Runtime)
            where scrape.Kinds.ContainsKey(metric.Name)
            from fault in KindAndLabelsOf(metric, scrape)
            select $"{metric.Name} {fault}");

    [SlowFact]
    public void Labels_with_few_values_have_those_that_the_catalogue_says() =>
        Faults.AssertNone(Scrapes.SelectMany(scrape => scrape.Samples).SelectMany(sample => sample.Labels, (sample, label) => (sample.Name, label))
            .Where(pair => MetricCatalogue.Values.TryGetValue(pair.label.Key, out var values) && !values.Contains(pair.label.Value))
            .Select(pair => $"{pair.Name}: {pair.label.Key} is {pair.label.Value}").Distinct());

    [SlowFact]
    public void No_series_is_without_room() =>
        Faults.AssertNone(Scrapes.SelectMany(scrape => scrape.Samples).Where(sample => sample.Labels.ContainsKey("otel_metric_overflow")).Select(sample => sample.Name).Distinct());

    [SlowFact]
    public async Task Promtool_finds_nothing_to_complain_of_but_names_of_NET()
    {
        foreach (var scrape in Scrapes)
        {
            var (status, lines) = await Promtool.RunAsync(scrape.Text, "check", "metrics");

            // 3 says that the text can be read, and that there are complaints.
            Assert.Equal(3, status);
            Assert.Equal(KnownComplaints, lines.Distinct().Order());
        }
    }

    internal static IEnumerable<string> KindAndLabelsOf(Metric metric, Scrape scrape)
    {
        if (!scrape.Kinds[metric.Name].Equals(metric.Kind.ToString(), StringComparison.OrdinalIgnoreCase))
        {
            yield return $"is a {scrape.Kinds[metric.Name]}";
        }

        string[] names = metric.Kind == MetricKind.Histogram ? [metric.Name + "_bucket", metric.Name + "_sum", metric.Name + "_count"] : [metric.Name];
        var samples = scrape.Samples.Where(sample => names.Contains(sample.Name)).ToList();
        if (samples.Count == 0)
        {
            yield return "is announced and has no series";
        }

        foreach (var labels in samples.Select(sample => string.Join(' ', sample.Labels.Keys.Except(ScopeLabels).Except(["le"]).Order())).Distinct().Where(labels => labels != string.Join(' ', metric.Labels.Order())))
        {
            yield return $"has the labels [{labels}]";
        }
    }
}
