namespace Simulator.Cluster.Tests;

public sealed class NodeSettingsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("simulator-node-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_command_line_comes_before_the_variables_those_before_the_user_s_file_and_that_before_the_program_s()
    {
        var file = File("""
            akka.remote.dot-netty.tcp { hostname = "from-file", port = 1 }
            akka.cluster { seed-nodes = ["from-file:1"], roles = [client] }
            simulator.cluster.shards = 100
            """);
        Dictionary<string, string> variables = new(StringComparer.Ordinal)
        {
            ["SIMULATOR_CONFIG"] = file,
            ["SIMULATOR_HOSTNAME"] = "from-variable",
            ["SIMULATOR_PORT"] = "2",
            ["SIMULATOR_SEED_NODES"] = "from-variable:2, other:2",
            ["SIMULATOR_ROLES"] = "cell",
            ["SIMULATOR_RUNS"] = _folder,
            ["SIMULATOR_BIND_HOSTNAME"] = "0.0.0.0",
        };
        var arguments = new NodeArguments { Hostname = "from-line", Port = 3, SeedNodes = "from-line:3", Roles = "cell,client", Runs = "elsewhere" };

        var all = NodeSettings.Read(arguments, variables.GetValueOrDefault);
        Assert.Equal(("from-line", 3, "from-line:3", "cell client", Path.GetFullPath("elsewhere"), "0.0.0.0", 100), Of(all));
        Assert.Equal(("from-variable", 2, "from-variable:2 other:2", "cell", _folder, "0.0.0.0", 100), Of(NodeSettings.Read(new NodeArguments(), variables.GetValueOrDefault)));
        Assert.Equal(("from-file", 1, "from-file:1", "client", Path.GetFullPath("runs"), null, 100), Of(NodeSettings.Read(new NodeArguments { ConfigFile = file }, _ => null)));
        Assert.Equal(("127.0.0.1", 2552, "", "cell client", Path.GetFullPath("runs"), null, 256), Of(NodeSettings.Read(new NodeArguments(), _ => "")));

        var effective = NodeSystem.Configuration(all);
        Assert.Equal("0.0.0.0", effective.GetString("akka.remote.dot-netty.tcp.hostname"));
        Assert.Equal("from-line", effective.GetString("akka.remote.dot-netty.tcp.public-hostname"));
        Assert.Equal(3, effective.GetInt("akka.remote.dot-netty.tcp.port"));
        Assert.Equal(["cell", "client"], effective.GetStringList("akka.cluster.roles"));
    }

    [Fact]
    public void The_file_that_comes_with_the_program_says_what_the_documentation_says()
    {
        var config = NodeSystem.Configuration(NodeSettings.Read(new NodeArguments(), _ => null));
        Assert.Equal("cluster", config.GetString("akka.actor.provider"));
        Assert.Equal("127.0.0.1", config.GetString("akka.remote.dot-netty.tcp.hostname"));
        Assert.Equal(128_000, config.GetByteSize("akka.remote.dot-netty.tcp.maximum-frame-size"));
        Assert.False(config.GetBoolean("akka.remote.dot-netty.tcp.batching.enabled", true));
        Assert.Equal("ddata", config.GetString("akka.cluster.sharding.state-store-mode"));
        Assert.Empty(config.GetStringList("akka.cluster.sharding.distributed-data.durable.keys"));
        Assert.False(config.GetBoolean("akka.cluster.sharding.remember-entities", true));
        Assert.Equal("off", config.GetString("akka.cluster.sharding.passivate-idle-entity-after"));
        var resolver = new Akka.Cluster.SBR.SplitBrainResolverSettings(config);
        Assert.Equal(("keep-majority", TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(15)), (resolver.DowningStrategy, resolver.DowningStableAfter, resolver.DownAllWhenUnstable));
        Assert.Equal(TimeSpan.FromSeconds(60), config.GetTimeSpan("akka.coordinated-shutdown.phases.cluster-sharding-shutdown-region.timeout"));
        Assert.Equal("WARNING", config.GetString("akka.loglevel"));
    }

    [Fact]
    public void It_can_be_given_as_the_user_s_own_file() =>
        Assert.Equal(256, NodeSettings.Read(new NodeArguments { ConfigFile = Path.Combine(AppContext.BaseDirectory, "cluster.hocon") }, _ => null).Shards);

    [Fact]
    public void A_public_name_in_a_file_is_what_others_call_the_node()
    {
        var settings = NodeSettings.Read(new NodeArguments { ConfigFile = File("akka.remote.dot-netty.tcp { hostname = \"0.0.0.0\", public-hostname = node-1 }") }, _ => null);
        Assert.Equal(("node-1", "0.0.0.0"), (settings.Hostname, settings.BindHostname));
    }

    [Theory]
    [InlineData("akka {\n cluster {", "2: the brace of line 2 is not closed")]
    [InlineData("akka.cluster.roles = [cell\n}", "2: the bracket of line 1 is not closed")]
    [InlineData("akka.cluster.roles = [cell]\n}", "2: '}' closes nothing")]
    [InlineData("\n\nakka", "3: 'akka' has no value: KEY = VALUE or KEY { ... } is allowed")]
    [InlineData("akka.loglevel =\nakka.cluster.roles = [cell]", "1: 'akka.loglevel' has no value")]
    [InlineData("akka.loglevel = \"INFO\nx = 1", "1: the quote of line 1 is not closed")]
    [InlineData("akka.cluster.seed-nodes = [a:1]", "1: a value with ':' must be in quotes (the value of 'akka.cluster.seed-nodes')")]
    [InlineData("akka.loglevel = INFO akka.x = 1", "1: a value with '=' must be in quotes (the value of 'akka.loglevel')")]
    [InlineData("akka { loglevel = INFO } akka.x = 1", "1: 'a' after the value of 'akka': a setting is a line of its own")]
    [InlineData("akka.loglevel = ${LEVEL}", "1: substitutions are not supported (the value of 'akka.loglevel')")]
    [InlineData("include \"other\"", "1: other files cannot be included")]
    [InlineData("= 1", "1: '=' is no key")]
    [InlineData("akka..loglevel = INFO", "1: 'akka..loglevel' is no key")]
    [InlineData("akka.cluster.split-brain-resolver.stable-afer = 5s", "1: there is no setting 'akka.cluster.split-brain-resolver.stable-afer'; did you mean 'stable-after'?")]
    [InlineData("\nacca.loglevel = INFO", "2: there is no setting 'acca'; did you mean 'akka'?")]
    [InlineData("simulator.cluster.shard = 5", "1: there is no setting 'simulator.cluster.shard'; did you mean 'shards'?")]
    [InlineData("simulator.cluster.shards = 2.5", "1: simulator.cluster.shards is '2.5': a number is allowed, as in 256")]
    [InlineData("akka.cluster.failure-detector.heartbeat-interval = 1", "1: akka.cluster.failure-detector.heartbeat-interval is '1': a time with its unit is allowed, as in 1s")]
    public void A_file_that_is_wrong_is_refused_with_its_line(string text, string fault)
    {
        var file = File(text);
        Assert.Equal($"{file}:{fault}", Fault(new NodeArguments { ConfigFile = file }));
    }

    [Theory]
    [InlineData("# nothing\n", 256)]
    [InlineData("{ simulator { cluster.shards : 7 } } // once\n", 7)]
    [InlineData("\"simulator\" { cluster { shards = 7, join-timeout = 5 s\r\n } }\r\nakka.cluster.role.cell.min-nr-of-members = 2\nakka.actor.deployment { \"/a/*\" { router = round-robin-pool } }", 7)]
    public void What_HOCON_allows_is_read(string text, int shards) => Assert.Equal(shards, NodeSettings.Read(new NodeArguments { ConfigFile = File(text) }, _ => null).Shards);

    [Theory]
    [InlineData("HOSTNAME", "a..b", "SIMULATOR_HOSTNAME 'a..b': a name or an IP address is allowed")]
    [InlineData("HOSTNAME", "0.0.0.0", "SIMULATOR_HOSTNAME '0.0.0.0' is no address by which others reach this node: give that, and bind to '0.0.0.0' by SIMULATOR_BIND_HOSTNAME")]
    [InlineData("HOSTNAME", "::", "SIMULATOR_HOSTNAME '[::]' is no address by which others reach this node: give that, and bind to '[::]' by SIMULATOR_BIND_HOSTNAME")]
    [InlineData("BIND_HOSTNAME", "a b", "SIMULATOR_BIND_HOSTNAME 'a b': a name or an IP address is allowed")]
    [InlineData("PORT", "65536", "SIMULATOR_PORT '65536': a whole number from 0 to 65535 is allowed")]
    [InlineData("SEED_NODES", "a:1,b", "SIMULATOR_SEED_NODES 'b': a name or an IP address, and a port, are allowed: node-1:2552, 10.0.0.1:2552, [::1]:2552")]
    [InlineData("ROLES", "cell,sell", "SIMULATOR_ROLES 'sell': cell and client are allowed")]
    [InlineData("ROLES", "lab", "SIMULATOR_ROLES 'lab': cell and client are allowed; lab is the role of simulator run")]
    [InlineData("ROLES", ",", "SIMULATOR_ROLES: a node needs a role, cell or client or both")]
    [InlineData("TLS_CERTIFICATE", "a.pfx", "a certificate is named and no authority whose certificates are let in: SIMULATOR_TLS_AUTHORITY or simulator.cluster.tls.authority")]
    [InlineData("TLS_AUTHORITY", "ca.pem", "an authority is named and no certificate of this node: SIMULATOR_TLS_CERTIFICATE or simulator.cluster.tls.certificate")]
    public void A_variable_that_is_wrong_is_named(string name, string value, string fault) =>
        Assert.Equal(fault, Assert.Throws<NodeSettingsException>(() => NodeSettings.Read(new NodeArguments(), v => v == "SIMULATOR_" + name ? value : null)).Message);

    [Theory]
    [InlineData("akka.remote.dot-netty.tcp.enable-ssl = on", "akka.remote.dot-netty.tcp.enable-ssl would let in whatever the machine trusts: simulator.cluster.tls has the settings for encryption")]
    [InlineData("simulator.cluster.join-timeout = 0s", "simulator.cluster.join-timeout is a time over 0, such as 60s")]
    [InlineData("simulator.cluster.shards = 0", "simulator.cluster.shards is 1 to 100000")]
    public void Settings_that_make_no_sense_are_refused(string text, string fault) => Assert.EndsWith(fault, Fault(new NodeArguments { ConfigFile = File(text) }), StringComparison.Ordinal);

    [Fact]
    public void A_file_that_is_not_there_is_named() =>
        Assert.Contains(Path.Combine(_folder, "none.hocon"), Fault(new NodeArguments { ConfigFile = Path.Combine(_folder, "none.hocon") }), StringComparison.Ordinal);

    [Fact]
    public void Settings_that_Akka_refuses_are_told_in_one_line()
    {
        var settings = NodeSettings.Read(new NodeArguments { Port = 0, ConfigFile = File("akka.cluster.split-brain-resolver.active-strategy = keep-nobody") }, _ => null);
        var fault = Assert.Throws<NodeSettingsException>(() => NodeSystem.Create(settings)).Message;
        Assert.StartsWith("no node can be made with these settings: Unknown downing strategy", fault, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault);
    }

    private static (string Hostname, int Port, string Seeds, string Roles, string Runs, string? Bind, int Shards) Of(NodeSettings s) =>
        (s.Hostname, s.Port, string.Join(' ', s.SeedNodes), string.Join(' ', s.Roles), s.Runs, s.BindHostname, s.Shards);

    private static string Fault(NodeArguments arguments) => Assert.Throws<NodeSettingsException>(() => NodeSettings.Read(arguments, _ => null)).Message;

    private string File(string text)
    {
        var path = Path.Combine(_folder, $"{Guid.NewGuid():N}.hocon");
        System.IO.File.WriteAllText(path, text);
        return path;
    }
}
