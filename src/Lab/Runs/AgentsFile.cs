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

    private static string NameOf(AgentState state) => state switch
    {
        AgentState.Learning => "learning",
        AgentState.Saturated => "saturated",
        AgentState.Dead => "dead",
        AgentState.Frozen => "frozen",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "no such state"),
    };
}
