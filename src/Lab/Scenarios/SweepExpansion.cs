using System.Text;
using Simulator.Cells;

namespace Simulator.Lab;

/// <summary>Turns a scenario and its sweep into the cells that they stand for.</summary>
internal sealed class SweepExpansion
{
    /// <summary>A label beyond this length is cut: a file system allows 255 bytes, and -c, -s and endings are to come.</summary>
    private const int LongestLabel = 180;

    private readonly ScenarioOptions _scenario;
    private readonly IReadOnlyList<ProductSource> _products;
    private readonly ScenarioBinder _binder;
    private readonly List<ScenarioFault> _faults;
    private readonly HashSet<SchemaOption> _naming;
    private readonly HashSet<ScenarioFault> _reported = [];
    private readonly NetworkFolders? _networks;

    private SweepExpansion(ScenarioOptions scenario, ScenarioBinder binder, List<ScenarioFault> faults, bool loadsNetworks)
    {
        _networks = loadsNetworks ? new NetworkFolders() : null;
        _scenario = scenario;
        _binder = binder;
        _faults = faults;
        _products = binder.Sweep.Count > 0 ? binder.Sweep : [new ProductSource(default, [])];
        _naming = Naming();
    }

    /// <summary>The cells of a scenario, by configuration and run. Contradictions are added to the faults.</summary>
    public static IReadOnlyList<PlannedCell> Expand(ScenarioOptions scenario, ScenarioBinder binder, List<ScenarioFault> faults, bool loadsNetworks)
    {
        var expansion = new SweepExpansion(scenario, binder, faults, loadsNetworks);
        return expansion.FitsPopulation() ? expansion.Cells() : [];
    }

    /// <summary>Cells that differ in nothing but their seed, and what names them.</summary>
    private sealed record Configuration(ProductSource Product, BoundValue[] Chosen, CellOptions Options, InitialNetworks? Networks)
    {
        private readonly HashSet<ulong> _known = [];
        private readonly List<ulong> _seeds = [];

        public IReadOnlyList<ulong> Seeds => _seeds;

        /// <summary>Adds a seed; false where the configuration has it already.</summary>
        public bool TryAdd(ulong seed)
        {
            var isNew = _known.Add(seed);
            if (isNew) _seeds.Add(seed);
            return isNew;
        }
    }

    private bool FitsPopulation()
    {
        // A double holds the true count near the limit, and overflows to infinity instead of wrapping round.
        var configurations = _products.Sum(product => product.Axes.Aggregate(1.0, (count, axis) => count * axis.Values.Count));
        if (configurations * _scenario.Cells <= ScenarioPlan.LargestPopulation) return true;

        _faults.Add(_products[0].Place.Fault(
            "sweep",
            $"{Wording.Shortest(configurations)} configurations with {_scenario.Cells} cells each are too many; a scenario has at most {ScenarioPlan.LargestPopulation} cells"));
        return false;
    }

    /// <summary>The swept keys that do not have one value throughout; the seed has its own place in a name.</summary>
    private HashSet<SchemaOption> Naming()
    {
        var keys = _products.SelectMany(product => product.Axes).Select(axis => axis.Option).Distinct().Where(option => option != ScenarioSchema.Seed);
        return [.. keys.Where(key => _products
            .SelectMany(product => product.Axes.FirstOrDefault(axis => axis.Option == key)?.Values.Select(value => value.Value) ?? [key.In(_scenario)])
            .Distinct().Skip(1).Any())];
    }

    private List<PlannedCell> Cells()
    {
        var cells = new List<PlannedCell>();
        var configurations = Configurations();
        CheckEffects([.. configurations.Select(c => c.Options)]);
        foreach (var (number, configuration) in configurations.Index())
        {
            var changed = new OrderedDictionary<string, string>(StringComparer.Ordinal);
            var label = Label(configuration, number, changed);
            foreach (var (run, seed) in configuration.Seeds.Index())
                cells.Add(new PlannedCell($"{label}-s{seed}", number, run + 1, configuration.Options with { Seed = seed, Networks = configuration.Networks }, changed));
        }

        return cells;
    }

