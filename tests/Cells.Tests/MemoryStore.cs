namespace Simulator.Cells.Tests;

/// <summary>Keeps the checkpoints of a population in memory, incrementally as a folder would, and cuts the logs of cells that are brought back.</summary>
/// <param name="cells">Number of cells.</param>
/// <param name="every">A checkpoint is wanted after each episode that this divides; where 0 only at the end.</param>
internal sealed class MemoryStore(int cells, int every) : ICheckpointStore
{
    private readonly Kept?[] _newest = new Kept?[cells];
    private readonly bool[] _restarts = new bool[cells];

    internal CellLog[] Logs { get; } = [.. Enumerable.Range(0, cells).Select(_ => new CellLog())];

    internal List<CellCheckpoint> Received { get; } = [];

    internal List<int> Restored { get; } = [];

    internal bool Restarts(int cell) => _restarts[cell];

    public bool HasEnded(int cell) => Logs[cell].End is { Status: not Protocol.CellStatus.Interrupted };

    public long? Wanted(int cell, bool ending) => ending || (every > 0 && Logs[cell].Episodes.Count % every == 0) ? _newest[cell]?.Checkpoint.Master.Added ?? 0 : null;

    public void Keep(CellCheckpoint checkpoint)
    {
        Received.Add(checkpoint);
        var segments = _newest[checkpoint.Cell]?.Checkpoint.Master.Replay ?? [];
        var alive = checkpoint.Master.Added - checkpoint.Master.Priorities.Length;
        var all = checkpoint with { Master = checkpoint.Master with { Replay = [.. segments.Concat(checkpoint.Master.Replay).Where(s => s.End > alive)] } };
        _newest[checkpoint.Cell] = new Kept(all, Logs[checkpoint.Cell].Episodes.Count, Logs[checkpoint.Cell].Evaluations.Count);
    }

    public CellCheckpoint? Newest(int cell)
    {
        _restarts[cell] = _newest[cell] is not null;
        if (_newest[cell] is not { } kept)
        {
            return null;
        }

        Restored.Add(kept.Checkpoint.Episode);
        var log = Logs[cell];
        log.Episodes.RemoveRange(kept.Episodes, log.Episodes.Count - kept.Episodes);
        log.Evaluations.RemoveRange(kept.Evaluations, log.Evaluations.Count - kept.Evaluations);
        log.Agents.RemoveAll(a => a.Episode > kept.Checkpoint.Episode);
        log.Parameters.Clear();
        log.End = null;
        return kept.Checkpoint;
    }

    /// <summary>What somebody does to the cells from outside, and when: of each cell that starts, what its checkpoint does not have in it.</summary>
    internal List<Protocol.Intervention> Interventions { get; } = [];

    public IReadOnlyList<Protocol.Intervention> InterventionsAfter(int cell, int episode) => [.. Interventions.Where(i => i.Cell == cell && (i.Before == 0 || i.Before > episode))];

    private sealed record Kept(CellCheckpoint Checkpoint, int Episodes, int Evaluations);
}
