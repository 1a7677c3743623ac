using Simulator.Lab.Benchmarks;

namespace Simulator.Lab.Tests.Benchmarks;

public sealed class FigureTests
{
    [Fact]
    public void A_target_is_reached_at_its_limit()
    {
        Assert.True(new Figure("time", 18, "ms") { Target = Target.AtMost(18) }.Reached);
        Assert.False(new Figure("time", 18.1, "ms") { Target = Target.AtMost(18) }.Reached);
        Assert.True(new Figure("rate", 300_000, "1/s") { Target = Target.AtLeast(300_000) }.Reached);
        Assert.False(new Figure("rate", 299_999, "1/s") { Target = Target.AtLeast(300_000) }.Reached);
    }

    [Fact]
    public void A_target_is_neither_reached_nor_missed_by_what_was_not_measured_nor_by_nan_reached()
    {
        Assert.Null((Figure.Missing("time", "ms", "why") with { Target = Target.AtMost(1) }).Reached);
        Assert.Null(new Figure("time", 1, "ms").Reached);
        Assert.False(new Figure("time", double.NaN, "ms") { Target = Target.AtMost(1) }.Reached);
    }

    [Fact]
    public void A_ceiling_is_the_best_and_says_when_most_stayed_far_below_it()
    {
        var steady = GemmPart.Best("products", [95e9, 100e9, 98e9]);
        Assert.Equal(100, steady.Value!.Value, 9);
        Assert.Equal("the best of 3", steady.Note);
        Assert.Contains("half stay below 60: does something else run?", GemmPart.Best("products", [60e9, 100e9, 55e9]).Note, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1000", 1000, false)]
    [InlineData("act:1000000", 1_000_000, true)]
    public void A_population_s_size_is_read_and_written_alike(string text, int clients, bool acting)
    {
        Assert.Equal(new PopulationSize(clients, acting), PopulationSize.Parse(text));
        Assert.Equal(text, new PopulationSize(clients, acting).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("act:")]
    [InlineData("-50")]
    [InlineData("0")]
    [InlineData("75")]
    [InlineData("20000000")]
    [InlineData("1e3")]
    [InlineData("50 ")]
    public void Another_size_is_none(string text) => Assert.Null(PopulationSize.Parse(text));
}
