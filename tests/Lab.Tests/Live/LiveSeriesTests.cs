using Simulator.Lab.Live;
using Simulator.Protocol;

namespace Simulator.Lab.Tests.Live;

public sealed class LiveSeriesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(200, 200)]
    [InlineData(201, 101)]
    [InlineData(100_001, 200)]
    public void Of_many_points_at_most_two_hundred_are_shown_equally_far_apart_and_always_the_newest(int count, int shown)
    {
        var thinned = Line.Thin(count);
        Assert.Equal(shown, thinned.Length);
        Assert.Equal(count - 1, thinned.LastOrDefault(-1));
        Assert.InRange(thinned.Zip(thinned.Skip(1), (a, b) => b - a).Distinct().Count(), 0, 1);
        Assert.All(thinned, i => Assert.InRange(i, 0, count - 1));
    }

    [Fact]
    public void Of_many_episodes_a_point_is_the_mean_of_rewards_and_the_median_of_norms()
    {
        var history = Histories.Of(agents: 3, episodes: 500);
        var series = CellSeries.Of(history.Look("none"));

        Assert.Equal(3, series.Width);
        Assert.Equal(167, series.Rewards.Y.Count);
        Assert.Equal([3, 6, 9], series.Rewards.X.Take(3));
        Assert.Equal(500, series.Rewards.X[^1]);
        Assert.Equal((float)history.Episodes.Take(3).Average(e => e.Reward), series.Rewards.Y[0]);
        Assert.Equal((float)history.Episodes.Take(3).Select(e => e.Update!.Critic.GradientNorm).Order().ElementAt(1), series.CriticGradient.Y[0]);
        Assert.All(Enumerable.Range(0, 167), i => Assert.Equal(3, series.States.Sum(s => s.Y[i]), 4));
        Assert.True(series.AreCosts);
    }

    [Fact]
    public void A_cell_without_an_episode_has_lines_without_points()
    {
        var series = CellSeries.Of(Histories.Of(agents: 3, episodes: 0).Look("none"));
        Assert.Empty(series.Rewards.Y);
        Assert.Null(series.ActorGradient.Latest);
        Assert.Empty(SaturationMap.Of([]).Agents);
    }

    [Fact]
    public void A_map_has_a_row_for_each_agent_and_a_column_for_each_tenth_episode_and_the_newest()
    {
        var look = Histories.Of(agents: 4, episodes: 25).Look("none");
        var map = SaturationMap.Of(look.Rows);
        Assert.Equal([10, 20, 25], map.Episodes);
        Assert.Equal([0, 1, 2, 3], map.Agents);
        Assert.False(map.OnlyWorst);
        for (var agent = 0; agent < 4; agent++)
        {
            Assert.Equal(look.Rows.Select(r => (byte)MathF.Round(100 * r.Samples[agent].SaturationRatio)), map.Percent.Slice(agent * 3, 3).ToArray());
        }
    }

    [Fact]
    public void Of_more_than_two_thousand_agents_the_map_shows_the_two_hundred_worst()
    {
        var rows = Histories.Of(agents: 2001, episodes: 10).Look("none").Rows;
        var map = SaturationMap.Of(rows);
        Assert.True(map.OnlyWorst);
        Assert.Equal((200, 2001), (map.Agents.Count, map.AllAgents));
        Assert.Equal(SaturationMap.WorstFirst(rows[^1].Samples).Take(200), map.Agents);
        Assert.True(rows[^1].Samples[map.Agents[0]].SaturationRatio >= rows[^1].Samples[map.Agents[^1]].SaturationRatio);
    }

    [Fact]
    public async Task An_agent_tells_its_sides_its_factors_and_when_its_state_changed()
    {
        var look = Histories.Of(agents: 2, episodes: 40).Look("none");
        var moments = await look.AgentAsync(1);
        var series = AgentSeries.Of(moments);

        Assert.Equal([10, 20, 30, 40], series.Saturation.X);
        Assert.Equal(moments.Select(m => -m.Outputs!.Cpu.Low90), series.Low[1].Y);
        Assert.Equal(moments.Select(m => m.Outputs!.Power.High90), series.High[2].Y);
        Assert.Equal(moments.Select(m => (float)m.Outputs!.SquashFactor), series.Factors[1].Y);
        Assert.Equal([new Transition(0, 10, null, AgentState.Learning), new Transition(20, 30, AgentState.Learning, AgentState.Saturated)], series.Transitions);
    }

    [Fact]
    public async Task What_the_file_of_an_ended_cell_tells_is_what_was_in_memory()
    {
        var history = Histories.Of(agents: 3, episodes: 25);
        var before = history.Look("none");
        var file = Path.Combine(_folder.Path, "agents.parquet");
        await using (var stream = File.Create(file))
        {
            await AgentsFile.WriteAsync(stream, history);
        }

        history.HasFiles = true;
        history.DropWritten();
        var after = history.Look(file);

        Assert.Equal((null, file), (before.RowsFile, after.RowsFile));
        Assert.Empty(after.Rows);
        var rows = await after.RowsAsync();
        Assert.Equal(before.Rows.Select(r => r.Episode), rows.Select(r => r.Episode));
        Assert.Equal(before.Rows.SelectMany(r => r.Samples).Select(s => s with { Outcomes = default }), rows.SelectMany(r => r.Samples));
        var (kept, read) = (await before.AgentAsync(2), await after.AgentAsync(2));
        Assert.Equal(kept.Select(m => (m.Episode, m.Sample with { Outcomes = default })), read.Select(m => (m.Episode, m.Sample)));
        Assert.Equal(kept.Select(m => m.Outputs!.Cpu), read.Select(m => m.Outputs!.Cpu));
        Assert.All(kept.Zip(read), p => Assert.Equal(p.First.Outputs!.BodyFactor, p.Second.Outputs!.BodyFactor, 5));
    }

    [Fact]
    public async Task A_file_that_is_none_is_a_fault_that_says_so()
    {
        var file = Path.Combine(_folder.Path, "agents.parquet");
        await File.WriteAllTextAsync(file, "nothing", TestContext.Current.CancellationToken);
        var history = Histories.Of(agents: 1, episodes: 10);
        history.HasFiles = true;
        history.DropWritten();
        await Assert.ThrowsAsync<InvalidDataException>(() => history.Look(file).RowsAsync());
    }

    [Fact]
    public async Task A_run_shows_of_each_cell_what_its_files_tell()
    {
        using var run = await _folder.RunAsync("run", TemporaryFolder.Plan());
        for (var cell = 0; cell < 2; cell++)
        {
            var look = run.Look(cell);
            Assert.Equal(24, look.Episodes.Count);
            Assert.NotNull(look.RowsFile);
            var rows = await look.RowsAsync();
            Assert.Equal([10, 20, 24], rows.Select(r => r.Episode));
            Assert.Equal(look.LastUpdate!.Agents.Select(a => a with { Outcomes = default }), rows[^1].Samples);
            Assert.Equal(3, (await look.AgentAsync(4)).Count);
        }
    }
}
