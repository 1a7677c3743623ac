using Simulator.Lab.Statistics;

namespace Simulator.Lab.Reports;

/// <summary>Cells that differ in nothing but their seed.</summary>
/// <param name="Label">Name in figures: the learning rates, actor / critic, behind the treatment, as far as they differ between configurations.</param>
/// <param name="Treatment">What they have been treated with.</param>
/// <param name="ActorRate">Learning rate of the actors.</param>
/// <param name="CriticRate">Learning rate of the critic.</param>
/// <param name="Cells">The cells, by seed.</param>
internal sealed record Configuration(string Label, string Treatment, double ActorRate, double CriticRate, IReadOnlyList<RecordedCell> Cells);

/// <summary>Cells that one line of a figure stands for.</summary>
/// <param name="Label">Its name.</param>
/// <param name="Look">How it looks.</param>
/// <param name="Configurations">The configurations that it pools: seeds are resampled within each.</param>
internal sealed record LineGroup(string Label, Look Look, IReadOnlyList<Configuration> Configurations)
{
    /// <summary>All its cells.</summary>
    internal IReadOnlyList<RecordedCell> Cells { get; } = [.. Configurations.SelectMany(c => c.Cells)];

    /// <summary>Seeds of which every configuration has a cell.</summary>
    internal int Seeds => Bootstrap.CompleteSeeds([.. Configurations.Select(c => c.Cells)], c => c.Seed).Count;

    /// <summary>Values of its cells, by configuration.</summary>
    internal IReadOnlyList<IReadOnlyList<SeedValue>> Strata(Func<RecordedCell, double?> of) =>
        [.. Configurations.Select(c => (IReadOnlyList<SeedValue>)[.. c.Cells.Select(cell => (cell.Seed, Value: of(cell))).Where(v => v.Value is not null).Select(v => new SeedValue(v.Seed, v.Value!.Value))]).Where(s => s.Count > 0)];
}

/// <summary>What a report is made of: the cells of its runs, by configuration and by treatment.</summary>
internal sealed class ReportData
{
    /// <summary>More lines in a figure cannot be told apart.</summary>
    private const int MostLines = 16;

    /// <summary>Colours that people with any colour vision tell apart. Source: Okabe and Ito, Color Universal Design (2008); their yellow, faint on white, is brown here.</summary>
    private static readonly string[] Colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7A4E00"];

    private static readonly string[] Dashes = ["solid", "dash", "dot", "dashdot"];

    /// <summary>Groups the cells of runs.</summary>
    internal ReportData(IReadOnlyList<RecordedRun> runs)
    {
        Runs = runs;
        Cells = [.. runs.SelectMany(r => r.Cells)];
        Learning = [.. Cells.Where(c => c.Learns && c.Episodes > 0)];
        var keyed = Learning.Select(c => (Cell: c, Treatment: Treatments.Of(c))).ToList();
        TreatmentNames = [.. keyed.Select(k => k.Treatment).Distinct(StringComparer.Ordinal)];
        ActorRates = [.. Learning.Select(c => c.ActorRate).Distinct().Order()];
        CriticRates = [.. Learning.Select(c => c.CriticRate).Distinct().Order()];
        Configurations = [.. keyed.GroupBy(k => (k.Treatment, k.Cell.ActorRate, k.Cell.CriticRate))
            .Select(g => new Configuration(Label(g.Key.Treatment, g.Key.ActorRate, g.Key.CriticRate), g.Key.Treatment, g.Key.ActorRate, g.Key.CriticRate, [.. g.Select(k => k.Cell).OrderBy(c => c.Seed)]))];
        Lines = Group();
        Windows = Windows.Of(Learning);
    }

    /// <summary>The runs.</summary>
    internal IReadOnlyList<RecordedRun> Runs { get; }

    /// <summary>All cells, in the order of the runs.</summary>
    internal IReadOnlyList<RecordedCell> Cells { get; }

    /// <summary>Cells that learn, and have begun.</summary>
    internal IReadOnlyList<RecordedCell> Learning { get; }

    /// <summary>Configurations of the cells that learn, in the order of the runs.</summary>
    internal IReadOnlyList<Configuration> Configurations { get; }

    /// <summary>Treatments, the first being what the others are compared with.</summary>
    internal IReadOnlyList<string> TreatmentNames { get; }

    /// <summary>Learning rates of actors that occur.</summary>
    internal IReadOnlyList<double> ActorRates { get; }

    /// <summary>Learning rates of critics that occur.</summary>
    internal IReadOnlyList<double> CriticRates { get; }

    /// <summary>Whether learning rates differ.</summary>
    internal bool RatesDiffer => ActorRates.Count > 1 || CriticRates.Count > 1;

    /// <summary>The lines of figures over time: a configuration each, or where these are too many, a treatment; with one treatment an actor rate.</summary>
    internal IReadOnlyList<LineGroup> Lines { get; }

