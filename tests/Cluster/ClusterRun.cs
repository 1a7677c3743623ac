using System.Text.Json;

namespace Simulator.Cluster.Tests;

/// <summary>A run that is under way in a process.</summary>
/// <param name="process">The process.</param>
/// <param name="folder">The run's folder.</param>
internal sealed class ClusterRun(ProgramProcess process, string folder)
{
    private readonly ClusterRunFolder _folder = new(folder);

    internal ProgramProcess Process => process;

    internal string Folder => folder;

    /// <summary>How often a cell was brought back, by the manifest.</summary>
    internal int Recoveries => _folder.Manifest("recoveries").GetInt32();

    /// <summary>How often it was resumed, by the manifest.</summary>
    internal int Resumptions => _folder.Manifest("resumptions").GetInt32();

    /// <summary>Events of a kind, so far.</summary>
    internal IReadOnlyList<JsonElement> Events(string kind) => _folder.Events(kind);

    /// <summary>Waits until each cell has a checkpoint: until all are in the middle of their episodes.</summary>
    internal Task CheckpointsAsync() => UntilAsync(
        () => Directory.Exists(_folder.Cells)
            && Directory.GetDirectories(_folder.Cells).Count(c => Directory.GetFiles(c, "checkpoint-*.json", SearchOption.AllDirectories).Length > 0) >= Undisturbed.Cells,
        "a checkpoint of each cell");

    /// <summary>Waits until something holds, which must be before the run is over.</summary>
    internal async Task UntilAsync(Func<bool> holds, string what)
    {
        await Wait.UntilAsync(() => holds() || process.HasExited, what, () => process.Said);
        Assert.False(process.HasExited, $"the run was over before there was {what}:\n{process.Said}");
    }

    /// <summary>Waits until it is over, and holds it against the undisturbed one.</summary>
    internal async Task CompletesAsync(Undisturbed undisturbed, ProcessCluster cluster)
    {
        var status = await process.ExitedAsync();
        Assert.True(status == 0, $"the run ended with status {status}:\n{process.Said}\n--\n{cluster.NodesSaid}");
        Assert.Equal("done", _folder.Manifest("status").GetString());
        await undisturbed.AssertSameAsync(folder);
    }
}
