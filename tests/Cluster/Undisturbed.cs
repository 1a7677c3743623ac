[assembly: AssemblyFixture(typeof(Simulator.Cluster.Tests.Undisturbed))]

namespace Simulator.Cluster.Tests;

/// <summary>The run that all others must be the same as: in one process, once for all tests, when the first one asks.</summary>
public sealed class Undisturbed : IDisposable
{
    internal const int Cells = 7;

    internal const string Scenario = """
        episodes: 400
        clients: 12
        environment: { steps: 5, channels: 4 }
        learning: { batch: 32, replay: 300 }
        evaluation: { every: 100, episodes: 3 }
        checkpoint: { seconds: 1 }
        sweep:
          - { learning.update: [simultaneous, sequential], learning.actor_rate: [0.05, 0.0001] }
          - { policy.variant: [fullnorm, layernorm] }
          - { policy.sharing: [shared], mitigation.rewards: [scaled], mitigation.output: [inverting] }
        """;

    private readonly ProcessCluster _alone = new();
    private readonly Lazy<Task<SortedDictionary<string, string>>> _hashes;

    public Undisturbed() => _hashes = new Lazy<Task<SortedDictionary<string, string>>>(RunAsync);

    /// <summary>Sees that a run has the same files, by name and by bytes.</summary>
    internal async Task AssertSameAsync(string folder) => Assert.Equal(await _hashes.Value, ClusterRunFolder.Hashes(folder));

    public void Dispose() => _alone.Dispose();

    private async Task<SortedDictionary<string, string>> RunAsync()
    {
        var run = _alone.Run("alone", "--quiet", "--no-listen");
        Assert.Equal(0, await run.Process.ExitedAsync());
        var hashes = ClusterRunFolder.Hashes(run.Folder);
        Assert.Equal(Cells, hashes.Keys.Count(f => Path.GetFileName(f) == "results.json"));
        return hashes;
    }
}
