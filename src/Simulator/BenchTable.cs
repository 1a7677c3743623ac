using System.Globalization;
using Simulator.Lab.Benchmarks;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Simulator;

/// <summary>Shows figures: a table on a terminal, aligned lines else. What a reader must know of a figure stands below, behind its name.</summary>
internal static class BenchTable
{
    private static readonly string[] Columns = ["Figure", "Measured", "Interval", "Target", string.Empty];

    /// <summary>The figures of a part as a table.</summary>
    internal static IRenderable Draw(PartFigures part)
    {
        var table = new Table().RoundedBorder().BorderColor(Color.Grey).Title(new TableTitle(Markup.Escape(part.Part.Title), new Style(decoration: Decoration.Bold)));
        foreach (var column in Columns)
        {
            table.AddColumn(column == "Measured" ? new TableColumn(column).RightAligned() : new TableColumn(column));
        }

        foreach (var figure in part.Figures)
        {
            var style = figure.Reached switch { true => new Style(Color.Green), false => new Style(Color.Red), null => Style.Plain };
            table.AddRow([.. Row(figure).Select((text, i) => new Text(text, i == Columns.Length - 1 ? style : Style.Plain))]);
        }

        return new Rows([table, .. Notes(part).Select(n => new Padder(new Text(n, new Style(Color.Grey)), new Padding(2, 0, 0, 0)))]);
    }

    /// <summary>The figures of a part as aligned lines.</summary>
    internal static IEnumerable<string> Lines(PartFigures part)
    {
        yield return part.Part.Title;
        var rows = part.Figures.Select(Row).ToList();
        var widths = Enumerable.Range(0, Columns.Length).Select(c => rows.Max(r => r[c].Length)).ToArray();
        foreach (var row in rows)
        {
            yield return $"  {string.Join("  ", row.Select((text, c) => c == 1 ? text.PadLeft(widths[c]) : text.PadRight(widths[c])))}".TrimEnd();
        }

        foreach (var note in Notes(part))
        {
            yield return $"  {note}";
        }
    }

    /// <summary>A number as people read it: three figures, thousands apart.</summary>
    internal static string Number(double value) => Math.Abs(value) switch
    {
        0 => "0",
        >= 100 => value.ToString("#,0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("0.0", CultureInfo.InvariantCulture),
        >= 1 => value.ToString("0.00", CultureInfo.InvariantCulture),
        >= 0.1 => value.ToString("0.000", CultureInfo.InvariantCulture),
        >= 0.01 => value.ToString("0.0000", CultureInfo.InvariantCulture),
        _ => value.ToString("0.00e0", CultureInfo.InvariantCulture),
    };

    private static string[] Row(Figure figure) =>
    [
        figure.Name,
        figure.Value is { } value ? $"{Number(value)} {figure.Unit}" : "not measured",
        figure.Interval is { } i ? $"{Number(i.Low)} to {Number(i.High)}{(i.Kind == Interval.Range ? " (range)" : string.Empty)}" : string.Empty,
        figure.Target is { } t ? $"at {(t.IsLower ? "least" : "most")} {Number(t.Limit)} {figure.Unit}" : string.Empty,
        figure.Reached switch { true => "reached", false => "missed", null => string.Empty },
    ];

    private static IEnumerable<string> Notes(PartFigures part) => part.Figures.Where(f => f.Note is not null).Select(f => $"{f.Name}: {f.Note}");
}
