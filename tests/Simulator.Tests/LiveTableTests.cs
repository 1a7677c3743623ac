using Simulator.Telemetry;
using Spectre.Console.Testing;

namespace Simulator.Tests;

public sealed class LiveTableTests
{
    private static readonly CellProgress Running = new("base-s42", 300)
    {
        Activity = CellActivity.Running,
        Episode = 75,
        Seconds = 10,
        Reward = -41_044.4,
        Evaluation = -50_266,
        BestConstant = -387,
        Saturation = 1,
        Agents = new AgentCounts(0, 1, 40, 9),
    };

    [Fact]
    public void A_wide_terminal_shows_everything_about_a_cell()
    {
        var text = Draw(160, 30, Running);
        foreach (var part in new[] { "base-s42", "75/300", "30 s left", "-41,044", "-50,266", "-387", "1.00", "Learning", "Frozen" })
        {
            Assert.Contains(part, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_narrow_terminal_shows_a_cell_in_a_line()
    {
        var text = Draw(80, 24, Running);
        Assert.Contains("0/1/40/9", text, StringComparison.Ordinal);
        Assert.Contains("30 s left", text, StringComparison.Ordinal);
        Assert.All(text.Split('\n'), line => Assert.InRange(line.TrimEnd('\r').Length, 0, 80));
    }

    [Fact]
    public void More_cells_than_lines_show_the_running_ones_and_how_many_more_there_are()
    {
        var cells = Enumerable.Range(0, 40).Select(i => Running with { Name = $"cell-{i}", Activity = i < 35 ? CellActivity.Ended : CellActivity.Running, Ending = "stopped" }).ToArray();
        var text = Draw(160, 20, cells);
        Assert.Contains("cell-39", text, StringComparison.Ordinal);
        Assert.DoesNotContain("cell-30 ", text, StringComparison.Ordinal);
        Assert.Contains("28 more cells; 35 of 40 have ended", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(160)]
    [InlineData(80)]
    public void Cells_that_act_have_no_columns_of_learners(int width)
    {
        var acting = Running with { Acts = true, Agents = default, Saturation = null };
        var text = Draw(width, 24, acting);
        Assert.Contains("75/300", text, StringComparison.Ordinal);
        Assert.Contains("-50,266", text, StringComparison.Ordinal);
        Assert.DoesNotContain("earning", text, StringComparison.Ordinal);
        Assert.DoesNotContain("aturat", text, StringComparison.Ordinal);

        var mixed = Draw(width, 24, acting with { Name = "acting" }, Running);
        Assert.Contains("aturation", mixed, StringComparison.Ordinal);
        Assert.DoesNotContain("0/0/0/0", mixed, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_of_a_cell_that_acts_tells_nothing_of_learning()
    {
        var acting = Running with { Acts = true, Agents = default, Saturation = null };
        Assert.Equal(
            "base-s42: episode 75 of 300, 30 s left; reward -41,044, on the evaluation episodes -50,266 (best constant -387)", ProgressLines.Line(acting));
        Assert.Equal("base-s42: episode 75 of 300, 30 s left; reward -41,044", ProgressLines.Line(acting with { Evaluation = null, BestConstant = null }));
        Assert.EndsWith("saturation 1.00; agents 0 learning, 1 saturated, 40 dead, 9 frozen", ProgressLines.Line(Running), StringComparison.Ordinal);
    }

    private static string Draw(int width, int height, params CellProgress[] cells)
    {
        using var console = new TestConsole();
        console.Profile.Width = width;
        console.Profile.Height = height;
        console.Write(new LiveTable(console).Draw(new PopulationProgress(cells)));
        return console.Output;
    }
}
