namespace Simulator.Lab.Reports;

/// <summary>Where a gradient went: decades that each factor of the actors' gradient lost on the way.</summary>
/// <param name="Episode">First episode at which the gradient had vanished.</param>
/// <param name="Critic">Decades lost by |dL/da|: what the critic says of actions.</param>
/// <param name="Squash">Decades lost between actions and pre-activations.</param>
/// <param name="Body">Decades lost between pre-activations and parameters.</param>
/// <param name="FromTheFirst">Whether it was exactly zero at every update, so that nothing was lost on the way.</param>
/// <param name="CameBack">Whether it was above that share again at the last update.</param>
internal sealed record GradientLoss(int Episode, double Critic, double Squash, double Body, bool FromTheFirst = false, bool CameBack = false)
{
    /// <summary>The factor that lost most: critic, squash or body. Behind a factor of zero the others are not defined, so the first of equals counts.</summary>
    internal string Culprit => Critic >= Squash && Critic >= Body ? "critic" : Squash >= Body ? "squash" : "body";

    /// <summary>Decades that the culprit lost.</summary>
    internal double Decades => Math.Max(Critic, Math.Max(Squash, Body));
}

/// <summary>What the tables of a cell say in single numbers.</summary>
internal static class CellFacts
{
    /// <summary>A gradient under this share of what it began with has vanished, for the report's purposes.</summary>
    internal const double Vanished = 1e-6;

    /// <summary>Updates, from the first that is not zero, of which the largest is what a gradient began with.</summary>
    private const int First = 5;

    /// <summary>Where the actors' gradient went; null where it did not vanish, or its factors are not known.</summary>
    internal static GradientLoss? Loss(ColumnTable table)
    {
        if (table["actor_gradient"] is not { } gradient || table["action_gradient"] is not { } critic
            || table["squash_factor"] is not { } squash || table["body_factor"] is not { } body || table["episode"] is not { } episodes)
        {
            return null;
        }

        var updates = Enumerable.Range(0, table.Rows).Where(i => float.IsFinite(gradient[i])).ToArray();
        if (updates.Length == 0)
        {
            return null;
        }

        var alive = Array.FindIndex(updates, i => gradient[i] > 0);
        if (alive < 0)
        {
            return new GradientLoss((int)episodes[updates[0]], 0, 0, 0, FromTheFirst: true);
        }

        var begin = Enumerable.Range(alive, Math.Min(First, updates.Length - alive)).MaxBy(i => gradient[updates[i]]);
        var lost = Array.FindIndex(updates, begin, i => gradient[i] <= Vanished * gradient[updates[begin]]);
        if (lost < 0)
        {
            return null;
        }

        var (from, at) = (updates[begin], updates[lost]);
        return new GradientLoss((int)episodes[at], Decades(critic[from], critic[at]), Decades(squash[from], squash[at]), Decades(body[from], body[at]), CameBack: gradient[updates[^1]] > Vanished * gradient[from]);
    }

    /// <summary>Mean of a column over the episodes in a range; null without any value.</summary>
    internal static double? Mean(ColumnTable table, string column, int from, int to)
    {
        if (table[column] is not { } values || table["episode"] is not { } episodes)
        {
            return null;
        }

        var present = Enumerable.Range(0, table.Rows).Where(i => episodes[i] >= from && episodes[i] <= to && float.IsFinite(values[i])).Select(i => (double)values[i]).ToList();
        return present.Count > 0 ? present.Average() : null;
    }

    /// <summary>Mean training reward of the last episodes up to one; null without any.</summary>
    internal static double? RewardBefore(CellResults results, int episode, int episodes)
    {
        var present = results.Rewards.Take(episode).TakeLast(episodes).OfType<double>().ToList();
        return present.Count > 0 ? present.Average() : null;
    }

    private static double Decades(double begin, double now) => begin <= 0 ? 0 : now <= 0 ? double.PositiveInfinity : Math.Max(0, Math.Log10(begin / now));
}
