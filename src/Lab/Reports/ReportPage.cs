using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text.Json;
using Simulator.Lab.Reports.Figures;

namespace Simulator.Lab.Reports;

/// <summary>
/// Writes a report as one page that needs nothing else: styles, script, plotly.js (once) and the numbers are in it, and a content security policy forbids it to ask for anything.
/// </summary>
internal sealed class ReportPage
{
    /// <summary>Rows of the table of cells; population.json has them all.</summary>
    private const int MostRows = 500;

    private readonly TextWriter _out;
    private readonly ReportData _data;

    private ReportPage(TextWriter writer, ReportData data)
    {
        _out = writer;
        _data = data;
    }

    /// <summary>Writes the page.</summary>
    internal static void Write(TextWriter writer, IReadOnlyList<RecordedRun> runs) => new ReportPage(writer, new ReportData(runs)).Write();

    private void Write()
    {
        var sections = Sections().ToList();
        var title = string.Join(" and ", _data.Runs.Select(r => r.Name).Distinct(StringComparer.Ordinal));
        _out.Write($"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:">
            <title>{Html(title)}: report</title>
            <link rel="icon" href="data:,">
            <style>{Resource("report.css")}</style>
            </head>
            <body>
            <h1>{Html(title)}</h1>
            <p class="lead">{Html(WhatRan.InShort(_data))}</p>

            """);
        if (Answer.Intervened(_data.Runs) is { } intervened)
        {
            _out.Write($"<p class=\"partial\">{Html(intervened)}</p>\n");
        }

        if (Answer.Partial(_data.Runs) is { } partial)
        {
            _out.Write($"<p class=\"partial\">{Html(partial)}</p>\n");
        }

        _out.Write("<div class=\"answer\"><ul>\n");
        foreach (var sentence in Answer.Of(_data).DefaultIfEmpty("No cell has done an episode: there is nothing to tell yet."))
        {
            _out.Write($"<li>{Html(sentence)}</li>\n");
        }

        _out.Write("</ul></div>\n<nav>");
        foreach (var (i, section) in sections.Index())
        {
            _out.Write($"<a href=\"#section-{i + 1}\">{Html(section.Title)}</a>");
        }

        _out.Write("<a href=\"#cells\">The cells</a><a href=\"#runs\">What was run</a></nav>\n");
        foreach (var (i, section) in sections.Index())
        {
            Write(section, i + 1);
        }

        Cells();
        Runs();
        _out.Write($"<script>{PlotlyScript.Text}</script>\n<script>{Resource("report.js")}</script>\n</body>\n</html>\n");
    }

    private IEnumerable<Section> Sections()
    {
        if (_data.Learning.Count > 0)
        {
            yield return StoppingFigures.Of(_data);
            yield return RewardFigures.Of(_data);
            yield return ComparisonFigures.Of(_data);
            yield return SaturationFigures.Of(_data);
            yield return GradientFigures.Of(_data);
            yield return SurvivalFigures.Of(_data);
            yield return Diagnostics.Of(_data);
        }

        if (ActingFigures.Of(_data) is { } acting)
        {
            yield return acting;
        }
    }

    private void Write(Section section, int number)
    {
        _out.Write($"<h2 id=\"section-{number}\">{Html(section.Title)}</h2>\n");
        foreach (var figure in section.Figures)
        {
            var json = figure.Plot.ToJson();
            _out.Write($"""
                <figure id="{figure.Id}">
                <h3>{Html(figure.Title)}</h3>
                <p class="finding">{Html(figure.Finding)}</p>
                <div class="plot" style="height:{figure.Plot.Height}px"></div>
                <figcaption>{Html(figure.Note)} <span class="files"><a class="csv" href="#{figure.Id}">Numbers (CSV)</a><a class="png" href="#{figure.Id}">Picture (PNG)</a></span></figcaption>

                """);
            Script(figure.Id, json, figure.Plot.Table);
            _out.Write("</figure>\n");
        }

        if (section.LeftOut.Count > 0)
        {
            _out.Write("<ul class=\"left-out\">");
            foreach (var line in section.LeftOut)
            {
                _out.Write($"<li>{Html(line)}</li>");
            }

            _out.Write("</ul>\n");
        }
    }

    /// <summary>Data for the page's script. Within a script element nothing but "&lt;" could end it, and in JSON it only stands in texts.</summary>
    private void Script(string id, string? plot, CsvTable table) =>
        _out.Write($"<script type=\"application/json\" data-figure=\"{id}\">{{\"plot\":{(plot ?? "null").Replace("<", "\\u003c", StringComparison.Ordinal)},\"csv\":{JsonSerializer.Serialize(table.ToString())}}}</script>\n");

    private void Cells()
    {
        var several = _data.Runs.Count > 1;
        string[] header = ["cell", "actor rate", "critic rate", "seed", "status", "episodes", "stopped at", "agents frozen", "saturation", "last evaluation", "best constant", "times its loss"];
        var table = new CsvTable([.. header, "detail"]);
        _out.Write("<h2 id=\"cells\">The cells</h2>\n<div class=\"table\"><table><thead><tr>");
        _out.Write(string.Concat(header.Select(h => $"<th>{h}</th>")) + "</tr></thead><tbody>\n");
        foreach (var cell in _data.Cells.Take(MostRows))
        {
            var frozen = cell.Results is { Freeze.Length: > 0 } results ? results.Freeze.Count(e => e is not null) : (int?)null;
            double? ratio = cell is { Evaluation: { } reward, BestConstant: < 0 and { } constant } ? reward / constant : null;
            object?[] fields = [several ? $"{cell.Run}/{cell.Name}" : cell.Name, cell.ActorRate, cell.CriticRate, cell.Seed, cell.Status, cell.Episodes, cell.StoppingEpisode, frozen, cell.Saturation, cell.Evaluation ?? (cell.Learns ? null : cell.MeanReward), cell.BestConstant, ratio];
            table.Add([.. fields, cell.Detail]);
            var why = cell.Detail is { } detail ? $"<div class=\"why\">{Html(detail)}</div>" : "";
            _out.Write("<tr>" + string.Concat(fields.Select((f, i) => $"<td>{Html(Shown(f, i))}{(i == 0 ? why : "")}</td>")) + "</tr>\n");
        }

        _out.Write($"</tbody></table></div>\n<div id=\"cell-table\"><p class=\"lead\">{(_data.Cells.Count > MostRows ? $"The first {MostRows} of {Numbers.Plain(_data.Cells.Count)} cells; population.json has them all. " : "")}<span class=\"files\"><a class=\"csv\" href=\"#cells\">Numbers (CSV)</a></span></p></div>\n");
        Script("cell-table", null, table);
    }

    private static string Shown(object? value, int column) => value switch
    {
        null => "–",
        double number when column is 1 or 2 => ReferenceLayout.Rate(number),
        double number when column == 8 => Numbers.Percent(number),
        double number => Numbers.Plain(number),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    private void Runs()
    {
        _out.Write("<h2 id=\"runs\">What was run</h2>\n");
        foreach (var run in _data.Runs)
        {
            _out.Write($"<h3>{Html(run.Name)}{(_data.Runs.Count > 1 ? $" ({Html(run.Label)})" : "")}</h3>\n");
            foreach (var line in WhatRan.InFull(run))
            {
                _out.Write($"<p>{Html(line)}</p>\n");
            }

            if (run.Scenario is { } scenario)
            {
                _out.Write($"<details><summary>The scenario, every default written out</summary><pre>{Html(scenario)}</pre></details>\n");
            }
        }

        _out.Write("<p class=\"lead\">Figures: Plotly.NET with plotly.js (MIT licence). docs/report.md explains each figure and statistic, with sources.</p>\n");
    }

    private static string Html(string text) => WebUtility.HtmlEncode(text);

    private static string Resource(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Simulator.Lab.Reports.Page.{name}")
            ?? throw new InvalidOperationException($"the assembly has no resource {name}");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
