using Simulator.Protocol;

namespace Simulator.Cells;

/// <summary>
/// Told what happens in a population, in order for each cell. Called on the population's actor: quick, and never concurrently. What it throws ends the population. What has to do with checkpoints and with what is
/// done from outside does not concern everybody.
/// </summary>
public interface IPopulationObserver
{
    /// <summary>What was asked for from outside and has not taken effect yet, so that it can be said again.</summary>
    IEnumerable<Intervention> Pending => [];

    /// <summary>Whether a cell has ended in an earlier life of the population: then it is not started.</summary>
    /// <param name="cell">Index of the cell.</param>
    bool HasEnded(int cell) => false;

    /// <summary>A cell will begin, or go on from a checkpoint: what was told of it before, and is not in the history, is void.</summary>
    /// <param name="message">Where it goes on; its last part.</param>
    /// <param name="history">What it had told by then; empty where it begins.</param>
    void OnOpened(PopulationProtocol.CellOpened message, byte[] history)
    {
    }

    /// <summary>What was done to a cell that is about to start, from outside, and is no part of its checkpoint, each with the episode that it came before; and what has not taken effect yet.</summary>
    /// <param name="cell">Index of the cell.</param>
    /// <param name="episode">Episodes of its checkpoint; 0 where it starts from the beginning.</param>
    IReadOnlyList<Intervention> InterventionsAfter(int cell, int episode) => [];

    /// <summary>A cell began, or began anew with a higher epoch.</summary>
    void OnStarted(PopulationProtocol.CellStarted message);

    /// <summary>A training episode is finished.</summary>
    void OnEpisode(PopulationProtocol.EpisodeFinished message);

    /// <summary>What the update after a training episode did to some agents; comes before the episode.</summary>
    void OnAgents(PopulationProtocol.AgentsLearned message);

    /// <summary>An evaluation is finished.</summary>
    void OnEvaluated(PopulationProtocol.Evaluated message);

    /// <summary>What somebody did to a cell has taken effect, for the first time or, in a cell that was brought back, again.</summary>
    void OnIntervened(PopulationProtocol.Intervened message);

    /// <summary>A checkpoint is being written.</summary>
    void OnCheckpointBegun(PopulationProtocol.CheckpointBegun message)
    {
    }

    /// <summary>A checkpoint is written, or could not be.</summary>
    void OnCheckpointKept(PopulationProtocol.CheckpointKept message)
    {
    }

    /// <summary>A checkpoint cannot be used.</summary>
    void OnCheckpointDamaged(PopulationProtocol.CheckpointDamaged message)
    {
    }

    /// <summary>A cell that runs is told to end.</summary>
    /// <param name="cell">Index of the cell.</param>
    void OnStopping(int cell)
    {
    }

    /// <summary>Part of a network's parameters, at a cell's end.</summary>
    void OnParameters(PopulationProtocol.CellParameters message);

    /// <summary>A cell has ended. Returns when its results are where they belong: then what it would go on from is given up.</summary>
    void OnEnded(PopulationProtocol.CellEnded message);

    /// <summary>A cell failed, was lost with its node, or was handed over by it, and will be started anew.</summary>
    /// <param name="cell">Index of the cell.</param>
    /// <param name="epoch">The epoch that is over.</param>
    /// <param name="reason">Why.</param>
    /// <param name="handedOver">Whether nothing went wrong: its node takes part no more, or another one has room.</param>
    void OnRecovering(int cell, int epoch, string reason, bool handedOver);
}
