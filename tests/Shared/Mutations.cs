using System.Buffers.Binary;

namespace Simulator.Testing;

/// <summary>Damages bytes in the ways that disks, networks and people with bad intentions do; the same seed gives the same damage.</summary>
internal static class Mutations
{
    private static readonly int[] Lengths = [0, 1, -1, -2, int.MaxValue, int.MinValue, 1 << 20, 1 << 24, 1 << 29, 0x7FFFFFF0];

    private const int MostInserted = 64;

    /// <summary>A copy of the bytes with one to four changes; most often near the beginning, where the lengths are.</summary>
    internal static byte[] Of(Random random, byte[] bytes)
    {
        for (var changes = random.Next(1, 5); changes > 0; changes--)
        {
            bytes = Once(random, bytes);
        }

        return bytes;
    }

    private static byte[] Once(Random random, byte[] bytes)
    {
        var at = random.Next(Math.Min(bytes.Length, random.Next(2) == 0 ? MostInserted : int.MaxValue - 1) + 1);
        var length = Math.Min(random.Next(1, MostInserted), bytes.Length - at);
        return random.Next(9) switch
        {
            0 => Changed(bytes, at, b => (byte)(b ^ (1 << random.Next(8)))),
            1 => Changed(bytes, at, _ => (byte)random.Next(256)),
            2 => bytes[..at],
            3 => [.. bytes[..at], .. Noise(random, random.Next(1, MostInserted)), .. bytes[at..]],
            4 => [.. bytes[..(at + length)], .. bytes[at..]],
            5 => [.. bytes[..at], .. bytes[(at + length)..]],
            6 or 7 => WithLength(random, bytes, at),
            _ => random.Next(4) == 0 ? Noise(random, random.Next(4 * MostInserted)) : [.. bytes[at..], .. bytes[..at]],
        };
    }

    private static byte[] Changed(byte[] bytes, int at, Func<byte, byte> change)
    {
        var changed = (byte[])bytes.Clone();
        if (at < changed.Length)
        {
            changed[at] = change(changed[at]);
        }

        return changed;
    }

    /// <summary>Four or eight bytes that a reader may take for a length.</summary>
    private static byte[] WithLength(Random random, byte[] bytes, int at)
    {
        var changed = (byte[])bytes.Clone();
        var length = Lengths[random.Next(Lengths.Length)];
        if (changed.Length - at >= sizeof(long) && random.Next(2) == 0)
        {
            BinaryPrimitives.WriteInt64LittleEndian(changed.AsSpan(at), random.Next(2) == 0 ? length : (long)length << 31);
        }
        else if (changed.Length - at >= sizeof(int))
        {
            BinaryPrimitives.WriteInt32LittleEndian(changed.AsSpan(at), length);
        }

        return changed;
    }

    private static byte[] Noise(Random random, int length)
    {
        var noise = new byte[length];
        random.NextBytes(noise);
        return noise;
    }
}
