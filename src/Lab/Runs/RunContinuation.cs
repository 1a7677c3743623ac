namespace Simulator.Lab;

/// <summary>Thrown when a run cannot be continued.</summary>
public sealed class RunContinuationException : Exception
{
    /// <summary>Makes the exception with a message for the user.</summary>
    public RunContinuationException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with a message for the user and its cause.</summary>
    public RunContinuationException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Makes the exception.</summary>
    public RunContinuationException()
    {
    }
}

/// <summary>
/// What a run that was killed or interrupted goes on with: the scenario that it wrote when it began, and whether what it is asked now is the same. Keys that have no influence on results
/// (compute, checkpoint, telemetry, placement) may differ.
/// </summary>
public static class RunContinuation
{
    /// <summary>The scenario of a run, with every default.</summary>
    public const string ScenarioName = "scenario.yaml";

    private static readonly string[] Free = [nameof(ScenarioOptions.Compute), nameof(ScenarioOptions.Checkpoint), nameof(ScenarioOptions.Telemetry), nameof(ScenarioOptions.Placement)];

    /// <summary>Path of a run's scenario.</summary>
    /// <exception cref="RunContinuationException">There is no run.</exception>
    public static string ScenarioOf(string folder)
    {
        var path = Path.Combine(folder, ScenarioName);
        return File.Exists(path) ? path
            : throw new RunContinuationException($"there is no run in '{folder}' that could be continued: it {(Directory.Exists(folder) ? $"has no {ScenarioName}" : "is no folder")}");
    }

    /// <summary>Whether a run is complete: then there is nothing to continue.</summary>
    public static bool IsComplete(string folder) => RunDocuments.ReadManifest(Path.Combine(folder, PopulationRun.ManifestName))?.Status == "done";

    /// <summary>Checks that a scenario is the one that a run was begun with.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="asked">What it is asked to continue with.</param>
    /// <exception cref="RunContinuationException">It is another one; the message names the first keys that differ.</exception>
    public static void Check(string folder, ScenarioOptions asked)
    {
        var reading = ScenarioReader.Read(ScenarioOf(folder));
        if (!reading.Succeeded)
        {
            throw new RunContinuationException($"the run in '{folder}' cannot be continued: {reading.Faults[0]}");
        }

        var begun = reading.Plan.Scenario;
        var differences = ScenarioSchema.Options
            .Where(o => !Free.Contains(TopOf(o).Property.Name, StringComparer.Ordinal))
            .Select(o => (o.Path, Begun: o.Type.ToYaml(o.In(begun)), Asked: o.Type.ToYaml(o.In(asked))))
            .Where(d => d.Begun != d.Asked)
            .Select(d => $"{d.Path} was {d.Begun}, and now is {d.Asked}")
            .ToList();
        if (SweepOf(begun) != SweepOf(asked))
        {
            differences.Add("the sweep is another one");
        }

        if (differences.Count > 0)
        {
            throw new RunContinuationException(
                $"the run in '{folder}' was begun with another scenario: {string.Join("; ", differences.Take(3))}; continue it as it was begun, or begin another one in another folder");
        }
    }

    private static SchemaNode TopOf(SchemaNode node) => node.Parent is { Parent: not null } section ? TopOf(section) : node;

    private static string SweepOf(ScenarioOptions scenario) => ScenarioWriter.Write(new ScenarioOptions { Sweep = scenario.Sweep });
}
