namespace Simulator.Compute.Tests;

/// <summary>Threads of a device are dealt out: to cells first, and what is over to their operations.</summary>
public sealed class DeviceSplitTests
{
    [Theory]
    [InlineData(2, 1, new[] { 2 })]
    [InlineData(2, 5000, new[] { 1, 1 })]
    [InlineData(8, 3, new[] { 3, 3, 2 })]
    [InlineData(1, 4, new[] { 1 })]
    public void Each_thread_has_cells_of_its_own_or_helps_with_an_operation(int threads, int cells, int[] expected) =>
        Assert.Equal(expected, ComputeDevice.Cpu.Split(threads, cells).Select(d => d.Threads));

    [Fact]
    public void What_computes_with_libtorch_is_not_split() => Assert.Equal([ComputeDevice.Reference], ComputeDevice.Reference.Split(8, 100));
}
