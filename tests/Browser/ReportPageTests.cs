using Simulator.Lab.Reports;
using Simulator.Lab.Tests.Reports;

namespace Simulator.Browser.Tests;

/// <summary>The report in a real browser, without a network.</summary>
public sealed class ReportPageTests : IDisposable
{
    // Answers with the marks that each figure drew, when the page has drawn all.
    private const string Marks = """
        new Promise(resolve => {
          const ready = () => document.body.dataset.state === "complete" && (resolve(Object.fromEntries([...document.querySelectorAll("figure")].map(figure =>
            [figure.id, figure.querySelectorAll(".trace, .heatmaplayer image, .boxlayer path, .barlayer path").length]))), true);
          if (!ready()) new MutationObserver(ready).observe(document.body, { attributes: true });
        })
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("simulator-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [SlowFact]
    public async Task A_report_opens_offline_draws_every_figure_and_hands_out_its_numbers()
    {
        var run = new SampleRun { Agents = 50, Episodes = 2000 };
        foreach (var actor in new[] { 0.0001, 0.001, 0.01, 0.1 })
        {
            foreach (var critic in new[] { 0.0001, 0.001, 0.01, 0.1 })
            {
                run.Add(actor, critic);
            }
        }

        await CheckAsync(run.Write(Path.Combine(_folder, "grid")), figures: 24);
    }

    [SlowFact]
    public async Task A_report_of_treatments_and_seeds_opens_offline_likewise()
    {
        var run = new SampleRun();
        foreach (var seed in new ulong[] { 42, 43, 44 })
        {
            run.Add(0.1, 0.01, seed).Add(0.001, 0.01, seed).Add(0.1, 0.01, seed, more: ("mitigation.output", "inverting")).Add(0.001, 0.01, seed, more: ("mitigation.output", "inverting"));
        }

        await CheckAsync(run.Write(Path.Combine(_folder, "treatments")), figures: 28);
    }

    [SlowFact]
    public async Task A_report_of_a_partial_run_and_of_cells_that_act_opens_offline_likewise()
    {
        var folder = new SampleRun { WithDiagnostics = false }.Add(0.1, 0.01, status: "interrupted").Add(0.1, 0.1, status: "interrupted", begun: false).AddActing(300).Write(Path.Combine(_folder, "partial"));
        await CheckAsync(folder, figures: 14);
    }

    private async Task CheckAsync(string run, int figures)
    {
        var program = Chromium.Find();
        Assert.SkipWhen(program is null, "no Chromium is installed: none on the path, and the variable CHROMIUM names none");
        var report = Path.Combine(_folder, "report.html");
        RunReport.Write([run], report);
        Assert.InRange(new FileInfo(report).Length, 3_000_000, 15_000_000);

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(3));
        await using var chromium = await Chromium.StartAsync(program!, _folder, patience.Token);
        await chromium.OpenAsync(report);
        var drawn = (await chromium.EvaluateAsync(Marks)).EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetInt32(), StringComparer.Ordinal);
        Assert.Equal(figures, drawn.Count);
        Assert.All(drawn, d => Assert.True(d.Value > 0, $"{d.Key} is not drawn"));

        // Links to numbers and to a picture, of the first figure and of the table of cells.
        var first = drawn.Keys.First();
        foreach (var id in (string[])[first, "cell-table"])
        {
            Assert.Equal($"{id}.csv", await chromium.DownloadAsync($"document.querySelector('#{id} .csv').dispatchEvent(new MouseEvent('click', {{ bubbles: true, cancelable: true }}))"));
            Assert.True((await File.ReadAllLinesAsync(Path.Combine(_folder, $"{id}.csv"), patience.Token)).Length > 1, $"{id} has no numbers");
        }

        Assert.Equal($"{first}.png", await chromium.DownloadAsync($"document.querySelector('#{first} .png').dispatchEvent(new MouseEvent('click', {{ bubbles: true, cancelable: true }}))"));
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], (await File.ReadAllBytesAsync(Path.Combine(_folder, $"{first}.png"), patience.Token))[..4]);

        Assert.Empty(chromium.Complaints);
        Assert.Equal([new Uri(report).AbsoluteUri], chromium.Requests);
    }
}
