using Simulator.Telemetry;

namespace Simulator;

/// <summary>Progress for an output that is no terminal: a line for a cell whenever it has come a tenth further, or ends.</summary>
internal sealed class ProgressLines(TextWriter output)
{
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

    private static string Line(CellProgress cell) =>
        $"{cell.Name}: episode {cell.Episode} of {cell.Episodes}, {ProgressText.State(cell)}; reward {ProgressText.Reward(cell.Reward)}, "
        + $"without exploration {ProgressText.Reward(cell.Evaluation)} (best constant {ProgressText.Reward(cell.BestConstant)}); "
        + $"saturation {ProgressText.Ratio(cell.Saturation)}; "
        + $"agents {cell.Agents.Learning} learning, {cell.Agents.Saturated} saturated, {cell.Agents.Dead} dead, {cell.Agents.Frozen} frozen";
}
