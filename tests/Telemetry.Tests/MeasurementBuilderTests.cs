using System.Diagnostics.Metrics;

namespace Simulator.Telemetry.Tests;

public sealed class MeasurementBuilderTests
{
    [Fact]
    public void Of_few_agents_each_has_series_of_its_own()
    {
        var set = Build(Population(cells: 2, clients: 3), new TelemetryOptions());

        Assert.Equal(["cell=c0,agent=0", "cell=c0,agent=1", "cell=c0,agent=2", "cell=c1,agent=0", "cell=c1,agent=1", "cell=c1,agent=2"], set.AgentSaturation.Select(Labels));
        Assert.Equal([0.0, 0.1, 0.2, 0.3, 0.4, 0.5], set.AgentSaturation.Select(m => Math.Round(m.Value, 5)));
        Assert.Equal([1.0, 1, 1, 1, 1, 1], set.AgentSlope.Select(m => m.Value));
        Assert.Equal([10.0, 10, 10, 10, 10, 10], set.AgentGradient.Select(m => m.Value));
    }

    [Fact]
    public void Of_many_agents_a_fixed_sample_that_lies_evenly_over_the_population_has()
    {
        var options = new TelemetryOptions { Agents = new() { Full = 5, Sample = 3 } };
        var population = Population(cells: 2, clients: 3);

        Assert.Equal(["cell=c0,agent=0", "cell=c0,agent=2", "cell=c1,agent=1"], Build(population, options).AgentSaturation.Select(Labels));

        // The same ones while others have not begun.
        population[0] = population[0] with { Learning = null };
        Assert.Equal(["cell=c1,agent=1"], Build(population, options).AgentSaturation.Select(Labels));
    }

    [Fact]
    public void A_sample_passes_over_cells_that_only_act()
    {
        var population = new PopulationProgress([new CellProgress("acts", 5) { Acts = true, Clients = 100 }, Cell("learns", 4, 0)]);
        var set = Build(population, new TelemetryOptions { Agents = new() { Full = 0, Sample = 2 } });
        Assert.Equal(["cell=learns,agent=0", "cell=learns,agent=2"], set.AgentSaturation.Select(Labels));
    }

    [Fact]
    public void The_worst_agents_of_each_cell_come_by_rank_and_of_equal_ones_the_first()
    {
        var population = Population(cells: 1, clients: 4);
        var vitals = new float[] { 0.5f, 0.9f, 0.5f, 0.1f };
        population[0] = population[0] with { Learning = Vitals([.. vitals.Select(v => new AgentVitals(AgentCondition.Learning, v, 1, 1))]) };
        var set = Build(population, new TelemetryOptions { Agents = new() { Worst = 3 } });

        Assert.Equal(["cell=c0,rank=1", "cell=c0,rank=2", "cell=c0,rank=3"], set.TopAgent.Select(Labels));
        Assert.Equal([1.0, 0, 2], set.TopAgent.Select(m => m.Value));
        Assert.Equal([0.9f, 0.5f, 0.5f], set.TopSaturation.Select(m => (float)m.Value));
        Assert.Empty(set.TopAgentCell);
    }

    [Fact]
    public void Many_cells_are_told_of_together_and_the_worst_by_rank()
    {
        var options = new TelemetryOptions { Cells = new() { Full = 1, Worst = 1 }, Agents = new() { Worst = 2 } };
        var set = Build(Population(cells: 2, clients: 3), options);

        Assert.Equal(["cell=population,rank=1", "cell=population,rank=2"], set.TopAgent.Select(Labels));
        Assert.Equal([2.0, 1], set.TopAgent.Select(m => m.Value));
        Assert.Equal([1.0, 1], set.TopAgentCell.Select(m => m.Value));
        Assert.Equal("rank=1", Labels(Assert.Single(set.TopCell)));
        Assert.Equal(1, set.TopCell[0].Value);

        // Sums of what is counted, means of what is measured.
        Assert.Equal(["cell=population,state=learning", "cell=population,state=saturated", "cell=population,state=dead", "cell=population,state=frozen"], set.Agents.Select(Labels));
        Assert.Equal([4.0, 2, 0, 0], set.Agents.Select(m => m.Value));
        Assert.Equal("cell=population", Labels(Assert.Single(set.Asymmetry)));
        Assert.Equal(0.5, set.Asymmetry[0].Value);
        Assert.Equal(15, Assert.Single(set.Episode).Value);
        Assert.Equal(300, Assert.Single(set.Transitions).Value);
    }

