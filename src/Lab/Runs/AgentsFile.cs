using Parquet;
using Parquet.Schema;
using Simulator.Protocol;

namespace Simulator.Lab;

/// <summary><c>agents.parquet</c> of a cell: a row for each agent after the actors' first update at or behind each tenth episode, and after the last episode where they learned after it.</summary>
internal static class AgentsFile
{
    private delegate float NumberOf(AgentSample sample, OutputDiagnostics outputs);

    private static readonly (string Name, NumberOf Of)[] NumberColumns =
    [
        ("saturation", (a, _) => a.SaturationRatio),
        ("slope", (a, _) => a.Slope),
        ("gradient", (a, _) => a.GradientNorm),
        ("action_gradient", (_, o) => (float)o.ActionGradient),
        ("squash_factor", (_, o) => (float)o.SquashFactor),
        ("body_factor", (_, o) => (float)o.BodyFactor),
        ("dormant_units", (_, o) => (float)o.DormantUnits),
    ];

    internal static async Task WriteAsync(Stream stream, CellHistory history)
    {
        var rows = history.Agents.SelectMany(r => r.Samples.Select((sample, agent) => (r.Episode, Agent: agent, Sample: sample, Outputs: r.Outputs[agent]))).ToList();
        var (episode, agent, state, frozen) = (new DataField<int>("episode"), new DataField<int>("agent"), new DataField("state", typeof(string), isNullable: false), new DataField<bool>("frozen"));
        var numbers = Array.ConvertAll(NumberColumns, c => new DataField<float>(c.Name));
        var outputs = OutputColumns.Fields<float>();
        await using var writer = await ParquetWriter.CreateAsync(new ParquetSchema([episode, agent, state, frozen, .. numbers, .. outputs]), stream).ConfigureAwait(false);
        using var group = writer.CreateRowGroup();
        await group.WriteAsync<int>(episode, rows.Select(r => r.Episode).ToArray()).ConfigureAwait(false);
        await group.WriteAsync<int>(agent, rows.Select(r => r.Agent).ToArray()).ConfigureAwait(false);
        await group.WriteAsync(state, rows.Select(r => NameOf(r.Sample.State)).ToArray()).ConfigureAwait(false);
        await group.WriteAsync<bool>(frozen, rows.Select(r => r.Sample.Frozen).ToArray()).ConfigureAwait(false);
        for (var i = 0; i < numbers.Length; i++)
        {
            await group.WriteAsync<float>(numbers[i], rows.Select(r => NumberColumns[i].Of(r.Sample, r.Outputs)).ToArray()).ConfigureAwait(false);
        }

        var values = OutputColumns.Values([.. rows.Select(r => r.Outputs)]);
        for (var i = 0; i < outputs.Length; i++)
        {
            await group.WriteAsync<float>(outputs[i], values[i]).ConfigureAwait(false);
        }
    }

    /// <summary>Reads each agent in short, episode by episode: no outputs, and no outcomes, which the file does not tell.</summary>
    /// <exception cref="InvalidDataException">It is no such file.</exception>
    internal static Task<List<AgentRows>> ReadSamplesAsync(Stream stream) => ReadingAsync(stream, async group =>
    {
        var table = await SamplesAsync(group).ConfigureAwait(false);
        var rows = new List<AgentRows>();
        for (var first = 0; first < table.Samples.Length;)
        {
            var next = first;
            while (next < table.Samples.Length && table.Episodes[next] == table.Episodes[first])
            {
                next++;
            }

            rows.Add(new AgentRows(table.Episodes[first], table.Samples[first..next], []));
            first = next;
        }

        return rows;
    });

