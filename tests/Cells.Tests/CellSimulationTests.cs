using Simulator.Environment;

namespace Simulator.Cells.Tests;

public sealed class CellSimulationTests
{
    [Fact]
    public void Whoever_asked_to_offload_and_was_not_taken_violates_the_server()
    {
        var cell = new CellSimulation(new CellOptions { Clients = 4, Environment = new EnvironmentOptions { Steps = 2 } }, epoch: 0);
        cell.BeginEpisode();

        // Clients 0, 1 and 2 ask; at the first step 0 is taken, at the second 0 and 1, and 3, whom exploration drew, did not ask.
        float[] actions = [1, -1, -1, 0, -1, -1, 0.5f, -1, -1, -0.5f, -1, -1];
        cell.Step([true, false, false, false], actions);
        cell.Step([true, true, false, true], actions);

        Assert.Equal((0.5 + 0.25) / 2, cell.Totals.Violations.Server);
    }

    [Fact]
    public void An_evaluation_tells_the_means_of_its_episodes()
    {
        var options = new CellOptions { Clients = 3, Environment = new EnvironmentOptions { Steps = 2 }, Evaluation = new EvaluationOptions { Episodes = 3 } };
        var cell = new CellSimulation(options, epoch: 0);
        var episodes = new List<EpisodeTotals>();
        cell.BeginEvaluation();
        EpisodeTotals? means = null;
        while (means is null)
        {
            // One of three asks in vain, at the first step of the second episode only.
            float[] actions = [cell.Turn is { Episode: 1, Step: 0 } ? 1 : -1, 1, 1, -1, 1, 1, -1, 1, 1];
            if (cell.Step([false, false, false], actions).Done)
            {
                episodes.Add(cell.Totals);
                means = cell.EndEvaluationEpisode();
            }
        }

        Assert.Equal(3, episodes.Count);
        Assert.Equal(episodes.Average(e => e.Reward), means.Value.Reward, 1e-9);
        Assert.Equal(1.0 / 3 / 2 / 3, means.Value.Violations.Server, 1e-15);
        Assert.Equal(episodes.Average(e => e.Violations.Deadline), means.Value.Violations.Deadline, 1e-15);
        Assert.Equal(episodes.Average(e => e.Violations.Energy), means.Value.Violations.Energy, 1e-15);
        Assert.True(means.Value.Violations.Deadline > 0);
    }
}
