namespace Simulator.Agents.Tests;

public sealed class OutputHeadTests
{
    private static readonly float[] Z = [-3f, -1.5f, -0.7f, -0.2f, 0f, 0.4f, 0.9f, 1.48f, 2.5f];
    private static readonly float[] Direction = [0.5f, -2f, 1f, -0.3f, 0.7f, -0.1f, 3f, 0.4f, -0.6f];

    [Fact]
    public void The_gradient_through_tanh_is_that_of_finite_differences()
    {
        var head = OutputHead.Of(OutputFunction.Tanh);
        var (a, gradient) = Pass(head);
        for (var i = 0; i < Z.Length; i++)
        {
            const double h = 1e-6;
            var slope = (Math.Tanh(Z[i] + h) - Math.Tanh(Z[i] - h)) / (2 * h);
            Assert.Equal(Math.Tanh(Z[i]), a[i], 1e-6);
            Assert.Equal(Direction[i] * slope, gradient[i], 1e-6);
        }
    }

    [Fact]
    public void Inverted_gradients_shrink_with_the_room_in_their_direction_and_turn_beyond_the_bounds()
    {
        var (a, gradient) = Pass(OutputHead.Of(OutputFunction.Inverting));
        for (var i = 0; i < Z.Length; i++)
        {
            // Hausknecht and Stone, equation 11, for p in [-1, 1] and the direction that lowers the loss: -g times (max - p) / (max - min) where it suggests increasing p, else times (p - min) / (max - min).
            var ascent = -Direction[i];
            Assert.Equal(Math.Max(-1, Math.Min(1, Z[i])), a[i]);
            Assert.Equal(-ascent * (ascent > 0 ? 1 - Z[i] : Z[i] + 1) / 2, gradient[i], 1e-6);
        }
    }

    private static (float[] Actions, float[] Gradient) Pass(OutputHead head)
    {
        var (a, gradient) = (new float[Z.Length], new float[Z.Length]);
        head.Act(Z, a);
        head.Gradient(Z, a, Direction, gradient);
        return (a, gradient);
    }
}
