using TorchSharp;

namespace Simulator.Compute.Tests;

public sealed class NativeLibraryTests
{
    [Fact]
    public void The_native_library_loads_and_adds()
    {
        using var ones = torch.ones(2, 3);
        using var sum = ones.add(ones, Scalars.One);

        Assert.Equal([2f, 2f, 2f, 2f, 2f, 2f], sum.data<float>().ToArray());
    }
}
