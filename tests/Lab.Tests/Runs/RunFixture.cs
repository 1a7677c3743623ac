using Simulator.Compute;

namespace Simulator.Lab.Tests;

/// <summary>A folder for one test, removed with it, and small runs in it.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder() => Path = Directory.CreateTempSubdirectory("simulator-").FullName;

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);

    /// <summary>A scenario of two small cells with contention in it; more YAML can follow.</summary>
    internal static ScenarioPlan Plan(string more = "")
    {
        var yaml = $$"""
            name: small
            episodes: 24
            clients: 5
            environment: { steps: 3, channels: 2 }
            learning: { batch: 12, replay: 40, actor_rate: 0.05, critic_rate: 0.01 }
            evaluation: { every: 10, episodes: 2 }
            sweep: { learning.actor_rate: [0.05, 0.001] }
            {{more}}
            """;
        var reading = ScenarioReader.Parse("small.yaml", yaml);
        Assert.Empty(reading.Faults);
        return reading.Plan!;
    }

    /// <summary>Runs a plan into a folder below this one.</summary>
    internal async Task<PopulationRun> RunAsync(string folder, ScenarioPlan plan, RunStatus expected = RunStatus.Done)
    {
        var run = PopulationRun.Prepare(plan, ComputeDevice.Cpu, this[folder], TimeProvider.System);
        Assert.Equal(expected, await run.ExecuteAsync(TestContext.Current.CancellationToken));
        return run;
    }
}
