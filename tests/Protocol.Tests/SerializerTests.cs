using System.Collections;
using System.Reflection;
using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit.Xunit;

namespace Simulator.Protocol.Tests;

/// <summary>Every message through the serializer that a real actor system binds to it, and everything else refused.</summary>
public sealed class SerializerTests() : TestKit(ConfigurationFactory.ParseString(SimulatorSerializer.Configuration))
{
    private const int MaximumBytes = 64 * 1024;

    // A manifest belongs to its message for ever: a changed message gets a new one, and its old one stays unused.
    private static readonly Dictionary<Type, string> Manifests = new()
    {
        [typeof(ClientProtocol.Observe)] = "cn",
        [typeof(ClientProtocol.ObservationBatch)] = "cb",
        [typeof(ClientProtocol.ActionGradient)] = "cf",
        [typeof(ClientProtocol.Snapshot)] = "cs",
        [typeof(ClientProtocol.Remember)] = "ck",
        [typeof(ClientProtocol.Restore)] = "cr",
        [typeof(ClientProtocol.Intervene)] = "ci",
        [typeof(CellProtocol.Intervene)] = "ei",
        [typeof(PopulationProtocol.Intervened)] = "pk",
        [typeof(MasterProtocol.Begin)] = "mn",
        [typeof(MasterProtocol.Propose)] = "mp",
        [typeof(MasterProtocol.Outcome)] = "mo",
        [typeof(MasterProtocol.ActionBatch)] = "ma",
        [typeof(MasterProtocol.PolicyUpdated)] = "mv",
        [typeof(MasterProtocol.Snapshot)] = "ms",
        [typeof(CellProtocol.Ready)] = "ey",
        [typeof(CellProtocol.Decide)] = "ed",
        [typeof(CellProtocol.EpisodeLearned)] = "ev",
        [typeof(CellProtocol.Parameters)] = "ep",
        [typeof(CellProtocol.ClientState)] = "ec",
        [typeof(CellProtocol.Stop)] = "es",
        [typeof(PopulationProtocol.CellStarted)] = "pb",
        [typeof(PopulationProtocol.EpisodeFinished)] = "pv",
        [typeof(PopulationProtocol.AgentsLearned)] = "pa",
        [typeof(PopulationProtocol.Evaluated)] = "pw",
        [typeof(PopulationProtocol.CellParameters)] = "pp",
        [typeof(PopulationProtocol.CellEnded)] = "pd",
        [typeof(PopulationProtocol.CellOpened)] = "po",
        [typeof(PopulationProtocol.CellUnopened)] = "pn",
        [typeof(PopulationProtocol.CheckpointBegun)] = "pc",
        [typeof(PopulationProtocol.CheckpointKept)] = "pt",
        [typeof(PopulationProtocol.CheckpointDamaged)] = "pg",
        [typeof(PopulationProtocol.CellFailed)] = "pf",
        [typeof(PopulationProtocol.CellHandedOver)] = "ph",
        [typeof(HostProtocol.Start)] = "hs",
        [typeof(HostProtocol.Begin)] = "hb",
        [typeof(HostProtocol.Told)] = "ht",
        [typeof(HostProtocol.Heard)] = "hh",
        [typeof(HostProtocol.Dismiss)] = "hd",
        [typeof(GroupProtocol.Enlist)] = "ge",
        [typeof(GroupProtocol.Bundle)] = "gb",
        [typeof(GroupProtocol.GroupFailed)] = "gf",
        [typeof(GroupProtocol.GroupLeaves)] = "gl",
    };

    private SimulatorSerializer Serializer => new((ExtendedActorSystem)Sys);

    public static TheoryData<Type> MessageTypes() => new(Samples.MessageTypes);

