using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Simulator.Protocol;

namespace Simulator.Lab;

/// <summary>What reading a scenario gave: a plan, or what is wrong.</summary>
public sealed record ScenarioReading
{
    internal ScenarioReading(ScenarioPlan? plan, IReadOnlyList<ScenarioFault> faults)
    {
        Plan = plan;
        Faults = faults;
    }

    /// <summary>The plan; null where there are faults.</summary>
    public ScenarioPlan? Plan { get; }

    /// <summary>Every fault that was found: the command line's after the file's, each in the order of reading.</summary>
    public IReadOnlyList<ScenarioFault> Faults { get; }

    /// <summary>Whether there is a plan.</summary>
    [MemberNotNullWhen(true, nameof(Plan))]
    public bool Succeeded => Plan is not null;
}

/// <summary>Reads scenario files, with overrides from the command line.</summary>
/// <remarks>
/// No scenario makes the reader throw: whatever is wrong becomes a <see cref="ScenarioFault"/>, and all faults are reported at once.
/// Values are checked one by one first; combinations of values (and the sweep's expansion) only where every value is right.
/// </remarks>
public static class ScenarioReader
{
    /// <summary>Reads a scenario file.</summary>
    /// <param name="path">Path of the file; faults print it as given.</param>
    /// <param name="sets">Overrides KEY=VALUE with dotted keys and YAML values, as --set gives them; of several for one key the last counts.</param>
    /// <param name="seed">Base seed, as --seed gives it; replaces the file's.</param>
    /// <param name="episodes">Training episodes, as --episodes gives it; replaces the file's.</param>
    /// <param name="loadsNetworks">Whether the networks that policy.from names are loaded into the cells.</param>
    public static ScenarioReading Read(string path, IReadOnlyList<string>? sets = null, ulong? seed = null, int? episodes = null, bool loadsNetworks = true)
    {
        var faults = new List<ScenarioFault>();
        var text = YamlSource.ReadText(path, faults);
        return Read(path, text ?? "", faults, sets ?? [], seed, episodes, loadsNetworks);
    }

    /// <summary>Reads the text of a scenario file.</summary>
    /// <param name="path">Path that faults print, and that names the scenario where it does not name itself.</param>
    /// <param name="text">YAML.</param>
    /// <param name="sets">As in <see cref="Read(string, IReadOnlyList{string}?, ulong?, int?, bool)"/>.</param>
    /// <param name="seed">As there.</param>
    /// <param name="episodes">As there.</param>
    public static ScenarioReading Parse(string path, string text, IReadOnlyList<string>? sets = null, ulong? seed = null, int? episodes = null) =>
        Read(path, text, [], sets ?? [], seed, episodes, loadsNetworks: true);

    /// <summary>Reads a scenario that another process has resolved, and that names no networks to begin with: a node reads no file that somebody else names.</summary>
    internal static ScenarioReading ParseForNode(string text)
    {
        var faults = new List<ScenarioFault>();
        if (text.Length > RunDescription.MaximumScenario)
        {
            throw new InvalidDataException("the scenario is longer than a message may be");
        }

        var reading = Read("a run", text, faults, [], null, null, loadsNetworks: false);
        return reading.Plan?.Cells.FirstOrDefault(c => c.Options.Policy.From is not null) is { } cell
            ? throw new InvalidDataException($"the cell {cell.Name} begins with saved networks, which nodes do not have")
            : reading;
    }

    private static ScenarioReading Read(string path, string text, List<ScenarioFault> faults, IReadOnlyList<string> sets, ulong? seed, int? episodes, bool loadsNetworks)
    {
        var binder = new ScenarioBinder(faults);
        if (YamlSource.ParseFile(path, text, faults) is { } root) binder.File(root);
        foreach (var set in sets) binder.Override(set);
        if (seed is { } s) binder.Override("--seed", ScenarioSchema.Seed, s.ToString(CultureInfo.InvariantCulture));
        if (episodes is { } e) binder.Override("--episodes", ScenarioSchema.Episodes, e.ToString(CultureInfo.InvariantCulture));

        CheckOverridesOfSweptKeys(binder, faults);
        if (faults.Count > 0) return new ScenarioReading(null, faults);

        var scenario = new ScenarioOptions { Name = NameOf(path), Sweep = Sweep(binder) };
        foreach (var (option, value) in binder.Values) scenario = option.Set(scenario, value.Value);

        CheckSeeds(scenario, binder, faults);
        if (faults.Count > 0) return new ScenarioReading(null, faults);

        var cells = SweepExpansion.Expand(scenario, binder, faults, loadsNetworks);
        return new ScenarioReading(faults.Count > 0 ? null : new ScenarioPlan(scenario, cells), faults);
    }

    /// <summary>An override of a swept key would have no effect: the user is told rather than ignored.</summary>
    private static void CheckOverridesOfSweptKeys(ScenarioBinder binder, List<ScenarioFault> faults)
    {
        foreach (var (option, value) in binder.Values.Where(value => value.Value.IsOverride))
        {
            if (Axis(binder, option) is { } axis)
            {
                faults.Add(value.Place.Fault(
                    option.Path,
                    $"the scenario sweeps this key ({axis.Place}), so that the value would have no effect; change the sweep, or replace it with --set sweep={{...}}"));
            }
        }
    }

    private static void CheckSeeds(ScenarioOptions scenario, ScenarioBinder binder, List<ScenarioFault> faults)
    {
        if (scenario.Cells == 1) return;

        var cells = binder.Values[ScenarioSchema.Cells].Place;
        if (Axis(binder, ScenarioSchema.Seed) is { } axis)
            faults.Add(cells.Fault("cells", $"copies with successive seeds and a swept seed ({axis.Place}) exclude each other; allowed: 1 with a swept seed"));
        else if (scenario.Seed > ulong.MaxValue - (ulong)(scenario.Cells - 1))
            faults.Add(cells.Fault("cells", $"the seeds of {scenario.Cells} cells from {scenario.Seed} on go beyond the largest seed, {ulong.MaxValue}"));
    }

    private static AxisSource? Axis(ScenarioBinder binder, SchemaOption option) =>
        binder.Sweep.SelectMany(product => product.Axes).FirstOrDefault(axis => axis.Option == option);

    private static SweepOptions Sweep(ScenarioBinder binder) => new(
    [
        .. binder.Sweep.Select(product => new SweepProduct(
            [.. product.Axes.Select(axis => new SweepAxis(axis.Option.Path, [.. axis.Values.Select(value => value.Value)]))])),
    ]);

    /// <summary>The file's name without its ending, made safe; "scenario" where nothing is left of it.</summary>
    private static string NameOf(string path)
    {
        var safe = string.Concat(Path.GetFileNameWithoutExtension(path).Take(100).Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '-'));
        return NameType.Valid().IsMatch(safe) ? safe : new ScenarioOptions().Name;
    }
}
