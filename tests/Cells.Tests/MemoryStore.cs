using Simulator.Protocol;

namespace Simulator.Cells.Tests;

/// <summary>Keeps the checkpoints of a population in memory, incrementally as a folder would, and cuts the logs of cells that are brought back.</summary>
/// <param name="cells">Number of cells.</param>
/// <param name="every">A checkpoint is wanted after each episode that this divides; where 0 only at the end.</param>
internal sealed class MemoryStore(int cells, int every)
{
    private readonly KeptCell?[] _newest = new KeptCell?[cells];
    private readonly int _every = every;

    internal CellLog[] Logs { get; } = [.. Enumerable.Range(0, cells).Select(_ => new CellLog())];

    internal List<CellCheckpoint> Received { get; } = [];

    internal List<int> Restored { get; } = [];

    /// <summary>Cells whose end has been stored.</summary>
    internal List<int> Finished { get; } = [];

    /// <summary>What somebody does to the cells from outside, and when: of each cell that starts, what its checkpoint does not have in it.</summary>
    internal List<Intervention> Interventions { get; } = [];

    internal bool HasEnded(int cell) => Logs[cell].End is { Status: not CellStatus.Interrupted };

    internal IReadOnlyList<Intervention> InterventionsAfter(int cell, int episode) => [.. Interventions.Where(i => i.Cell == cell && (i.Before == 0 || i.Before > episode))];

    /// <summary>Cuts a log to what a checkpoint holds.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="episode">Episodes of the checkpoint.</param>
    /// <param name="evaluated">Whether the evaluation behind that episode is among what the checkpoint holds.</param>
    internal void GoOn(int cell, int episode, bool evaluated)
    {
        var log = Logs[cell];
        log.Episodes.RemoveAll(e => e.Episode > episode);
        log.Evaluations.RemoveAll(e => e.Episode > episode || (e.Episode == episode && !evaluated));
        log.Agents.RemoveAll(a => a.Episode > episode);
        log.Parameters.Clear();
        log.End = null;
    }

    /// <summary>The cells for their hosts.</summary>
    internal ICellCatalog Of(IReadOnlyList<CellOptions> options) => new Catalog(this, options);

    private sealed class Catalog(MemoryStore store, IReadOnlyList<CellOptions> options) : ICellCatalog
    {
        public Task<ICellKeeper> OpenAsync(RunDescription run, int cell, int epoch, CancellationToken cancellation) =>
            Task.FromResult<ICellKeeper>(new Keeper(store, options[cell], cell));

        public CellOptions Plan(RunDescription run, int cell) => options[cell];
    }

    private sealed class Keeper(MemoryStore store, CellOptions options, int cell) : ICellKeeper
    {
        private int _episodes;
        private int? _evaluated;

        public CellOptions Options => options;

        public IReadOnlyList<string> Damages => [];

        public KeptCell? TakeKept()
        {
            lock (store)
            {
                if (store._newest[cell] is not { } kept)
                {
                    return null;
                }

                _episodes = kept.Checkpoint.Episode;
                store.Restored.Add(kept.Checkpoint.Episode);
                return kept;
            }
        }

        public void Note(object message)
        {
            _episodes = message is PopulationProtocol.EpisodeFinished episode ? episode.Episode : _episodes;
            _evaluated = message is PopulationProtocol.Evaluated evaluated ? evaluated.Episode : _evaluated;
        }

        public long? Wanted(bool ending)
        {
            lock (store)
            {
                return ending || (store._every > 0 && _episodes % store._every == 0) ? store._newest[cell]?.Checkpoint.Master.Added ?? 0 : null;
            }
        }

        public void Keep(CellCheckpoint checkpoint, Action<string?> written)
        {
            lock (store)
            {
                store.Received.Add(checkpoint);
                var segments = store._newest[cell]?.Checkpoint.Master.Replay ?? [];
                var alive = checkpoint.Master.Added - checkpoint.Master.Priorities.Length;
                var all = checkpoint with { Master = checkpoint.Master with { Replay = [.. segments.Concat(checkpoint.Master.Replay).Where(s => s.End > alive)] } };

                // What it has told: whether the evaluation that is due at this boundary is among it.
                store._newest[cell] = new KeptCell(all, [(byte)(_evaluated == checkpoint.Episode ? 1 : 0)], 0);
            }

            written(null);
        }

        public void Finish(PopulationProtocol.CellEnded end, Action<string?> written)
        {
            lock (store)
            {
                store.Finished.Add(cell);
            }

            written(null);
        }
    }
}
