using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Simulator.Lab.Reports;

namespace Simulator.Lab.Tests.Reports;

public sealed class RunReportTests : IDisposable
{
    private static readonly string[] AllFigures =
    [
        "stopping-map", "stopping-bubbles", "agent-stopping", "learning", "evaluation", "reward-ends", "violations", "treatments", "treatment-stops", "paired", "saturation", "preactivations",
        "slope", "saturation-map", "saturation-stopping", "saturation-freezing", "gradients", "asymmetry", "asymmetry-stopping", "layers", "factors", "survival", "survival-cells", "states",
        "variance", "stuck", "sides", "dormant",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_full_run_has_every_figure_with_its_sentence_and_its_numbers()
    {
        var page = Report(Grid(seeds: 3, treated: true).Write(_folder["run"]));
        Assert.Equal(AllFigures, Figures(page).Keys);
        foreach (var (id, figure) in Figures(page))
        {
            Assert.True(figure.GetProperty("plot").GetProperty("data").GetArrayLength() > 0, $"{id} draws nothing");
            Assert.True(figure.GetProperty("csv").GetString()!.Count(c => c == '\n') > 1, $"{id} has no numbers");
        }

        Assert.All(Parts(page, "<p class=\"finding\">(?<text>.*?)</p>"), m => Assert.NotEmpty(m.Groups["text"].Value));
        Assert.DoesNotContain("is left out", page, StringComparison.Ordinal);
        Assert.DoesNotContain("class=\"partial\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_answer_on_top_is_that_of_the_data()
    {
        var sentences = Sentences(Report(Grid(seeds: 1, treated: false).Write(_folder["run"])));
        Assert.Equal(
            [
                "2 of 4 cells stopped, at episode 30 each; by actor rate 0 of 2 at 0.001, 2 of 2 at 0.1; the same share at every critic rate.",
                "Of 16 agents 8 became saturated, 8 lost their gradient and 8 froze.",
                "Saturation came before freezing, or with it, in every agent that froze (8), 22 episodes ahead (median).",
                "The actors' gradient of a cell vanished (to under 10^-6 of what it began with) in 2 cells, at episode 17 (median); what lost most of it was the squash (da/dz) in 2 (median 6.25 decades). "
                    + "That is the root mean square over the cell's agents; an agent lost its gradient where its own stayed under 10^-12 of its largest for 10 updates in a row.",
                "In 2 of 4 configurations no agent froze or lost its gradient: 0.001 / 0.001; 0.001 / 0.01.",
                "Without exploration no trained cell beats the best constant policy; none loses at most three times as much. The best, 0.001-0.001-s42, earns -22,765 an episode (58.5 times the constant's loss), "
                    + "the worst, 0.1-0.01-s42, -43,015 (111 times).",
            ],
            sentences);
    }

    [Fact]
    public void Figures_without_data_are_left_out_with_a_reason()
    {
        var run = new SampleRun { WithDiagnostics = false }.Add(0.1, 0.01).Write(_folder["run"]);
        var page = Report(run);
        var figures = Figures(page).Keys;
        Assert.DoesNotContain("stopping-map", figures);
        Assert.DoesNotContain("factors", figures);
        Assert.Contains("The map of stopping over learning rates is left out: all cells have the same learning rates.", Text(page), StringComparison.Ordinal);
        Assert.Contains("The factors of the gradient (critic, squash, body) is left out: the runs have no such columns in episodes.parquet.", Text(page), StringComparison.Ordinal);
        Assert.Contains("Saturation of each agent over time is left out: no cell has agents.parquet.", Text(page), StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_of_which_nothing_began_says_so()
    {
        var page = Report(new SampleRun().Add(0.1, 0.01, status: "interrupted", begun: false).Write(_folder["run"]));
        Assert.Equal(["No cell has done an episode: there is nothing to tell yet."], Sentences(page));
        Assert.Contains("Partial: 0 of 1 cell came to their end, 1 never began.", Text(page), StringComparison.Ordinal);
        Assert.Empty(Figures(page));
    }

    [Fact]
    public void Why_a_cell_diverged_or_failed_stands_beside_it()
    {
        var run = new SampleRun().Add(0.1, 0.01).Add(0.001, 0.01, status: "diverged").Write(_folder["run"]);
        var population = Path.Combine(run, "population.json");
        var rows = File.ReadAllText(population).Split("\"detail\":null");
        File.WriteAllText(population, $"{rows[0]}\"detail\":null{rows[1]}\"detail\":\"the loss <of the critic> is NaN\"{rows[2]}");
        var page = Report(run);
        Assert.Contains("<td>0.001-0.01-s42<div class=\"why\">the loss &lt;of the critic&gt; is NaN</div></td>", page, StringComparison.Ordinal);
        Assert.Contains("1 cell diverged: 0.001-0.01-s42 at episode 60 (the loss <of the critic> is NaN).", Sentences(page));
    }

    [Fact]
    public void Several_runs_are_compared_under_the_names_of_their_folders()
    {
        var one = new SampleRun().Add(0.1, 0.01).Add(0.1, 0.01, 43).Write(_folder["one"]);
        var two = new SampleRun().Add(0.1, 0.01, 42, more: ("mitigation.output", "inverting")).Add(0.1, 0.01, 43, more: ("mitigation.output", "inverting")).Write(_folder["two"]);
        var page = Report(one, two);
        Assert.Contains("one/0.1-0.01-s42", page, StringComparison.Ordinal);
        Assert.Contains("two: output inverting earns 38,250 more than one on average and wins 2 of 2 pairs, p = 0.5.", Text(page), StringComparison.Ordinal);
        Assert.Contains("two: output inverting,one,2,38250,38250,38250,range of 2 seeds,2,0,0,0.5", Figures(page)["paired"].GetProperty("csv").GetString()!, StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_asks_for_nothing_outside_itself()
    {
        var page = Report(Grid(seeds: 1, treated: false).Write(_folder["run"]));
        var own = page.Replace(PlotlyScript.Text, "", StringComparison.Ordinal);
        Assert.True(own.Length < page.Length, "plotly.js is not in the page");
        Assert.DoesNotContain("http:", own, StringComparison.Ordinal);
        Assert.DoesNotContain("https:", own, StringComparison.Ordinal);
        Assert.Empty(Parts(own, "(src|href)=\"(?!#|data:)"));
        Assert.Equal(2, page.Split(PlotlyScript.Text[..60]).Length);
    }

    [Fact]
    public void Names_that_look_like_markup_stay_texts()
    {
        var page = Report(new SampleRun { Name = "\"</script><img src=x onerror=alert(1)>\"" }
            .Add(0.1, 0.01).Add(0.1, 0.01, 43, more: ("policy.from", "</script><script>alert(1)</script>")).Write(_folder["run"]));
        Assert.DoesNotContain("<img", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
        Assert.Contains("from </script><script>alert(1)</script>", Figures(page)["treatments"].GetProperty("csv").GetString()!, StringComparison.Ordinal);
    }

    [Fact]
    public void Sixteen_cells_of_fifty_agents_and_two_thousand_episodes_stay_under_15_MB()
    {
        var run = new SampleRun { Agents = 50, Episodes = 2000 };
        foreach (var actor in new[] { 0.0001, 0.001, 0.01, 0.1 })
        {
            foreach (var critic in new[] { 0.0001, 0.001, 0.01, 0.1 })
            {
                run.Add(actor, critic);
            }
        }

        var page = Report(run.Write(_folder["run"]));
        Assert.InRange(page.Length, 4_000_000, 12_000_000);
        Assert.Contains("Each point stands for 10 episodes", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Many_treatments_have_a_panel_each_and_many_cells_keep_their_figures()
    {
        var run = new SampleRun();
        foreach (var scale in Enumerable.Range(0, 17))
        {
            foreach (var (actor, critic) in from a in new[] { 0.0001, 0.001, 0.01, 0.1 } from c in new[] { 0.001, 0.01, 0.1 } select (a, c))
            {
                run.Add(actor, critic, more: scale == 0 ? [] : [("mitigation.output_scale", $"{scale}")]);
            }
        }

        var page = Report(run.Write(_folder["run"]));
        Assert.InRange(page.Length, 4_000_000, 25_000_000);
        var figures = Figures(page);
        string[] maps = ["stopping-map", "stopping-map-2", "stopping-bubbles-2"];
        Assert.Empty(maps.Concat(["learning", "survival", "saturation", "slope", "saturation-map", "gradients", "layers", "factors", "states", "dormant"]).Except(figures.Keys));
        foreach (var id in new[] { "learning", "evaluation", "survival", "saturation", "gradients", "factors", "layers" })
        {
            var plot = figures[id].GetProperty("plot");
            Assert.Equal(17, plot.GetProperty("layout").EnumerateObject().Count(p => p.Name.StartsWith("xaxis", StringComparison.Ordinal)));
            Assert.Contains("output_scale 16", figures[id].GetProperty("csv").GetString()!, StringComparison.Ordinal);
            Assert.Contains(plot.GetProperty("data").EnumerateArray(), t => t.GetProperty("line").GetProperty("color").GetString() == "#b5b5b5" && t.GetProperty("name").GetString()!.StartsWith("base", StringComparison.Ordinal));
        }

        Assert.DoesNotContain("actor rate 0.001", page, StringComparison.Ordinal);
        Assert.Contains("Drawn is the first seed of 16 of 204 configurations.", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Thousands_of_cells_that_act_are_a_distribution()
    {
        var page = Report(new SampleRun().AddActing(5000).Write(_folder["run"]));
        Assert.Equal(["acting"], Figures(page).Keys);
        Assert.Equal(["5,000 cells acted without learning; an episode earned -425 in the median cell, and between -447 and -402 in nine of ten."], Sentences(page));
        Assert.Contains("The first 500 of 5,000 cells", page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_results_make_the_same_report()
    {
        var run = Grid(seeds: 3, treated: true).Write(_folder["run"]);
        Assert.Equal(Report(run), Report(run));
    }

    [Fact]
    public void A_report_that_cannot_be_written_leaves_nothing_behind()
    {
        var run = new SampleRun().Add(0.1, 0.01).Write(_folder["run"]);
        Directory.CreateDirectory(_folder["taken/report.html"]);
        Assert.Throws<IOException>(() => RunReport.Write([run], _folder["taken/report.html"]));
        File.WriteAllText(Path.Combine(run, "manifest.json"), "[");
        Assert.Throws<UnreadableRunException>(() => RunReport.Write([run], _folder["taken/other.html"]));
        Assert.Equal([_folder["taken/report.html"]], Directory.GetFileSystemEntries(_folder["taken"]));
    }

    private static SampleRun Grid(int seeds, bool treated)
    {
        var run = new SampleRun();
        foreach (var actor in new[] { 0.001, 0.1 })
        {
            foreach (var critic in new[] { 0.001, 0.01 })
            {
                for (var seed = 42; seed < 42 + seeds; seed++)
                {
                    run.Add(actor, critic, (ulong)seed);
                    if (treated)
                    {
                        run.Add(actor, critic, (ulong)seed, more: ("mitigation.output", "inverting"));
                    }
                }
            }
        }

        return run;
    }

    private string Report(params string[] folders)
    {
        RunReport.Write(folders, _folder["report.html"]);
        return File.ReadAllText(_folder["report.html"]);
    }

    private static Dictionary<string, JsonElement> Figures(string page) =>
        Parts(page, "<script type=\"application/json\" data-figure=\"(?<id>[a-z0-9-]+)\">(?<json>.*?)</script>")
            .Where(m => m.Groups["id"].Value != "cell-table").ToDictionary(m => m.Groups["id"].Value, m => JsonDocument.Parse(m.Groups["json"].Value).RootElement, StringComparer.Ordinal);

    private static string[] Sentences(string page) =>
        [.. Parts(Parts(page, "<div class=\"answer\">.*?</div>").Single().Value, "<li>(?<text>.*?)</li>").Select(m => WebUtility.HtmlDecode(m.Groups["text"].Value))];

    private static MatchCollection Parts(string page, string pattern) => Regex.Matches(page, pattern, RegexOptions.ExplicitCapture | RegexOptions.Singleline, TimeSpan.FromSeconds(30));

    private static string Text(string page) => WebUtility.HtmlDecode(page);
}
