using System.Text.RegularExpressions;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Simulator.Observability.Tests;

/// <summary>The files of docker/ against each other and the repository. No test builds the image: that takes docker and the images of Microsoft.</summary>
public sealed partial class ContainerTests
{
    private static readonly string Dockerfile = File.ReadAllText(Repository.File("docker", "Dockerfile"));
    private static readonly ComposeFile Compose = new DeserializerBuilder().WithNamingConvention(UnderscoredNamingConvention.Instance).IgnoreUnmatchedProperties().Build().Deserialize<ComposeFile>(File.ReadAllText(Repository.File("docker", "compose.yaml")));

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
    public void The_image_runs_as_nobody_special_tells_its_health_and_keeps_results_in_a_volume()
    {
        Assert.Matches(@"(?m)^USER app$", Dockerfile);
        Assert.Matches(@"(?m)^HEALTHCHECK .*\\\n.*/health/live", Dockerfile);
        Assert.Matches(@"(?m)^EXPOSE 9464$", Dockerfile);
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
            Words(Dockerfile[(Dockerfile.LastIndexOf("\nCMD ", StringComparison.Ordinal) + 5)..]),
            Compose.Services["simulator"].Command.Select(word => Regex.Replace(word, @"^\$\{SCENARIO:-(.*)\}$", "$1")));
    }

    [Fact]
    public void Compose_brings_up_simulator_prometheus_and_grafana_on_this_machine_alone()
    {
        Assert.Equal(["grafana", "prometheus", "simulator"], Compose.Services.Keys.Order());
        Assert.All(Compose.Services.Values, service =>
        {
            Assert.NotEmpty(service.Ports);
            Assert.All(service.Ports, port => Assert.StartsWith("127.0.0.1:", port));
            Assert.True(service.Healthcheck.Count > 0 || service.Build.Count > 0, "no health check");
        });
    }

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
        Assert.Contains("targets: [\"simulator:9464\"]\n", prometheus, StringComparison.Ordinal);
    }

    private static string Provisioning(string folder, string file) => File.ReadAllText(Repository.File("docker", "grafana", "provisioning", folder, file));

    /// <summary>The words of a JSON array.</summary>
    private static IEnumerable<string> Words(string array) => Quoted().Matches(array).Select(match => match.Groups[1].Value);

    [GeneratedRegex(@"(?m)^COPY (src/\S+\.csproj) ")]
    private static partial Regex CopiedProject();

    // What comes out of the context, not out of another stage; the last word is where it goes.
    [GeneratedRegex(@"(?m)^COPY ((?!--).*) \S+$")]
    private static partial Regex Copy();

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
    }
}