    /// <summary>A value that was written and has an effect in no configuration at all is not what anybody meant.</summary>
    private void CheckEffects(IReadOnlyList<CellOptions> configurations)
    {
        foreach (var dependent in ScenarioChecks.Dependent.Where(d => !configurations.Any(d.HasEffect)))
        {
            var option = (SchemaOption)ScenarioSchema.Resolve(dependent.Key, out _, out _)!;
            var written = _products.SelectMany(product => product.Axes).Where(axis => axis.Option == option).SelectMany(axis => axis.Values);
            if (_binder.Values.TryGetValue(option, out var given)) written = written.Prepend(given);
            foreach (var value in written.Where(value => !Equals(value.Value, option.In(new ScenarioOptions()))).Take(1))
            {
                _faults.Add(value.Place.Fault(
                    option.Path, $"{option.Type.ToYaml(value.Value)} has no effect in any cell: the key needs {dependent.Needs}; set that too, or leave {option.Path} out"));
            }
        }
    }

    private OrderedDictionary<CellOptions, Configuration>.ValueCollection Configurations()
    {
        var found = new OrderedDictionary<CellOptions, Configuration>();
        foreach (var product in _products.TakeWhile(_ => !ScenarioFault.Enough(_faults)))
        {
            var repeats = false;
            foreach (var (scenario, chosen) in Combinations(_scenario, product.Axes, []))
            {
                // A swept seed makes no configuration, and is no seed of the critic that cells share.
                var options = (scenario with { Seed = _scenario.Seed }).ToCell(0);
                if (!found.TryGetValue(options, out var configuration))
                {
                    var contradictions = ScenarioChecks.Check(options).ToList();
                    var networks = contradictions.Count == 0 ? Load(options, contradictions) : null;
                    configuration = new Configuration(product, chosen, options, networks);
                    found.Add(options, configuration);
                    foreach (var contradiction in contradictions) Report(contradiction, product, chosen);
                }

                for (var copy = 0; copy < scenario.Cells; copy++) repeats |= !configuration.TryAdd(scenario.Seed + (ulong)copy);
            }

            if (repeats) _faults.Add(product.Place.Fault("sweep", "this map repeats a configuration of a map before it; every configuration must differ"));
        }

        return found.Values;
    }

    /// <summary>The networks that a configuration starts with; null where they are drawn or not wanted, or with a contradiction added.</summary>
    private InitialNetworks? Load(CellOptions options, List<Contradiction> contradictions)
    {
        if (options.Policy.From is not { } folder) return null;

        try
        {
            return _networks?.Load(folder.Path, options);
        }
        catch (NetworkFolderException fault)
        {
            contradictions.Add(new(["policy.from"], fault.Message));
            return null;
        }
    }

    private void Report(Contradiction contradiction, ProductSource product, BoundValue[] chosen)
    {
        // Most telling is the place in the sweep, then the first key that anybody wrote; defaults do not contradict one another.
        var places = contradiction.Keys
            .Select(key => (Key: key, Axis: product.Axes.Index().FirstOrDefault(axis => axis.Item.Option.Path == key), Base: _binder.Values.FirstOrDefault(value => value.Key.Path == key)))
            .ToArray();
        var swept = places.FirstOrDefault(place => place.Axis.Item is not null);
        var written = places.FirstOrDefault(place => place.Base.Key is not null);
        var fault = swept.Key is not null
            ? chosen[swept.Axis.Index].Place.Fault(swept.Key, contradiction.Message)
            : written.Base.Value.Place.Fault(written.Key ?? "", contradiction.Message);
        if (_reported.Add(fault)) _faults.Add(fault);
    }

    private string Label(Configuration configuration, int number, OrderedDictionary<string, string> changed)
    {
        var label = new StringBuilder();
        foreach (var (axis, value) in configuration.Product.Axes.Zip(configuration.Chosen))
        {
            if (!_naming.Contains(axis.Option)) continue;

            changed.Add(axis.Option.Path, axis.Option.Type.ToYaml(value.Value));
            var shared = _naming.Any(other => other != axis.Option && other.Key == axis.Option.Key);
            label.Append(label.Length > 0 ? "-" : "").Append(shared ? axis.Option.Path : axis.Option.Key).Append('-').Append(axis.Option.Type.ToLabel(value.Value));
        }

        if (label.Length == 0) return "base";

        return label.Length <= LongestLabel ? label.ToString() : $"{label.ToString(0, LongestLabel)}-c{number}";
    }

    /// <summary>Every choice of one value from each axis, applied to the scenario; the last axis varies fastest.</summary>
    private static IEnumerable<(ScenarioOptions Scenario, BoundValue[] Chosen)> Combinations(ScenarioOptions scenario, IReadOnlyList<AxisSource> axes, BoundValue[] chosen)
    {
        if (chosen.Length == axes.Count) return [(scenario, chosen)];

        var axis = axes[chosen.Length];
        return axis.Values.SelectMany(value => Combinations(axis.Option.Set(scenario, value.Value), axes, [.. chosen, value]));
    }
}
