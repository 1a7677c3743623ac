using System.Globalization;
using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Simulator.Observability.Tests;

/// <summary>The files of docker/kubernetes against each other, the image and cluster.hocon: whatever is named is there. No test has a cluster.</summary>
public sealed partial class KubernetesTests
{
    private static readonly string Folder = Repository.File("docker", "kubernetes");
    private static readonly Manifest[] Manifests = [.. Directory.EnumerateFiles(Folder, "*.yaml", SearchOption.AllDirectories).Order(StringComparer.Ordinal).SelectMany(Manifest.Read)];

    /// <summary>Secrets that whoever sets the cluster up makes, with their keys; whether they may be missing.</summary>
    private static readonly Dictionary<string, (string[] Keys, bool Optional)> Secrets = new(StringComparer.Ordinal)
    {
        ["simulator-tls"] = (["node.pfx", "ca.pem", "password"], false),
        ["simulator-store"] = (["address"], true),
    };

    private static Manifest Nodes => Assert.Single(Manifests, m => m.Kind == "StatefulSet");

    private static Manifest Run => Assert.Single(Manifests, m => m.Kind == "Job");

    private static Manifest[] Workloads => [Nodes, Run];

    private static Manifest Member => Assert.Single(Manifests, m => m.Kind == "ConfigMap" && m.Name == "simulator-member");

    [Fact]
    public void Every_manifest_has_a_version_a_kind_and_a_name_of_its_own()
    {
        var things = Manifests.Where(m => m.Kind != "Kustomization").ToList();

        Assert.All(things, m => Assert.Matches(@"^([\w.]+/)?v\d\w*$", m.Text("apiVersion")));
        Assert.All(things, m => Assert.Matches("^[a-z][a-z-]*$", m.Name));
        Assert.Distinct(things.Select(m => $"{m.Kind} {m.Name}"));
        Assert.Superset(
            new HashSet<string>(["Namespace", "ConfigMap", "PersistentVolumeClaim", "NetworkPolicy", "Service", "StatefulSet", "PodDisruptionBudget", "PodMonitor", "Job"]), things.Select(m => m.Kind).ToHashSet());
    }

    [Fact]
    public void Kustomizations_have_every_file_of_their_folder_one_namespace_and_one_version_of_the_image()
    {
        var kustomizations = Manifests.Where(m => m.Kind == "Kustomization").ToList();

        Assert.Equal(2, kustomizations.Count);
        Assert.All(kustomizations, k =>
        {
            Assert.Equal(Directory.EnumerateFiles(Path.GetDirectoryName(k.File)!, "*.yaml").Select(Path.GetFileName).Where(f => f != "kustomization.yaml").Order(StringComparer.Ordinal), k.All("resources").Select(Manifest.TextOf).Order(StringComparer.Ordinal));
            Assert.Equal(Assert.Single(Manifests, m => m.Kind == "Namespace").Name, k.Text("namespace"));
            Assert.Null(k.Find("namePrefix"));
            Assert.Null(k.Find("nameSuffix"));
            Assert.Equal("simulator", k.Text("images", "0", "name"));
            Assert.Contains($"ARG VERSION={k.Text("images", "0", "newTag")}\n", File.ReadAllText(Repository.File("docker", "Dockerfile")), StringComparison.Ordinal);
        });
        Assert.All(Workloads, w => Assert.Equal("simulator", w.Container.Text("image")));
    }

