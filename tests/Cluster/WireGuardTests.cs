using System.Collections.Concurrent;
using System.Text;
using Akka.Actor;
using Akka.Remote;
using Simulator.Protocol;

namespace Simulator.Cluster.Tests;

/// <summary>What other programs send over a real connection: one that sends bytes which are no message is no danger to the actor that they are sent to, nor to those who use the same connection.</summary>
public sealed class WireGuardTests
{
    private static readonly CellProtocol.Ready Good = new(3, 4);

    [Theory]
    [InlineData(SimulatorSerializer.Id, "zz", "", "no message has the manifest 'zz'")]
    [InlineData(SimulatorSerializer.Id, "", "", "no message has the manifest ''")]
    [InlineData(SimulatorSerializer.Id, "Simulator.Protocol.CellProtocol+Ready, Simulator.Protocol", "00000000", "no message has the manifest")]
    [InlineData(SimulatorSerializer.Id, "ey", "", "4 bytes wanted, 0 left")]
    [InlineData(SimulatorSerializer.Id, "ey", "03000000040000", "4 bytes wanted, 3 left")]
    [InlineData(SimulatorSerializer.Id, "ey", "030000000400000000", "1 bytes after the end of the message")]
    [InlineData(SimulatorSerializer.Id, "ed", "0000000000000000000000000000FFFFFF7F", "a length of")]
    [InlineData(0, "Simulator.Protocol.CellProtocol+Stop, Simulator.Protocol", "00", "of serializer 0 is refused here")]
    [InlineData(1, "System.IO.FileInfo, System.Private.CoreLib", "7B22247479706522", "serializer 1 is refused here")]
    [InlineData(2, "Akka.Remote.Serialization.Proto.Msg.ActorRefData, Akka.Remote", "", "serializer 2 is refused here")]
    [InlineData(3, "", "", "serializer 3 is refused here")]
    [InlineData(4, "", "0102", "serializer 4 is refused here")]
    [InlineData(6, "System.String, System.Private.CoreLib", "", "of serializer 6 is refused here")]
    [InlineData(11, "C", "", "'C' of serializer 11 is refused here")]
    [InlineData(16, "PP", "", "'PP' of serializer 16 is refused here")]
    [InlineData(16, "STF", "", "'STF' of serializer 16 is refused here")]
    [InlineData(17, "S", "41", "serializer 17 is refused here")]
    [InlineData(22, "Akka.Dispatch.SysMsg.Terminate, Akka", "", "of serializer 22 is refused here")]
    [InlineData(36, "a", "", "serializer 36 is refused here")]
    [InlineData(4242, "a", "", "Cannot find serializer with id [4242]")]
    public async Task What_is_no_message_is_refused_with_a_line_and_the_next_message_comes_over_the_same_connection(int serializer, string manifest, string bytes, string line)
    {
        await using var cluster = new TestCluster();
        await using var stranger = new Stranger(serializer);
        var (node, received, ended) = Begin(cluster);
        var bad = new Raw(manifest, Convert.FromHexString(bytes));
        var actor = stranger.Actor(node, "/user/receiver");

        actor.Tell(Good);
        await Until.HoldsAsync(() => received.Count == 1, "a good message");
        actor.Tell(bad);
        stranger.Selection(node, "/user/receiver").Tell(bad);
        actor.Tell(Good);
        await Until.HoldsAsync(() => received.Count >= 2, "a good message behind a bad one");

        Assert.All(received, m => Assert.Equal(Good, m));
        Assert.Equal(2, received.Count);
        await Until.HoldsAsync(() => cluster.Log.Lines.Count(l => l.Contains(line, StringComparison.Ordinal) && l.Contains("association remains live", StringComparison.Ordinal)) == 2, $"two lines with '{line}'");
        Assert.Empty(ended);
    }

    [Fact]
    public async Task A_thousand_messages_of_random_bytes_do_nothing()
    {
        await using var cluster = new TestCluster();
        await using var stranger = new Stranger(SimulatorSerializer.Id);
        var (node, received, ended) = Begin(cluster);
        var actor = stranger.Actor(node, "/user/receiver");
        var random = new Random(20260);
        const int many = 1000;
        for (var i = 0; i < many; i++)
        {
            var bytes = new byte[random.Next(1, 200)];
            random.NextBytes(bytes);
            // As many bytes as a message of this kind never has.
            actor.Tell(new Raw("ey", [.. bytes, .. bytes.Length == 8 ? "-"u8.ToArray() : []]));
        }

        actor.Tell(Good);
        await Until.HoldsAsync(() => !received.IsEmpty, "a good message behind the bad ones");
        Assert.Equal([Good], received);
        await Until.HoldsAsync(() => cluster.Log.Lines.Count(l => l.Contains("manifest [ey]", StringComparison.Ordinal)) == many, "a line for each bad message");
        Assert.Empty(ended);
    }

    [Fact]
    public async Task A_type_without_a_serializer_does_not_leave_the_node()
    {
        await using var cluster = new TestCluster();
        var (node, received, ended) = Begin(cluster);
        var other = cluster.Make(TestCluster.Settings());
        var actor = ((ExtendedActorSystem)other).Provider.ResolveActorRef($"{Akka.Cluster.Cluster.Get(node).SelfAddress}/user/receiver");

        actor.Tell(new StringBuilder("no message"));
        actor.Tell("a text");
        actor.Tell(PoisonPill.Instance);
        actor.Tell(Good);
        await Until.HoldsAsync(() => !received.IsEmpty, "a good message behind those that could not be sent");
        Assert.Equal([Good], received);
        await Until.HoldsAsync(
            () => cluster.Log.Lines.Count(l => l.Contains("Serialization failed for message", StringComparison.Ordinal) && l.Contains("association remains live", StringComparison.Ordinal)) == 3, "a line for each message that could not be sent");
        Assert.Empty(ended);
    }

    /// <summary>A node with an actor that keeps what it gets; and what ended of the connections of this node.</summary>
    private static (ActorSystem Node, ConcurrentQueue<object> Received, ConcurrentQueue<object> Ended) Begin(TestCluster cluster)
    {
        var node = cluster.Make(TestCluster.Settings());
        var (received, ended) = (new ConcurrentQueue<object>(), new ConcurrentQueue<object>());
        node.ActorOf(Props.Create(() => new Keeper(received)), "receiver");
        var events = node.ActorOf(Props.Create(() => new Keeper(ended)));
        node.EventStream.Subscribe(events, typeof(DisassociatedEvent));
        node.EventStream.Subscribe(events, typeof(AssociationErrorEvent));
        node.EventStream.Subscribe(events, typeof(QuarantinedEvent));
        return (node, received, ended);
    }

    private sealed class Keeper : ReceiveActor
    {
        public Keeper(ConcurrentQueue<object> kept) => ReceiveAny(kept.Enqueue);
    }
}
