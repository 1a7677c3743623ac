using System.Diagnostics;
using System.Text.Json;

namespace Simulator.Browser.Tests;

/// <summary>The live page of a run that goes on, in a real browser without a network.</summary>
public sealed class LivePageTests : IDisposable
{
    // Eight cells that end in different ways, and long enough that somebody can come and look.
    private const string Scenario = """
        name: eight-cells
        episodes: 400
        clients: 20
        learning: { critic_rate: 0.001 }
        evaluation: { every: 50, episodes: 5 }
        tracking: { early_stop: false }
        sweep:
          - learning.actor_rate: [0.0001, 0.001, 0.01, 0.1]
          - learning.actor_rate: [0.0001, 0.001, 0.01, 0.1]
            mitigation.observations: [scaled]
            mitigation.rewards: [scaled]
            mitigation.output: [inverting]
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("simulator-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [SlowFact]
    public async Task The_page_follows_a_run_shows_what_the_data_tell_and_leads_to_cells_and_agents()
    {
        var program = Chromium.Find();
        Assert.SkipWhen(program is null, "no Chromium is installed: none on the path, and the variable CHROMIUM names none");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(4));
        await using var chromium = await Chromium.StartAsync(program!, _folder, patience.Token);
        await chromium.ResizeAsync(1280, 900, dark: false);
        using var run = Start(await WriteAsync(patience.Token));
        try
        {
            var url = await AddressAsync(run, patience.Token);

            // The page changes by itself while the run goes on, and is never without its cells, also when its scripts take over: a condition that fails to find them is a complaint.
            await chromium.OpenAsync(url);
            var begun = await chromium.EvaluateAsync("document.querySelectorAll('.cell').length");
            Assert.Equal(8, begun.GetInt32());
            await chromium.EvaluateAsync(Until("document.querySelector('.cell .episode').textContent !== window.first", "window.first = document.querySelector('.cell .episode').textContent"));

            // A cell while it runs: its charts are drawn, and drawn again.
            await chromium.OpenAsync(url + "cells/5");
            await chromium.EvaluateAsync(Until("document.querySelectorAll('.plot .trace').length >= 10 && document.querySelector('.heatmaplayer image')"));
            await chromium.EvaluateAsync(Until("document.querySelector('.heatmaplayer image').href.baseVal !== window.picture", "window.picture = document.querySelector('.heatmaplayer image').href.baseVal"));

            // By its buttons a cell is paused, an agent of it is reset, and the cell goes on; another one is stopped.
            await PressAsync(chromium, "pause");
            await chromium.EvaluateAsync(Until("document.querySelector('.status').textContent === 'Paused.'"));
            await chromium.OpenAsync(url + "cells/5/agents/3");
            await PressAsync(chromium, "reset-output");
            await PressAsync(chromium, "scale-rate");
            await chromium.EvaluateAsync(Until("document.querySelectorAll('.controls tbody tr').length === 3"));
            await TakeAsync(chromium, "controls");
            await chromium.OpenAsync(url + "cells/5");
            await PressAsync(chromium, "resume");
            await chromium.EvaluateAsync(Until("document.querySelector('.status').textContent === 'Running.'"));
            Assert.Equal(
                ["resumed", "agent 3: learning rate times 0.1", "agent 3: output layer reset", "paused"],
                (await chromium.EvaluateAsync("[...document.querySelectorAll('.controls tbody tr td:nth-child(2)')].map(c => c.textContent)")).EnumerateArray().Select(e => e.GetString()));
            await chromium.OpenAsync(url + "cells/2");
            await PressAsync(chromium, "stop");

            // At the end it shows what the data tell.
            await chromium.OpenAsync(url);
            await chromium.EvaluateAsync(Until("document.querySelector('.status').textContent.startsWith('Done')"));
            using var client = new HttpClient();
            using var population = JsonDocument.Parse(await client.GetStringAsync(new Uri(url + "api/population"), patience.Token));
            foreach (var cell in population.RootElement.GetProperty("cells").EnumerateArray())
            {
                var index = cell.GetProperty("index").GetInt32();
                Assert.Equal(cell.GetProperty("name").GetString(), await OfCellAsync(chromium, index, "name"));
                Assert.Equal(Thousands(cell.GetProperty("episode").GetDouble()), await OfCellAsync(chromium, index, "episode"));
                Assert.Equal((100 * cell.GetProperty("saturation").GetDouble()).ToString("0.0", System.Globalization.CultureInfo.InvariantCulture) + " %", await OfCellAsync(chromium, index, "saturation"));
                Assert.Equal(Thousands(cell.GetProperty("reward").GetDouble()), await OfCellAsync(chromium, index, "reward"));
                Assert.Equal(Thousands(cell.GetProperty("evaluation").GetDouble()), await OfCellAsync(chromium, index, "evaluation"));
            }

            await TakeAsync(chromium, "population");

            // By links to a cell and on to an agent, whose rows come from the cell's file by now.
            await chromium.EvaluateAsync("document.querySelector('[data-cell=\"5\"]').click(), true");
            await chromium.EvaluateAsync(Until("document.querySelectorAll('.chart').length === 6 && [...document.querySelectorAll('.chart')].every(c => c.querySelector('.trace, .heatmaplayer image'))"));
            Assert.Equal("400", (await chromium.EvaluateAsync("document.querySelector('.facts .episode').textContent")).GetString());
            await TakeAsync(chromium, "cell");
            var worst = (await chromium.EvaluateAsync("document.querySelector('tbody th a').textContent")).GetString();
            await chromium.EvaluateAsync("document.querySelector('tbody th a').click(), true");
            await chromium.EvaluateAsync(Until("document.querySelectorAll('.chart').length === 3 && [...document.querySelectorAll('.chart')].every(c => c.querySelector('.trace'))"));
            Assert.StartsWith($"Agent {worst} ", (await chromium.EvaluateAsync("document.querySelector('h1').textContent")).GetString(), StringComparison.Ordinal);
            await TakeAsync(chromium, "agent");

            // On a phone, in the dark: nothing is wider than the screen.
            await chromium.ResizeAsync(390, 844, dark: true);
            foreach (var page in (string[])["", "cells/5", $"cells/5/agents/{worst}"])
            {
                await chromium.OpenAsync(url + page);
                Assert.True((await chromium.EvaluateAsync("document.documentElement.scrollWidth <= 390")).GetBoolean(), $"/{page} is wider than a phone");
            }

            await TakeAsync(chromium, "phone");
            Assert.True(chromium.Complaints.IsEmpty, string.Join(System.Environment.NewLine, chromium.Complaints));
            Assert.All(chromium.Requests, r => Assert.StartsWith(url, r, StringComparison.Ordinal));
        }
        finally
        {
            run.Kill(entireProcessTree: true);
            await run.WaitForExitAsync(CancellationToken.None);
        }
    }

    /// <summary>Presses a button of the controls, agreeing to what it asks, and waits until it was asked for.</summary>
    private static async Task PressAsync(Chromium chromium, string what)
    {
        await chromium.EvaluateAsync(Until($"document.querySelector('button[data-ask$=\"{what}\"]:enabled')"));
        await chromium.EvaluateAsync(Until(
            "document.querySelector('.controls .answer').textContent.startsWith('Asked for')",
            $$"""
            window.confirm = () => true;
            document.querySelector('.controls').open = true;
            document.querySelector('.controls .answer').textContent = '';
            document.querySelector('button[data-ask$="{{what}}"]').click()
            """));
    }

    /// <summary>A promise that is kept when a condition holds; looked at whenever the page changes.</summary>
    private static string Until(string condition, string before = "0") => $$"""
        new Promise(resolve => {
          {{before}};
          const look = () => { if ({{condition}}) { watch.disconnect(); resolve(true); } };
          const watch = new MutationObserver(look);
          watch.observe(document, { attributes: true, childList: true, characterData: true, subtree: true });
          look();
        })
        """;

    private static string Thousands(double value) => value.ToString(Math.Abs(value) < 100 ? "0.##" : "#,0", System.Globalization.CultureInfo.InvariantCulture);

    private static async Task<string?> OfCellAsync(Chromium chromium, int cell, string part) =>
        (await chromium.EvaluateAsync($"document.querySelector('[data-cell=\"{cell}\"] .{part}').textContent")).GetString();

    /// <summary>Pictures go to the folder that the variable SIMULATOR_PICTURES names, and else with the test's own.</summary>
    private async Task TakeAsync(Chromium chromium, string name)
    {
        var file = Path.Combine(System.Environment.GetEnvironmentVariable("SIMULATOR_PICTURES") is { Length: > 0 } folder ? folder : _folder, $"page-{name}.png");
        await chromium.PictureAsync(file);
        Assert.InRange(new FileInfo(file).Length, 5_000, 300_000);
    }

    private async Task<string> WriteAsync(CancellationToken cancellation)
    {
        var file = Path.Combine(_folder, "scenario.yaml");
        await File.WriteAllTextAsync(file, Scenario, cancellation);
        return file;
    }

    /// <summary>The program as users start it, from a folder that is not its own.</summary>
    private Process Start(string scenario)
    {
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = _folder, UseShellExecute = false, RedirectStandardOutput = true };
        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, "simulator.dll"), "run", scenario, "--output", Path.Combine(_folder, "run"), "--device", "cpu", "--listen", "127.0.0.1:0", "--stay", "--quiet"])
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    private static async Task<string> AddressAsync(Process run, CancellationToken cancellation)
    {
        const string Announcement = "Watch it on ";
        string? line;
        do
        {
            line = await run.StandardOutput.ReadLineAsync(cancellation) ?? throw new InvalidOperationException("the run ended before it said where it can be watched");
        }
        while (!line.StartsWith(Announcement, StringComparison.Ordinal));

        _ = run.StandardOutput.ReadToEndAsync(CancellationToken.None);
        return line[Announcement.Length..].Split(' ')[0];
    }
}