    [Theory]
    [MemberData(nameof(MessageTypes))]
    public void A_message_comes_back_as_it_was_sent(Type type)
    {
        var samples = Samples.All().Where(s => s.GetType() == type).ToList();
        Assert.True(samples.Count > 0, $"No sample of {type}: add one.");
        foreach (var sample in samples)
        {
            var serializer = Assert.IsType<SimulatorSerializer>(Sys.Serialization.FindSerializerFor(sample));
            var bytes = serializer.ToBinary(sample);
            var back = Sys.Serialization.Deserialize(bytes, serializer.Identifier, serializer.Manifest(sample));

            Assert.IsType(type, back);
            Assert.Equal(bytes, Sys.Serialization.Serialize(back));
            SameFields(sample, back, type.Name);
        }
    }

    [Fact]
    public void Manifests_are_those_that_were_given_out()
    {
        Assert.Equal([.. Manifests.Keys], Samples.MessageTypes.ToHashSet());
        Assert.Equal([.. Manifests.Keys], WireFormat.Types.ToHashSet());
        Assert.Equal(Manifests.Count, Manifests.Values.Distinct(StringComparer.Ordinal).Count());
        Assert.All(Manifests.Values, m => Assert.Equal(2, m.Length));
        foreach (var sample in Samples.All())
            Assert.Equal(Manifests[sample.GetType()], Serializer.Manifest(sample));
    }

    [Fact]
    public void The_identifier_is_the_one_that_was_given_out() => Assert.Equal(4711, Serializer.Identifier);

    [Fact]
    public void Every_message_of_a_thousand_clients_stays_under_64_KiB()
    {
        foreach (var message in Samples.All(Samples.ManyClients, Samples.Batch))
        {
            var length = Serializer.ToBinary(message).Length;
            Assert.True(length < MaximumBytes, $"{message.GetType().Name} takes {length} bytes.");
        }
    }

    [Fact]
    public void Messages_are_written_the_same_in_every_version()
    {
        var bytes = Serializer.ToBinary(new MasterProtocol.Outcome(new Turn(1, Phase.Evaluation, 2, 3), -1.5, new HostPayload(new[] { 1f, -2f }), true));

        Assert.Equal(
            "01000000" + "02" + "02000000" + "03000000" + "000000000000F8BF" + "02000000" + "0000803F" + "000000C0" + "01",
            Convert.ToHexString(bytes));
    }

    [Fact]
    public void An_episode_of_a_history_that_was_written_before_updates_told_the_actors_factor_is_read()
    {
        var now = Samples.All().OfType<PopulationProtocol.EpisodeFinished>().Single(m => m.Update is not null);
        var bytes = Serializer.ToBinary(now);
        var then = Assert.IsType<PopulationProtocol.EpisodeFinished>(Serializer.FromBinary(bytes[..^(sizeof(bool) + sizeof(double))], "pu"));
        Assert.Null(then.Update!.ActorRateFactor);
        SameFields(now with { Update = now.Update! with { ActorRateFactor = null } }, then, "an older episode");
    }

    [Fact]
    public void An_unknown_manifest_is_refused()
    {
        foreach (var manifest in new[] { string.Empty, "x", "zz", "CN", "cn ", "Simulator.Protocol.ClientProtocol+Observe" })
            Assert.Throws<MalformedMessageException>(() => Serializer.FromBinary(Serializer.ToBinary(CellProtocol.Stop.Instance), manifest));
    }

    [Fact]
    public void A_type_that_is_no_message_is_refused()
    {
        Assert.Throws<ArgumentException>(() => Serializer.ToBinary("text"));
        Assert.Throws<ArgumentException>(() => Serializer.Manifest(new Turn(0, Phase.Training, 0, 0)));
        Assert.IsNotType<SimulatorSerializer>(Sys.Serialization.FindSerializerFor(new HostPayload(new float[1])));
    }

    [Fact]
    public void Bytes_that_end_early_are_refused_at_every_length()
    {
        foreach (var sample in Samples.All().Where(s => Serializer.ToBinary(s).Length > 0))
        {
            var bytes = Serializer.ToBinary(sample);
            var manifest = Serializer.Manifest(sample);
            var lengths = bytes.Length < 5000 ? Enumerable.Range(0, bytes.Length) : Enumerable.Range(0, 200).Concat(Enumerable.Range(bytes.Length - 200, 200));
            foreach (var length in lengths)
                Assert.Throws<MalformedMessageException>(() => Serializer.FromBinary(bytes[..length], manifest));
        }
    }