    [Fact]
    public void A_cell_tells_its_gradients_by_network_and_layer_its_rewards_by_phase_and_its_saturation_by_side()
    {
        var set = Build(Population(cells: 1, clients: 2), new TelemetryOptions());

        Assert.Equal(
            ["cell=c0,network=actor,layer=all: 2", "cell=c0,network=actor,layer=fc1: 1", "cell=c0,network=critic,layer=all: 4", "cell=c0,network=critic,layer=fc1: 3"],
            set.Gradient.Select(m => $"{Labels(m)}: {m.Value}"));
        Assert.Equal(["cell=c0,phase=training: -7", "cell=c0,phase=evaluation: -5"], set.Reward.Select(m => $"{Labels(m)}: {m.Value}"));
        Assert.Equal(["cell=c0,policy=all_local: -3"], set.Baseline.Select(m => $"{Labels(m)}: {m.Value}"));
        Assert.Equal(["cell=c0,constraint=server: 0.1", "cell=c0,constraint=deadline: 0.2", "cell=c0,constraint=energy: 0.3"], set.Violations.Select(m => $"{Labels(m)}: {m.Value}"));
        Assert.Equal(
            [
                "cell=c0,threshold=0.9,side=negative: 0.4", "cell=c0,threshold=0.9,side=positive: 0.3", "cell=c0,threshold=0.99,side=negative: 0.2", "cell=c0,threshold=0.99,side=positive: 0.1",
            ],
            set.CellSaturation.Select(m => $"{Labels(m)}: {m.Value}"));
    }

    [Fact]
    public void A_cell_that_has_not_begun_has_no_series_but_is_counted()
    {
        var set = Build(new PopulationProgress([new CellProgress("a", 10) { Clients = 3 }]), new TelemetryOptions());

        Assert.Empty(set.AgentSaturation);
        Assert.Empty(set.Episode);
        Assert.Equal(["state=waiting: 1", "state=running: 0", "state=paused: 0", "state=ended: 0"], set.Cells.Select(m => $"{Labels(m)}: {m.Value}"));
    }

    internal static PopulationProgress Population(int cells, int clients) => new(Enumerable.Range(0, cells).Select(c => Cell($"c{c}", clients, c * clients)));

    private static CellProgress Cell(string name, int clients, int first) => new(name, 100)
    {
        Activity = CellActivity.Running,
        Clients = clients,
        Episode = 10 + (first > 0 ? 10 : 0),
        LastReward = -7,
        Evaluation = -5,
        Saturation = 0.1 * first,
        Transitions = 150,
        Baselines = [new("all_local", -3)],
        Violations = new ViolationShares(0.1, 0.2, 0.3),
        Agents = new AgentCounts(clients - 1, 1, 0, 0),
        Learning = Vitals([.. Enumerable.Range(0, clients).Select(a => new AgentVitals(AgentCondition.Learning, 0.1f * (first + a), 1, 10))]),
    };

    private static LearningVitals Vitals(IReadOnlyList<AgentVitals> agents) => new()
    {
        Critic = new GradientVitals(4, [new("fc1", 3)]),
        Actors = new GradientVitals(2, [new("fc1", 1)]),
        Asymmetry = 0.5,
        Sides = new SaturationSides(0.4, 0.3, 0.2, 0.1),
        Agents = agents,
    };

    private static MeasurementSet Build(PopulationProgress population, TelemetryOptions options) => new MeasurementBuilder(population, options).Build(ProcessSizes.None);

    private static string Labels(Measurement<double> measurement) => string.Join(',', measurement.Tags.ToArray().Select(t => $"{t.Key}={t.Value}"));
}
