using System.Text.Json;
using Simulator.Protocol;

namespace Simulator.Lab;

/// <summary>Thrown where an intervention is refused; nothing has happened then.</summary>
public sealed class InterventionException : Exception
{
    /// <summary>Makes the exception with a message for the user.</summary>
    public InterventionException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with a message for the user and its cause.</summary>
    public InterventionException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Makes the exception.</summary>
    public InterventionException()
    {
    }
}

/// <summary>An intervention, and what became of it.</summary>
/// <param name="Intervention">What was asked for.</param>
/// <param name="Time">When.</param>
/// <param name="Episode">The episode that it took effect before; null where it has not yet.</param>
public sealed record InterventionRecord(Intervention Intervention, DateTimeOffset Time, int? Episode);

/// <summary>
/// What somebody does to the cells of a run from outside. Each is written to <c>events.jsonl</c> when it is asked for (<c>intervention_requested</c>), when it takes effect (<c>intervention</c>, with the
/// episode that it came before), and when a cell that went on from an older checkpoint has done it again (<c>intervention_repeated</c>): from there a run that is continued has them. Used by any thread.
/// </summary>
internal sealed class InterventionJournal
{
    private const string Requested = "intervention_requested";
    private const string Effective = "intervention";
    private const string Repeated = "intervention_repeated";

    private readonly Lock _lock = new();
    private readonly EventLog _events;
    private readonly IReadOnlyList<string> _cells;
    private readonly TimeProvider _time;
    private readonly List<InterventionRecord> _records = [];

    internal InterventionJournal(EventLog events, IReadOnlyList<string> cells, TimeProvider time)
    {
        _events = events;
        _cells = cells;
        _time = time;
    }

    /// <summary>All, in the order in which they were asked for.</summary>
    internal IReadOnlyList<InterventionRecord> Records
    {
        get
        {
            lock (_lock)
            {
                return [.. _records];
            }
        }
    }

    /// <summary>Whether a cell is paused, or will be at its next boundary.</summary>
    internal bool IsPaused(int cell)
    {
        lock (_lock)
        {
            return NewestOf(cell, InterventionKind.Pause, InterventionKind.Resume) is { Intervention.Kind: InterventionKind.Pause };
        }
    }

    /// <summary>Whether a cell was stopped from outside.</summary>
    /// <param name="cell">Index of the cell.</param>
    /// <param name="effective">Whether that has taken effect; else whether it was asked for.</param>
    internal bool IsStopped(int cell, bool effective)
    {
        lock (_lock)
        {
            return NewestOf(cell, InterventionKind.Stop) is { } stop && (!effective || stop.Episode is not null);
        }
    }

    /// <summary>Takes in what is asked for: it is on the disk before it is here.</summary>
    /// <param name="asked">What; its number is given here.</param>
    /// <returns>It with its number.</returns>
    /// <exception cref="IOException">It cannot be written; then it was not asked for.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    internal Intervention Add(Intervention asked)
    {
        lock (_lock)
        {
            var intervention = asked with { Number = _records.Count + 1 };
            Write(Requested, intervention, w =>
            {
                if (intervention.Before > 0)
                {
                    w.WriteNumber("before_episode", intervention.Before);
                }
            });
            _records.Add(new InterventionRecord(intervention, _time.GetUtcNow(), null));
            return intervention;
        }
    }

    /// <summary>Takes in that one took effect.</summary>
    /// <returns>It.</returns>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    internal Intervention TookEffect(PopulationProtocol.Intervened message)
    {
        lock (_lock)
        {
            var record = _records[message.Number - 1];
            Write(record.Episode is null ? Effective : Repeated, record.Intervention, w => w.WriteNumber("episode", message.Before));
            _records[message.Number - 1] = record with { Episode = record.Episode ?? message.Before };
            return record.Intervention;
        }
    }

