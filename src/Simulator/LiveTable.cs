using System.Globalization;
using Simulator.Agents;
using Simulator.Telemetry;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Simulator;

/// <summary>Progress for a terminal: a table of the cells, redrawn in place.</summary>
internal sealed class LiveTable(IAnsiConsole console)
{
    /// <summary>Lines of the terminal that the table's frame, head and footer take.</summary>
    private const int FrameLines = 8;

    /// <summary>Columns from which on a terminal shows everything.</summary>
    private const int WideTerminal = 130;

    private static readonly (string Name, bool Left)[] WideColumns =
    [
        ("Cell", true), ("Episode", false), ("Left", false), ("Reward", false), ("Evaluation", false), ("Best constant", false), ("Saturation", true),
        ("Learning", false), ("Saturated", false), ("Dead", false), ("Frozen", false),
    ];

    private static readonly (string Name, bool Left)[] NarrowColumns =
    [
        ("Cell", true), ("Episode", false), ("Left", false), ("Evaluation", false), ("Saturation", true), ("Learning/ saturated/ dead/frozen", false),
    ];

    /// <summary>Columns at the end that tell of learning.</summary>
    private static int LearnersColumns(bool wide) => wide ? 5 : 2;

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
        var wide = console.Profile.Width >= WideTerminal;
        var columns = wide ? WideColumns : NarrowColumns;
        var count = columns.Length - (cells.All(c => c.Acts) ? LearnersColumns(wide) : 0);
        foreach (var (name, left) in columns.Take(count))
        {
            table.AddColumn(left ? new TableColumn(name) : new TableColumn(name).RightAligned());
        }

        var room = Math.Max(1, console.Profile.Height - FrameLines);

        // What runs comes first: with more cells than lines, those are the ones to watch.
        IReadOnlyList<CellProgress> shown = cells.Count <= room
            ? cells
            : [.. Of(cells, CellActivity.Running).Concat(Of(cells, CellActivity.Paused)).Concat(Of(cells, CellActivity.Ended)).Concat(Of(cells, CellActivity.Waiting)).Take(room)];
        foreach (var cell in shown)
        {
            var row = wide ? WideRow(cell) : NarrowRow(cell);
            table.AddRow(row.Take(cell.Acts ? row.Length - LearnersColumns(wide) : row.Length));
        }

        if (cells.Count > shown.Count)
        {
            table.Caption($"{cells.Count - shown.Count} more cells; {cells.Count(c => c.Activity == CellActivity.Ended)} of {cells.Count} have ended");
        }

        return table;
    }

    private static IEnumerable<CellProgress> Of(IReadOnlyList<CellProgress> cells, CellActivity activity) => cells.Where(c => c.Activity == activity);

    private static IRenderable[] WideRow(CellProgress cell) =>
    [
        new Text(cell.Name),
        Episode(cell),
        new Text(ProgressText.State(cell)),
        new Text(ProgressText.Reward(cell.Reward)),
        Evaluation(cell),
        new Text(ProgressText.Reward(cell.BestConstant)),
        Bar(cell.Saturation),
        Count(cell.Agents.Learning, Color.Green),
        Count(cell.Agents.Saturated, Color.Yellow),
        Count(cell.Agents.Dead, Color.Red),
        Count(cell.Agents.Frozen, Color.Blue),
    ];

    private static IRenderable[] NarrowRow(CellProgress cell) =>
    [
        new Text(cell.Name),
        Episode(cell),
        new Text(ProgressText.State(cell)),
        Evaluation(cell),
        Bar(cell.Saturation),
        new Text($"{cell.Agents.Learning}/{cell.Agents.Saturated}/{cell.Agents.Dead}/{cell.Agents.Frozen}"),
    ];

    private static Text Episode(CellProgress cell) =>
        new($"{cell.Episode.ToString(CultureInfo.InvariantCulture)}/{cell.Episodes.ToString(CultureInfo.InvariantCulture)}");

    private static Text Evaluation(CellProgress cell) =>
        new(ProgressText.Reward(cell.Evaluation), cell.Evaluation >= cell.BestConstant ? new Style(Color.Green) : Style.Plain);

    private static Text Bar(double? saturation)
    {
        const int width = 5;
        if (saturation is not { } ratio)
        {
            return new Text("-");
        }

        var full = (int)Math.Round(ratio * width);
        var color = ratio > LearningTracker.SaturatedRatio ? Color.Red : ratio > 0.5 ? Color.Yellow : Color.Green;
        return new Text($"{new string('█', full)}{new string('░', width - full)} {ProgressText.Ratio(ratio)}", new Style(color));
    }

    private static Text Count(int count, Color color) => new(count.ToString(CultureInfo.InvariantCulture), count > 0 ? new Style(color) : new Style(Color.Grey));
}