    /// <summary>Whether each treatment has a panel of its own in figures of lines, as they are too many for one.</summary>
    internal bool InPanels => TreatmentNames.Count > MostLines;

    /// <summary>What a line stands for, in words.</summary>
    internal string LinesAre { get; private set; } = "configuration";

    /// <summary>|a| above which outputs count as saturated, in words: all cells' thresholds.</summary>
    internal string Threshold => string.Join(" or ", Learning.Select(c => c.Threshold).Distinct().Order().Select(t => t.ToString(System.Globalization.CultureInfo.InvariantCulture)));

    /// <summary>Windows of episodes that curves are reduced to.</summary>
    internal Windows Windows { get; }

    /// <summary>The colour of a number from 0.</summary>
    internal static string Colour(int index) => Colours[index % Colours.Length];

    /// <summary>Cells without equals in their group but for the seed: whether intervals over seeds can be given at all.</summary>
    internal bool SeveralSeeds => Configurations.Any(c => c.Cells.Count > 1);

    /// <summary>Why the rewards of a treatment are not compared with those of the first; null where they are.</summary>
    internal string? Obstacle(string treatment) => Comparability.Obstacle(FirstOf(treatment), FirstOf(TreatmentNames[0]));

    /// <summary>Whether cells of a treatment begin with the weights of the first one's.</summary>
    internal bool BeginsAlike(string treatment) => Comparability.BeginAlike(FirstOf(treatment), FirstOf(TreatmentNames[0]));

    /// <summary>Whether all rewards are of one problem.</summary>
    internal bool OneProblem => TreatmentNames.All(t => Obstacle(t) is null);

    /// <summary>What a mean's band is, in words: an interval, a range, or nothing where there is one seed.</summary>
    internal string Spread => SpreadOf(Lines.Select(l => l.Seeds));

    /// <summary>What the ends of estimates over so many seeds are, in words; nothing where no estimate has any.</summary>
    internal static string SpreadOf(IEnumerable<int> seeds)
    {
        var several = seeds.Where(s => s > 1).Distinct().Order().ToList();
        if (several.Count == 0)
        {
            return "";
        }

        var (few, many) = (several.Where(s => s < Bootstrap.FewestSeeds).ToList(), several[^1] >= Bootstrap.FewestSeeds);
        return (few.Count, many) switch
        {
            (0, _) => "95 % bootstrap intervals, runs drawn within their configuration",
            (1, false) => $"the range of {few[0]} seeds",
            (_, false) => $"the range of {few[0]} to {few[^1]} seeds",
            _ => $"95 % bootstrap intervals from {Bootstrap.FewestSeeds} seeds on, the range of the seeds where there are fewer",
        };
    }

    private RecordedCell FirstOf(string treatment) => Configurations.First(c => c.Treatment == treatment).Cells[0];

    private string Label(string treatment, double actor, double critic)
    {
        var rates = RatesDiffer ? $"{ReferenceLayout.Rate(actor)} / {ReferenceLayout.Rate(critic)}" : "";
        return TreatmentNames.Count > 1 ? rates.Length > 0 ? $"{treatment}, {rates}" : treatment : rates.Length > 0 ? rates : treatment;
    }

    private List<LineGroup> Group()
    {
        if (Configurations.Count <= MostLines)
        {
            var treated = TreatmentNames.Count > 1;
            var pairs = Configurations.Select(c => (c.ActorRate, c.CriticRate)).Distinct().ToList();
            return [.. Configurations.Select((c, i) => new LineGroup(c.Label, LookOf(c, i), [c]))];

            Look LookOf(Configuration c, int index) => Configurations.Count <= Colours.Length && (treated || ActorRates.Count == 1 || CriticRates.Count == 1)
                ? new Look(Colour(index))
                : treated
                    ? new Look(Colour(TreatmentNames.Index().First(t => t.Item == c.Treatment).Index), Dashes[pairs.IndexOf((c.ActorRate, c.CriticRate)) % Dashes.Length])
                    : new Look(Colour(ActorRates.Index().First(r => r.Item == c.ActorRate).Index), Dashes[CriticRates.Index().First(r => r.Item == c.CriticRate).Index % Dashes.Length]);
        }

        // Treatments are never pooled: where there are too many for one figure, each has a panel.
        var byTreatment = TreatmentNames.Count > 1;
        LinesAre = byTreatment ? "treatment" : "actor rate";
        var groups = byTreatment
            ? Configurations.GroupBy(c => c.Treatment, StringComparer.Ordinal)
            : Configurations.GroupBy(c => $"actor rate {ReferenceLayout.Rate(c.ActorRate)}", StringComparer.Ordinal);
        return [.. groups.Take(byTreatment ? int.MaxValue : MostLines).Select((g, i) => new LineGroup(g.Key, new Look(Colour(i), Dashes[i / Colours.Length % Dashes.Length]), [.. g]))];
    }
}