    /// <summary>As in <see cref="Cells.ICheckpointStore.InterventionsAfter"/>. A pause that was ended is no more there.</summary>
    internal IReadOnlyList<Intervention> After(int cell, int episode)
    {
        lock (_lock)
        {
            var paused = NewestOf(cell, InterventionKind.Pause, InterventionKind.Resume);
            if (paused is { Intervention.Kind: InterventionKind.Resume, Episode: null })
            {
                // The cell starts, and is paused no more: that is all it was to do.
                TookEffect(new PopulationProtocol.Intervened(cell, 0, paused.Intervention.Number, episode + 1));
            }

            return
            [
                .. _records
                    .Where(r => r.Intervention.Cell == cell && (r.Episode is null || r.Episode > episode))
                    .Where(r => r.Intervention.Kind is not (InterventionKind.Pause or InterventionKind.Resume) || (r == paused && r.Intervention.Kind == InterventionKind.Pause))
                    .Select(r => r.Intervention with { Before = r.Episode ?? r.Intervention.Before }),
            ];
        }
    }

    /// <summary>Takes in what was done in an earlier life of the run.</summary>
    /// <exception cref="IOException">It cannot be read, or is damaged.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    internal void Read()
    {
        var index = _cells.Select((name, i) => KeyValuePair.Create(name, i)).ToDictionary(StringComparer.Ordinal);
        lock (_lock)
        {
            _events.Read((kind, line) =>
            {
                if (kind == Requested)
                {
                    _records.Add(Parse(line, index));
                    if (_records[^1].Intervention.Number != _records.Count)
                    {
                        throw new InvalidDataException($"intervention {_records[^1].Intervention.Number} is not the {_records.Count}th");
                    }
                }
                else if (kind == Effective)
                {
                    var number = line.GetProperty("number").GetInt32();
                    if (number < 1 || number > _records.Count)
                    {
                        throw new InvalidDataException($"intervention {number} was not asked for");
                    }

                    _records[number - 1] = _records[number - 1] with { Episode = line.GetProperty("episode").GetInt32() };
                }
            });
        }
    }

    private static InterventionRecord Parse(JsonElement line, Dictionary<string, int> index)
    {
        var word = line.GetProperty("kind").GetString();
        var kinds = Enum.GetValues<InterventionKind>().Where(k => RunInterventions.WordOf(k) == word).ToList();
        if (kinds.Count == 0 || !index.TryGetValue(line.GetProperty("cell").GetString() ?? string.Empty, out var cell))
        {
            throw new InvalidDataException($"there is no intervention '{word}', or no cell '{line.GetProperty("cell").GetString()}'");
        }

        return new InterventionRecord(
            new Intervention(line.GetProperty("number").GetInt32(), cell, kinds[0])
            {
                Agent = line.TryGetProperty("agent", out var agent) ? agent.GetInt32() : 0,
                Factor = line.TryGetProperty("factor", out var factor) ? factor.GetDouble() : 1,
                Before = line.TryGetProperty("before_episode", out var before) ? before.GetInt32() : 0,
            },
            line.GetProperty("time").GetDateTimeOffset(),
            null);
    }

    private InterventionRecord? NewestOf(int cell, params ReadOnlySpan<InterventionKind> kinds)
    {
        for (var i = _records.Count - 1; i >= 0; i--)
        {
            if (_records[i].Intervention.Cell == cell && kinds.Contains(_records[i].Intervention.Kind))
            {
                return _records[i];
            }
        }

        return null;
    }

    private void Write(string kind, Intervention intervention, Action<Utf8JsonWriter> write) => _events.Write(kind, w =>
    {
        w.WriteNumber("number", intervention.Number);
        w.WriteString("cell", _cells[intervention.Cell]);
        w.WriteString("kind", RunInterventions.WordOf(intervention.Kind));
        if (intervention.OnAgent)
        {
            w.WriteNumber("agent", intervention.Agent);
        }

        if (intervention.Kind == InterventionKind.ScaleRate)
        {
            w.WriteNumber("factor", intervention.Factor);
        }

        write(w);
    });
}
