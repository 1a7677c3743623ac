using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Simulator.Compute;
using Simulator.Lab;

namespace Simulator.Tests;

public sealed partial class WatchHostTests : IDisposable
{
    private static readonly ListenAddress Anywhere = new(IPAddress.Loopback, 0, Asked: true);

    private readonly string _folder = Directory.CreateTempSubdirectory("simulator-watch-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("127.0.0.1:9464", "127.0.0.1", 9464, "http://127.0.0.1:9464/")]
    [InlineData("localhost:0", "127.0.0.1", 0, "http://127.0.0.1:0/")]
    [InlineData("0.0.0.0:80", "0.0.0.0", 80, "http://127.0.0.1:80/")]
    [InlineData("[::1]:9464", "::1", 9464, "http://[::1]:9464/")]
    [InlineData("[::]:9464", "::", 9464, "http://[::1]:9464/")]
    public void An_address_is_that_of_an_interface_and_a_port(string text, string address, int port, string url)
    {
        Assert.True(ListenAddress.TryParse(text, out var read));
        Assert.Equal((IPAddress.Parse(address), port, true), (read.Address, read.Port, read.Asked));
        Assert.Equal(url, read.Url(read.Port));
    }

    [Theory]
    [InlineData("9464")]
    [InlineData(":9464")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("127.0.0.1:-1")]
    [InlineData("::1:9464")]
    [InlineData("[127.0.0.1]:9464")]
    [InlineData("example.org:9464")]
    public void What_is_no_address_is_refused(string text) => Assert.False(ListenAddress.TryParse(text, out _));

    [Fact]
    public async Task A_port_in_use_is_an_error_where_it_was_asked_for_and_the_next_free_one_is_taken_where_it_was_not()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var plan = Plan("episodes: 1");

        var fault = await Assert.ThrowsAsync<ListenException>(() => WatchHost.StartAsync(new ListenAddress(IPAddress.Loopback, port, Asked: true), plan));
        Assert.Equal($"cannot listen on 127.0.0.1:{port}: the port is in use; --listen ADDR:PORT names another address, --no-listen does without", fault.Message);

        await using var host = await WatchHost.StartAsync(new ListenAddress(IPAddress.Loopback, port, Asked: false), plan);
        Assert.InRange(new Uri(host.Url!).Port, port + 1, port + ListenAddress.MostTried);
    }

