namespace Simulator.Protocol;

/// <summary>How a cell ended.</summary>
public enum CellStatus : byte
{
    /// <summary>All its episodes are done.</summary>
    Completed,

    /// <summary>It ended after every agent had been frozen once.</summary>
    Stopped,

    /// <summary>It was told to end early.</summary>
    Interrupted,

    /// <summary>A loss, gradient or parameter became non-finite.</summary>
    Diverged,

    /// <summary>It failed again and again, and was given up.</summary>
    Failed,
}

/// <summary>Shares of clients that violated a constraint, means over steps.</summary>
/// <param name="Server">Those that asked to offload and were not taken: more than the limit asked, or no storage was left.</param>
/// <param name="Deadline">Those whose task was late.</param>
/// <param name="Energy">Those whose battery was below the reserve.</param>
public readonly record struct Violations(double Server, double Deadline, double Energy);

/// <summary>What a baseline came to on the evaluation episodes.</summary>
/// <param name="Name">The policy: a baseline's name.</param>
/// <param name="Reward">Mean reward of an episode.</param>
/// <param name="Violations">Shares of clients that violated a constraint; of a policy without a master those count as not taken that come too late in the order of the indices.</param>
public sealed record BaselineReward(string Name, double Reward, Violations Violations);

/// <summary>The messages that a population receives from its cells and their hosts.</summary>
public static class PopulationProtocol
{
    /// <summary>
    /// From a host, in parts: it has opened the cell's store, and the cell will go on from a checkpoint, or begin. What was told of it before, and is not in the history, is void. Answered by
    /// <see cref="HostProtocol.Begin"/>.
    /// </summary>
    /// <param name="Cell">Index of the cell.</param>
    /// <param name="Epoch">Its epoch.</param>
    /// <param name="Episode">Training episodes of the checkpoint; 0 where the cell begins.</param>
    /// <param name="Seconds">How long the cell has run.</param>
    /// <param name="Offset">Where the part of the history begins, in bytes.</param>
    /// <param name="Total">Bytes of the history; 0 where the cell begins.</param>
    /// <param name="History">The part, at most <see cref="CellProtocol.MaximumStatePart"/> bytes.</param>
    public sealed record CellOpened(int Cell, int Epoch, int Episode, double Seconds, int Offset, int Total, byte[] History);

    /// <summary>From a host: the cell's store cannot be opened, and the cell not be begun.</summary>
    /// <param name="Cell">Index of the cell.</param>
    /// <param name="Epoch">Its epoch.</param>
    /// <param name="Reason">Why.</param>
    public sealed record CellUnopened(int Cell, int Epoch, string Reason);

    /// <summary>From a host: a checkpoint of the cell is being written.</summary>
    /// <param name="Cell">Index of the cell.</param>
    /// <param name="Epoch">Its epoch.</param>
    /// <param name="Episode">Episodes that it holds.</param>
    public sealed record CheckpointBegun(int Cell, int Epoch, int Episode);

    /// <summary>From a host: the checkpoint that was being written is, or could not be.</summary>
    /// <param name="Cell">Index of the cell.</param>
    /// <param name="Epoch">Its epoch.</param>
    /// <param name="Episode">Episodes that it holds.</param>
    /// <param name="Fault">Why it could not be written; null where it was.</param>
    public sealed record CheckpointKept(int Cell, int Epoch, int Episode, string? Fault);

    /// <summary>From a host: a checkpoint of the cell cannot be used.</summary>
    /// <param name="Cell">Index of the cell.</param>
    /// <param name="Epoch">Its epoch.</param>
    /// <param name="Reason">Which, and why.</param>
    public sealed record CheckpointDamaged(int Cell, int Epoch, string Reason);

    /// <summary>From a host, which ends: the cell failed.</summary>
    /// <param name="Cell">Index of the cell.</param>
    /// <param name="Epoch">Its epoch.</param>
    /// <param name="Reason">Why.</param>
    /// <param name="Counts">Whether that is to be held against the cell: that clients were lost with their node is not.</param>
    public sealed record CellFailed(int Cell, int Epoch, string Reason, bool Counts);

