using System.Text.Json;

namespace Simulator.Lab.Benchmarks;

/// <summary>The figures of <c>simulator bench</c> as JSON, for comparison between machines and versions (docs/performance.md describes the keys).</summary>
public static class BenchmarkDocument
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>Writes the document.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="date">When the measurement began.</param>
    /// <param name="complete">Whether all parts that were asked for were measured.</param>
    /// <param name="parts">What was measured.</param>
    public static void Write(Stream stream, MachineDescription machine, DateTimeOffset date, bool complete, IEnumerable<PartFigures> parts)
    {
        using var json = new Utf8JsonWriter(stream, Indented);
        json.WriteStartObject();
        json.WriteString("date", date);
        json.WriteString("simulator", typeof(BenchmarkDocument).Assembly.GetName().Version?.ToString(3));
        json.WriteBoolean("complete", complete);
        json.WriteStartObject("machine");
        json.WriteString("processor", machine.Processor);
        json.WriteNumber("processors", machine.Processors);
        json.WriteNumber("memory_bytes", machine.MemoryBytes);
        json.WriteString("system", machine.System);
        json.WriteString("architecture", machine.Architecture);
        json.WriteString("dotnet", machine.DotNet);
        json.WriteString("libtorch", machine.Libtorch);
        json.WriteNumber("simd_bits", machine.SimdBits);
        json.WriteEndObject();
        json.WriteStartArray("figures");
        foreach (var (part, figures) in parts)
        {
            foreach (var figure in figures)
            {
                Write(json, part.Name, figure);
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string part, Figure figure)
    {
        json.WriteStartObject();
        json.WriteString("part", part);
        json.WriteString("name", figure.Name);
        Number(json, "value", figure.Value);
        json.WriteString("unit", figure.Unit);
        json.WritePropertyName("interval");
        if (figure.Interval is { } interval)
        {
            json.WriteStartObject();
            Number(json, "low", interval.Low);
            Number(json, "high", interval.High);
            json.WriteString("kind", interval.Kind);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNullValue();
        }

        json.WriteNumber("samples", figure.Samples);
        json.WritePropertyName("target");
        if (figure.Target is { } target)
        {
            json.WriteStartObject();
            json.WriteString("kind", target.IsLower ? "at least" : "at most");
            json.WriteNumber("limit", target.Limit);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNullValue();
        }

        if (figure.Reached is { } reached)
        {
            json.WriteBoolean("reached", reached);
        }
        else
        {
            json.WriteNull("reached");
        }

        json.WriteString("note", figure.Note);
        json.WriteEndObject();
    }

    private static void Number(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number && double.IsFinite(number))
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
