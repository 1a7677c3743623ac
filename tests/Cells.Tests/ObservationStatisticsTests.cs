using Simulator.Environment;
using Simulator.Protocol;

namespace Simulator.Cells.Tests;

public sealed class ObservationStatisticsTests
{
    [Fact]
    public void Mean_and_deviation_are_those_of_all_observations()
    {
        var random = new Random(2);
        var statistics = new ObservationStatistics();
        Assert.Equal(0, statistics.Numbers().Length);
        var seen = new List<float[]>();
        for (var step = 0; step < 30; step++)
        {
            var rows = Enumerable.Range(0, 5 * Observation.Width).Select(i => (float)((1000 * (i % Observation.Width)) + (random.NextDouble() * Math.Pow(10, i % Observation.Width)))).ToArray();
            statistics.Observe(rows);
            seen.AddRange(rows.Chunk(Observation.Width));
        }

        var numbers = statistics.Numbers().Span;
        for (var column = 0; column < Observation.Width; column++)
        {
            var values = seen.ConvertAll(row => (double)row[column]);
            var mean = values.Average();
            Assert.Equal(1, numbers[column] / mean, 1e-6);
            Assert.Equal(1, numbers[Observation.Width + column] / Math.Sqrt(values.Average(v => (v - mean) * (v - mean))), 1e-6);
        }
    }

    [Fact]
    public void Observations_are_centred_divided_and_clipped()
    {
        float[] mean = [1, 2, 3, 4, 5, 6, 7];
        float[] deviation = [1, 2, 0.5f, 4, 1, 0, 1];
        float[] rows = [2, 0, 3, 1e6f, -1e6f, 6, 7];
        new ObservationScaling(mean, deviation).Apply(rows);
        float[] expected = [1, -1, 0, 10, -10, 0, 0];
        for (var column = 0; column < rows.Length; column++)
            Assert.Equal(expected[column], rows[column], 1e-5);
    }

    [Fact]
    public void A_cell_takes_in_what_its_clients_saw_in_training_and_nothing_else()
    {
        var options = new CellOptions
        {
            Clients = 3,
            Environment = new EnvironmentOptions { Steps = 2 },
            Evaluation = new EvaluationOptions { Episodes = 1 },
            Mitigation = new MitigationOptions { Observations = ObservationScale.Running },
        };
        var cell = new CellSimulation(options, epoch: 0);
        var expected = new ObservationStatistics();
        cell.BeginEvaluation();
        Assert.Equal(0, cell.Statistics(cell.Observe()).Length);
        cell.BeginEpisode();
        for (var step = 0; step < 2; step++)
        {
            var observations = cell.Observe();
            expected.Observe(observations);
            Assert.Equal(expected.Numbers().ToArray(), cell.Statistics(observations).ToArray());
            cell.Step(new bool[3], new float[9]);
        }

        cell.EndEpisode(null);
        cell.BeginEvaluation();
        Assert.Equal(expected.Numbers().ToArray(), cell.Statistics(cell.Observe()).ToArray());
    }

    [Fact]
    public async Task A_cell_hands_over_the_statistics_that_its_last_evaluation_saw_by_and_acts_by_them()
    {
        var options = TestPopulation.Small() with { Mitigation = new MitigationOptions { Observations = ObservationScale.Running } };
        var learned = await TestPopulation.RunAsync(options);
        var statistics = learned.Parameters[CellProtocol.ObservationStatistics];
        Assert.Equal(2 * Observation.Width, statistics.Length);
        var networks = new InitialNetworks(
            [.. Enumerable.Range(0, options.Clients).Select(i => new HostPayload(learned.Parameters[i]))], new HostPayload(learned.Parameters[CellProtocol.Critic]))
        {
            ObservationStatistics = new HostPayload(statistics),
        };
        var acting = options with { Mode = CellMode.Act, Episodes = 0, Networks = networks };
        var acted = await TestPopulation.RunAsync(acting);
        var other = await TestPopulation.RunAsync(acting with { Networks = networks with { ObservationStatistics = null } });
        Assert.Equal((learned.Evaluations[^1].Reward, learned.Evaluations[^1].Violations), (acted.Evaluations[0].Reward, acted.Evaluations[0].Violations));
        Assert.NotEqual(learned.Evaluations[^1].Reward, other.Evaluations[0].Reward);
    }

    [Fact]
    public void A_saved_state_goes_on_as_the_one_that_was_saved()
    {
        float[] rows = [.. Enumerable.Range(0, 3 * Observation.Width).Select(i => MathF.Sin(i))];
        var (one, other) = (new ObservationStatistics(), new ObservationStatistics());
        one.Observe(rows);
        var writer = new StateWriter();
        one.Save(writer);
        var reader = new StateReader(writer.ToArray());
        other.Load(reader);
        Assert.True(reader.AtEnd);
        one.Observe(rows.AsSpan(Observation.Width));
        other.Observe(rows.AsSpan(Observation.Width));
        Assert.Equal(one.Numbers().ToArray(), other.Numbers().ToArray());
    }
}
