using Simulator.Protocol;

namespace Simulator.Cells;

/// <summary>What somebody has told a cell to do that it has not done yet, and whether it is paused or to end.</summary>
internal sealed class PendingInterventions
{
    private readonly List<Intervention> _pending = [];
    private readonly HashSet<int> _known = [];

    /// <summary>Whether the cell is to wait at an episode's boundary.</summary>
    internal bool Paused { get; private set; }

    /// <summary>Whether the cell is to end.</summary>
    internal bool Stopped { get; private set; }

    /// <summary>Takes one in; one that is known already counts once. A resumption ends every pause that was asked for before it, also one that has not begun.</summary>
    internal void Add(Intervention intervention)
    {
        if (!_known.Add(intervention.Number))
        {
            return;
        }

        _pending.Add(intervention);
        if (intervention.Kind == InterventionKind.Resume)
        {
            _pending.RemoveAll(i => i.Kind == InterventionKind.Pause && i.Number < intervention.Number);
        }
    }

    /// <summary>Whether something waits that ends a pause before an episode.</summary>
    internal bool EndsPause(int episode) => _pending.Exists(i => i.Before <= episode && i.Kind is (InterventionKind.Resume or InterventionKind.Stop));

    /// <summary>
    /// Takes out what takes effect before an episode, in order; from then on the cell is paused or not, and stopped or not. What is done to agents waits until a cell that is paused goes on: a checkpoint that
    /// it is asked for in the meantime holds nothing of it.
    /// </summary>
    internal IReadOnlyList<Intervention> Take(int episode)
    {
        if (_pending.Count == 0)
        {
            return [];
        }

        var due = _pending.Where(i => i.Before <= episode).OrderBy(i => i.Number).ToList();
        foreach (var intervention in due)
        {
            Paused = intervention.Kind switch { InterventionKind.Pause => true, InterventionKind.Resume => false, _ => Paused };
            Stopped |= intervention.Kind == InterventionKind.Stop;
        }

        if (Paused || Stopped)
        {
            due.RemoveAll(i => i.OnAgent);
        }

        _pending.RemoveAll(due.Contains);
        return due;
    }
}
