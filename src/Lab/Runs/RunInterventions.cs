using System.Globalization;
using Akka.Actor;
using Simulator.Protocol;
using Simulator.Telemetry;

namespace Simulator.Lab;

/// <summary>
/// What somebody does to the cells of a run while it goes on: asked for here, by any thread, it takes effect at a boundary between two episodes, is written to <c>events.jsonl</c>, and is done again by a
/// cell that goes on from an older checkpoint. Results of a run are those of its scenario and of what was done to it.
/// </summary>
public sealed class RunInterventions
{
    /// <summary>Largest factor that a learning rate can be multiplied by.</summary>
    public const double LargestFactor = 1e6;

    private readonly ScenarioPlan _plan;
    private readonly PopulationProgress _progress;
    private readonly InterventionJournal _journal;
    private readonly Func<bool> _isOver;
    private readonly Lock _asking = new();
    private volatile IActorRef? _population;

    internal RunInterventions(ScenarioPlan plan, PopulationProgress progress, InterventionJournal journal, Func<bool> isOver)
    {
        _plan = plan;
        _progress = progress;
        _journal = journal;
        _isOver = isOver;
    }

    /// <summary>A kind as events, the API and the page call it.</summary>
    public static string WordOf(InterventionKind kind) => kind switch
    {
        InterventionKind.Pause => "pause",
        InterventionKind.Resume => "resume",
        InterventionKind.Stop => "stop",
        InterventionKind.ResetOutput => "reset_output",
        _ => "scale_rate",
    };

    /// <summary>Whether results depend on what is done: of all kinds pauses alone change none.</summary>
    public static bool ChangesResults(InterventionKind kind) => kind is not (InterventionKind.Pause or InterventionKind.Resume);

    /// <summary>All of the run, earlier lives included, in the order in which they were asked for.</summary>
    public IReadOnlyList<InterventionRecord> Records => _journal.Records;

    /// <summary>Whom cells hear of them from; null where no cell runs. What was asked for while it began is told again: a cell counts it once.</summary>
    internal IActorRef? Population
    {
        set
        {
            _population = value;
            foreach (var record in value is null ? [] : _journal.Records.Where(r => r.Episode is null))
            {
                value!.Tell(new CellProtocol.Intervene(record.Intervention));
            }
        }
    }

    /// <summary>How many have taken effect that results depend on.</summary>
    internal int Effective => _journal.Records.Count(r => r.Episode is not null && ChangesResults(r.Intervention.Kind));

    /// <summary>Cells that are paused, or will be.</summary>
    public IReadOnlyList<int> Paused => [.. _journal.Records.Select(r => r.Intervention.Cell).Distinct().Where(c => IsPaused(c) && _progress[c].Activity != CellActivity.Ended).Order()];

    /// <summary>Whether a cell is paused, or will be: the newest that was asked for of pause and resumption is a pause.</summary>
    /// <param name="cell">Index of the cell.</param>
    public bool IsPaused(int cell) => _journal.Of(cell).LastOrDefault(r => r.Intervention.Kind is InterventionKind.Pause or InterventionKind.Resume) is { Intervention.Kind: InterventionKind.Pause };

    /// <summary>Asks for an intervention. When this returns it is on the disk, and takes effect whatever happens to the process, unless the cell ends before.</summary>
    /// <param name="asked">What; its number is given here, and so is the episode where it names none.</param>
    /// <returns>It with both.</returns>
    /// <exception cref="InterventionException">It makes no sense as the cell stands: the message says why.</exception>
    /// <exception cref="KeyNotFoundException">There is no such cell or agent.</exception>
    /// <exception cref="ArgumentException">A number is out of its range.</exception>
    /// <exception cref="IOException">It could not be written; nothing happens.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    public Intervention Ask(Intervention asked)
    {
        ArgumentNullException.ThrowIfNull(asked);
        Check(asked);
        Intervention intervention;
        lock (_asking)
        {
            if ((_isOver() ? "the run is over" : RefusalOf(asked)) is { } refusal)
            {
                throw new InterventionException(refusal);
            }

            intervention = _journal.Add(asked with { Before = Math.Max(asked.Before, _progress[asked.Cell].Episode + 1) });
        }

        _population?.Tell(new CellProtocol.Intervene(intervention));
        return intervention;
    }

    /// <summary>Ends the pauses of an earlier life of the run, for one that nobody can reach.</summary>
    /// <returns>Names of the cells that were paused.</returns>
    /// <exception cref="IOException">It could not be written.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    public IReadOnlyList<string> ResumeAll()
    {
        var paused = Paused;
        foreach (var cell in paused)
        {
            Ask(new Intervention(0, cell, InterventionKind.Resume));
        }

        return [.. paused.Select(c => _plan.Cells[c].Name)];
    }

    private void Check(Intervention asked)
    {
        if (asked.Cell < 0 || asked.Cell >= _plan.Cells.Count)
        {
            throw new KeyNotFoundException($"there is no cell {Text(asked.Cell)}: they are 0 to {Text(_plan.Cells.Count - 1)}");
        }

        var options = _plan.Cells[asked.Cell].Options;
        if (asked.OnAgent && (asked.Agent < 0 || asked.Agent >= options.Clients))
        {
            throw new KeyNotFoundException($"there is no agent {Text(asked.Agent)} in {_plan.Cells[asked.Cell].Name}: they are 0 to {Text(options.Clients - 1)}");
        }

        if (asked.Kind == InterventionKind.ScaleRate && !(asked.Factor >= 0 && asked.Factor <= LargestFactor))
        {
            throw new ArgumentException($"a learning rate can be multiplied by 0 to {Text(LargestFactor)}, not by {Text(asked.Factor)}", nameof(asked));
        }

        if (asked.Before < 0 || asked.Before > options.Episodes)
        {
            throw new ArgumentException($"{_plan.Cells[asked.Cell].Name} has the episodes 1 to {Text(options.Episodes)}, and none {Text(asked.Before)}", nameof(asked));
        }

        if (asked is { Kind: InterventionKind.Resume, Before: > 0 })
        {
            throw new ArgumentException("a cell is resumed at once: one that is paused comes to no episode", nameof(asked));
        }
    }

    private string? RefusalOf(Intervention asked)
    {
        var cell = _progress[asked.Cell];
        var stop = _journal.Of(asked.Cell).Where(r => r.Intervention.Kind == InterventionKind.Stop).Select(r => r.Intervention.Before).DefaultIfEmpty(int.MaxValue).Min();
        return asked switch
        {
            _ when cell.Activity == CellActivity.Ended => $"{cell.Name} has ended",
            { OnAgent: true } when cell.Acts => $"{cell.Name} only acts: its agents learn nothing",
            { Kind: InterventionKind.Pause } when IsPaused(asked.Cell) => $"{cell.Name} is paused already",
            { Kind: InterventionKind.Resume } when !IsPaused(asked.Cell) => $"{cell.Name} is not paused",
            { Kind: InterventionKind.Stop } when stop <= Math.Max(asked.Before, cell.Episode + 1) => $"{cell.Name} stops before episode {Text(stop)} already",
            { Before: > 0 } when asked.Before <= cell.Episode => $"episode {Text(asked.Before)} of {cell.Name} is over: {Text(cell.Episode)} are done",
            _ => null,
        };
    }

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);
}
