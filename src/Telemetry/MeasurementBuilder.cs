using System.Diagnostics.Metrics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Simulator.Telemetry;

/// <summary>
/// Makes what a scrape reads of a population's progress: series for each agent and each cell as long as there are few; of many agents a fixed sample and the worst, of many cells sums and means over
/// the population, under the cell "population", and the worst.
/// </summary>
/// <param name="progress">The population.</param>
/// <param name="options">What counts as few.</param>
internal sealed class MeasurementBuilder(PopulationProgress progress, TelemetryOptions options)
{
    /// <summary>The cell of series over all cells.</summary>
    internal const string Population = "population";

    private static readonly Values Saturation =
        c => c.Learning?.Sides is not { } s ? [] : [new(s.Low90, ("threshold", "0.9"), ("side", "negative")), new(s.High90, ("threshold", "0.9"), ("side", "positive")), new(s.Low99, ("threshold", "0.99"), ("side", "negative")), new(s.High99, ("threshold", "0.99"), ("side", "positive"))];

    private static readonly Values Agents = c => c.Learning is not { Agents.Count: > 0 } ? [] :
    [
        new(c.Agents.Learning, ("state", "learning")),
        new(c.Agents.Saturated, ("state", "saturated")),
        new(c.Agents.Dead, ("state", "dead")),
        new(c.Agents.Frozen, ("state", "frozen")),
    ];

    private static readonly Values Gradient = c => [.. Norms("actor", c.Learning?.Actors), .. Norms("critic", c.Learning?.Critic)];

    private static readonly Values Asymmetry = c => Single(c.Learning?.Asymmetry);

    private static readonly Values CriticLoss = c => Single(c.Learning?.CriticLoss);

    private static readonly Values Epsilon = c => Single(c.Epsilon);

    private static readonly Values Reward = c => [.. Single(c.LastReward, ("phase", c.Acts ? "acting" : "training")), .. Single(c.Evaluation, ("phase", "evaluation"))];

    private static readonly Values Baseline = c => [.. c.Baselines.Select(b => new Value(b.Value, ("policy", b.Key)))];

    private static readonly Values Violation = c => c.Violations is not { } v ? [] :
        [new(v.Server, ("constraint", "server")), new(v.Deadline, ("constraint", "deadline")), new(v.Energy, ("constraint", "energy"))];

    private static readonly Values Episode = c => Single(c.Episode);

    private static readonly Values Transitions = c => c.Acts ? [] : Single(c.Transitions);

    private delegate IReadOnlyList<Value> Values(CellProgress cell);

    private delegate double Combine(double sum, int count);

    /// <summary>Prepares the measurements of this moment.</summary>
    /// <param name="sizes">Memory of devices, and messages in mailboxes, by name.</param>
    internal MeasurementSet Build(ProcessSizes sizes)
    {
        var cells = progress.Snapshot();
        var begun = cells.Where(c => c.Activity != CellActivity.Waiting || c.Episode > 0).ToList();
        var each = cells.Count <= options.Cells.Full;
        var agents = AgentsOf(cells);
        var worst = each ? WorstOfEach(begun) : WorstOfAll(cells);
        List<(int Cell, double Saturation)> worstCells = each ? [] : WorstCells(cells);
        Combine mean = static (sum, count) => sum / count, total = static (sum, _) => sum;
        return new MeasurementSet
        {
            AgentSaturation = Series(agents, v => v.Saturation),
            AgentGradient = Series(agents, v => v.GradientNorm),
            AgentSlope = Series(agents, v => v.Slope),
            TopSaturation = [.. worst.Select(w => new Measurement<double>(w.Vitals.Saturation, w.Tags))],
            TopAgent = [.. worst.Select(w => new Measurement<double>(w.Agent, w.Tags))],
            TopAgentCell = each ? [] : [.. worst.Select(w => new Measurement<double>(w.Cell, w.Tags))],
            TopCellSaturation = [.. worstCells.Select((w, rank) => new Measurement<double>(w.Saturation, Rank(rank)))],
            TopCell = [.. worstCells.Select((w, rank) => new Measurement<double>(w.Cell, Rank(rank)))],
            CellSaturation = Of(Saturation, mean),
            Agents = Of(Agents, total),
            Gradient = Of(Gradient, mean),
            Asymmetry = Of(Asymmetry, mean),
            CriticLoss = Of(CriticLoss, mean),
            Epsilon = Of(Epsilon, mean),
            Reward = Of(Reward, mean),
            Baseline = Of(Baseline, mean),
            Violations = Of(Violation, mean),
            Cells = [.. CountsOf(cells)],
            Episode = Of(Episode, mean),
            Transitions = Of(Transitions, total),
            DeviceMemory = Named("device", sizes.DeviceBytes),
            Mailboxes = Named("actor", sizes.Mailboxes),
        };

        Measurement<double>[] Of(Values values, Combine combine) => each ? OfEach(begun, values) : Together(begun, values, combine);
    }

