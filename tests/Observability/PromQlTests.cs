namespace Simulator.Observability.Tests;

/// <summary>A reader that overlooks a name would let every other test of this project pass.</summary>
public sealed class PromQlTests
{
    [Theory]
    [InlineData("up", "up")]
    [InlineData("up == 0", "up")]
    [InlineData("- max by (cell) (a{cell=~\"b\"})", "a")]
    [InlineData("sum by (job, instance) (rate(a_total{phase!=\"x\"}[1m])) == 0 or (up{job=\"s\"} == 1 unless on (job, instance) b_total)", "a_total up b_total")]
    [InlineData("histogram_quantile(0.5, sum by (le, action) (rate(a_bucket{job=~\"$job\"}[$__rate_interval])))", "a_bucket")]
    [InlineData("sum(a) by (x) / on (x) group_left (y) b", "a b")]
    [InlineData("cell:a:ratio{x=\"}\"} > 1e-4 and b offset 5m", "cell:a:ratio b")]
    [InlineData("count by (metric) (label_replace({o=\"true\"}, \"metric\", \"$1\", \"__name__\", \"(.+)\")) or vector(0)", "")]
    [InlineData("topk(3, a * on (r) group_right () count_values by (r) (\"agent\", b{r=\"1\"}))\n# c\nor quantile(0.5, d)", "a b d")]
    public void The_names_of_an_expression_are_found(string expression, string names) =>
        Assert.Equal(names, string.Join(' ', PromQl.Read(expression).Selectors.Select(selector => selector.Name).Where(name => name.Length > 0)));

    [Fact]
    public void Matchers_groupings_made_labels_and_ranges_are_found()
    {
        var read = PromQl.Read("sum by (le, cell) (rate(a{job=~\"$job\", phase!=\"x, y\"}[$__rate_interval])) * on (rank) count_values by (rank) (\"agent\", b)");

        Assert.Equal([new LabelMatcher("job", "=~", "$job"), new LabelMatcher("phase", "!=", "x, y")], read.Selectors[0].Matchers);
        Assert.Equal(["agent", "cell", "le", "rank"], read.Labels.Order());
        Assert.Equal(["$__rate_interval"], read.Ranges);
    }

    [Fact]
    public void A_selector_without_a_name_is_one()
    {
        var selector = Assert.Single(PromQl.Read("count({otel_metric_overflow=\"true\", job=~\"$job\"})").Selectors);

        Assert.Equal("", selector.Name);
        Assert.Equal(["otel_metric_overflow", "job"], selector.Matchers.Select(matcher => matcher.Label));
    }
}
