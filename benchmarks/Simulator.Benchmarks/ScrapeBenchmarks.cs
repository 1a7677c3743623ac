using System.Net;
using BenchmarkDotNet.Attributes;
using Simulator.Lab;
using Simulator.Telemetry;

namespace Simulator.Benchmarks;

/// <summary>Watching a population of cells of 50 clients: preparing what a scrape reads, which a thread beside the actors does once a second, and a scrape over HTTP, the client's part included. Everything is at rest beside it.</summary>
[MemoryDiagnoser]
public class ScrapeBenchmarks
{
    private const int Clients = 50;

    private WatchHost _host = null!;
    private MeasurementFeed _feed = null!;
    private HttpClient _client = null!;

    /// <summary>Number of cells.</summary>
    [Params(1, 40, 2000)]
    public int Cells { get; set; }

    /// <summary>Whether every agent has series of its own, whatever their number.</summary>
    [Params(false, true)]
    public bool Full { get; set; }

    /// <summary>Lets a host listen, and a population learn.</summary>
    [GlobalSetup]
    public void Setup()
    {
        var yaml = $"clients: {Clients}\ncells: {Cells}\ntelemetry: {{ agents: {{ full: {(Full ? Clients * Cells : new AgentSeriesOptions().Full)} }} }}\n";
        var plan = ScenarioReader.Parse("scrape.yaml", yaml).Plan ?? throw new InvalidOperationException("the scenario has faults");
        _host = WatchHost.StartAsync(new ListenAddress(IPAddress.Loopback, 0, Asked: true), plan).GetAwaiter().GetResult();
        _feed = new MeasurementFeed(new PopulationProgress(plan.Cells.Select((c, i) => Learning(c.Name, i))), plan.Scenario.Telemetry, () => ProcessSizes.None, TimeProvider.System);
        _feed.Renew();
        _client = new HttpClient { BaseAddress = new Uri(_host.Url!) };
    }

    /// <summary>Lets go of the host and the population.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _client.Dispose();
        _feed.Dispose();
        _host.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Prepares what the next scrape reads.</summary>
    [Benchmark]
    public void Prepare() => _feed.Renew();

    /// <summary>Scrapes: the bytes that came.</summary>
    [Benchmark]
    public async Task<int> Scrape() => (await _client.GetByteArrayAsync(new Uri("metrics", UriKind.Relative))).Length;

    private static CellProgress Learning(string name, int cell)
    {
        var numbers = Draws.Uniform(Clients, 0, 1);
        return new CellProgress(name, 2000)
        {
            Activity = CellActivity.Running,
            Clients = Clients,
            Episode = 1000 + cell,
            Reward = -700,
            LastReward = -710,
            Evaluation = -690,
            BestConstant = -387,
            Epsilon = 0.1,
            Saturation = numbers.Average(),
            Transitions = 10_000,
            Baselines = [new("all_local", -387), new("greedy", -500)],
            Violations = new ViolationShares(0.1, 0.2, 0.3),
            Agents = new AgentCounts(Clients, 0, 0, 0),
            Learning = new LearningVitals
            {
                Critic = new GradientVitals(4, [new("fc1", 3), new("fc2", 2), new("fc3", 1)]),
                Actors = new GradientVitals(2, [new("fc1", 1), new("fc2", 1), new("fc3", 1)]),
                Asymmetry = 0.5,
                Sides = new SaturationSides(0.4, 0.3, 0.2, 0.1),
                Agents = Array.ConvertAll(numbers, n => new AgentVitals(AgentCondition.Learning, n, 1 - n, n)),
            },
        };
    }
}
