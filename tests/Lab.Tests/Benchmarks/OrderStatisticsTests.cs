using Simulator.Lab.Benchmarks;

namespace Simulator.Lab.Tests.Benchmarks;

public sealed class OrderStatisticsTests
{
    [Theory]
    [InlineData(3.0, 3.0)]
    [InlineData(2.5, 4.0, 1.0)]
    [InlineData(2.0, 9.0, 1.0, 2.0)]
    [InlineData(2.5, 4.0, 1.0, 3.0, 2.0)]
    public void The_median_is_the_middle_value_or_between_the_two_in_the_middle(double median, params double[] values) =>
        Assert.Equal(median, new OrderStatistics(values).Median);

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.25, 3.25)]
    [InlineData(0.75, 7.75)]
    [InlineData(1, 10)]
    public void Quantiles_are_interpolated_as_Rs_type_7(double share, double expected) =>
        Assert.Equal(expected, new OrderStatistics(Enumerable.Range(1, 10).Select(i => (double)i)).Quantile(share), 12);

    // Ranks of the 95 % interval of a median, as in the tables (Conover, A3; Hahn and Meeker, A.15).
    [Theory]
    [InlineData(6, 1, 6)]
    [InlineData(8, 1, 8)]
    [InlineData(9, 2, 8)]
    [InlineData(10, 2, 9)]
    [InlineData(20, 6, 15)]
    [InlineData(50, 18, 33)]
    [InlineData(100, 40, 61)]
    [InlineData(1000, 469, 532)]
    public void The_medians_interval_lies_between_the_ranks_of_the_tables(int count, int low, int high) =>
        Assert.Equal(new Interval(low, high, Interval.Confidence), new OrderStatistics(Enumerable.Range(1, count).Reverse().Select(i => (double)i)).MedianInterval());

    [Fact]
    public void Below_six_measurements_the_interval_is_their_range() =>
        Assert.Equal(new Interval(1, 5, Interval.Range), new OrderStatistics([3, 1, 5, 2, 4]).MedianInterval());

    [Fact]
    public void Without_a_measurement_there_is_no_median() => Assert.Throws<ArgumentException>(() => new OrderStatistics([]));
}
