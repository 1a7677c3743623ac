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

    [Theory]
    [InlineData("up == 0", "up")]
    [InlineData("max by (cell) (a) < 1e-4", "max by (cell) (a)")]
    [InlineData("(a > 1)\nand on (cell) (max by (cell) (b{c!=\"0\"}) >= 500)", "(a)\nand on (cell) (max by (cell) (b{c!=\"0\"}))")]
    [InlineData("count by (m) ({o=\"true\"}) > bool 0.5 or a > b", "count by (m) ({o=\"true\"}) or a > b")]
    public void Comparisons_with_numbers_can_be_taken_out(string expression, string without) => Assert.Equal(without, PromQl.WithoutComparisons(expression));

    [Theory]
    [InlineData("up")]
    [InlineData("a{job=~\"$job\", phase!=\"x, y\"}")]
    [InlineData("{otel_metric_overflow=\"true\"}")]
    public void A_selector_can_be_asked_for_by_itself(string selector) => Assert.Equal(selector, PromQl.Read($"sum(rate({selector}[1m]))").Selectors[0].ToString());

    [Theory]
    [InlineData("sum(a) by (b)")]
    [InlineData("sum(a) or vector(0)", "sum(a)", "vector(0)")]
    [InlineData("topk(3,\n  (a{b=\"x or y\"} * c)\n  or on (job, cell)\n  max by (d, e) (f)\n)", "(a{b=\"x or y\"} * c)", "max by (d, e) (f)")]
    [InlineData("(a or 0 * b) / c", "a", "0 * b")]
    [InlineData("a and on (x) topk(1, b or c or d)", "b", "c", "d")]
    [InlineData("a or (b # or c\nor d)", "a", "b # or c", "d", "(b # or c\nor d)")]
    public void Both_sides_of_an_or_are_found(string expression, params string[] alternatives) => Assert.Equal(alternatives, PromQl.Alternatives(expression));
}
