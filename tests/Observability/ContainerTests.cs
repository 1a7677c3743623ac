using System.Globalization;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Simulator.Observability.Tests;

/// <summary>The files of docker/ against each other and the repository. No test builds the image: that takes docker and the images of Microsoft.</summary>
public sealed partial class ContainerTests
{
    private static readonly string Dockerfile = File.ReadAllText(Repository.File("docker", "Dockerfile"));
    private static readonly ComposeFile Compose = new DeserializerBuilder().WithNamingConvention(UnderscoredNamingConvention.Instance).IgnoreUnmatchedProperties().Build()
        .Deserialize<ComposeFile>(new MergingParser(new Parser(new StringReader(File.ReadAllText(Repository.File("docker", "compose.yaml"))))));

    private static IEnumerable<KeyValuePair<string, ComposeService>> Nodes => Compose.Services.Where(service => service.Value.Command.FirstOrDefault() == "node");

    [Fact]
    public void The_image_restores_with_every_project_of_the_program()
    {
        var projects = Directory.EnumerateFiles(Repository.File("src"), "*.csproj", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/')).Order(StringComparer.Ordinal);

        Assert.Equal(projects, CopiedProject().Matches(Dockerfile).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_file_that_the_image_copies_exists_and_is_in_the_context()
    {
        var ignored = File.ReadAllLines(Repository.File(".dockerignore"));
        var copied = Copy().Matches(Dockerfile).SelectMany(match => match.Groups[1].Value.Split(' ')).Where(source => source != ".").ToList();

        Assert.NotEmpty(copied);
        Assert.Contains("*", ignored);
        Assert.All(copied, source =>
        {
            Assert.True(Path.Exists(Repository.File(source)), $"{source} does not exist");
            Assert.Contains(ignored, line => line.StartsWith('!') && Regex.IsMatch(source.Split('/')[0], $"^{Regex.Escape(line[1..]).Replace(@"\*", ".*", StringComparison.Ordinal)}$"));
        });
    }

    [Fact]
    public void Whatever_the_program_is_built_from_is_in_the_context()
    {
        var ignored = File.ReadAllLines(Repository.File(".dockerignore"));
        var taken = Outside().Matches(File.ReadAllText(Repository.File("src", "Simulator", "Simulator.csproj"))).Select(match => match.Groups[1].Value).ToList();

        Assert.Contains("cluster.hocon", taken);
        Assert.All(taken, source => Assert.Contains($"!{source.Split('/')[0]}", ignored));
    }

    [Fact]
    public void The_image_runs_as_nobody_special_tells_its_health_and_keeps_results_in_a_volume()
    {
        Assert.Matches(@"(?m)^USER app$", Dockerfile);
        Assert.Matches(@"(?m)^HEALTHCHECK .*\\\n.*/health/live", Dockerfile);
        Assert.Matches(@$"(?m)^EXPOSE 9464 {ClusterFile.Port}$", Dockerfile);
        Assert.Matches(@"(?m)^VOLUME /data/runs$", Dockerfile);
        Assert.Matches(@"(?m)^ENTRYPOINT \[""simulator""\]$", Dockerfile);
        Assert.True(Dockerfile.LastIndexOf("\nUSER ", StringComparison.Ordinal) > Dockerfile.LastIndexOf("\nRUN ", StringComparison.Ordinal), "something is run after USER");
    }

    [Fact]
    public void The_scenario_that_the_image_runs_is_one_of_the_experiments()
    {
        var scenario = Assert.Single(Scenario().Matches(Dockerfile[Dockerfile.LastIndexOf("\nCMD ", StringComparison.Ordinal)..])).Groups[1].Value;

        Assert.True(File.Exists(Repository.File("experiments", scenario)));
        Assert.Equal(
            [.. Words(Dockerfile[(Dockerfile.LastIndexOf("\nCMD ", StringComparison.Ordinal) + 5)..]), "--join", $"node-1:{ClusterFile.Port}"],
            Compose.Services["simulator"].Command.Select(word => Regex.Replace(word, @"^\$\{SCENARIO:-(.*)\}$", "$1")));
    }

    [Fact]
    public void Compose_brings_up_a_cluster_with_a_run_prometheus_and_grafana_on_this_machine_alone()
    {
        Assert.Equal(["grafana", "node-1", "node-2", "node-3", "prometheus", "simulator"], Compose.Services.Keys.Order());
        Assert.All(Compose.Services, service =>
        {
            Assert.All(service.Value.Ports, port => Assert.StartsWith("127.0.0.1:", port));
            Assert.NotEqual(service.Key.StartsWith("node-", StringComparison.Ordinal), service.Value.Ports.Count > 0); // What nodes tell each other stays among the containers.
            Assert.True(service.Value.Healthcheck.Count > 0 || service.Value.Build.Count > 0, "no health check");
        });
    }

    [Fact]
    public void Every_member_is_found_by_the_name_of_its_service_and_knows_the_same_seed_nodes_and_runs()
    {
        var members = Nodes.Append(new("simulator", Compose.Services["simulator"])).ToList();
        var seeds = string.Join(',', Nodes.Select(node => $"{node.Key}:{ClusterFile.Port}"));

        Assert.True(Nodes.Count() >= 3, "of two nodes neither is a majority");
        Assert.All(members, member =>
        {
            Assert.Equal(member.Key, member.Value.Environment["SIMULATOR_HOSTNAME"]);
            Assert.Equal("0.0.0.0", member.Value.Environment["SIMULATOR_BIND_HOSTNAME"]);
            Assert.Equal(seeds, member.Value.Environment["SIMULATOR_SEED_NODES"]);
            Assert.Contains($"runs:{member.Value.Environment["SIMULATOR_RUNS"]}", member.Value.Volumes);
            Assert.Matches(@$"(?m)^VOLUME {member.Value.Environment["SIMULATOR_RUNS"]}$", Dockerfile);
            Assert.False(member.Value.Environment.ContainsKey("SIMULATOR_PORT"));
        });
        Assert.Equal(Nodes.Select(node => node.Key).Append("prometheus").Order(), Compose.Services["simulator"].DependsOn.Keys.Order());
        Assert.All(Compose.Services["simulator"].DependsOn.Values, one => Assert.Equal("service_healthy", one["condition"]));
    }

    [Fact]
    public void Nodes_are_healthy_when_they_are_members_come_back_and_have_time_to_leave() =>
        Assert.All(Nodes, node =>
        {
            var check = Assert.IsType<List<object>>(node.Value.Healthcheck["test"]).Cast<string>().ToList();
            Assert.Equal(["CMD", "bash", "-c"], check[..3]);
            Assert.Contains("GET /health/ready HTTP/1.1", check[3], StringComparison.Ordinal);
            Assert.Contains($"/dev/tcp/127.0.0.1/{ListenPort(node.Value.Command)} ", check[3], StringComparison.Ordinal);
            Assert.DoesNotMatch(@"(?<!\$)\$(?!\$)", check[3]); // Compose takes a single dollar for a variable of its own.
            Assert.Equal("unless-stopped", node.Value.Restart);
            Assert.True(Seconds(node.Value.StopGracePeriod) > ClusterFile.Leaving.TotalSeconds, $"leaving takes up to {ClusterFile.Leaving}");
            Assert.True(Seconds((string)node.Value.Healthcheck["start_period"]) > ClusterFile.Joining.TotalSeconds, $"joining takes up to {ClusterFile.Joining}");
        });

    [Fact]
    public void Images_of_others_are_pinned_to_a_version() =>
        Assert.All(Compose.Services.Values.Where(service => service.Build.Count == 0), service => Assert.Matches(@"^[\w./-]+:v?\d+\.\d+\.\d+$", service.Image));

    [Fact]
    public void What_compose_mounts_exists_and_named_volumes_are_declared() =>
        Assert.All(Compose.Services.Values.SelectMany(service => service.Volumes).Select(volume => volume.Split(':')), volume =>
        {
            if (volume[0].StartsWith("./", StringComparison.Ordinal))
            {
                Assert.True(Path.Exists(Repository.File("docker", volume[0])), $"{volume[0]} does not exist");
                Assert.Equal("ro", volume[^1]);
            }
            else
            {
                Assert.Contains(volume[0], Compose.Volumes.Keys);
            }
        });

    [Fact]
    public void Grafana_is_told_where_compose_puts_the_dashboards_and_prometheus()
    {
        var mounts = Compose.Services["grafana"].Volumes.Select(volume => volume.Split(':')).ToDictionary(volume => volume[0], volume => volume[1], StringComparer.Ordinal);
        var (dashboards, sources) = (Provisioning("dashboards", "simulator.yaml"), Provisioning("datasources", "prometheus.yaml"));

        Assert.Equal("/etc/grafana/provisioning", mounts["./grafana/provisioning"]);
        Assert.Contains($"path: {mounts["./grafana/dashboards"]}\n", dashboards, StringComparison.Ordinal);
        Assert.Equal($"{mounts["./grafana/dashboards"]}/population.json", Compose.Services["grafana"].Environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]);
        Assert.Contains("url: http://prometheus:9090\n", sources, StringComparison.Ordinal);

        // $__rate_interval is four times the interval that the data source tells.
        var prometheus = File.ReadAllText(Repository.File("docker", "prometheus", "prometheus.yml"));
        Assert.Contains("timeInterval: 5s\n", sources, StringComparison.Ordinal);
        Assert.Contains("scrape_interval: 5s\n", prometheus, StringComparison.Ordinal);
        Assert.Contains("job_name: simulator\n", prometheus, StringComparison.Ordinal);
        Assert.Contains($"targets: [{string.Join(", ", Nodes.Select(node => node.Key).Prepend("simulator").Select(name => $"\"{name}:{ListenPort(Compose.Services[name].Command)}\""))}]\n", prometheus, StringComparison.Ordinal);
    }

    private static string ListenPort(List<string> command) => command[command.IndexOf("--listen") + 1].Split(':')[^1];

    /// <summary>A duration such as 90s or 3m.</summary>
    private static int Seconds(string duration) => int.Parse(duration[..^1], CultureInfo.InvariantCulture) * (duration[^1] == 'm' ? 60 : 1);

    private static string Provisioning(string folder, string file) => File.ReadAllText(Repository.File("docker", "grafana", "provisioning", folder, file));

    /// <summary>The words of a JSON array.</summary>
    private static IEnumerable<string> Words(string array) => Quoted().Matches(array).Select(match => match.Groups[1].Value);

    [GeneratedRegex(@"(?m)^COPY (src/\S+\.csproj) ")]
    private static partial Regex CopiedProject();

    // What comes out of the context, not out of another stage; the last word is where it goes.
    [GeneratedRegex(@"(?m)^COPY ((?!--).*) \S+$")]
    private static partial Regex Copy();

    // What the project takes from the repository's root.
    [GeneratedRegex(@"Include=""\.\./\.\./([^""*]+)")]
    private static partial Regex Outside();

    [GeneratedRegex(@"/app/experiments/([\w.-]+)")]
    private static partial Regex Scenario();

    [GeneratedRegex("\"([^\"]*)\"")]
    private static partial Regex Quoted();

    private sealed class ComposeFile
    {
        public Dictionary<string, ComposeService> Services { get; set; } = [];

        public Dictionary<string, object?> Volumes { get; set; } = [];
    }

    private sealed class ComposeService
    {
        public string Image { get; set; } = "";

        public Dictionary<string, object> Build { get; set; } = [];

        public List<string> Command { get; set; } = [];

        public Dictionary<string, string> Environment { get; set; } = [];

        public List<string> Ports { get; set; } = [];

        public List<string> Volumes { get; set; } = [];

        public Dictionary<string, object> Healthcheck { get; set; } = [];

        public Dictionary<string, Dictionary<string, string>> DependsOn { get; set; } = [];

        public string StopGracePeriod { get; set; } = "";

        public string Restart { get; set; } = "";
    }
}