    private static Measurement<double>[] OfEach(List<CellProgress> cells, Values values)
    {
        var all = new List<Measurement<double>>();
        foreach (var cell in cells)
        {
            foreach (var value in values(cell))
            {
                all.Add(value.Measured(cell.Name));
            }
        }

        return [.. all];
    }

    private static Measurement<double>[] Together(List<CellProgress> cells, Values values, Combine combine)
    {
        var sums = new OrderedDictionary<(Label?, Label?), (double Sum, int Count)>();
        foreach (var cell in cells)
        {
            foreach (var value in values(cell))
            {
                var before = sums.TryGetValue(value.Key, out var known) ? known : default;
                sums[value.Key] = (before.Sum + value.Number, before.Count + 1);
            }
        }

        return [.. sums.Select(s => new Value(combine(s.Value.Sum, s.Value.Count), s.Key.Item1, s.Key.Item2).Measured(Population))];
    }

    private static IEnumerable<Measurement<double>> CountsOf(IReadOnlyList<CellProgress> cells) =>
        from activity in Enum.GetValues<CellActivity>()
        select new Measurement<double>(
            cells.Count(c => c.Activity == activity),
            new KeyValuePair<string, object?>("state", CellProgress.WordOf(activity)));

    private static IEnumerable<Value> Norms(string network, GradientVitals? gradient) => gradient is null ? [] :
        [new Value(gradient.Norm, ("network", network), ("layer", "all")), .. gradient.Layers.Select(l => new Value(l.Value, ("network", network), ("layer", l.Key)))];

    private static IReadOnlyList<Value> Single(double? number, Label? label = null) => number is { } known ? [new Value(known, label)] : [];

    private static Measurement<double>[] Named(string key, IReadOnlyList<KeyValuePair<string, double>> values) =>
        [.. values.Select(v => new Measurement<double>(v.Value, new KeyValuePair<string, object?>(key, v.Key)))];

    private static Measurement<double>[] Series(List<Place> agents, Func<AgentVitals, float> of)
    {
        var all = new Measurement<double>[agents.Count];
        for (var i = 0; i < all.Length; i++)
        {
            all[i] = new Measurement<double>(of(agents[i].Vitals), agents[i].Tags);
        }

        return all;
    }

    private static KeyValuePair<string, object?>[] Rank(int rank) => [new("rank", (rank + 1).ToString(CultureInfo.InvariantCulture))];

    private static KeyValuePair<string, object?>[] AgentTags(string cell, int agent) => [new("cell", cell), new("agent", agent.ToString(CultureInfo.InvariantCulture))];

    private static KeyValuePair<string, object?>[] RankTags(string cell, int rank) => [new("cell", cell), .. Rank(rank)];

    /// <summary>The agents with series of their own: all of them, or the sample, of those that have learned.</summary>
    private List<Place> AgentsOf(IReadOnlyList<CellProgress> cells)
    {
        var places = new List<Place>();
        var total = cells.Sum(c => c.Acts ? 0L : c.Clients);
        if (total <= options.Agents.Full)
        {
            for (var c = 0; c < cells.Count; c++)
            {
                for (var a = 0; a < (cells[c].Learning?.Agents.Count ?? 0); a++)
                {
                    places.Add(new Place(c, a, cells[c].Learning!.Agents[a], AgentTags(cells[c].Name, a)));
                }
            }

            return places;
        }

        var (cell, before) = (0, 0L);
        for (var s = 0; s < options.Agents.Sample && s < total; s++)
        {
            var at = total * s / options.Agents.Sample;
            while (cells[cell].Acts || at - before >= cells[cell].Clients)
            {
                before += cells[cell].Acts ? 0 : cells[cell].Clients;
                cell++;
            }

            var agent = (int)(at - before);
            if (agent < (cells[cell].Learning?.Agents.Count ?? 0))
            {
                places.Add(new Place(cell, agent, cells[cell].Learning!.Agents[agent], AgentTags(cells[cell].Name, agent)));
            }
        }

        return places;
    }

