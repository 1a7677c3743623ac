using System.Globalization;

namespace Simulator.Lab.Tests;

public sealed class PopulationTableTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_table_has_a_row_for_each_cell_with_its_parameters_and_outcomes()
    {
        var plan = ScenarioReader.Parse(
            "s.yaml",
            "episodes: 12\nclients: 4\nlearning: {batch: 8}\nevaluation: {episodes: 2}\nsweep:\n  - environment.energy_mj: [[0.5, 3.2]]\n  - learning.actor_rate: [0.001]\n").Plan!;
        var run = await _folder.RunAsync("run", plan);
        var lines = await File.ReadAllLinesAsync(Path.Combine(run.Folder, "population.csv"), TestContext.Current.CancellationToken);

        var header = lines[0].Split(',');
        Assert.Equal(run.Histories.Count + 1, lines.Length);
        for (var i = 0; i < run.Histories.Count; i++)
        {
            var history = run.Histories[i];
            var row = lines[i + 1].Replace("\"[0.5, 3.2]\"", "interval", StringComparison.Ordinal).Split(',');
            string Of(string column) => row[Array.IndexOf(header, column)];
            Assert.Equal(header.Length, row.Length);
            Assert.Equal(history.Cell.Name, Of("name"));
            Assert.Equal("completed", Of("status"));
            Assert.Equal(history.EpisodeCount, int.Parse(Of("episodes"), CultureInfo.InvariantCulture));
            Assert.Equal(history.Evaluations[^1].Reward, double.Parse(Of("evaluation"), CultureInfo.InvariantCulture));
            Assert.Equal(history.BestConstant!.Reward, double.Parse(Of("best_constant"), CultureInfo.InvariantCulture));
            Assert.Equal(history.LastUpdate!.Agents.Count(a => a.Outcomes.SaturationOnset > 0), int.Parse(Of("agents_saturated"), CultureInfo.InvariantCulture));
            Assert.Empty(Of("stopping_episode"));
        }
    }
}
