using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Simulator.Compute;
using Simulator.Lab;

namespace Simulator.Tests;

public sealed class InterventionApiTests : IDisposable
{
    private const string Token = "0123456789abcdef";

    private static readonly ListenAddress Anywhere = new(IPAddress.Loopback, 0, Asked: true);

    private readonly string _folder = Directory.CreateTempSubdirectory("simulator-api-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_cell_is_paused_acted_on_resumed_and_stopped_and_all_is_told()
    {
        var plan = Plan("name: asked\nepisodes: 100000\nclients: 3\nlearning: {batch: 8}\nevaluation: {episodes: 0}\ntracking: {early_stop: false}");
        await using var host = await WatchHost.StartAsync(Anywhere, plan);
        using var client = new HttpClient { BaseAddress = new Uri(host.Url!) };
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "the run has not begun"), await AskAsync(client, "cells/0/pause"));
        using var run = PopulationRun.Prepare(plan, ComputeDevice.Cpu, Path.Combine(_folder, "run"), TimeProvider.System);
        host.Watch(run);
        var running = run.ExecuteAsync(Cancellation);

        Assert.Equal(HttpStatusCode.Accepted, (await AskAsync(client, "cells/0/pause")).Status);
        await UntilAsync(client, cells => cells[0].GetProperty("activity").GetString() == "paused");
        Assert.Equal((HttpStatusCode.Conflict, $"{plan.Cells[0].Name} is paused already"), await AskAsync(client, "cells/0/pause"));
        Assert.Equal(HttpStatusCode.Accepted, (await AskAsync(client, "cells/0/agents/2/reset-output")).Status);
        Assert.Equal(HttpStatusCode.Accepted, (await AskAsync(client, "cells/0/agents/1/scale-rate", """{"factor": 0.5}""")).Status);
        Assert.Equal(HttpStatusCode.Accepted, (await AskAsync(client, "cells/0/agents/1/scale-rate", """{"factor": 2, "before_episode": 100000}""")).Status);
        var paused = run.Progress[0].Episode;
        Assert.Equal(HttpStatusCode.Accepted, (await AskAsync(client, "cells/0/resume")).Status);
        await UntilAsync(client, cells => cells[0].GetProperty("episode").GetInt32() > paused + 3);
        Assert.Equal(HttpStatusCode.Accepted, (await AskAsync(client, "cells/0/stop")).Status);
        Assert.Equal(RunStatus.Done, await running);
        Assert.Equal((HttpStatusCode.Conflict, "the run is over"), await AskAsync(client, "cells/0/pause"));

