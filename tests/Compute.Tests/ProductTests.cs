namespace Simulator.Compute.Tests;

/// <summary>The processor's matrix product is one chain of fused multiply-adds for each element, whatever its shape and the width of the vectors.</summary>
public sealed unsafe class ProductTests
{
    public static TheoryData<int, int, int> Shapes() => new()
    {
        { 1, 1, 1 },
        { 6, 7, 32 },
        { 7, 10, 64 },
        { 13, 500, 512 },
        { 64, 64, 33 },
        { 5, 3, 150 },
        { 2, 0, 48 },
        { 96, 10, 512 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Each_element_is_a_chain_of_fused_multiply_adds(int m, int k, int n)
    {
        var a = Numbers.Uniform(1, m * k, 1);
        var b = Numbers.Uniform(2, k * n, 1);
        var start = Numbers.Uniform(3, m * n, 1);
        foreach (var (transposed, from, relu) in new[] { (false, Start.Zero, false), (true, Start.Zero, true), (false, Start.Bias, true), (true, Start.Result, false) })
        {
            var expected = Chains(a, b, start, m, k, n, transposed, from, relu);
            Assert.Equal(expected, Run<Vector16>(a, b, start, m, k, n, transposed, from, relu));
            Assert.Equal(expected, Run<Vector8>(a, b, start, m, k, n, transposed, from, relu));
        }
    }

    [Fact]
    public void A_relu_lets_what_is_no_number_pass()
    {
        float[] result = Run<Vector16>([float.NaN, 1, -1], [.. Enumerable.Repeat(1f, 32)], [], 3, 1, 32, false, Start.Zero, true);

        Assert.All(result[..32], v => Assert.True(float.IsNaN(v)));
        Assert.All(result[32..64], v => Assert.Equal(1, v));
        Assert.All(result[64..], v => Assert.Equal(0, v));
    }

    [Fact]
    public void A_sum_that_goes_on_where_it_stopped_has_the_bits_of_one_sum()
    {
        const int m = 9, k = 40, n = 64, cut = 17;
        var a = Numbers.Uniform(1, m * k, 1);
        var b = Numbers.Uniform(2, k * n, 1);
        var whole = Run<Vector16>(a, b, [], m, k, n, false, Start.Zero, false);
        var parts = new float[m * n];
        fixed (float* pa = a, pb = b, pc = parts)
        {
            var c = new Rows(pc, n);
            Product.Multiply(new Factor(pa, k, 1), new Rows(pb, n), c, m, cut, n);
            Product.Multiply(new Factor(pa + cut, k, 1), new Rows(pb + (cut * n), n), c, m, k - cut, n, c);
        }

        Assert.Equal(whole, parts);
    }

    private enum Start
    {
        Zero,
        Bias,
        Result,
    }

    private static float[] Run<T>(float[] a, float[] b, float[] start, int m, int k, int n, bool transposed, Start from, bool relu)
        where T : struct, IVector<T>
    {
        var c = from == Start.Result ? start[..(m * n)] : new float[m * n];
        fixed (float* pa = a, pb = b, pc = c, ps = start)
        {
            var left = transposed ? new Factor(pa, 1, m) : new Factor(pa, k, 1);
            var begin = from switch { Start.Zero => default, Start.Bias => new Rows(ps, 0), _ => new Rows(pc, n) };
            Product.Multiply<T>(left, new Rows(pb, n), new Rows(pc, n), m, k, n, begin, relu);
        }

        return c;
    }

    private static float[] Chains(float[] a, float[] b, float[] start, int m, int k, int n, bool transposed, Start from, bool relu)
    {
        var c = new float[m * n];
        for (var i = 0; i < m; i++)
        {
            for (var j = 0; j < n; j++)
            {
                var sum = from switch { Start.Zero => 0, Start.Bias => start[j], _ => start[(i * n) + j] };
                for (var l = 0; l < k; l++)
                    sum = MathF.FusedMultiplyAdd(transposed ? a[(l * m) + i] : a[(i * k) + l], b[(l * n) + j], sum);
                c[(i * n) + j] = relu && sum < 0 ? 0 : sum;
            }
        }

        return c;
    }
}