    [Fact]
    public async Task Hosts_that_start_at_the_same_moment_take_ports_of_their_own()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        var plan = Plan("episodes: 1");
        var hosts = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(() => WatchHost.StartAsync(new ListenAddress(IPAddress.Loopback, port, Asked: false), plan))));
        try
        {
            Assert.Equal(hosts.Length, hosts.Select(h => h.Url).Distinct(StringComparer.Ordinal).Count());
        }
        finally
        {
            await Task.WhenAll(hosts.Select(h => h.DisposeAsync().AsTask()));
        }
    }

    [Fact]
    public async Task A_command_that_cannot_listen_where_it_was_asked_to_ends_with_wrong_usage_and_writes_nothing()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var address = $"127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";
        var scenario = Scenario("episodes: 1\nclients: 2\nlearning: {batch: 4}\nevaluation: {episodes: 0}\n");
        var (output, error) = (new StringWriter(), new StringWriter());
        var folder = Path.Combine(_folder, "out");

        Assert.Equal(ExitStatus.WrongUsage, await CommandLine.InvokeAsync(["run", scenario, "--output", folder, "--listen", address], output, error));
        Assert.Contains("--listen", error.ToString(), StringComparison.Ordinal);
        Assert.Empty(output.ToString());
        Assert.False(Path.Exists(folder));
    }

    [Theory]
    [InlineData("--no-listen contradicts --stay", "--no-listen", "--stay")]
    [InlineData("--no-listen contradicts --listen", "--no-listen", "--listen", "127.0.0.1:0")]
    [InlineData("--listen 'x': an IP address or localhost, and a port, are allowed", "--listen", "x")]
    public async Task Options_that_contradict_each_other_are_wrong_usage(string message, params string[] options)
    {
        var error = new StringWriter();
        Assert.Equal(ExitStatus.WrongUsage, await CommandLine.InvokeAsync(["run", Scenario("episodes: 1"), .. options], new StringWriter(), error));
        Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_can_be_watched_to_its_end_and_its_metrics_are_those_of_its_results()
    {
        var plan = Plan("episodes: 12\nclients: 3\nlearning: {batch: 8, max_grad_norm: 0.001}\nsweep: {learning.actor_rate: [0.01, 0.1]}");
        await using var host = await WatchHost.StartAsync(Anywhere, plan);
        using var client = new HttpClient { BaseAddress = new Uri(host.Url!) };
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync("api/population", TestContext.Current.CancellationToken)).StatusCode);
        using var run = PopulationRun.Prepare(plan, ComputeDevice.Cpu, Path.Combine(_folder, "run"), TimeProvider.System);
        host.Watch(run);
        Assert.Equal("Healthy", await client.GetStringAsync("health/live", TestContext.Current.CancellationToken));
        Assert.Equal(RunStatus.Done, await run.ExecuteAsync(TestContext.Current.CancellationToken));
        Assert.Equal("Healthy", await client.GetStringAsync("health/ready", TestContext.Current.CancellationToken));

        var metrics = Samples(await client.GetStringAsync("metrics", TestContext.Current.CancellationToken));
        Assert.DoesNotContain(metrics.Keys, k => k.Contains("otel_metric_overflow", StringComparison.Ordinal));
        foreach (var history in run.Histories)
        {
            var (cell, update) = ($"cell=\"{history.Cell.Name}\"", history.LastUpdate!);
            Assert.Equal(12, metrics[$"simulator_cell_episode{{{cell}}}"]);
            Assert.Equal(history.FinalReward, metrics[$"simulator_episode_reward{{{cell},phase=\"training\"}}"]);
            Assert.Equal(history.Evaluations[^1].Reward, metrics[$"simulator_episode_reward{{{cell},phase=\"evaluation\"}}"]);
            Assert.Equal(history.BestConstant!.Reward, metrics[$"simulator_baseline_reward{{{cell},policy=\"{history.BestConstant.Name}\"}}"]);
            Assert.Equal(update.Critic.GradientNorm, metrics[$"simulator_gradient_norm{{{cell},layer=\"all\",network=\"critic\"}}"]);
            Assert.Equal(update.Actors!.LayerNorms[0], metrics[$"simulator_gradient_norm{{{cell},layer=\"fc1\",network=\"actor\"}}"]);
            Assert.Equal(update.Asymmetry, metrics[$"simulator_gradient_asymmetry_ratio{{{cell}}}"]);
            Assert.Equal(3, metrics.Where(m => m.Key.StartsWith($"simulator_agents{{{cell}", StringComparison.Ordinal)).Sum(m => m.Value));
            Assert.Equal(120, metrics[$"simulator_replay_transitions{{{cell}}}"]);
            for (var agent = 0; agent < 3; agent++)
            {
                Assert.Equal(update.Agents[agent].SaturationRatio, (float)metrics[$"simulator_agent_saturation_ratio{{agent=\"{agent}\",{cell}}}"]);
                Assert.Equal(update.Agents[agent].GradientNorm, (float)metrics[$"simulator_agent_gradient_norm{{agent=\"{agent}\",{cell}}}"]);
            }
        }

        using var population = JsonDocument.Parse(await client.GetStringAsync("api/population", TestContext.Current.CancellationToken));
        Assert.Equal("done", population.RootElement.GetProperty("status").GetString());
        Assert.Equal(run.Histories.Select(h => (h.Cell.Name, h.FinalReward)), population.RootElement.GetProperty("cells").EnumerateArray().Select(c => (c.GetProperty("name").GetString()!, (double?)c.GetProperty("reward").GetDouble())));
    }

    /// <summary>Samples by name and labels, without the labels that the exporter adds.</summary>
    private static Dictionary<string, double> Samples(string text) => text.Split('\n').Where(l => l.Length > 0 && l[0] != '#').Select(l => Scope().Replace(l, "${open}").Replace("{}", "", StringComparison.Ordinal).Split(' '))
        .GroupBy(p => p[0], StringComparer.Ordinal).ToDictionary(g => g.Key, g => double.Parse(g.Last()[1], System.Globalization.CultureInfo.InvariantCulture), StringComparer.Ordinal);

    [GeneratedRegex("(?<open>[{])?otel_scope_[a-z]+=\"[^\"]*\",?", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Scope();

    private string Scenario(string yaml)
    {
        var file = Path.Combine(_folder, "scenario.yaml");
        File.WriteAllText(file, yaml);
        return file;
    }

    private ScenarioPlan Plan(string yaml) => ScenarioReader.Read(Scenario(yaml)).Plan!;
}
