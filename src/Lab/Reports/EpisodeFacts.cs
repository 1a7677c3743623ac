namespace Simulator.Lab.Reports;

/// <summary>What the whole episodes.parquet of a cell says in single numbers. They are taken before the table is reduced to windows, so that they are exact however long a run is.</summary>
internal sealed record EpisodeFacts
{
    /// <summary>Updates at the end of which the gradient is looked at.</summary>
    private const int Final = 10;

    /// <summary>Episodes at the end that late means are of.</summary>
    private const int Recent = 50;

    private Dictionary<string, double> Lasts { get; init; } = new(StringComparer.Ordinal);

    private Dictionary<string, double> Lates { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Where the actors' gradient went; null where it did not vanish, or its factors are not known.</summary>
    public GradientLoss? Loss { get; init; }

    /// <summary>Mean share of saturated outputs in episodes 8 to 12.</summary>
    public double? EarlySaturation { get; init; }

    /// <summary>The largest share of saturated outputs; null before the first update.</summary>
    public double? PeakSaturation { get; init; }

    /// <summary>Mean asymmetry of the first 100 episodes.</summary>
    public double? EarlyAsymmetry { get; init; }

    /// <summary>Median asymmetry of all episodes.</summary>
    public double? MedianAsymmetry { get; init; }

    /// <summary>The largest |z|; 0 where none was measured.</summary>
    public double LargestPreActivation { get; init; }

    /// <summary>Whether the actors' gradient is exactly zero at the last updates; null where there is none.</summary>
    public bool? ActorsDead { get; init; }

    /// <summary>Whether the critic's is; null likewise.</summary>
    public bool? CriticDead { get; init; }

    /// <summary>What the output function left of the critic's gradient at the last update at which there was one; null where that is not known.</summary>
    public double? Squash { get; init; }

    /// <summary>The last value of a column; null without any.</summary>
    internal double? Last(string column) => Lasts.TryGetValue(column, out var value) ? value : null;

    /// <summary>Mean of a column over the last 50 episodes; null without any value.</summary>
    internal double? Late(string column) => Lates.TryGetValue(column, out var value) ? value : null;

    /// <summary>Takes them from a table; null where there is none.</summary>
    internal static EpisodeFacts? Of(ColumnTable? table, int episodes)
    {
        if (table is null)
        {
            return null;
        }

        var (lasts, lates) = (new Dictionary<string, double>(StringComparer.Ordinal), new Dictionary<string, double>(StringComparer.Ordinal));
        foreach (var name in table.Names)
        {
            if (table[name] is { } values)
            {
                lasts[name] = values[Array.FindLastIndex(values, float.IsFinite)];
                if (CellFacts.Mean(table, name, episodes - Recent + 1, episodes) is { } late)
                {
                    lates[name] = late;
                }
            }
        }

        return new EpisodeFacts
        {
            Lasts = lasts,
            Lates = lates,
            Loss = CellFacts.Loss(table),
            EarlySaturation = CellFacts.Mean(table, "saturation", 8, 12),
            PeakSaturation = table["saturation"]?.Where(float.IsFinite).Max(),
            EarlyAsymmetry = CellFacts.Mean(table, "asymmetry", 1, 100),
            MedianAsymmetry = table["asymmetry"] is { } asymmetry ? Numbers.Median(asymmetry.Where(float.IsFinite).Select(v => (double)v)) : null,
            LargestPreActivation = (table["preactivation_min"] ?? []).Concat(table["preactivation_max"] ?? []).Where(float.IsFinite).Select(v => Math.Abs((double)v)).DefaultIfEmpty(0).Max(),
            ActorsDead = table["actor_gradient"]?.Where(float.IsFinite).TakeLast(Final).All(v => v == 0),
            CriticDead = table["critic_gradient"]?.Where(float.IsFinite).TakeLast(Final).All(v => v == 0),
            Squash = table["squash_factor"] is { } squash && table["action_gradient"] is { } critic && Array.FindLastIndex(critic, v => v > 0) is >= 0 and var i && float.IsFinite(squash[i]) ? squash[i] : null,
        };
    }
}
