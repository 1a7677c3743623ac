using Simulator.Protocol;

namespace Simulator.Agents.Tests;

public sealed class GaussianHeadTests
{
    private const double Step = 1e-6;

    // Two rows: three means, three log deviations each; the last one below the clamp's range, the one before above it.
    private static readonly float[] Z = [0.3f, -1.2f, 2f, -0.5f, 0.4f, -3f, 0f, 0.8f, -0.1f, -1f, 2.5f, -21f];
    private static readonly double[] Draws = [0.5, -1.3, 0.2, 1.7, -0.01, 0.9];
    private static readonly float[] Direction = [1f, -2f, 0.5f, 0.3f, -0.7f, 4f];

    private readonly GaussianHead _head = new();

    [Fact]
    public void Samples_and_the_noise_free_action_are_squashed_and_the_deviation_is_clamped()
    {
        var (noiseFree, sampled) = (new float[6], new float[6]);
        _head.Act(Z, noiseFree);
        _head.Sample(Z, Draws, sampled);
        for (var i = 0; i < 6; i++)
        {
            var (mean, logSigma) = Parameters(i);
            Assert.Equal(Math.Tanh(mean), noiseFree[i], 1e-6);
            Assert.Equal(Action(mean, logSigma, Draws[i]), sampled[i], 1e-6);
        }
    }

    [Fact]
    public void The_gradient_goes_through_the_sample_as_finite_differences_have_it()
    {
        var a = new float[6];
        _head.Sample(Z, Draws, a);
        var dz = new float[12];
        _head.Gradient(Z, a, Draws, Direction, dz);
        Check(dz, (i, mean, logSigma) => Direction[i] * Action(mean, logSigma, Draws[i]));
    }

    [Fact]
    public void The_entropy_term_is_the_log_density_with_its_correction_and_its_gradient()
    {
        const double weight = 0.35;
        var dz = new float[12];
        var mean = GaussianHead.AddLogDensity(Z, Draws, weight, dz);

        Assert.Equal(Enumerable.Range(0, 6).Sum(i => LogDensity(i, Parameters(i).Mean, Parameters(i).LogSigma)) / 2, mean, 1e-6);
        Check(dz, (i, m, s) => weight * LogDensity(i, m, s));
    }

    [Fact]
    public void Slope_and_location_are_by_the_mean()
    {
        var (a, locations, slopes) = (new float[6], new float[6], new double[6]);
        _head.Act(Z, a);
        _head.Locations(Z, locations);
        _head.Slopes(Z, a, slopes);
        for (var i = 0; i < 6; i++)
        {
            var mean = Parameters(i).Mean;
            Assert.Equal((float)mean, locations[i]);
            Assert.Equal((Math.Tanh(mean + Step) - Math.Tanh(mean - Step)) / (2 * Step), slopes[i], 1e-6);
        }
    }

    [Fact]
    public void The_temperature_steps_by_Adam_towards_an_entropy_of_minus_three()
    {
        var temperature = new EntropyTemperature();
        var (log, m, v) = (0.0, 0.0, 0.0);
        foreach (var (density, step) in new[] { 5.0, 4.0, -1.0, 2.9, 3.1 }.Select((d, i) => (d, i + 1)))
        {
            temperature.Step(density);

            // d/d log alpha of -log alpha (log pi + H), H = -3.
            var gradient = -(density - 3);
            (m, v) = ((0.9 * m) + (0.1 * gradient), (0.999 * v) + (0.001 * gradient * gradient));
            log -= 3e-4 * (m / (1 - Math.Pow(0.9, step))) / (Math.Sqrt(v / (1 - Math.Pow(0.999, step))) + 1e-8);
            Assert.Equal(Math.Exp(log), temperature.Value, 1e-12);
        }

        var toofixed = new EntropyTemperature();
        toofixed.Step(10);
        Assert.True(toofixed.Value > 1, "A policy with too little entropy must count it more.");
    }

    [Fact]
    public void A_temperature_goes_on_from_its_saved_state()
    {
        var (one, other) = (new EntropyTemperature(), new EntropyTemperature());
        one.Step(7);
        one.Step(-2);
        var writer = new StateWriter();
        one.Save(writer);
        var reader = new StateReader(writer.ToArray());
        other.Load(reader);
        Assert.True(reader.AtEnd);
        one.Step(1);
        other.Step(1);
        Assert.Equal(one.Value, other.Value);
    }

    private static (double Mean, double LogSigma) Parameters(int i) => (Z[(i / 3 * 6) + (i % 3)], Z[(i / 3 * 6) + (i % 3) + 3]);

    private static double Action(double mean, double logSigma, double draw) => Math.Tanh(mean + (Math.Exp(Math.Clamp(logSigma, -20, 2)) * draw));

    /// <summary>The normal density of u = mu + sigma e, and the change of variables to tanh u.</summary>
    private static double LogDensity(int i, double mean, double logSigma)
    {
        var sigma = Math.Exp(Math.Clamp(logSigma, -20, 2));
        var u = mean + (sigma * Draws[i]);
        var normal = Math.Log(Math.Exp(-Math.Pow((u - mean) / sigma, 2) / 2) / (sigma * Math.Sqrt(2 * Math.PI)));
        return normal - Math.Log(1 - Math.Pow(Math.Tanh(u), 2) + 1e-6);
    }

    private static void Check(float[] dz, Func<int, double, double, double> loss)
    {
        for (var i = 0; i < 6; i++)
        {
            var (mean, logSigma) = Parameters(i);
            var byMean = (loss(i, mean + Step, logSigma) - loss(i, mean - Step, logSigma)) / (2 * Step);
            var byLogSigma = (loss(i, mean, logSigma + Step) - loss(i, mean, logSigma - Step)) / (2 * Step);
            var at = (i / 3 * 6) + (i % 3);
            Assert.Equal(byMean, dz[at], 2e-5);
            Assert.Equal(byLogSigma, dz[at + 3], 2e-5);
        }
    }
}
