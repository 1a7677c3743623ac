using TorchSharp;
using static TorchSharp.torch;

namespace Simulator.Compute.Tests;

/// <summary>
/// What the simulator's determinism rests on: what is computed for one network is the same, bit by bit, whatever else is computed with it. First the matrix library
/// itself, for the shapes that the banks use; the banks are in <see cref="BankReproducibilityTests"/>.
/// </summary>
public sealed class ReproducibilityTests : IDisposable
{
    private static readonly int[] Stacks = [1, 2, 3, 7, 50, 100];

    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void An_operation_runs_on_one_thread() => Assert.Equal(1, get_num_threads());

    /// <summary>Rows (one, or padded to sixteens by the banks), inner length and columns of each product of actors: forward, backward, weight gradients, row sums.</summary>
    public static TheoryData<int, int, int, string> ActorProducts()
    {
        var data = new TheoryData<int, int, int, string>();
        foreach (var (h1, h2) in new[] { (64, 32), (512, 128), (1024, 256) })
        {
            foreach (var rows in new[] { 1, 16, 32, 64, 128 })
            {
                data.Add(rows, 7, h1, "x W'");
                data.Add(rows, h1, h2, "x W'");
                data.Add(rows, h2, 3, "x W'");
            }

            foreach (var rows in new[] { 16, 48, 64 })
            {
                data.Add(rows, 3, h2, "dy W");
                data.Add(rows, h2, h1, "dy W");
                data.Add(3, rows, h2, "dy' x");
                data.Add(h2, rows, h1, "dy' x");
                data.Add(h1, rows, 7, "dy' x");
                data.Add(StackedNetwork.RowPadding, rows, h1, "row sum");
                data.Add(StackedNetwork.RowPadding, rows, h2, "row sum");
            }
        }

        foreach (var rows in new[] { 16, 64 })
        {
            data.Add(StackedNetwork.RowPadding, rows, 3, "row sum");
            data.Add(StackedNetwork.RowPadding, rows, 7, "row sum");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(ActorProducts))]
    public void A_product_of_actors_does_not_depend_on_the_products_beside_it(int rows, int inner, int columns, string kind) =>
        CheckProduct(rows, inner, columns, kind, Stacks);

    /// <summary>The same of critics of N clients; at most 16 stand side by side.</summary>
    public static TheoryData<int, int, int, string> CriticProducts()
    {
        var data = new TheoryData<int, int, int, string>();
        foreach (var clients in new[] { 5, 50 })
        {
            foreach (var rows in new[] { 16, 32, 64 })
                data.Add(rows, 10 * clients, 512, "x W'");
            data.Add(512, 64, 10 * clients, "dy' x");
            data.Add(64, 512, 3 * clients, "dy W");
            data.Add(StackedNetwork.RowPadding, 640, (10 * clients) + 10, "row sum");
        }

        foreach (var rows in new[] { 208, 640, 3200 })
        {
            data.Add(rows, 10, 512, "x W'");
            data.Add(rows, 512, 128, "x W'");
        }

        foreach (var rows in new[] { 16, 64 })
        {
            data.Add(rows, 10, 512, "x W'");
            data.Add(rows, 512, 128, "x W'");
            data.Add(rows, 128, 512, "dy W");
            data.Add(rows, 512, 3, "dy W");
            data.Add(512, rows, 60, "dy' x");
        }

        data.Add(640, 128, 512, "dy W");
        data.Add(128, 640, 512, "dy' x");
        data.Add(512, 640, 10, "dy' x");
        data.Add(StackedNetwork.RowPadding, 640, 128, "row sum");
        data.Add(StackedNetwork.RowPadding, 640, 512, "row sum");
        data.Add(StackedNetwork.RowPadding, 640, 1, "row sum");
        data.Add(StackedNetwork.RowPadding, 64, 512, "row sum");
        return data;
    }

    [Theory]
    [MemberData(nameof(CriticProducts))]
    public void A_product_of_critics_does_not_depend_on_the_products_beside_it(int rows, int inner, int columns, string kind) =>
        CheckProduct(rows, inner, columns, kind, rows > 1000 ? [1, 2, 3, 6] : [1, 2, 3, 7, 16]);

    [Theory]
    [InlineData(10, 512)]
    [InlineData(512, 128)]
    public void A_row_of_a_product_does_not_depend_on_the_number_of_rows_from_12_up(int inner, int columns)
    {
        const int most = 3200;
        var rows = Random(1, most, inner, 1);
        var weights = Random(1, columns, inner, 2).transpose(1, 2);
        var expected = Floats(bmm(rows, weights));
        foreach (var count in Enumerable.Range(12, 120).Concat([160, 208, 320, 640, 1007, 1600, 3199]))
        {
            var actual = Floats(bmm(rows.narrow(1, 0, count).contiguous(), weights));
            Numbers.SameBits(expected.AsSpan(0, count * columns), actual, $"{count} rows");
        }
    }

    /// <summary>Operations on single elements and within rows, which run in vectors with a remainder.</summary>
    public static TheoryData<string> ElementwiseOperations() => new(Elementwise.Keys);

    private static readonly Scalar Small = 1e-5;
    private static readonly Scalar Decay = 0.9;
    private static readonly Scalar Gain = 1 - 0.9;

