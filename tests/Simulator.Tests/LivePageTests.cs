using System.Net;
using Simulator.Compute;
using Simulator.Lab;

namespace Simulator.Tests;

/// <summary>What a browser gets of the live page before its scripts run.</summary>
public sealed class LivePageTests : IDisposable
{
    private static readonly ListenAddress Anywhere = new(IPAddress.Loopback, 0, Asked: true);

    private readonly string _folder = Directory.CreateTempSubdirectory("simulator-page-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(-300.0, "better than the best constant policy")]
    [InlineData(-387.5, "which equals the best constant policy")]
    [InlineData(-775.0, "2 times the loss of the best constant policy")]
    [InlineData(double.NaN, "worse than the best constant policy")]
    public void An_evaluation_is_worded_beside_the_best_constant_policy_and_a_tie_is_no_win(double evaluation, string words) =>
        Assert.Equal(words, PageText.Against(new Telemetry.CellProgress("a", 10) { Evaluation = evaluation, BestConstant = -387.5 }));

    [Fact]
    public async Task Population_cells_and_agents_have_pages_and_what_is_not_there_is_said_not_to_be()
    {
        var plan = Plan("name: seen\nepisodes: 12\nclients: 3\nlearning: {batch: 8}\nsweep: {learning.actor_rate: [0.01, 0.1]}");
        await using var host = await WatchHost.StartAsync(Anywhere, plan);
        using var client = new HttpClient { BaseAddress = new Uri(host.Url!) };
        Assert.Contains("The run has not begun", await TextAsync(client, "/"), StringComparison.Ordinal);
        Assert.Contains("The run has not begun", await TextAsync(client, "/cells/0"), StringComparison.Ordinal);

        using var run = PopulationRun.Prepare(plan, ComputeDevice.Cpu, Path.Combine(_folder, "run"), TimeProvider.System);
        host.Watch(run);
        Assert.Contains("2 wait", await TextAsync(client, "/"), StringComparison.Ordinal);
        Assert.Equal(RunStatus.Done, await run.ExecuteAsync(TestContext.Current.CancellationToken));

        var (first, second) = (plan.Cells[0].Name, plan.Cells[1].Name);
        var population = await TextAsync(client, "/");
        Assert.Contains("<h1>seen</h1>", population, StringComparison.Ordinal);
        Assert.Contains("2 have ended (2 completed)", population, StringComparison.Ordinal);
        Assert.Contains(first, population, StringComparison.Ordinal);
        Assert.Contains(second, population, StringComparison.Ordinal);
        Assert.Contains(PageText.Percent(run.Progress[1].Saturation), population, StringComparison.Ordinal);
        Assert.Contains(PageText.Reward(run.Progress[1].LastReward), population, StringComparison.Ordinal);

        var cell = await TextAsync(client, "/cells/1");
        Assert.Contains($"<h1>{second}</h1>", cell, StringComparison.Ordinal);
        Assert.Contains("href=\"cells/1/agents/2\"", cell, StringComparison.Ordinal);
        foreach (var chart in (string[])["saturation", "rewards", "states", "gradients", "asymmetry", "preactivations"])
        {
            Assert.Contains($"id=\"{chart}\"", cell, StringComparison.Ordinal);
        }

        var agent = await TextAsync(client, "/cells/0/agents/0");
        Assert.Contains(first, agent, StringComparison.Ordinal);
        Assert.Contains("Saturation onset", agent, StringComparison.Ordinal);
        Assert.Contains("id=\"factors\"", agent, StringComparison.Ordinal);

        Assert.Contains("There is no cell 99", await TextAsync(client, "/cells/99", HttpStatusCode.NotFound), StringComparison.Ordinal);
        Assert.Contains("There is no cell 99", await TextAsync(client, "/cells/99/agents/0", HttpStatusCode.NotFound), StringComparison.Ordinal);
        Assert.Contains($"There is no agent 3 in {first}", await TextAsync(client, "/cells/0/agents/3", HttpStatusCode.NotFound), StringComparison.Ordinal);
        Assert.Contains("There is no such page", await TextAsync(client, "/elsewhere", HttpStatusCode.NotFound), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_page_needs_comes_from_this_host_and_it_may_ask_no_other()
    {
        var plan = Plan("episodes: 1\nclients: 2\nlearning: {batch: 4}");
        await using var host = await WatchHost.StartAsync(Anywhere, plan);
        using var client = new HttpClient { BaseAddress = new Uri(host.Url!) };
        foreach (var file in (string[])["page.css", "page.js", "icon.svg", "_framework/blazor.web.js", "_content/Plotly.Blazor/plotly-3.7.0.min.js", "_content/Plotly.Blazor/plotly-interop-7.2.0.js"])
        {
            Assert.NotEmpty(await TextAsync(client, file));
        }

        using var page = await client.GetAsync("/", TestContext.Current.CancellationToken);
        var policy = Assert.Single(page.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'; script-src 'self'; ", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("http", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe-eval", policy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cell_that_only_acts_shows_its_rewards_and_its_agents_say_that_they_do_not_learn()
    {
        var plan = Plan("mode: act\nepisodes: 5\nclients: 3\ncells: 201\nevaluation: {episodes: 0}");
        await using var host = await WatchHost.StartAsync(Anywhere, plan);
        using var client = new HttpClient { BaseAddress = new Uri(host.Url!) };
        using var run = PopulationRun.Prepare(plan, ComputeDevice.Cpu, Path.Combine(_folder, "run"), TimeProvider.System);
        host.Watch(run);
        Assert.Equal(RunStatus.Done, await run.ExecuteAsync(TestContext.Current.CancellationToken));

        var (first, second) = (await TextAsync(client, "/"), await TextAsync(client, "/?page=2"));
        Assert.Equal(200, first.Split("data-cell=").Length - 1);
        Assert.Contains("Page 1 of 2", first, StringComparison.Ordinal);
        Assert.Contains("Mean reward", first, StringComparison.Ordinal);
        Assert.DoesNotContain("Saturated", first, StringComparison.Ordinal);
        Assert.Contains(plan.Cells[200].Name, second, StringComparison.Ordinal);
        Assert.DoesNotContain(plan.Cells[0].Name + "<", second, StringComparison.Ordinal);
        var cell = await TextAsync(client, "/cells/7");
        Assert.Contains("id=\"rewards\"", cell, StringComparison.Ordinal);
        Assert.DoesNotContain("id=\"saturation\"", cell, StringComparison.Ordinal);
        Assert.Contains("does not learn", await TextAsync(client, "/cells/7/agents/2"), StringComparison.Ordinal);
    }

    private static async Task<string> TextAsync(HttpClient client, string address, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var response = await client.GetAsync(address, TestContext.Current.CancellationToken);
        Assert.Equal(expected, response.StatusCode);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private ScenarioPlan Plan(string yaml)
    {
        var file = Path.Combine(_folder, "scenario.yaml");
        File.WriteAllText(file, yaml);
        return ScenarioReader.Read(file).Plan!;
    }
}
