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

    private static string Draw(int width, int height, params CellProgress[] cells)
    {
        using var console = new TestConsole();
        console.Profile.Width = width;
        console.Profile.Height = height;
        console.Write(new LiveTable(console).Draw(new PopulationProgress(cells)));
        return console.Output;
    }
}