        using var told = JsonDocument.Parse(await client.GetStringAsync("api/interventions", Cancellation));
        Assert.Equal(
            [("pause", paused + 1), ("reset_output", paused + 1), ("scale_rate", paused + 1), ("scale_rate", null), ("resume", paused + 1), ("stop", run.Histories[0].EpisodeCount + 1)],
            told.RootElement.EnumerateArray().Select(i => (i.GetProperty("kind").GetString(), i.TryGetProperty("episode", out var e) ? (int?)e.GetInt32() : null)));
        Assert.Equal((1, 2.0, 100000), (told.RootElement[3].GetProperty("agent").GetInt32(), told.RootElement[3].GetProperty("factor").GetDouble(), told.RootElement[3].GetProperty("before_episode").GetInt32()));
    }

    [Fact]
    public async Task What_is_asked_wrongly_is_refused_with_a_reason()
    {
        var plan = Plan("episodes: 4\nclients: 3\nlearning: {batch: 8}\nsweep: {mode: [learn, act]}");
        await using var host = await WatchHost.StartAsync(Anywhere, plan);
        using var client = new HttpClient { BaseAddress = new Uri(host.Url!) };
        using var run = PopulationRun.Prepare(plan, ComputeDevice.Cpu, Path.Combine(_folder, "run"), TimeProvider.System);
        host.Watch(run);
        foreach (var (path, body, status, why) in new (string, string?, HttpStatusCode, string)[]
        {
            ("cells/2/pause", null, HttpStatusCode.NotFound, "there is no cell 2: they are 0 to 1"),
            ("cells/-1/pause", null, HttpStatusCode.NotFound, "there is no cell -1"),
            ("cells/0/agents/3/reset-output", null, HttpStatusCode.NotFound, "there is no agent 3"),
            ("cells/0/explode", null, HttpStatusCode.NotFound, "there is no POST /api/cells/0/explode"),
            ("cells/0/resume", null, HttpStatusCode.Conflict, "is not paused"),
            ("cells/0/resume", """{"before_episode": 3}""", HttpStatusCode.BadRequest, "a cell is resumed at once"),
            ("cells/1/agents/0/reset-output", null, HttpStatusCode.Conflict, "only acts"),
            ("cells/0/agents/0/scale-rate", null, HttpStatusCode.BadRequest, "scale-rate needs the factor"),
            ("cells/0/agents/0/scale-rate", """{"factor": 1e7}""", HttpStatusCode.BadRequest, "0 to 1000000, not by 10000000"),
            ("cells/0/agents/0/scale-rate", """{"factor": "x"}""", HttpStatusCode.BadRequest, "the body is nothing, or JSON"),
            ("cells/0/pause", """{"factor": 1}""", HttpStatusCode.BadRequest, "a factor is for scale-rate alone"),
            ("cells/0/pause", """{"before_episode": 0}""", HttpStatusCode.BadRequest, "before_episode is an episode"),
            ("cells/0/pause", """{"before_episode": 5}""", HttpStatusCode.BadRequest, "has the episodes 1 to 4, and none 5"),
            ("cells/0/pause", """{"before": 2}""", HttpStatusCode.BadRequest, "The JSON property 'before' could not be mapped"),
            ("cells/0/pause", new string(' ', 5000), HttpStatusCode.RequestEntityTooLarge, "4096 bytes"),
        })
        {
            var answer = await AskAsync(client, path, body);
            Assert.Equal(status, answer.Status);
            Assert.Contains(why, answer.Why, StringComparison.Ordinal);
        }

        using var text = await client.PostAsync("api/cells/0/pause", new StringContent("{}", Encoding.UTF8, "text/plain"), Cancellation);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, text.StatusCode);
        Assert.Empty(run.Interventions.Records);

        // What cannot be written is not done.
        Directory.CreateDirectory(Path.Combine(run.Folder, "events.jsonl"));
        var unwritten = await AskAsync(client, "cells/0/pause");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, unwritten.Status);
        Assert.Contains("could not be written to the run's folder, and is not done", unwritten.Why, StringComparison.Ordinal);
        Assert.Empty(run.Interventions.Records);
    }

    [Theory]
    [InlineData("127.0.0.1", "localhost:9464", null, null, 0)]
    [InlineData("::1", "[::1]:9464", "http://[::1]:9464", "same-origin", 0)]
    [InlineData("::ffff:127.0.0.1", "127.0.0.1:9464", "http://127.0.0.1:9464", null, 0)]
    [InlineData("127.0.0.1", "localhost:9464", null, "none", 0)]
    [InlineData("127.0.0.1", "localhost:9464", null, "cross-site", 403)]
    [InlineData("127.0.0.1", "localhost:9464", "http://localhost:8080", "same-site", 403)]
    [InlineData("127.0.0.1", "localhost:9464", "http://localhost:8080", null, 403)]
    [InlineData("127.0.0.1", "localhost:9464", "https://localhost:9464", null, 403)]
    [InlineData("127.0.0.1", "localhost:9464", "null", null, 403)]
    [InlineData("127.0.0.1", "rebound.example:9464", "http://rebound.example:9464", "same-origin", 403)]
    [InlineData("127.0.0.1", "localhost.example", null, null, 403)]
    [InlineData("127.0.0.1", "", null, null, 403)]
    [InlineData("10.0.0.5", "localhost:9464", null, null, 401)]
    public void Without_a_token_programs_and_pages_of_this_machine_may_write(string remote, string host, string? origin, string? site, int status)
    {
        var context = Request(remote, host);
        context.Request.Headers.Origin = origin;
        context.Request.Headers["Sec-Fetch-Site"] = site;
        Assert.Equal(status, WriteAccess.With(null).RefusalOf(context.Request)?.Status ?? 0);
        Assert.Equal(401, WriteAccess.With(Token).RefusalOf(context.Request)?.Status);
        if (status == 0)
        {
            context.Request.Headers["X-Forwarded-For"] = "10.0.0.5";
            Assert.Equal(401, WriteAccess.With(null).RefusalOf(context.Request)?.Status);
        }
    }

    [Theory]
    [InlineData("Bearer " + Token, 0)]
    [InlineData("bearer  " + Token, 0)]
    [InlineData("Bearer wrong-wrong-wrong-wrong", 401)]
    [InlineData("Bearer", 401)]
    [InlineData("Basic " + Token, 401)]
    public void With_a_token_whoever_sends_it_may_write_from_anywhere(string authorization, int status)
    {
        var context = Request("10.0.0.5", "simulator.example");
        context.Request.Headers.Origin = "http://elsewhere.example";
        context.Request.Headers.Authorization = authorization;
        Assert.Equal(status, WriteAccess.With(Token).RefusalOf(context.Request)?.Status ?? 0);
        Assert.Equal(401, WriteAccess.With(string.Empty).RefusalOf(context.Request)?.Status);
    }

    [Fact]
    public void A_token_that_could_be_guessed_is_refused() =>
        Assert.Equal("SIMULATOR_TOKEN has 6 characters: a token has 16 or more", Assert.Throws<ListenException>(() => WriteAccess.With("secret")).Message);

    private static DefaultHttpContext Request(string remote, string host)
    {
        var context = new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Parse(remote) } };
        (context.Request.Scheme, context.Request.Host) = ("http", new HostString(host));
        return context;
    }

    private static async Task<(HttpStatusCode Status, string Why)> AskAsync(HttpClient client, string path, string? body = null)
    {
        using var content = body is null ? null : new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        using var response = await client.PostAsync("api/" + path, content, Cancellation);
        var told = await response.Content.ReadFromJsonAsync<JsonElement>(Cancellation);
        return (response.StatusCode, told.TryGetProperty("detail", out var detail) ? detail.GetString()! : string.Empty);
    }

    private static async Task UntilAsync(HttpClient client, Func<JsonElement, bool> holds)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        for (var met = false; !met;)
        {
            using var population = JsonDocument.Parse(await client.GetStringAsync("api/population", patience.Token));
            met = holds(population.RootElement.GetProperty("cells"));
            await Task.Delay(20, patience.Token);
        }
    }

    private ScenarioPlan Plan(string yaml)
    {
        var file = Path.Combine(_folder, "scenario.yaml");
        File.WriteAllText(file, yaml);
        return ScenarioReader.Read(file).Plan!;
    }
}
