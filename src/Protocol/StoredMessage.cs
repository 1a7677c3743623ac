namespace Simulator.Protocol;

/// <summary>A message as bytes with its manifest, for files that keep what was told: the same bytes as on the wire.</summary>
public static class StoredMessage
{
    private const int ManifestLength = 2;

    /// <summary>Writes a message.</summary>
    /// <exception cref="ArgumentException">It is no message that may leave the process.</exception>
    public static void Save(StateWriter writer, object message)
    {
        var manifest = WireFormat.ManifestOf(message);
        writer.Write([(byte)manifest[0], (byte)manifest[1], .. WireFormat.Write(message)]);
    }

    /// <summary>Reads a message.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public static object Load(StateReader reader)
    {
        var bytes = reader.ReadBytes();
        try
        {
            return bytes.Length >= ManifestLength
                ? WireFormat.Read(bytes.AsSpan(ManifestLength), $"{(char)bytes[0]}{(char)bytes[1]}")
                : throw new MalformedMessageException("it has no manifest");
        }
        catch (MalformedMessageException fault)
        {
            throw new InvalidDataException($"a stored message cannot be read: {fault.Message}", fault);
        }
    }
}
