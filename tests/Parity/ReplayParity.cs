using System.Globalization;
using Simulator.Compute;
using Simulator.Environment;
using Simulator.Master;

namespace Simulator.Parity;

/// <summary>Kind prioritized_replay: the same draws find the same slots and items, with the same weights and totals.</summary>
internal static class ReplayParity
{
    private const double Tolerance = 1e-9;

    internal static void Check(SafetensorsFile fixture)
    {
        Assert.Equal(PrioritizedReplay.Alpha, Number("alpha"));
        Assert.Equal(PrioritizedReplay.ErrorOffset, Number("epsilon"));
        Assert.Equal(PrioritizedReplay.InitialBeta, Number("beta0"));
        Assert.Equal(PrioritizedReplay.BetaIncrement, Number("beta_increment"));

        // The transition's reward is its number, by which a draw is recognised.
        var replay = new PrioritizedReplay((int)Number("capacity"), clients: 1);
        var state = new float[Observation.Width];
        var errors = fixture.Doubles("add_error");
        Assert.Equal((int)Number("adds"), errors.Length);
        replay.BeginEpisode(state);
        for (var item = 0; item < errors.Length; item++)
            replay.Add(new float[RawAction.Width], [false], item, state, done: false, errors[item]);

        var samples = 0;
        for (; fixture.Contains($"sample{samples}.u"); samples++)
            CheckSample(fixture, $"sample{samples}", replay);
        Assert.True(samples > 0, "The fixture holds no sample.");

        double Number(string key) => double.Parse(fixture.Required(key), CultureInfo.InvariantCulture);
    }

    private static void CheckSample(SafetensorsFile fixture, string sample, PrioritizedReplay replay)
    {
        var uniforms = fixture.Doubles($"{sample}.u");
        var slots = new int[uniforms.Length];
        var weights = new double[uniforms.Length];
        Close.Relative(fixture.Doubles($"{sample}.total")[0], replay.Total, Tolerance, $"{sample}, total");

        replay.Sample(uniforms, slots, weights);

        Assert.Equal(fixture.Longs($"{sample}.slot"), slots.Select(slot => (long)slot));
        Assert.Equal(fixture.Longs($"{sample}.item"), slots.Select(slot => (long)replay.Reward(slot)));
        var expected = fixture.Doubles($"{sample}.is_weight");
        for (var i = 0; i < slots.Length; i++)
            Close.Relative(expected[i], weights[i], Tolerance, $"{sample}, weight {i}");

        var errors = fixture.Doubles($"{sample}.new_error");
        for (var i = 0; i < slots.Length; i++)
            replay.UpdatePriority(slots[i], errors[i]);
    }
}
