using Simulator.Lab.Reports;
using Simulator.Lab.Reports.Figures;

namespace Simulator.Lab.Tests.Reports;

/// <summary>Sentences and statistics of a report, over cells that are made here.</summary>
public sealed class AnswerTests
{
    [Fact]
    public void A_gradient_of_which_the_first_updates_are_zero_is_measured_from_the_first_that_is_not()
    {
        var loss = CellFacts.Loss(Gradients([0, 0, 0, 0, 8, 4, 1, 0]))!;
        Assert.Equal(8, loss.Episode);
        Assert.False(loss.FromTheFirst);
        Assert.Equal("squash", loss.Culprit);
        Assert.Equal(7, CellFacts.Loss(Gradients([1, 3, 2, 1, 1, 1, 1e-7f, 0]))!.Episode);
    }

    [Fact]
    public void A_gradient_that_was_zero_from_the_first_update_is_said_to_have_been()
    {
        var never = Data(Cell("never") with { EpisodeTable = Gradients([0, 0, 0, 0, 0, 0]) });
        Assert.Equal(
            "The actors' gradient was exactly zero from the first update in 1 cell.",
            Answer.Why(never));
        Assert.Null(Answer.Why(Data(Cell("well") with { EpisodeTable = Gradients([1, 1, 1, 1, 1, 1]) })));
    }

    [Fact]
    public void Episodes_are_whole_numbers_and_the_two_measures_of_a_lost_gradient_are_told_apart()
    {
        var data = Data(Cell("one") with { EpisodeTable = Gradients([1, 1, 1, 0]) }, Cell("two") with { Seed = 43, EpisodeTable = Gradients([1, 1, 1, 1, 0]) });
        Assert.Equal(
            "The actors' gradient of a cell vanished (to under 10^-6 of what it began with) in 2 cells, at episode 5 (median); what lost most of it was the squash (da/dz) in 2 (it became exactly zero). "
                + "That is the root mean square over the cell's agents; an agent lost its gradient where its own stayed under 10^-12 of its largest for 10 updates in a row.",
            Answer.Why(data));
    }

    [Fact]
    public void A_gradient_that_came_back_is_said_to_have_done_so()
    {
        var data = Data(Cell("back") with { EpisodeTable = Gradients([1, 0, 1]) }, Cell("gone") with { Seed = 43, EpisodeTable = Gradients([1, 0, 0]) });
        Assert.Contains(" In 1 of them it is above that again at the end.", Answer.Why(data), StringComparison.Ordinal);
    }

    [Fact]
    public void Saturation_at_the_very_freeze_counts_as_before_it_and_no_group_is_left_out()
    {
        var data = Data(Cell("one") with { Results = Results([3, 10, 30, null], [10, 10, 10, 10]) });
        Assert.Equal(
            "Saturation came before freezing, or with it, in 2 of the 4 agents that froze, 4 episodes ahead (median); 1 saturated only afterwards, 1 froze without ever having been saturated.",
            Answer.Order(data));
    }

    [Fact]
    public void An_evaluation_before_the_last_episode_is_none_of_the_trained_policy()
    {
        var finished = Cell("finished") with { Evaluation = -10, BestConstant = -20 };
        var diverged = Cell("diverged") with { Seed = 43, Status = "diverged", Evaluation = -1, BestConstant = -20 };
        Assert.StartsWith("Without exploration 1 of 1 trained cell beats the best constant policy", Answer.Earning(Data(finished, diverged)), StringComparison.Ordinal);
    }

