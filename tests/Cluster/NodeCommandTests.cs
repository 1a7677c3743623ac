using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using AkkaCluster = Akka.Cluster.Cluster;

namespace Simulator.Cluster.Tests;

/// <summary><c>simulator node</c>, in this process where it is refused, and as a process of its own where it joins.</summary>
public sealed partial class NodeCommandTests
{
    private const int Interrupt = 2;
    private const int Terminate = 15;

    [Theory]
    [InlineData("no seed nodes are named: --seed-nodes HOST:PORT[,HOST:PORT...]")]
    [InlineData("--seed-nodes 'x': a name or an IP address, and a port, are allowed", "--seed-nodes", "x")]
    [InlineData("--seed-nodes needs a value, HOST:PORT[,HOST:PORT...]", "--seed-nodes")]
    [InlineData("'--seed-node' is no option of 'node'; did you mean '--seed-nodes'?", "--seed-node", "a:1")]
    [InlineData("--roles 'cel': cell and client are allowed", "--seed-nodes", "a:1", "--roles", "cel")]
    [InlineData("--port '70000': a whole number from 0 to 65535 is allowed", "--seed-nodes", "a:1", "--port", "70000")]
    [InlineData("--hostname 'a b': a name or an IP address is allowed", "--seed-nodes", "a:1", "--hostname", "a b")]
    [InlineData("'cudda' is no device", "--seed-nodes", "a:1", "--device", "cudda")]
    [InlineData("--no-listen contradicts --listen", "--seed-nodes", "a:1", "--no-listen", "--listen", "127.0.0.1:0")]
    [InlineData("'x' is one word too many for 'node'", "--seed-nodes", "a:1", "x")]
    [InlineData("the settings cannot be read:", "--seed-nodes", "a:1", "--config", "/nowhere/none.hocon")]
    public async Task Wrong_usage_is_told_in_a_line(string fault, params string[] options)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        Assert.Equal(ExitStatus.WrongUsage, await CommandLine.InvokeAsync(["node", .. options], output, error));
        Assert.StartsWith($"simulator: {fault}", error.ToString(), StringComparison.Ordinal);
        Assert.Empty(output.ToString());
    }

    [Fact]
    public async Task The_help_tells_of_every_option_but_the_hidden_one()
    {
        var output = new StringWriter();
        Assert.Equal(ExitStatus.Done, await CommandLine.InvokeAsync(["node", "--help"], output, new StringWriter()));
        Assert.All(["--seed-nodes", "--roles", "--hostname", "--port", "--config", "--runs", "--device", "--listen", "--no-listen", "SIMULATOR_SEED_NODES"], o => Assert.Contains(o, output.ToString(), StringComparison.Ordinal));
        Assert.DoesNotContain("--leave-at-end-of-input", output.ToString(), StringComparison.Ordinal);
    }

    [SlowFact]
    public async Task A_node_joins_tells_how_it_is_and_leaves_at_the_first_signal()
    {
        SkipWithoutSignals();
        await using var cluster = new TestCluster();
        var first = await cluster.AddAsync();
        using var node = Start(first, "--roles", "cell", "--listen", "127.0.0.1:0");
        var up = await LineAsync(node);
        Assert.Matches("^Up as 127.0.0.1:[0-9]+ with role cell; 2 members; health and metrics on http://127.0.0.1:[0-9]+/metrics$", up);
        var url = new Uri(up[up.IndexOf("http", StringComparison.Ordinal)..]);
        using var client = new HttpClient();
        Assert.Equal("Healthy", await client.GetStringAsync(new Uri(url, "/health/ready"), TestContext.Current.CancellationToken));
        Assert.Equal("Healthy", await client.GetStringAsync(new Uri(url, "/health/live"), TestContext.Current.CancellationToken));
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync(new Uri(url, "/"), TestContext.Current.CancellationToken)).StatusCode);
        await Until.HoldsAsync(
            () => client.GetStringAsync(url, TestContext.Current.CancellationToken).GetAwaiter().GetResult() is var text
                && text.Contains("role=\"cell\",status=\"up\"} 1", StringComparison.Ordinal) && text.Contains("role=\"cell+client\",status=\"up\"} 1", StringComparison.Ordinal),
            "two members in the metrics");
        var metrics = await client.GetStringAsync(url, TestContext.Current.CancellationToken);
        Assert.All(["members", "unreachable", "cells"], m => Assert.Contains($"# TYPE simulator_cluster_{m} gauge\n", metrics, StringComparison.Ordinal));
        Assert.DoesNotContain("otel_metric_overflow", metrics, StringComparison.Ordinal);

        Assert.Equal(0, Kill(node.Id, Terminate));
        Assert.Equal("Left the cluster.", await LineAsync(node));
        await node.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Until.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(ExitStatus.Done, node.ExitCode);
        await Until.HoldsAsync(() => AkkaCluster.Get(first).State.Members.Count == 1, "the removal of the node");
        Assert.DoesNotContain(cluster.Log.Lines, l => l.Contains("unreachable", StringComparison.OrdinalIgnoreCase));
    }

    [SlowFact]
    public async Task A_second_signal_ends_a_node_at_once()
    {
        SkipWithoutSignals();
        await using var cluster = new TestCluster();
        var first = await cluster.AddAsync();
        using var node = Start(first, "--no-listen");
        Assert.StartsWith("Up as ", await LineAsync(node), StringComparison.Ordinal);
        Assert.Equal(0, Kill(node.Id, Terminate));
        Assert.Equal(0, Kill(node.Id, Interrupt));
        await node.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Until.Patience, TestContext.Current.CancellationToken);
        Assert.True(node.ExitCode is 128 + Interrupt or 128 + Terminate, $"status {node.ExitCode}");
    }

    [SlowFact]
    public async Task A_node_that_the_others_removed_says_so_and_ends_with_status_1()
    {
        await using var cluster = new TestCluster();
        var first = await cluster.AddAsync();
        using var node = Start(first, "--no-listen");
        Assert.StartsWith("Up as ", await LineAsync(node), StringComparison.Ordinal);
        await Until.HoldsAsync(() => TestCluster.Members(first) == 2, "two members");
        AkkaCluster.Get(first).Down(AkkaCluster.Get(first).State.Members.Single(m => m.Address != AkkaCluster.Get(first).SelfAddress).Address);
        var error = await node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(Until.Patience, TestContext.Current.CancellationToken);
        await node.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Until.Patience, TestContext.Current.CancellationToken);
        Assert.Contains("simulator: this node was cut off from the cluster and has left it\n", error, StringComparison.Ordinal);
        Assert.Equal(ExitStatus.Failed, node.ExitCode);
    }

    [SlowFact]
    public async Task A_node_that_was_killed_is_removed_by_the_majority_which_goes_on()
    {
        await using var cluster = new TestCluster();
        var first = await cluster.AddAsync();
        var second = await cluster.AddAsync();
        using var node = Start(first, "--no-listen");
        Assert.StartsWith("Up as ", await LineAsync(node), StringComparison.Ordinal);
        await Until.HoldsAsync(() => TestCluster.Members(first) == 3 && TestCluster.Members(second) == 3, "three members");
        node.Kill();
        await Until.HoldsAsync(() => AkkaCluster.Get(first).State.Unreachable.Count == 1, "the node's being unreachable");
        await Until.HoldsAsync(() => AkkaCluster.Get(first).State.Members.Count == 2 && AkkaCluster.Get(second).State.Members.Count == 2, "the removal of the node");
        Assert.Equal((2, 0), (TestCluster.Members(first), AkkaCluster.Get(first).State.Unreachable.Count));
        Assert.False(first.WhenTerminated.IsCompleted || second.WhenTerminated.IsCompleted);
    }

    [SlowFact]
    public async Task A_node_that_was_told_to_leaves_when_its_input_ends()
    {
        await using var cluster = new TestCluster();
        using var node = Start(await cluster.AddAsync(), "--no-listen", "--leave-at-end-of-input");
        Assert.StartsWith("Up as ", await LineAsync(node), StringComparison.Ordinal);
        node.StandardInput.Close(); // It has no cells, so that its run is over, and the cluster with it: it leaves without ceremony.
        await node.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Until.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(ExitStatus.Done, node.ExitCode);
    }

    private static void SkipWithoutSignals()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Signals are sent with kill.");
        }
    }

    private static NodeProcess Start(Akka.Actor.ActorSystem seed, params string[] options)
    {
        var node = new NodeProcess();
        node.StartInfo = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = AppContext.BaseDirectory };
        foreach (var argument in (string[])[typeof(CommandLine).Assembly.Location, "node", "--seed-nodes", TestCluster.AddressOf(seed).ToString(), "--port", "0", "--device", "cpu", .. options])
        {
            node.StartInfo.ArgumentList.Add(argument);
        }

        node.Start();
        return node;
    }

    private static async Task<string> LineAsync(Process process) =>
        await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Until.Patience, TestContext.Current.CancellationToken)
        ?? throw new InvalidOperationException($"The node has ended: {await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)}");

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    /// <summary>A process that does not outlive its test, whatever becomes of it.</summary>
    private sealed class NodeProcess : Process
    {
        protected override void Dispose(bool disposing)
        {
            if (disposing && !HasExited)
            {
                Kill();
            }

            base.Dispose(disposing);
        }
    }
}
