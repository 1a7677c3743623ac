using Simulator.Environment;

namespace Simulator.Agents.Tests;

public sealed class OutputHeadTests
{
    private const double Step = 1e-6;

    private static readonly float[] Z = [-3f, -1.5f, -0.7f, -0.2f, 0f, 0.4f, 0.9f, 1.48f, 2.5f];
    private static readonly float[] Direction = [0.5f, -2f, 1f, -0.3f, 0.7f, -0.1f, 3f, 0.4f, -0.6f];

    public static TheoryData<OutputFunction, double> Functions() => new()
    {
        { OutputFunction.Tanh, 5 },
        { OutputFunction.Softsign, 5 },
        { OutputFunction.Isru, 5 },
        { OutputFunction.Sigmoid, 5 },
        { OutputFunction.Sigmoid, 0.3 },
        { OutputFunction.ScaledTanh, 5 },
        { OutputFunction.ScaledTanh, 0.7 },
    };

    [Theory]
    [MemberData(nameof(Functions))]
    public void An_output_function_is_its_formula_and_its_gradient_that_of_finite_differences(OutputFunction function, double scale)
    {
        var head = OutputHead.Of(function, scale);
        var (a, gradient) = Pass(head);
        var slopes = new double[Z.Length];
        head.Slopes(Z, a, slopes);
        Assert.Equal(3, head.Outputs);
        for (var i = 0; i < Z.Length; i++)
        {
            var slope = (Formula(function, scale, Z[i] + Step) - Formula(function, scale, Z[i] - Step)) / (2 * Step);
            Assert.Equal(Formula(function, scale, Z[i]), a[i], 1e-6);
            Assert.Equal(slope, slopes[i], 1e-6);
            Assert.Equal(Direction[i] * slope, gradient[i], 2e-6);
        }
    }

    [Fact]
    public void Inverted_gradients_shrink_with_the_room_in_their_direction_and_turn_beyond_the_bounds()
    {
        var head = OutputHead.Of(OutputFunction.Inverting);
        var (a, gradient) = Pass(head);
        var slopes = new double[Z.Length];
        head.Slopes(Z, a, slopes);
        for (var i = 0; i < Z.Length; i++)
        {
            // Hausknecht and Stone, equation 11, for p in [-1, 1] and the direction that lowers the loss: -g times (max - p) / (max - min) where it suggests increasing p, else times (p - min) / (max - min).
            var ascent = -Direction[i];
            Assert.Equal(Math.Max(-1, Math.Min(1, Z[i])), a[i]);
            Assert.Equal(-ascent * (ascent > 0 ? 1 - Z[i] : Z[i] + 1) / 2, gradient[i], 1e-6);
            Assert.Equal(Z[i] is > -1 and < 1 ? 1 : 0, slopes[i]);
        }
    }

    [Fact]
    public void Far_out_softsign_and_isru_still_have_a_slope_where_tanh_has_none()
    {
        float[] z = [40f, -40f, 40f];
        Assert.Equal(0, Gradient(OutputFunction.Tanh)[0]);
        Assert.Equal(1 / (41.0 * 41), Gradient(OutputFunction.Softsign)[0], 1e-6);
        Assert.Equal(Math.Pow(1601, -1.5), Gradient(OutputFunction.Isru)[0], 1e-8);

        float[] Gradient(OutputFunction function)
        {
            var head = OutputHead.Of(function);
            var (a, dz) = (new float[3], new float[3]);
            head.Act(z, a);
            head.Gradient(z, a, [], [1f, 1f, 1f], dz);
            return dz;
        }
    }

    [Fact]
    public void An_isru_of_a_pre_activation_whose_square_no_float_can_hold_is_at_its_bound()
    {
        var a = new float[3];
        OutputHead.Of(OutputFunction.Isru).Act([1e30f, -1e30f, float.MaxValue], a);
        Assert.Equal([1, -1, 1], a);
    }

    [Fact]
    public void A_scaled_tanh_never_hands_more_than_its_scale_to_the_outer_one()
    {
        var a = new float[3];
        OutputHead.Of(OutputFunction.ScaledTanh, 2).Act([1e6f, -1e6f, 0], a);
        Assert.Equal([MathF.Tanh(2), -MathF.Tanh(2), 0], a);
    }

    [Theory]
    [InlineData(OutputFunction.Gaussian)]
    [InlineData(OutputFunction.Beta)]
    public void Only_stochastic_heads_have_two_outputs_for_each_action(OutputFunction function)
    {
        var head = Assert.IsType<StochasticHead>(OutputHead.Of(function), exactMatch: false);
        Assert.Equal(6, head.Outputs);
        var random = new RandomStream(1, DrawPurpose.PolicySample);
        var same = new RandomStream(1, DrawPurpose.PolicySample);
        Assert.Equal(head.Draw(ref random), head.Draw(ref same));
        Assert.NotEqual(head.Draw(ref random), new RandomStream(1, DrawPurpose.PolicySample).NextDouble());
    }

    private static double Formula(OutputFunction function, double scale, double z) => function switch
    {
        OutputFunction.Tanh => Math.Tanh(z),
        OutputFunction.Softsign => z / (1 + Math.Abs(z)),
        OutputFunction.Isru => z / Math.Sqrt(1 + (z * z)),
        OutputFunction.Sigmoid => (2 / (1 + Math.Exp(-z / scale))) - 1,
        OutputFunction.ScaledTanh => Math.Tanh(scale * Math.Tanh(z / scale)),
        _ => throw new ArgumentOutOfRangeException(nameof(function)),
    };

    private static (float[] Actions, float[] Gradient) Pass(OutputHead head)
    {
        var (a, gradient) = (new float[Z.Length], new float[Z.Length]);
        head.Act(Z, a);
        head.Gradient(Z, a, [], Direction, gradient);
        return (a, gradient);
    }
}