    [Fact]
    public void Who_earns_what_the_best_constant_policy_earns_equals_it_and_does_not_beat_it()
    {
        RecordedCell Earning(ulong seed, double reward) => Cell("cell") with { Seed = seed, Evaluation = reward, BestConstant = -387.0607536727433 };
        var equal = Earning(1, -387.0607536727433 * (1 + 1e-12));
        Assert.StartsWith("Without exploration no trained cell beats the best constant policy, 1 equals it; ", Answer.Earning(Data(equal, Earning(2, -400))), StringComparison.Ordinal);
        Assert.StartsWith("Without exploration 1 of 3 trained cells beats the best constant policy, 1 equals it; ", Answer.Earning(Data(equal, Earning(2, -400), Earning(3, -387.06))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-389, "Without exploration an episode earns -389, which equals the best constant policy (all local: -389).")]
    [InlineData(-388.9, "Without exploration an episode earns -389, better than the best constant policy (all local: -389).")]
    [InlineData(-778, "Without exploration an episode earns -778, 2 times the loss of the best constant policy (all local: -389).")]
    public void A_cell_says_how_it_stands_to_the_best_constant_policy(double reward, string expected) =>
        Assert.Equal(expected, CellOutcome.Earning(learns: true, reward, new Protocol.BaselineReward("all_local", -389, default)));

    [Fact]
    public void Unfinished_cells_are_no_part_of_treatments_and_pairs_and_are_counted()
    {
        var treated = new Dictionary<string, string>(StringComparer.Ordinal) { ["mitigation.output"] = "inverting" };
        var data = Data(
            [
                .. new ulong[] { 1, 2, 3, 4 }.Select(s => Cell("base") with { Seed = s, Evaluation = -100 }),
                .. new ulong[] { 1, 2 }.Select(s => Cell("treated") with { Seed = s, Evaluation = -50, Parameters = treated }),
                Cell("treated") with { Seed = 3, Status = "diverged", Evaluation = -1e9, Parameters = treated },
                Cell("treated") with { Seed = 4, Status = "interrupted", Evaluation = -1e9, Parameters = treated },
            ]);
        var effect = TreatmentEffects.Of(data)[1];
        Assert.Equal((2, -50.0), (effect.Reward!.Value.Seeds, effect.Reward.Value.Value));
        Assert.Equal((2, 50.0), (effect.Paired!.Pairs, effect.Paired.Difference.Value));
        Assert.Equal(2, effect.Ended);
        Assert.Equal((1, 1), (effect.Diverged, effect.Unfinished));
    }

    [Fact]
    public void Pairs_of_one_seed_have_no_p_value()
    {
        var treated = new Dictionary<string, string>(StringComparer.Ordinal) { ["mitigation.output"] = "inverting" };
        var rates = new[] { 1e-4, 1e-3, 1e-2, 1e-1, 1, 2 };
        RecordedCell[] Cells(ulong seed) =>
            [.. rates.Select(r => Cell("base") with { Seed = seed, ActorRate = r, Evaluation = -100 }), .. rates.Select(r => Cell("treated") with { Seed = seed, ActorRate = r, Evaluation = -50 + r, Parameters = treated })];
        var one = ComparisonFigures.Of(Data(Cells(1))).Figures.Single(f => f.Id == "paired");
        Assert.Equal("output inverting earns 50.52 more than base on average and wins 6 of 6 pairs.", one.Finding);
        Assert.Contains("All pairs have one seed, and so share their luck: there is neither interval nor p-value.", one.Note, StringComparison.Ordinal);
        var two = ComparisonFigures.Of(Data([.. Cells(1), .. Cells(2)])).Figures.Single(f => f.Id == "paired");
        Assert.EndsWith("wins 12 of 12 pairs, p = 0.5.", two.Finding, StringComparison.Ordinal);
        Assert.Contains("the signs of a seed's pairs flip together", two.Note, StringComparison.Ordinal);
    }

    [Fact]
    public void Rewards_of_different_problems_are_not_compared()
    {
        static RecordedCell With(string key, string value, double reward) =>
            Cell("treated") with { Evaluation = reward, Parameters = new Dictionary<string, string>(StringComparer.Ordinal) { [key] = value } };
        var data = Data(Cell("base") with { Evaluation = -100 }, With("environment.energy_weight", "5", -1), With("mitigation.output", "softsign", -60));
        var effects = TreatmentEffects.Of(data);
        Assert.Equal("environment.energy_weight is 5 rather than 0.5", effects[1].Obstacle);
        Assert.Null(effects[1].Reward);
        Assert.Null(effects[1].Paired);
        Assert.Equal(40, effects[2].Paired!.Difference.Value);
        var section = ComparisonFigures.Of(data);
        Assert.Equal("The comparison of what energy_weight 5 and base earn is left out: these are different problems (environment.energy_weight is 5 rather than 0.5).", Assert.Single(section.LeftOut));
        Assert.Equal("output softsign earns most: -60 an episode.", section.Figures.Single(f => f.Id == "treatments").Finding);
    }

    [Theory]
    [InlineData("mitigation.output", "softsign", "Their initial weights are equal, too.")]
    [InlineData("mitigation.output", "gaussian", "Their networks differ, and so their initial weights.")]
    [InlineData("policy.variant", "large", "Their networks differ, and so their initial weights.")]
    public void Initial_weights_are_said_to_be_equal_where_networks_are(string key, string value, string expected)
    {
        var treated = Cell("treated") with { Evaluation = -60, Parameters = new Dictionary<string, string>(StringComparer.Ordinal) { [key] = value } };
        Assert.Contains(expected, ComparisonFigures.Of(Data(Cell("base") with { Evaluation = -100 }, treated)).Figures.Single(f => f.Id == "paired").Note, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_did_not_come_to_the_end_did_not_survive()
    {
        RecordedCell At(double rate, string status, int episodes, int? stop = null) =>
            Cell("cell") with { ActorRate = rate, Status = status, Episodes = episodes, StoppingEpisode = stop, Results = Results([null], [stop]) };
        var data = Data(At(0.1, "diverged", 12), At(0.01, "interrupted", 5), At(0.001, "completed", 60), At(0.0001, "stopped", 60, 20));
        Assert.Equal("In 1 of 2 finished configurations no agent froze or lost its gradient: 0.001 / 0.01; 2 more did not finish.", Answer.Surviving(data));
        Assert.EndsWith("; 1 diverged, 1 was cut off before having stopped.", StoppingFigures.Finding(data), StringComparison.Ordinal);
        var figures = StoppingFigures.Of(data).Figures;
        var map = figures.Single(f => f.Id == "stopping-map").Plot.ToJson();
        Assert.Contains("diverged<br>@12", System.Text.RegularExpressions.Regex.Unescape(map), StringComparison.Ordinal);
        Assert.Contains("cut off<br>@5", System.Text.RegularExpressions.Regex.Unescape(map), StringComparison.Ordinal);
        var bubbles = figures.Single(f => f.Id == "stopping-bubbles").Plot.Table.ToString();
        Assert.Equal(2, bubbles.Split("diverged, failed or cut off before").Length - 1);
        Assert.Equal(1, bubbles.Split("did not stop").Length - 1);
        Assert.Contains("which counts as censored here and is no survival", SurvivalFigures.Of(data).Figures[0].Finding, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cell_passes_the_critics_gradient_on_by_what_the_output_function_left_of_it_not_by_its_slope()
    {
        // Inverted gradients at the bound: da/dz is 0, and half of the gradient passes.
        ColumnTable Table(float squash) => new(2, new Dictionary<string, float[]>(StringComparer.Ordinal)
        {
            ["episode"] = [1, 2],
            ["saturation"] = [1, 1],
            ["output_slope"] = [0, 0],
            ["preactivation_deviation"] = [1, 1],
            ["action_gradient"] = [1, 1],
            ["squash_factor"] = [squash, squash],
        });
        var data = Data(Cell("inverting") with { EpisodeTable = Table(0.5f) }, Cell("tanh") with { Seed = 43, EpisodeTable = Table(1e-6f) });
        Assert.Equal(
            "At the end the mean slope of a cell lies between 0 and 0; 1 of 2 cells pass on less than a tenth of the critic's gradient (|dL/dz| / |dL/da|).",
            SaturationFigures.Of(data).Figures.Single(f => f.Id == "slope").Finding);
    }

    [Fact]
    public void Shares_of_saturated_outputs_name_the_threshold_of_the_cells()
    {
        var table = new ColumnTable(2, new Dictionary<string, float[]>(StringComparer.Ordinal) { ["episode"] = [1, 2], ["saturation"] = [1, 1], ["output_slope"] = [0, 0] });
        var figure = SaturationFigures.Of(Data(Cell("cell") with { Threshold = 0.8, EpisodeTable = table })).Figures.Single(f => f.Id == "saturation");
        Assert.Contains("share of outputs with |a| > 0.8", System.Text.RegularExpressions.Regex.Unescape(figure.Plot.ToJson()), StringComparison.Ordinal);
    }

    [Fact]
    public void Freezes_that_could_not_be_seen_any_more_are_censored_before_the_window()
    {
        var cell = Cell("one") with { Episodes = 60, Unseen = 9, Results = Results([null, 55], [null, 51]) };
        Assert.Equal([51.0, 51.0], SurvivalFigures.Lifetimes([cell], r => r.Freeze, takesWindow: true).Select(l => l.Time));
        Assert.Equal([60.0, 55.0], SurvivalFigures.Lifetimes([cell], r => r.Onset).Select(l => l.Time));
    }

    [Fact]
    public void Of_very_many_agents_some_are_drawn_and_all_are_counted()
    {
        int?[] Each(int count) => [.. Enumerable.Range(1, count).Select(i => (int?)i)];
        foreach (var (agents, drawn) in new[] { (5000, 5000), (5001, 2501), (12001, 4001) })
        {
            var data = Data(Cell("many") with { Results = Results(Each(agents), Each(agents)) });
            foreach (var figure in new[] { StoppingFigures.Of(data).Figures.Single(f => f.Id == "agent-stopping"), SaturationFigures.Of(data).Figures.Single(f => f.Id == "saturation-freezing") })
            {
                Assert.Equal(drawn + 1, figure.Plot.Table.ToString().Count(c => c == '\n'));
                Assert.Equal(agents > 5000, figure.Note.Contains("one agent in", StringComparison.Ordinal));
                Assert.Contains($"{agents:#,0}", figure.Finding, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void What_a_logarithmic_axis_cannot_show_is_a_gap_and_stays_in_the_numbers()
    {
        var plot = new Plot();
        plot.Panel(0, "", new Axis("x"), new Axis("y", Log: true)).Line(0, "line", new Look("#000000"), [1, 2, 3], [5, 0, 7]);
        Assert.Contains("\"y\":[5.0,null,7.0]", plot.ToJson(), StringComparison.Ordinal);
        Assert.Contains(",2,0,", plot.Table.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_note_speaks_of_seeds_and_bands_only_where_there_are_several()
    {
        static RecordedCell With(ulong seed) => Cell("cell") with { Seed = seed, Results = Results([null], [null]) with { Evaluations = [new(0, -9, default), new(60, -5, default)] } };
        Assert.Equal("On the evaluation episodes of each cell. Each line is one cell. Up is better.", RewardFigures.Of(Data(With(1))).Figures.Single(f => f.Id == "evaluation").Note);
        Assert.Contains(
            "Lines are means over seeds, bands the range of 2 seeds; a cell that has ended drops out of the mean.", RewardFigures.Of(Data(With(1), With(2))).Figures.Single(f => f.Id == "evaluation").Note, StringComparison.Ordinal);
    }

    private static RecordedCell Cell(string name) => new() { Name = name, Run = "run", Seed = 42, ActorRate = 0.1, CriticRate = 0.01, Status = "completed", Episodes = 60 };

    private static ReportData Data(params RecordedCell[] cells) =>
        new([new RecordedRun("run", "run", "run", "done", [], cells.Length, new Dictionary<string, string>(StringComparer.Ordinal), null, cells, [])]);

    private static CellResults Results(int?[] onset, int?[] freeze) =>
        new([-1], freeze, onset, freeze, freeze, [], new Dictionary<string, double>(StringComparer.Ordinal), new Dictionary<string, Violations>(StringComparer.Ordinal));

    private static ColumnTable Gradients(float[] squash) => new(squash.Length, new Dictionary<string, float[]>(StringComparer.Ordinal)
    {
        ["episode"] = [.. Enumerable.Range(1, squash.Length).Select(e => (float)e)],
        ["actor_gradient"] = squash,
        ["action_gradient"] = [.. squash.Select(_ => 1f)],
        ["squash_factor"] = squash,
        ["body_factor"] = [.. squash.Select(v => v > 0 ? 1f : 0f)],
    });
}
