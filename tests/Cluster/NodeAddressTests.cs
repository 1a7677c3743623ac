namespace Simulator.Cluster.Tests;

public sealed class NodeAddressTests
{
    [Theory]
    [InlineData("node-1:2552", "node-1", 2552)]
    [InlineData("10.0.0.1:1", "10.0.0.1", 1)]
    [InlineData("[::1]:65535", "[::1]", 65535)]
    [InlineData("akka.tcp://simulator@10.0.0.1:2552", "10.0.0.1", 2552)]
    public void An_address_is_a_host_and_a_port(string text, string host, int port)
    {
        Assert.True(NodeAddress.TryParse(text, out var address));
        Assert.Equal(new NodeAddress(host, port), address);
        Assert.Equal($"{host}:{port}", address.ToString());
        Assert.Equal($"akka.ssl.tcp://simulator@{host}:{port}", address.In("akka.ssl.tcp").ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("2552")]
    [InlineData(":2552")]
    [InlineData("node")]
    [InlineData("node:")]
    [InlineData("node:0")]
    [InlineData("node:65536")]
    [InlineData("node:+1")]
    [InlineData("::1:2552")]
    [InlineData("[node]:2552")]
    [InlineData("a b:2552")]
    [InlineData("akka.tcp://other@node:2552")]
    public void What_is_no_address_is_refused(string text) => Assert.False(NodeAddress.TryParse(text, out _));
}