    [Fact]
    public void Bytes_after_the_end_are_refused()
    {
        foreach (var sample in Samples.All())
            Assert.Throws<MalformedMessageException>(() => Serializer.FromBinary([.. Serializer.ToBinary(sample), 0], Serializer.Manifest(sample)));
    }

    [Fact]
    public void Damaged_bytes_give_a_message_or_are_refused_and_take_little_memory()
    {
        var random = new Random(20_000);
        var serializer = Serializer;
        var samples = Samples.All().Select(s => (Bytes: serializer.ToBinary(s), Manifest: serializer.Manifest(s))).ToArray();
        var manifests = Manifests.Values.ToArray();
        var (read, refused) = (0, 0);
        for (var i = 0; i < 20_000; i++)
        {
            var (bytes, manifest) = samples[random.Next(samples.Length)];
            bytes = Damage(random, bytes);
            manifest = random.Next(10) == 0 ? manifests[random.Next(manifests.Length)] : manifest;
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Assert.NotNull(serializer.FromBinary(bytes, manifest));
                read++;
            }
            catch (MalformedMessageException)
            {
                refused++;
            }

            // An exception takes a few KiB, whatever the input.
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated <= 20_000 + (4L * bytes.Length), $"{bytes.Length} bytes read as '{manifest}' took {allocated} bytes of memory.");
        }

        Assert.True(read > 1000 && refused > 1000, $"{read} read, {refused} refused.");
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData(1 << 29)]
    public void A_length_beyond_the_bytes_that_are_there_is_refused_before_anything_is_allocated(int length)
    {
        var bytes = Serializer.ToBinary(new MasterProtocol.Begin(default, new HostPayload(new float[100])));
        BitConverter.TryWriteBytes(bytes.AsSpan(13), length);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<MalformedMessageException>(() => Serializer.FromBinary(bytes, "mb"));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 100_000);
    }

    private static byte[] Damage(Random random, byte[] bytes)
    {
        var damaged = bytes.ToList();
        for (var change = random.Next(1, 5); change > 0; change--)
        {
            var at = random.Next(Math.Min(damaged.Count + 1, random.Next(2) == 0 ? 64 : int.MaxValue));
            switch (random.Next(4))
            {
                case 0 when at < damaged.Count:
                    damaged[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1 when at < damaged.Count:
                    damaged.RemoveRange(at, Math.Min(random.Next(1, 9), damaged.Count - at));
                    break;
                case 2 when at + 4 <= damaged.Count:
                    var length = BitConverter.GetBytes(random.Next(3) == 0 ? random.Next(100) : random.Next(int.MinValue, int.MaxValue));
                    for (var i = 0; i < 4; i++)
                        damaged[at + i] = length[i];
                    break;
                default:
                    damaged.InsertRange(at, Enumerable.Range(0, random.Next(1, 9)).Select(_ => (byte)random.Next(256)));
                    break;
            }
        }

        return [.. damaged];
    }

    /// <summary>Fails unless all public properties are the same, those of parts included, floats bit by bit.</summary>
    private static void SameFields(object? expected, object? actual, string where)
    {
        switch (expected)
        {
            case null:
                Assert.True(actual is null, where);
                break;
            case float or double or int or bool or string or Enum:
                Assert.True(expected.Equals(actual), $"{where}: {expected} and {actual}.");
                break;
            case IPayload payload:
                Assert.Equal(payload.ToArray(), Assert.IsAssignableFrom<IPayload>(actual).ToArray());
                break;
            case IList list:
                var other = Assert.IsAssignableFrom<IList>(actual);
                Assert.Equal(list.Count, other.Count);
                for (var i = 0; i < list.Count; i++)
                    SameFields(list[i], other[i], $"{where}[{i}]");
                break;
            default:
                var properties = expected.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.GetIndexParameters().Length == 0).ToList();
                foreach (var property in properties)
                    SameFields(property.GetValue(expected), property.GetValue(actual), $"{where}.{property.Name}");
                break;
        }
    }
}