    /// <summary>From a host, which ends: the cell's node takes part no more, or another one has room; its newest checkpoint is written.</summary>
    /// <param name="Cell">Index of the cell.</param>
    /// <param name="Epoch">Its epoch.</param>
    public sealed record CellHandedOver(int Cell, int Epoch);

    /// <summary>A cell has begun: what constant and greedy policies reach on its evaluation episodes.</summary>
    /// <param name="Cell">Index of the cell.</param>
    /// <param name="Epoch">Its epoch.</param>
    /// <param name="Baselines">Mean rewards.</param>
    public sealed record CellStarted(int Cell, int Epoch, BaselineReward[] Baselines);

    /// <summary>A cell has finished a training episode.</summary>
    /// <param name="Cell">Index of the cell.</param>
    /// <param name="Epoch">Its epoch.</param>
    /// <param name="Episode">The episode, from 1.</param>
    /// <param name="Reward">Sum of the episode's rewards.</param>
    /// <param name="Epsilon">Scale of the exploration noise in it.</param>
    /// <param name="Violations">Shares of clients that violated a constraint.</param>
    /// <param name="Update">What was learned after it; null where there was no update.</param>
    public sealed record EpisodeFinished(
        int Cell, int Epoch, int Episode, double Reward, double Epsilon, Violations Violations, UpdateReport? Update);

    /// <summary>What an update did to the outputs of some of a cell's agents; comes before the <see cref="EpisodeFinished"/> of its episode, in parts.</summary>
    /// <param name="Cell">Index of the cell.</param>
    /// <param name="Epoch">Its epoch.</param>
    /// <param name="Episode">The episode, from 1.</param>
    /// <param name="First">The first agent of the part.</param>
    /// <param name="Outputs">That agent and the following, at most <see cref="MaximumAgents"/>.</param>
    public sealed record AgentsLearned(int Cell, int Epoch, int Episode, int First, OutputDiagnostics[] Outputs);

    /// <summary>Most agents of one part, so that it stays under 64 KiB.</summary>
    public const int MaximumAgents = 256;

    /// <summary>A cell has evaluated its policies without exploration.</summary>
    /// <param name="Cell">Index of the cell.</param>
    /// <param name="Epoch">Its epoch.</param>
    /// <param name="Episode">Training episodes so far.</param>
    /// <param name="Reward">Mean reward of an evaluation episode.</param>
    /// <param name="Violations">Shares of clients that violated a constraint.</param>
    public sealed record Evaluated(int Cell, int Epoch, int Episode, double Reward, Violations Violations);

    /// <summary>An intervention has taken effect in a cell; comes before all that it has an influence on.</summary>
    /// <param name="Cell">Index of the cell.</param>
    /// <param name="Epoch">Its epoch.</param>
    /// <param name="Number">Number of the intervention.</param>
    /// <param name="Kind">What was done.</param>
    /// <param name="Before">The episode that it came before, from 1.</param>
    public sealed record Intervened(int Cell, int Epoch, int Number, InterventionKind Kind, int Before);

    /// <summary>A cell hands over parameters at its end.</summary>
    /// <param name="Cell">Index of the cell.</param>
    /// <param name="Part">The part.</param>
    public sealed record CellParameters(int Cell, CellProtocol.Parameters Part);

    /// <summary>A cell has ended; everything it had to tell came before.</summary>
    /// <param name="Cell">Index of the cell.</param>
    /// <param name="Epoch">Its epoch.</param>
    /// <param name="Status">How.</param>
    /// <param name="Episodes">Training episodes done.</param>
    /// <param name="StoppingEpisode">The reference stopping episode: the first at which every agent had been frozen once; 0 where it never came.</param>
    /// <param name="Detail">What diverged or failed; null otherwise.</param>
    public sealed record CellEnded(int Cell, int Epoch, CellStatus Status, int Episodes, int StoppingEpisode, string? Detail)
    {
        /// <summary>Whether somebody stopped it from outside, which it says itself: an interruption of its run has no detail.</summary>
        public bool IsStopped => this is { Status: CellStatus.Interrupted, Detail: not null };

        /// <summary>Whether there is nothing to go on with: one that failed, or whose run was interrupted, is begun again when the run is resumed.</summary>
        public bool IsForGood => Status is CellStatus.Completed or CellStatus.Stopped or CellStatus.Diverged || IsStopped;
    }
}
