using System.Text.Json;
using Simulator.Protocol;

namespace Simulator.Lab;

/// <summary>An intervention, and what became of it.</summary>
/// <param name="Intervention">What was asked for; <see cref="Intervention.Before"/> is the first episode that it can take effect before.</param>
/// <param name="Time">When.</param>
/// <param name="Episode">The episode that it took effect before; null where it has not yet.</param>
public sealed record InterventionRecord(Intervention Intervention, DateTimeOffset Time, int? Episode);

/// <summary>
/// What somebody does to the cells of a run from outside. Each is written to <c>events.jsonl</c> when it is asked for (<c>intervention_requested</c>), when it takes effect (<c>intervention</c>, with the
/// episode that it came before), and when a cell that went on from an older checkpoint has done it again (<c>intervention_repeated</c>): from there a run that is continued has them. Used by any thread.
/// </summary>
internal sealed class InterventionJournal
{
    /// <summary>The event of one that took effect.</summary>
    internal const string Effective = "intervention";

    private const string Requested = "intervention_requested";
    private const string Repeated = "intervention_repeated";

    private readonly Lock _lock = new();
    private readonly EventLog _events;
    private readonly IReadOnlyList<string> _cells;
    private readonly TimeProvider _time;
    private readonly SortedDictionary<int, InterventionRecord> _records = [];
    private readonly Dictionary<int, List<int>> _ofCell = [];
    private IReadOnlyList<InterventionRecord>? _snapshot;
    private int _last;

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
                return _snapshot ??= [.. _records.Values];
            }
        }
    }

    /// <summary>Those of a cell, in the order in which they were asked for.</summary>
    internal IReadOnlyList<InterventionRecord> Of(int cell)
    {
        lock (_lock)
        {
            return _ofCell.TryGetValue(cell, out var numbers) ? [.. numbers.Select(n => _records[n])] : [];
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
            // A number is never given again: where writing failed, nobody knows what is in the file.
            var intervention = asked with { Number = ++_last };
            Write(Requested, intervention, w => w.WriteNumber("before_episode", intervention.Before));
            Keep(new InterventionRecord(intervention, _time.GetUtcNow(), null));
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
            var record = _records[message.Number];
            Write(record.Episode is null ? Effective : Repeated, record.Intervention, w => w.WriteNumber("episode", message.Before));
            Keep(record with { Episode = record.Episode ?? message.Before });
            return record.Intervention;
        }
    }

    /// <summary>
    /// As in <see cref="Cells.IPopulationObserver.InterventionsAfter"/>. A pause that was ended is no more there; and what has not taken effect comes behind all that has, since it was asked for behind it.
    /// </summary>
    internal IReadOnlyList<Intervention> After(int cell, int episode)
    {
        var records = Of(cell);
        var newest = records.Where(r => r.Episode is not null).Select(r => r.Episode!.Value).DefaultIfEmpty(0).Max();
        var resumed = records.LastOrDefault(r => r.Intervention.Kind == InterventionKind.Resume)?.Intervention.Number ?? 0;
        return
        [
            .. records
                .Where(r => r.Episode is null || r.Episode > episode)
                .Where(r => r.Intervention.Kind switch
                {
                    InterventionKind.Pause => r.Intervention.Number > resumed,
                    InterventionKind.Resume => r.Episode is null,
                    _ => true,
                })
                .Select(r => r.Intervention with { Before = r.Episode ?? Math.Max(r.Intervention.Before, newest) }),
        ];
    }

    /// <summary>Takes in what was done in an earlier life of the run.</summary>
    /// <exception cref="IOException">It cannot be read, or what it says of an intervention is damaged.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    internal void Read()
    {
        var index = _cells.Select((name, i) => KeyValuePair.Create(name, i)).ToDictionary(StringComparer.Ordinal);
        lock (_lock)
        {
            _events.Read(Effective, (kind, line) =>
            {
                if (kind == Requested)
                {
                    Keep(Parse(line, index));
                }
                else if (kind == Effective)
                {
                    var number = line.GetProperty("number").GetInt32();
                    Keep(_records.TryGetValue(number, out var record) ? record with { Episode = line.GetProperty("episode").GetInt32() } : throw new InvalidDataException($"intervention {number} was not asked for"));
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
                Before = line.GetProperty("before_episode").GetInt32(),
            },
            line.GetProperty("time").GetDateTimeOffset(),
            null);
    }

    private void Keep(InterventionRecord record)
    {
        var (number, cell) = (record.Intervention.Number, record.Intervention.Cell);
        if (_records.TryAdd(number, record))
        {
            if (!_ofCell.TryGetValue(cell, out var numbers))
            {
                _ofCell.Add(cell, numbers = []);
            }

            numbers.Add(number);
        }
        else
        {
            _records[number] = record;
        }

        _last = Math.Max(_last, number);
        _snapshot = null;
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