    private static readonly Dictionary<string, Func<Tensor, Tensor>> Elementwise = new(StringComparer.Ordinal)
    {
        ["tanh"] = x => x.tanh(),
        ["sqrt and division"] = x => x / x.abs().sqrt().add_(Small, Scalars.One),
        ["reciprocal root"] = x => x.abs().add(Small, Scalars.One).rsqrt(),
        ["moment"] = x => x.mul(Scalars.Half).mul_(Decay).add_(x, Gain),
        ["second moment"] = x => x.abs().mul_(Decay).addcmul_(x, x, Gain),
        ["inverted gradient"] = x => where(x.lt(Scalars.Zero), x.neg().add_(Scalars.One, Scalars.One), x.add(Scalars.One, Scalars.One)).mul_(Scalars.Half),
        ["mean of a row"] = x => x - x.view(-1, 4).mean([1], keepdim: true).expand(x.shape[0] / 4, 4).reshape(x.shape[0]),
        ["squares of a run"] = x => x.mul(x).view(-1, 16).sum(1),
        ["weighted sum of a row"] = x => (x.view(-1, 128) * x.narrow(0, 0, 128)).sum(1),
        ["mean of a long row"] = x => x.view(-1, 64).mul(x.view(-1, 64)).mean([1]),
    };

    [Theory]
    [MemberData(nameof(ElementwiseOperations))]
    public void An_element_does_not_depend_on_the_elements_beside_it(string name)
    {
        // 128 elements at any place of tensors of any length.
        const int length = 128;
        var operation = Elementwise[name];
        var own = Random(1, 1, length, 1).view(length);
        var expected = Floats(operation(own));
        foreach (var blocks in new[] { 1, 2, 3, 5, 8, 33, 511, 1001 })
        {
            foreach (var shift in new[] { 0, 16, 48 })
            {
                foreach (var place in new[] { 0, blocks / 2, blocks - 1 })
                {
                    // The sum of a row takes its weights from the front, so the front is always the same.
                    var total = ((blocks + 1) * length) + (name.Contains("row", StringComparison.Ordinal) ? 0 : shift);
                    var all = Random(1, 1, total, 3 + place).view(total);
                    all.narrow(0, 0, length).copy_(own);
                    var at = total - (place * length) - length;
                    all.narrow(0, at, length).copy_(own);
                    var actual = Floats(operation(all));
                    var begin = (int)((long)at * actual.Length / total);
                    Numbers.SameBits(expected, actual.AsSpan(begin, expected.Length), $"{name} at {at} of {total}");
                }
            }
        }
    }

    [Fact]
    public void Tanh_of_a_few_elements_does_not_depend_on_their_place()
    {
        // One client's three outputs among those of others: the remainder after whole vectors falls on any of them.
        var values = Numbers.Uniform(5, 512, 6);
        var expected = Array.ConvertAll(values, v => Floats(tensor([v]).tanh())[0]);
        foreach (var count in Enumerable.Range(1, 100).Concat([300, 511, 512]))
            Numbers.SameBits(expected.AsSpan(0, count), Floats(tensor(values.AsSpan(0, count).ToArray()).tanh()), $"tanh of {count}");
    }

    private static Tensor Random(long stack, long rows, long columns, int seed)
    {
        var values = Numbers.Uniform(seed, checked((int)(stack * rows * columns)));
        return tensor(values).view(stack, rows, columns);
    }

    private static float[] Floats(Tensor tensor) => tensor.contiguous().data<float>().ToArray();

    /// <summary>
    /// One product alone, against the same product at the first, a middle and the last place of stacks. Operands lie as the banks have
    /// them: weights as views on slots, inputs and gradients one after the other.
    /// </summary>
    private static void CheckProduct(int rows, int inner, int columns, string kind, int[] stacks)
    {
        var left = Numbers.Uniform(1, rows * inner);
        var right = Numbers.Uniform(2, inner * columns);
        var bias = Numbers.Uniform(3, columns);
        float[]? expected = null;
        foreach (var stack in stacks)
        {
            foreach (var place in new[] { 0, stack / 2, stack - 1 }.Distinct())
            {
                using var scope = NewDisposeScope();
                var product = Floats(Product(rows, inner, columns, kind, stack, place, left, right, bias)[place]);
                expected ??= product;
                Numbers.SameBits(expected, product, $"{kind} [{rows}, {inner}] x [{inner}, {columns}] at {place} of {stack}");
            }
        }
    }

    private static Tensor Product(int rows, int inner, int columns, string kind, int stack, int place, float[] left, float[] right, float[] bias)
    {
        switch (kind)
        {
            case "x W'":
                // Weights [columns, inner] and bias in slots of the parameters.
                return StackedNetwork.MultiplyAdd(
                    Slots(stack, place, 1, columns, bias), Stack(stack, place, rows, inner, left), Slots(stack, place, columns, inner, right).transpose(1, 2));
            case "dy W":
                return bmm(Stack(stack, place, rows, inner, left), Slots(stack, place, inner, columns, right));
            case "dy' x":
                return bmm(Stack(stack, place, inner, rows, left).transpose(1, 2), Stack(stack, place, inner, columns, right));
            default:
                return StackedNetwork.RowSum(Stack(stack, place, inner, columns, right));
        }
    }

    private static Tensor Stack(int stack, int place, int rows, int columns, float[] values)
    {
        var all = ones(stack, rows, columns);
        all[place].copy_(tensor(values).view(rows, columns));
        return all;
    }

    private static Tensor Slots(int stack, int place, int rows, int columns, float[] values)
    {
        var length = (rows * columns) + ParameterLayout.Alignment;
        length -= length % ParameterLayout.Alignment;
        var view = ones(stack, length + 64).narrow(1, 32, rows * columns).view(stack, rows, columns);
        view[place].copy_(tensor(values).view(rows, columns));
        return view;
    }
}
