using Simulator.Protocol;
using Simulator.Telemetry;

namespace Simulator.Lab.Live;

/// <summary>What a cell has told up to a moment: references to what never changes, so that whoever shows it takes as long as it likes.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="Baselines">Mean rewards of the policies without learning.</param>
/// <param name="Episodes">Its episodes, in order; empty where they are not kept.</param>
/// <param name="States">Agents by state after each of them.</param>
/// <param name="Evaluations">Its evaluations, in order.</param>
/// <param name="Rows">Each agent after each tenth episode, and after the newest; empty where they are in <paramref name="RowsFile"/>.</param>
/// <param name="LastUpdate">The newest update in which the actors learned; null before the first.</param>
/// <param name="End">How it ended; null while it runs.</param>
/// <param name="RowsFile">Path of agents.parquet, where the rows are in it and no more in memory; else null.</param>
public sealed record CellLook(
    PlannedCell Cell,
    IReadOnlyList<BaselineReward> Baselines,
    IReadOnlyList<PopulationProtocol.EpisodeFinished> Episodes,
    IReadOnlyList<AgentCounts> States,
    IReadOnlyList<PopulationProtocol.Evaluated> Evaluations,
    IReadOnlyList<AgentRows> Rows,
    UpdateReport? LastUpdate,
    PopulationProtocol.CellEnded? End,
    string? RowsFile)
{
    /// <summary>Each agent over time, read where it is in the file; without what each output did then.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public async Task<IReadOnlyList<AgentRows>> RowsAsync()
    {
        if (RowsFile is null)
        {
            return Rows;
        }

        using var stream = File.OpenRead(RowsFile);
        return await AgentsFile.ReadSamplesAsync(stream).ConfigureAwait(false);
    }

    /// <summary>One agent over time, read where it is in the file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public async Task<IReadOnlyList<AgentMoment>> AgentAsync(int agent)
    {
        if (RowsFile is null)
        {
            return [.. Rows.Select(r => new AgentMoment(r.Episode, r.Samples[agent], agent < r.Outputs.Length ? r.Outputs[agent] : null))];
        }

        using var stream = File.OpenRead(RowsFile);
        return await AgentsFile.ReadAgentAsync(stream, agent).ConfigureAwait(false);
    }
}

/// <summary>One agent after an episode's update.</summary>
/// <param name="Episode">The episode, from 1.</param>
/// <param name="Sample">The agent in short; its outcomes are zero where it comes from a file.</param>
/// <param name="Outputs">Its gradient's way and its outputs; null where they were not told.</param>
public sealed record AgentMoment(int Episode, AgentSample Sample, OutputDiagnostics? Outputs);