    private List<Place> WorstOfEach(List<CellProgress> cells)
    {
        var all = new List<Place>();
        foreach (var cell in cells)
        {
            var heap = new Worst(options.Agents.Worst);
            Add(heap, 0, cell);
            all.AddRange(heap.InOrder().Select((w, rank) => new Place(0, w.Agent, w.Vitals, RankTags(cell.Name, rank))));
        }

        return all;
    }

    private List<Place> WorstOfAll(IReadOnlyList<CellProgress> cells)
    {
        var heap = new Worst(options.Agents.Worst);
        for (var c = 0; c < cells.Count; c++)
        {
            Add(heap, c, cells[c]);
        }

        return [.. heap.InOrder().Select((w, rank) => new Place(w.Cell, w.Agent, w.Vitals, RankTags(Population, rank)))];
    }

    private static void Add(Worst heap, int index, CellProgress cell)
    {
        for (var a = 0; a < (cell.Learning?.Agents.Count ?? 0); a++)
        {
            heap.Add(index, a, cell.Learning!.Agents[a]);
        }
    }

    private List<(int Cell, double Saturation)> WorstCells(IReadOnlyList<CellProgress> cells) =>
        [.. cells.Select((c, i) => (Cell: i, c.Saturation)).Where(c => c.Saturation is not null).Select(c => (c.Cell, c.Saturation!.Value))
            .OrderByDescending(c => c.Value).ThenBy(c => c.Cell).Take(options.Cells.Worst)];

    /// <summary>A label beside the cell's.</summary>
    private readonly record struct Label(string Key, string Value)
    {
        public static implicit operator Label((string Key, string Value) label) => new(label.Key, label.Value);
    }

    private readonly record struct Value(double Number, Label? First = null, Label? Second = null)
    {
        internal (Label?, Label?) Key => (First, Second);

        internal Measurement<double> Measured(string cell)
        {
            var tags = new List<KeyValuePair<string, object?>>(3) { new("cell", cell) };
            if (First is { } first)
            {
                tags.Add(new(first.Key, first.Value));
            }

            if (Second is { } second)
            {
                tags.Add(new(second.Key, second.Value));
            }

            return new Measurement<double>(Number, CollectionsMarshal.AsSpan(tags));
        }
    }

    private readonly record struct Place(int Cell, int Agent, AgentVitals Vitals, KeyValuePair<string, object?>[] Tags);

    /// <summary>The most saturated of many agents; of equal ones the first.</summary>
    private sealed class Worst(int most)
    {
        private readonly PriorityQueue<(int Cell, int Agent, AgentVitals Vitals), (float Saturation, int Cell, int Agent)> _kept =
            new(Comparer<(float Saturation, int Cell, int Agent)>.Create(static (one, other) =>
            {
                var order = one.Saturation.CompareTo(other.Saturation);
                order = order != 0 ? order : other.Cell.CompareTo(one.Cell);
                return order != 0 ? order : other.Agent.CompareTo(one.Agent);
            }));

        internal void Add(int cell, int agent, AgentVitals vitals)
        {
            if (_kept.Count < most)
            {
                _kept.Enqueue((cell, agent, vitals), (vitals.Saturation, cell, agent));
            }
            else if (most > 0)
            {
                _kept.EnqueueDequeue((cell, agent, vitals), (vitals.Saturation, cell, agent));
            }
        }

        internal (int Cell, int Agent, AgentVitals Vitals)[] InOrder()
        {
            var all = new (int Cell, int Agent, AgentVitals Vitals)[_kept.Count];
            for (var i = all.Length - 1; i >= 0; i--)
            {
                all[i] = _kept.Dequeue();
            }

            return all;
        }
    }
}

/// <summary>What a process tells of itself beside its population, by name.</summary>
/// <param name="DeviceBytes">Bytes that the networks on each device take.</param>
/// <param name="Mailboxes">Messages that wait for an actor.</param>
public sealed record ProcessSizes(IReadOnlyList<KeyValuePair<string, double>> DeviceBytes, IReadOnlyList<KeyValuePair<string, double>> Mailboxes)
{
    /// <summary>Nothing known.</summary>
    public static ProcessSizes None { get; } = new([], []);
}
