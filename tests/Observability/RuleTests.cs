using System.Text.RegularExpressions;

namespace Simulator.Observability.Tests;

/// <summary>Recording rules and alerts; what promtool has to say of them is in <see cref="PromtoolTests"/>.</summary>
public sealed partial class RuleTests
{
    [Fact]
    public void Rules_ask_for_nothing_that_does_not_exist() =>
        Faults.AssertNone(RuleFiles.Rules.SelectMany(rule => Names.Unknown(rule.Expr).Select(fault => $"{rule.Record}{rule.Alert}: {fault}")));

    [Fact]
    public void Every_alert_of_the_catalogue_is_there() =>
        Assert.Superset(
            new HashSet<string>(["AgentsStuck", "GradientAsymmetryCollapsed", "WorseThanConstantPolicy", "MetricOverflow", "NoEpisodeFinished", "RecoveriesFrequent", "ClusterMemberUnreachable", "ClusterViewsDiffer"]),
            RuleFiles.Alerts.Select(rule => rule.Alert).ToHashSet());

    [Fact]
    public void Every_alert_says_what_is_the_matter_and_what_to_do() =>
        Faults.AssertNone(RuleFiles.Alerts.SelectMany(rule => new[]
        {
            rule.Labels.GetValueOrDefault("severity") is "warning" or "critical" ? null : "no severity, warning or critical",
            rule.Annotations.GetValueOrDefault("summary") is { Length: > 10 and < 120 } ? null : "no summary of one line",
            rule.Annotations.GetValueOrDefault("description") is { Length: > 40 } ? null : "no description",
            rule.Annotations.GetValueOrDefault("runbook") is { Length: > 40 } ? null : "no runbook",
            rule.Annotations.GetValueOrDefault("summary")?.Contains("{{ $labels.", StringComparison.Ordinal) == true ? null : "a summary that does not say where",
        }.OfType<string>().Select(fault => $"{rule.Alert}: {fault}")));

    [Fact]
    public void Recording_rules_are_named_level_metric_operation_and_used()
    {
        var alerts = RuleFiles.Alerts.Select(rule => rule.Expr);
        var used = Dashboard.All.SelectMany(dashboard => dashboard.Targets).Select(target => target.Expression).Concat(alerts).Concat(RuleFiles.Recording.Select(rule => rule.Expr)).ToList();

        Assert.All(RuleFiles.Recording, rule => Assert.Matches(LevelMetricOperation(), rule.Record));
        Assert.All(RuleFiles.Recording, rule => Assert.Contains(used, expression => expression.Contains(rule.Record, StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_recording_rule_is_tested() =>
        Assert.All(RuleFiles.Recording, rule => Assert.Contains(RuleFiles.Tests.SelectMany(test => test.PromqlExprTest), expectation => expectation.Expr.Contains(rule.Record, StringComparison.Ordinal) && expectation.ExpSamples.Count > 0));

    [Fact]
    public void Every_alert_is_tested_firing_and_silent() =>
        Assert.All(RuleFiles.Alerts, rule =>
        {
            var expectations = RuleFiles.Tests.SelectMany(test => test.AlertRuleTest).Where(expectation => expectation.Alertname == rule.Alert).ToList();
            Assert.Contains(expectations, expectation => expectation.ExpAlerts.Count > 0);
            Assert.Contains(expectations, expectation => expectation.ExpAlerts.Count == 0);
        });

    [Fact]
    public void Tests_of_rules_ask_only_for_rules_that_exist()
    {
        var alerts = RuleFiles.Alerts.Select(rule => rule.Alert).ToList();

        // promtool is content with an alert that nobody knows, as long as it is silent.
        Assert.All(RuleFiles.Tests.SelectMany(test => test.AlertRuleTest), expectation => Assert.Contains(expectation.Alertname, alerts));
        Faults.AssertNone(RuleFiles.Tests.SelectMany(test => test.PromqlExprTest).SelectMany(expectation => Names.Unknown(expectation.Expr)));
    }

    [GeneratedRegex("^(cell|instance):[a-z_]+:[a-z0-9_]+$")]
    private static partial Regex LevelMetricOperation();
}