    [Fact]
    public void Every_selector_finds_pods_and_those_that_are_meant()
    {
        foreach (var (manifest, selector) in Manifests.SelectMany(Selectors))
        {
            var found = Workloads.Where(w => selector.All(label => w.Labels.GetValueOrDefault(label.Key) == label.Value)).Select(w => w.Name).ToList();
            string[] meant = manifest.Kind is "NetworkPolicy" or "PodMonitor" ? [Nodes.Name, Run.Name] : manifest.Name.StartsWith("simulator-run", StringComparison.Ordinal) ? [Run.Name] : [Nodes.Name];
            Assert.Equal(meant, found);
        }

        Assert.Equal(["NetworkPolicy", "PodDisruptionBudget", "PodMonitor", "Service", "Service", "StatefulSet"], Manifests.Where(m => m.Kind != "Kustomization" && Selectors(m).Any()).Select(m => m.Kind).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_port_that_is_named_is_a_container_s()
    {
        var named = Manifests.Where(m => m.Kind == "Service").SelectMany(s => s.All("spec", "ports"), (s, port) => (Of: s.Name == Run.Name ? Run : Nodes, Port: Manifest.TextOf(port, "targetPort")))
            .Concat(Workloads.SelectMany(w => (string[])["startupProbe", "readinessProbe", "livenessProbe"], (w, probe) => (Of: w, Port: w.Container.Text(probe, "httpGet", "port"))).Where(p => p.Port is not null))
            .Concat(from policy in Manifests where policy.Kind == "NetworkPolicy" from rule in policy.All("spec", "ingress") from port in Manifest.AllOf(rule, "ports") from w in Workloads select (Of: w, Port: Manifest.TextOf(port, "port")))
            .Concat(from monitor in Manifests where monitor.Kind == "PodMonitor" from end in monitor.All("spec", "podMetricsEndpoints") from w in Workloads select (Of: w, Port: Manifest.TextOf(end, "port")))
            .ToList();

        Assert.NotEmpty(named);
        Assert.All(named, n => Assert.Contains(n.Port, n.Of.Container.All("ports").Select(p => Manifest.TextOf(p, "name"))));
        Assert.All(Workloads, w =>
        {
            var ports = w.Container.All("ports").ToDictionary(p => Manifest.TextOf(p, "name")!, p => Manifest.TextOf(p, "containerPort"), StringComparer.Ordinal);
            Assert.Equal(ClusterFile.Port, ports["cluster"]);
            Assert.Contains($"--listen 0.0.0.0:{ports["http"]}", string.Join(' ', w.Container.All("args").Select(Manifest.TextOf)), StringComparison.Ordinal);
        });
        Assert.Equal(ClusterFile.Port, Member.Text("data", "SIMULATOR_PORT"));
        Assert.Equal(ClusterFile.Port, Assert.Single(Manifests, m => m.Kind == "Service" && m.Name == Nodes.Text("spec", "serviceName")).Text("spec", "ports", "0", "port"));
    }

    [Fact]
    public void The_seed_nodes_are_the_first_nodes_by_the_names_that_the_headless_service_gives_them()
    {
        var service = Assert.Single(Manifests, m => m.Kind == "Service" && m.Name == Nodes.Text("spec", "serviceName"));
        var replicas = int.Parse(Nodes.Text("spec", "replicas")!, CultureInfo.InvariantCulture);
        var seeds = Member.Text("data", "SIMULATOR_SEED_NODES")!.Split(',');

        Assert.Equal("None", service.Text("spec", "clusterIP"));
        Assert.Equal("true", service.Text("spec", "publishNotReadyAddresses"));
        Assert.InRange(seeds.Length, 3, replicas);
        Assert.Equal(Enumerable.Range(0, seeds.Length).Select(i => $"{Nodes.Name}-{i}.{service.Name}:{ClusterFile.Port}"), seeds);
        Assert.Equal("metadata.name", Nodes.Variable("POD_NAME", "valueFrom", "fieldRef", "fieldPath"));
        Assert.Equal($"$(POD_NAME).{service.Name}", Nodes.Variable("SIMULATOR_HOSTNAME", "value"));

        // The first seed node begins the cluster: one after another, and it first.
        Assert.Equal("OrderedReady", Nodes.Text("spec", "podManagementPolicy"));

        // A run joins any of them.
        Assert.Contains($"\"{Nodes.Name}-$((RANDOM % {seeds.Length})).{service.Name}:{ClusterFile.Port}\"", Run.Container.Text("args", "0"), StringComparison.Ordinal);
    }

    [Fact]
    public void Pods_have_time_to_join_and_time_to_leave()
    {
        var seconds = (string probe, string key) => int.Parse(Nodes.Container.Text(probe, key)!, CultureInfo.InvariantCulture);

        Assert.True(int.Parse(Nodes.Pod("terminationGracePeriodSeconds")!, CultureInfo.InvariantCulture) > ClusterFile.Leaving.TotalSeconds, $"leaving takes up to {ClusterFile.Leaving}");
        Assert.True(seconds("startupProbe", "periodSeconds") * seconds("startupProbe", "failureThreshold") > ClusterFile.Joining.TotalSeconds, $"joining takes up to {ClusterFile.Joining}");
        Assert.Equal("/health/ready", Nodes.Container.Text("startupProbe", "httpGet", "path"));
        Assert.Equal("/health/ready", Nodes.Container.Text("readinessProbe", "httpGet", "path"));
        Assert.All(Workloads, w => Assert.Equal("/health/live", w.Container.Text("livenessProbe", "httpGet", "path")));
    }

    [Fact]
    public void Whatever_a_pod_takes_from_elsewhere_is_there()
    {
        foreach (var workload in Workloads)
        {
            Assert.Equal([Member.Name], workload.Container.All("envFrom").Select(e => Manifest.TextOf(e, "configMapRef", "name")));
            foreach (var reference in workload.Container.All("env").Select(e => Manifest.Find(e, "valueFrom", "secretKeyRef")).OfType<YamlNode>())
            {
                var (keys, optional) = Secrets[Manifest.TextOf(reference, "name")!];
                Assert.Contains(Manifest.TextOf(reference, "key"), keys);
                Assert.Equal(optional, Manifest.TextOf(reference, "optional") == "true");
            }

            var volumes = workload.PodAll("volumes").ToDictionary(v => Manifest.TextOf(v, "name")!, StringComparer.Ordinal);
            var mounts = workload.Container.All("volumeMounts").ToDictionary(m => Manifest.TextOf(m, "name")!, m => Manifest.TextOf(m, "mountPath")!, StringComparer.Ordinal);
            Assert.Equal(volumes.Keys.Order(), mounts.Keys.Order());
            var claim = Assert.Single(Manifests, m => m.Kind == "PersistentVolumeClaim");
            Assert.Equal(claim.Name, Manifest.TextOf(volumes["runs"], "persistentVolumeClaim", "claimName"));
            Assert.Equal(["ReadWriteMany"], claim.All("spec", "accessModes").Select(Manifest.TextOf));
            Assert.Equal(Member.Text("data", "SIMULATOR_RUNS"), mounts["runs"]);
            Assert.Contains($"\nVOLUME {mounts["runs"]}\n", File.ReadAllText(Repository.File("docker", "Dockerfile")), StringComparison.Ordinal);

            var settings = Assert.Single(Manifests, m => m.Kind == "ConfigMap" && m.Name == Manifest.TextOf(volumes["settings"], "configMap", "name"));
            Assert.Equal($"{mounts["settings"]}/{Assert.Single(settings.Keys("data"))}", Member.Text("data", "SIMULATOR_CONFIG"));

            var files = Manifest.AllOf(volumes["tls"], "secret", "items").Select(i => Manifest.TextOf(i, "path")).ToList();
            Assert.Subset(Secrets[Manifest.TextOf(volumes["tls"], "secret", "secretName")!].Keys.ToHashSet<string?>(), files.ToHashSet());
            Assert.Equal(files.Select(f => $"{mounts["tls"]}/{f}").Order(StringComparer.Ordinal), new[] { Member.Text("data", "SIMULATOR_TLS_CERTIFICATE"), Member.Text("data", "SIMULATOR_TLS_AUTHORITY") }.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Pods_run_as_the_image_s_user_and_may_do_nothing_else() =>
        Assert.All(Workloads, w =>
        {
            Assert.Equal(("true", "1654", "1654", "RuntimeDefault"), (w.Pod("securityContext", "runAsNonRoot"), w.Pod("securityContext", "runAsUser"), w.Pod("securityContext", "fsGroup"), w.Pod("securityContext", "seccompProfile", "type")));
            Assert.Equal(("false", "true", "ALL"), (w.Container.Text("securityContext", "allowPrivilegeEscalation"), w.Container.Text("securityContext", "readOnlyRootFilesystem"), w.Container.Text("securityContext", "capabilities", "drop", "0")));
            Assert.Equal("false", w.Pod("automountServiceAccountToken"));

            // A service called simulator would set SIMULATOR_PORT=tcp://...
            Assert.Equal("false", w.Pod("enableServiceLinks"));
            Assert.Equal(w.Container.Text("resources", "requests", "memory"), w.Container.Text("resources", "limits", "memory"));
            Assert.Null(w.Container.Find("resources", "limits", "cpu"));
        });

    [Fact]
    public void Variables_are_those_that_the_program_reads()
    {
        var known = File.ReadAllText(Repository.File("cluster.hocon")) + File.ReadAllText(Repository.File("docs", "checkpoints.md")) + File.ReadAllText(Repository.File("src", "Simulator", "Nodes", "NodeCommandLine.cs"));
        var set = Member.Keys("data").Concat(Workloads.SelectMany(w => w.Container.All("env").Select(e => Manifest.TextOf(e, "name")!))).Where(v => v.StartsWith("SIMULATOR_", StringComparison.Ordinal)).Distinct();

        Assert.All(set, variable => Assert.Contains(variable, known, StringComparison.Ordinal));
    }

    [Fact]
    public void The_run_is_one_of_the_experiments_goes_on_where_it_was_and_is_not_begun_twice()
    {
        Assert.True(File.Exists(Repository.File("experiments", Experiment().Match(Run.Variable("SCENARIO", "value")!).Groups[1].Value)));
        Assert.Equal("Never", Run.Pod("restartPolicy"));
        Assert.Equal("Failed", Run.Text("spec", "podReplacementPolicy"));
        Assert.Contains("simulator run --resume \"$@\"", Run.Container.Text("args", "0"), StringComparison.Ordinal);
    }

    [Fact]
    public void Prometheus_finds_nodes_and_runs_under_the_name_and_at_the_pace_of_its_own_configuration()
    {
        var end = Assert.Single(Assert.Single(Manifests, m => m.Kind == "PodMonitor").All("spec", "podMetricsEndpoints"));
        var prometheus = File.ReadAllText(Repository.File("docker", "prometheus", "prometheus.yml"));

        Assert.Contains($"  scrape_interval: {Manifest.TextOf(end, "interval")}\n", prometheus, StringComparison.Ordinal);
        Assert.Contains($"  scrape_timeout: {Manifest.TextOf(end, "scrapeTimeout")}\n", prometheus, StringComparison.Ordinal);
        Assert.Contains($"metrics_path: {Manifest.TextOf(end, "path")}\n", prometheus, StringComparison.Ordinal);
        Assert.Equal(("job", "simulator"), (Manifest.TextOf(end, "relabelings", "0", "targetLabel"), Manifest.TextOf(end, "relabelings", "0", "replacement")));
        Assert.Equal("instance", Manifest.TextOf(end, "relabelings", "1", "targetLabel"));
    }

    [SlowFact]
    public async Task Kustomize_accepts_them()
    {
        var kubectl = Installed.Find("kubectl");
        Assert.SkipWhen(kubectl is null, "kubectl is not on the path");
        foreach (var folder in new[] { Folder, Path.Combine(Folder, "run") })
        {
            using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(kubectl!, ["kustomize", folder]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);

            Assert.True(process.ExitCode == 0, await errors);
            Assert.Contains("image: simulator:", await output, StringComparison.Ordinal);
        }
    }

    /// <summary>The selectors of a manifest, but for those that only spread its own pods.</summary>
    private static IEnumerable<(Manifest, Dictionary<string, string>)> Selectors(Manifest manifest)
    {
        var found = manifest.Kind == "Service" ? [manifest.Find("spec", "selector")] : new[] { manifest.Find("spec", "selector", "matchLabels"), manifest.Find("spec", "podSelector", "matchLabels") };
        return found.OfType<YamlMappingNode>().Select(s => (manifest, s.Children.ToDictionary(c => ((YamlScalarNode)c.Key).Value!, c => ((YamlScalarNode)c.Value).Value!, StringComparer.Ordinal)));
    }

    [GeneratedRegex(@"^/app/experiments/([\w.-]+)$")]
    private static partial Regex Experiment();

    /// <summary>One document of a file, or a part of it.</summary>
    private sealed record Manifest(string File, YamlNode Root)
    {
        public string Kind => Text("kind")!;

        public string Name => Text("metadata", "name")!;

        /// <summary>The container of its pods.</summary>
        public Manifest Container => this with { Root = Assert.Single(PodAll("containers")) };

        /// <summary>The labels of its pods.</summary>
        public Dictionary<string, string> Labels => ((YamlMappingNode)Find("spec", "template", "metadata", "labels")!).Children.ToDictionary(c => ((YamlScalarNode)c.Key).Value!, c => ((YamlScalarNode)c.Value).Value!, StringComparer.Ordinal);

        public static IEnumerable<Manifest> Read(string file)
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(System.IO.File.ReadAllText(file)));
            return stream.Documents.Select(document => new Manifest(file, document.RootNode));
        }

        public static YamlNode? Find(YamlNode node, params IEnumerable<string> path) => path.Aggregate<string, YamlNode?>(node, (at, key) => at switch
        {
            YamlMappingNode map => map.Children.TryGetValue(new YamlScalarNode(key), out var value) ? value : null,
            YamlSequenceNode list when int.TryParse(key, CultureInfo.InvariantCulture, out var i) && i < list.Children.Count => list.Children[i],
            _ => null,
        });

        public static string? TextOf(YamlNode node) => (node as YamlScalarNode)?.Value;

        public static string? TextOf(YamlNode node, params IEnumerable<string> path) => (Find(node, path) as YamlScalarNode)?.Value;

        public static IEnumerable<YamlNode> AllOf(YamlNode node, params IEnumerable<string> path) => (Find(node, path) as YamlSequenceNode)?.Children ?? Enumerable.Empty<YamlNode>();

        public YamlNode? Find(params IEnumerable<string> path) => Find(Root, path);

        public string? Text(params IEnumerable<string> path) => TextOf(Root, path);

        public IEnumerable<YamlNode> All(params IEnumerable<string> path) => AllOf(Root, path);

        public IEnumerable<string> Keys(string path) => ((YamlMappingNode)Find(path)!).Children.Keys.Select(key => ((YamlScalarNode)key).Value!);

        public string? Pod(params IEnumerable<string> path) => Text([.. (string[])["spec", "template", "spec"], .. path]);

        public IEnumerable<YamlNode> PodAll(string key) => All("spec", "template", "spec", key);

        /// <summary>What a variable of its container is set to.</summary>
        public string? Variable(string name, params IEnumerable<string> path) => TextOf(Container.All("env").Single(e => TextOf(e, "name") == name), path);
    }
}
