using System.Globalization;
using Simulator.Protocol;

namespace Simulator.Lab;

/// <summary>What a cell came to, in numbers and in words.</summary>
/// <param name="history">What it told.</param>
public sealed class CellOutcome(CellHistory history)
{
    private const double SaturatedRatio = Agents.LearningTracker.SaturatedRatio;

    private AgentSample[] Samples => history.LastUpdate?.Agents ?? [];

    /// <summary>Agents that were frozen at one update at least.</summary>
    public int AgentsStopped => Samples.Count(a => a.Outcomes.ReferenceStop > 0);

    /// <summary>Share of saturated outputs at the last update; null before the first.</summary>
    public double? Saturation => history.LastUpdate?.Activations?.SaturationRatio;

    /// <summary>First episode after which more than 0.9 of all outputs were saturated; null where that never came.</summary>
    public int? SaturatedFrom => history.Episodes.Find(e => e.Update?.Activations?.SaturationRatio > SaturatedRatio)?.Episode;

    /// <summary>
    /// Mean reward of the evaluation after the last episode, without exploration; null where there was none: a cell that was cut off, or diverged, was last evaluated with policies that it no
    /// longer has.
    /// </summary>
    public double? Evaluation => history.Evaluations is [.., var last] && (!history.Cell.Options.Learns || (history.EpisodeCount > 0 && last.Episode == history.EpisodeCount)) ? last.Reward : null;

    /// <summary>Sentences that say what happened.</summary>
    public string InWords()
    {
        var sentences = new List<string> { Ending() };
        if (history.LastUpdate is not null)
        {
            sentences.Add(Learning());
        }

        if (!history.Cell.Options.Learns && history.MeanReward is { } mean && double.IsFinite(mean))
        {
            sentences.Add($"Acting without exploration, an episode earned {Text(mean)} on average.");
        }

        if (Evaluation is { } reward && double.IsFinite(reward) && history.BestConstant is { } constant && double.IsFinite(constant.Reward))
        {
            sentences.Add(Earning(history.Cell.Options.Learns, reward, constant));
        }

        return string.Join(" ", sentences);
    }

    private string Ending()
    {
        var done = history.EpisodeCount;
        var all = history.Cell.Options.Episodes;
        return history.End?.Status switch
        {
            CellStatus.Completed => $"All {done} episodes are done.",
            CellStatus.Stopped => $"Ended after {done} of {all} episodes: by episode {history.StoppingEpisode} every actor had stood still once.",
            CellStatus.Diverged when done == 0 => $"Diverged before the first episode: {history.End.Detail}.",
            CellStatus.Diverged => $"Diverged at episode {done}: {history.End.Detail}.",
            CellStatus.Failed => $"Failed: {history.End.Detail}.",
            CellStatus.Interrupted when history.End.Detail is { } detail => $"Ended after {done} of {all} episodes: {detail}.",
            _ when !history.Begun => "Interrupted before it began.",
            _ => $"Interrupted after {done} of {all} episodes.",
        };
    }

    private string Learning()
    {
        var clients = Samples.Length;
        var saturated = SaturatedFrom is { } from
            ? $"Outputs were saturated (over {Text(SaturatedRatio)}) from episode {from}, {Percent(Saturation)} of them at the end"
            : $"Outputs did not saturate ({Percent(Saturation)} at the end)";
        var frozen = Samples.Count(a => a.State == AgentState.Frozen);
        var dead = Samples.Count(a => a.State == AgentState.Dead);
        var states = (frozen, dead) switch
        {
            (0, 0) => $"no actor of {clients} is frozen or without gradient",
            (_, 0) => $"{frozen} of {clients} actors are frozen",
            (0, _) => $"{dead} of {clients} actors have lost their gradient",
            _ => $"{frozen} of {clients} actors are frozen and {dead} more have lost their gradient",
        };
        return $"{saturated}; {states}.";
    }

    internal static string Earning(bool learns, double reward, BaselineReward constant)
    {
        // Rewards are costs with a minus sign: the ratio of two says how many times more one loses.
        var name = constant.Name.Replace('_', ' ');
        var best = $"the best constant policy ({name}: {Text(constant.Reward)})";
        var against = ConstantComparison.Compare(reward, constant.Reward) switch
        {
            AgainstConstant.Better => $"better than {best}",
            AgainstConstant.Equal => $"which equals {best}",
            _ when constant.Reward < 0 => $"{Text(Math.Round(reward / constant.Reward, 1))} times the loss of {best}",
            _ => $"worse than {best}",
        };
        var earning = learns ? "Without exploration an episode earns" : "On the evaluation episodes it earns";
        return $"{earning} {Text(reward)}, {against}.";
    }

    private static string Percent(double? ratio) => ratio is { } r ? (r * 100).ToString("0.#", CultureInfo.InvariantCulture) + " %" : "none";

    private static string Text(double value) => Math.Abs(value) >= 10
        ? value.ToString("#,0", CultureInfo.InvariantCulture)
        : value.ToString("0.##", CultureInfo.InvariantCulture);
}
