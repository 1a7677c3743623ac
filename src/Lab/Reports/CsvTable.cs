using System.Globalization;
using System.Text;

namespace Simulator.Lab.Reports;

/// <summary>A table as comma-separated values. Source of the format: RFC 4180.</summary>
internal sealed class CsvTable
{
    private readonly StringBuilder _text = new();

    /// <summary>Makes a table with its header.</summary>
    internal CsvTable(params object?[] header) => Add(header);

    /// <summary>Adds a row; null is an empty field.</summary>
    internal void Add(params object?[] fields)
    {
        for (var i = 0; i < fields.Length; i++)
        {
            _text.Append(i > 0 ? "," : "").Append(Field(fields[i]));
        }

        _text.Append('\n');
    }

    /// <summary>The whole table.</summary>
    public override string ToString() => _text.ToString();

    /// <summary>A field as it stands in a row: in quotation marks where it needs them.</summary>
    internal static string Quoted(string text) => text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string Field(object? value)
    {
        var text = value switch
        {
            null => "",
            double number => double.IsFinite(number) ? Numbers.Rounded(number).ToString("R", CultureInfo.InvariantCulture) : "",
            _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
        };
        return Quoted(text);
    }
}
