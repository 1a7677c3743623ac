using System.Text;

namespace Simulator.Protocol.Tests;

/// <summary>Whatever bytes arrive, they are a message that can be written again, or malformed; nothing else happens, and little memory is taken.</summary>
public sealed class MessageFuzzTests
{
    private static readonly string[] Manifests = [.. Samples.All().Select(WireFormat.ManifestOf).Distinct(), "pu"];

    private static readonly (byte[] Bytes, string Manifest)[] Messages = [.. Samples.All().Select(m => (WireFormat.Write(m), WireFormat.ManifestOf(m)))];

    [Fact]
    public Task A_hundred_thousand_damaged_messages_are_read_or_malformed() => ReadDamaged(100_000, 1);

    [Fact]
    public Task Twenty_thousand_damaged_stored_messages_are_read_or_damage() => ReadStored(20_000, 2);

    private static async Task ReadDamaged(int cases, int seed)
    {
        var random = new Random(seed);
        var (read, refused) = (0, 0);
        await Fuzzing.Run(cases, _ =>
        {
            var (bytes, manifest) = Messages[random.Next(Messages.Length)];
            bytes = Mutations.Of(random, bytes);
            manifest = random.Next(10) switch
            {
                0 => Manifests[random.Next(Manifests.Length)],
                1 when random.Next(4) == 0 => Encoding.Latin1.GetString(Mutations.Of(random, Encoding.Latin1.GetBytes(manifest))),
                _ => manifest,
            };

            object? message = null;
            var allocated = Fuzzing.Allocated(() => message = ReadOrNull(bytes, manifest));
            Assert.True(allocated <= Fuzzing.MostBytes, $"{bytes.Length} bytes read as '{manifest}' took {allocated} bytes of memory.");
            if (message is null)
            {
                refused++;
                return;
            }

            // What is read is written, and that is the same message for everybody else.
            read++;
            var written = WireFormat.Write(message);
            Assert.Equal(written, WireFormat.Write(WireFormat.Read(written, WireFormat.ManifestOf(message))));
        });
        Assert.True(read > cases / 20 && refused > cases / 20, $"{read} read, {refused} refused.");
    }

    private static async Task ReadStored(int cases, int seed)
    {
        var random = new Random(seed);
        var stored = Samples.All().Select(m =>
        {
            var writer = new StateWriter();
            StoredMessage.Save(writer, m);
            return writer.ToArray();
        }).ToArray();
        await Fuzzing.Run(cases, _ =>
        {
            var bytes = Mutations.Of(random, stored[random.Next(stored.Length)]);
            var allocated = Fuzzing.Allocated(() =>
            {
                try
                {
                    StoredMessage.Load(new StateReader(bytes));
                }
                catch (InvalidDataException)
                {
                    return;
                }
            });
            Assert.True(allocated <= Fuzzing.MostBytes, $"{bytes.Length} bytes took {allocated} bytes of memory.");
        });
    }

    private static object? ReadOrNull(byte[] bytes, string manifest)
    {
        try
        {
            return WireFormat.Read(bytes, manifest);
        }
        catch (MalformedMessageException)
        {
            return null;
        }
    }
}
