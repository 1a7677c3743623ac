using System.Globalization;
using Simulator.Telemetry;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Simulator;

/// <summary>Progress for a terminal: a table of the cells, redrawn in place.</summary>
internal sealed class LiveTable(IAnsiConsole console)
{
    /// <summary>Lines of the terminal that the table's frame, head and footer take.</summary>
    private const int FrameLines = 8;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>Shows progress until the run is over; the last state stays on the screen.</summary>
    internal Task ShowAsync(PopulationProgress progress, Task run) => console.Live(Draw(progress))
        .Overflow(VerticalOverflow.Ellipsis)
        .StartAsync(async live =>
        {
            while (!run.IsCompleted)
            {
                await Task.WhenAny(run, Task.Delay(Interval)).ConfigureAwait(false);
                live.UpdateTarget(Draw(progress));
            }
        });

    internal IRenderable Draw(PopulationProgress progress)
    {
        var cells = progress.Snapshot();
        var table = new Table().RoundedBorder().BorderColor(Color.Grey).Expand();
        table.AddColumn(new TableColumn("Cell"));
        table.AddColumn(new TableColumn("Episode").RightAligned());
        table.AddColumn(new TableColumn("Left").RightAligned());
        table.AddColumn(new TableColumn("Reward").RightAligned());
        table.AddColumn(new TableColumn("Unexplored").RightAligned());
        table.AddColumn(new TableColumn("Best constant").RightAligned());
        table.AddColumn(new TableColumn("Saturation"));
        table.AddColumn(new TableColumn("Learning").RightAligned());
        table.AddColumn(new TableColumn("Saturated").RightAligned());
        table.AddColumn(new TableColumn("Dead").RightAligned());
        table.AddColumn(new TableColumn("Frozen").RightAligned());
        var room = Math.Max(1, console.Profile.Height - FrameLines);

        // What runs comes first: with more cells than lines, those are the ones to watch.
        var shown = cells.OrderBy(c => c.Activity switch { CellActivity.Running => 0, CellActivity.Ended => 1, _ => 2 }).Take(room).ToList();
        foreach (var cell in shown.Count == cells.Count ? cells : shown)
        {
            table.AddRow(Row(cell));
        }

        if (cells.Count > shown.Count)
        {
            table.Caption($"{cells.Count - shown.Count} more cells; {cells.Count(c => c.Activity == CellActivity.Ended)} of {cells.Count} have ended");
        }

        return table;
    }

    private static IRenderable[] Row(CellProgress cell)
    {
        var better = cell.Evaluation >= cell.BestConstant;
        return
        [
            new Text(cell.Name),
            new Text($"{cell.Episode.ToString(CultureInfo.InvariantCulture)}/{cell.Episodes.ToString(CultureInfo.InvariantCulture)}"),
            new Text(ProgressText.State(cell)),
            new Text(ProgressText.Reward(cell.Reward)),
            new Text(ProgressText.Reward(cell.Evaluation), better ? new Style(Color.Green) : Style.Plain),
            new Text(ProgressText.Reward(cell.BestConstant)),
            Bar(cell.Saturation),
            Count(cell.Agents.Learning, Color.Green),
            Count(cell.Agents.Saturated, Color.Yellow),
            Count(cell.Agents.Dead, Color.Red),
            Count(cell.Agents.Frozen, Color.Blue),
        ];
    }

    private static Text Bar(double? saturation)
    {
        const int width = 5;
        if (saturation is not { } ratio)
        {
            return new Text("-");
        }

        var full = (int)Math.Round(ratio * width);
        var color = ratio > 0.9 ? Color.Red : ratio > 0.5 ? Color.Yellow : Color.Green;
        return new Text($"{new string('█', full)}{new string('░', width - full)} {ProgressText.Ratio(ratio)}", new Style(color));
    }

    private static Text Count(int count, Color color) => new(count.ToString(CultureInfo.InvariantCulture), count > 0 ? new Style(color) : new Style(Color.Grey));
}