    /// <summary>Reads one agent, episode by episode; without outcomes.</summary>
    /// <exception cref="InvalidDataException">It is no such file.</exception>
    internal static Task<List<Live.AgentMoment>> ReadAgentAsync(Stream stream, int agent) => ReadingAsync(stream, async group =>
    {
        var table = await SamplesAsync(group).ConfigureAwait(false);
        var agents = await group.NumbersAsync<int>("agent").ConfigureAwait(false);
        var wanted = Enumerable.Range(0, agents.Length).Where(i => agents[i] == agent).ToArray();
        var numbers = new Dictionary<string, float[]>(StringComparer.Ordinal);
        foreach (var name in (string[])["action_gradient", "squash_factor", "body_factor", "dormant_units"])
        {
            var column = await group.NumbersAsync<float>(name).ConfigureAwait(false);
            numbers[name] = Array.ConvertAll(wanted, i => column[i]);
        }

        var values = Array.ConvertAll(wanted, _ => new float[OutputColumns.Names.Count]);
        foreach (var (index, name) in OutputColumns.Names.Index())
        {
            var column = await group.NumbersOrNullAsync<float>(name).ConfigureAwait(false);
            for (var i = 0; i < wanted.Length; i++)
            {
                values[i][index] = column[wanted[i]] ?? float.NaN;
            }
        }

        return wanted.Select((row, i) =>
        {
            var action = numbers["action_gradient"][i];
            var preActivation = (double)action * numbers["squash_factor"][i];
            return new Live.AgentMoment(table.Episodes[row], table.Samples[row], new OutputDiagnostics(
                action, preActivation, preActivation * numbers["body_factor"][i], numbers["dormant_units"][i],
                ActionOutputs.From(values[i]), ActionOutputs.From(values[i].AsSpan(ActionOutputs.Width)), ActionOutputs.From(values[i].AsSpan(2 * ActionOutputs.Width))));
        }).ToList();
    });

    private static async Task<(int[] Episodes, AgentSample[] Samples)> SamplesAsync(RowGroup group)
    {
        var episodes = await group.NumbersAsync<int>("episode").ConfigureAwait(false);
        var states = await group.TextsAsync("state").ConfigureAwait(false);
        var frozen = await group.NumbersAsync<bool>("frozen").ConfigureAwait(false);
        var saturation = await group.NumbersAsync<float>("saturation").ConfigureAwait(false);
        var slope = await group.NumbersAsync<float>("slope").ConfigureAwait(false);
        var gradient = await group.NumbersAsync<float>("gradient").ConfigureAwait(false);
        var samples = new AgentSample[episodes.Length];
        for (var i = 0; i < samples.Length; i++)
        {
            samples[i] = new AgentSample(StateOf(states[i]), saturation[i], slope[i], gradient[i], frozen[i], default);
        }

        return (episodes, samples);
    }

    private static async Task<List<T>> ReadingAsync<T>(Stream stream, Func<RowGroup, Task<List<T>>> read)
    {
        try
        {
            await using var reader = await ParquetReader.CreateAsync(stream).ConfigureAwait(false);
            if (reader.RowGroupCount == 0)
            {
                return [];
            }

            using var group = reader.OpenRowGroupReader(0); // The writer above makes one.
            return await read(new RowGroup(group, reader.Schema.GetDataFields())).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is not (OutOfMemoryException or InvalidDataException))
        {
            // A damaged file fails anywhere within the reader, with whatever the bytes led it to.
            throw new InvalidDataException($"no table of agents, or a damaged one: {fault.Message}", fault);
        }
    }

    private static AgentState StateOf(string name) => name switch
    {
        "learning" => AgentState.Learning,
        "saturated" => AgentState.Saturated,
        "dead" => AgentState.Dead,
        "frozen" => AgentState.Frozen,
        _ => throw new InvalidDataException($"no such state of an agent: {name}"),
    };

    private static string NameOf(AgentState state) => state switch
    {
        AgentState.Learning => "learning",
        AgentState.Saturated => "saturated",
        AgentState.Dead => "dead",
        AgentState.Frozen => "frozen",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "no such state"),
    };

    /// <summary>The columns of the file, by name.</summary>
    private sealed class RowGroup(ParquetRowGroupReader reader, DataField[] fields)
    {
        private readonly int _rows = checked((int)reader.RowCount);

        internal async Task<T[]> NumbersAsync<T>(string name)
            where T : struct
        {
            var values = new T[_rows];
            await reader.ReadAsync<T>(FieldOf(name), values.AsMemory()).ConfigureAwait(false);
            return values;
        }

        internal async Task<T?[]> NumbersOrNullAsync<T>(string name)
            where T : struct
        {
            var values = new T?[_rows];
            await reader.ReadAsync<T>(FieldOf(name), values.AsMemory()).ConfigureAwait(false);
            return values;
        }

        internal async Task<string[]> TextsAsync(string name)
        {
            var values = new string?[_rows];
            await reader.ReadAsync(FieldOf(name), values.AsMemory()).ConfigureAwait(false);
            return Array.ConvertAll(values, v => v ?? string.Empty);
        }

        private DataField FieldOf(string name) => Array.Find(fields, f => f.Name == name) ?? throw new InvalidDataException($"there is no column {name}");
    }
}
