using Simulator.Telemetry;

namespace Simulator;

/// <summary>
/// Progress for an output that is no terminal: a line for a cell whenever it has come a tenth further, or ends; for a large population a line whenever all cells together have.
/// </summary>
internal sealed class ProgressLines(TextWriter output)
{
    /// <summary>Most cells that have lines of their own.</summary>
    private const int MostCells = 100;

    private const int Parts = 10;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    /// <summary>Shows progress until the run is over.</summary>
    internal async Task ShowAsync(PopulationProgress progress, Task run)
    {
        var shown = new int[progress.Count];
        while (!run.IsCompleted)
        {
            await Task.WhenAny(run, Task.Delay(Interval)).ConfigureAwait(false);
            Show(progress, shown);
        }
    }

    private void Show(PopulationProgress progress, int[] shown)
    {
        if (shown.Length > MostCells)
        {
            ShowTogether(progress, ref shown[0]);
            return;
        }

        for (var i = 0; i < shown.Length; i++)
        {
            var cell = progress[i];
            var part = cell.Activity == CellActivity.Ended ? Parts + 1 : (int)((long)cell.Episode * Parts / cell.Episodes);
            if (part > shown[i])
            {
                shown[i] = part;
                output.WriteLine(Line(cell));
            }
        }
    }

    private void ShowTogether(PopulationProgress progress, ref int shown)
    {
        var (done, all, ended, begun, reward) = (0L, 0L, 0, 0, 0.0);
        for (var i = 0; i < progress.Count; i++)
        {
            var cell = progress[i];
            var over = cell.Activity == CellActivity.Ended;
            done += over ? cell.Episodes : cell.Episode;
            all += cell.Episodes;
            ended += over ? 1 : 0;
            begun += cell.Reward is null ? 0 : 1;
            reward += cell.Reward ?? 0;
        }

        var part = ended == progress.Count ? Parts + 1 : (int)(done * Parts / all);
        if (part > shown)
        {
            shown = part;
            output.WriteLine(
                $"{ProgressText.Cells(progress.Count)}: {ended} have ended, {ProgressText.Share(done, all)} of their episodes are done; "
                + $"reward {ProgressText.Reward(begun > 0 ? reward / begun : null)} on average");
        }
    }

    internal static string Line(CellProgress cell) =>
        $"{cell.Name}: episode {cell.Episode} of {cell.Episodes}, {ProgressText.State(cell)}; reward {ProgressText.Reward(cell.Reward)}" + (cell.Acts ? Evaluation(cell) : Learning(cell));

    private static string Evaluation(CellProgress cell) => cell.Evaluation is { } reward
        ? $", on the evaluation episodes {ProgressText.Reward(reward)} (best constant {ProgressText.Reward(cell.BestConstant)})"
        : string.Empty;

    private static string Learning(CellProgress cell) =>
        $", without exploration {ProgressText.Reward(cell.Evaluation)} (best constant {ProgressText.Reward(cell.BestConstant)}); "
        + $"saturation {ProgressText.Ratio(cell.Saturation)}; "
        + $"agents {cell.Agents.Learning} learning, {cell.Agents.Saturated} saturated, {cell.Agents.Dead} dead, {cell.Agents.Frozen} frozen";
}
