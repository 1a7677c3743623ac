using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Simulator.Lab.Tests;

/// <summary>Checkpoints that somebody changed who knows the format and computes the hashes anew.</summary>
internal static class Forgery
{
    private static readonly JsonNode?[] Values =
    [
        -1, 0, 1, int.MaxValue, long.MaxValue, long.MinValue, 1e300, -0.5, null, true, "", "..", "../../secret", "/etc/passwd", "/dev/zero", "a/b", "history.log", "a\0b", "C:\\x", ".",
        new string('x', 5000), new JsonArray(), new JsonArray(null, null), new JsonObject(), new JsonArray(-1, 2), new JsonArray(0, 0), new JsonArray(int.MaxValue, int.MaxValue), "F64", "U8",
    ];

    internal static SortedDictionary<string, byte[]> Of(Random random, SortedDictionary<string, byte[]> written)
    {
        var files = new SortedDictionary<string, byte[]>(written, StringComparer.Ordinal);
        var manifest = files.Keys.Last(f => f.EndsWith(".json", StringComparison.Ordinal));
        var inner = JsonNode.Parse(files[manifest])!["checkpoint"]!.AsObject();
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            switch (random.Next(4))
            {
                case 0:
                    ChangeValue(random, inner);
                    break;
                case 1:
                    Change(files, inner["state"] as JsonObject, bytes => OfTensors(random, bytes));
                    break;
                case 2 when inner["replay"] is JsonArray { Count: > 0 } replay:
                    Change(files, (replay[random.Next(replay.Count)] as JsonObject)?["file"] as JsonObject, bytes => OfTensors(random, bytes));
                    break;
                default:
                    ChangeHistory(random, files, inner);
                    break;
            }
        }

        files[manifest] = Manifest(inner);
        return files;
    }

    /// <summary>A manifest with its hash.</summary>
    internal static byte[] Manifest(JsonObject inner)
    {
        var text = inner.ToJsonString();
        return Encoding.UTF8.GetBytes($"{{\"checkpoint\": {text}, \"sha256\": \"{CheckpointManifest.HashOf(Encoding.UTF8.GetBytes(text))}\"}}");
    }

    /// <summary>Changes shapes in the header of a tensors' file, and leaves each tensor as many bytes of its data as its new shape takes.</summary>
    internal static byte[] WithHeader(byte[] bytes, Action<JsonObject> change)
    {
        var length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        var tensors = JsonNode.Parse(bytes.AsSpan(8, length))!.AsObject();
        change(tensors);
        var data = new List<byte>();
        foreach (var (_, tensor) in tensors.Where(t => t.Key != "__metadata__"))
        {
            var begin = tensor!["data_offsets"]![0]!.GetValue<int>();
            var count = tensor["shape"]!.AsArray().Aggregate(1, (product, extent) => product * extent!.GetValue<int>());
            var size = tensor["dtype"]!.GetValue<string>() switch { "U8" => 1, "F32" => 4, _ => 8 };
            tensor["data_offsets"] = new JsonArray(data.Count, data.Count + (count * size));
            data.AddRange(bytes.AsSpan(8 + length + begin, count * size));
        }

        var header = Encoding.UTF8.GetBytes(tensors.ToJsonString());
        var prefix = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, header.Length);
        return [.. prefix, .. header, .. data];
    }

    /// <summary>Changes a file that a manifest names, and its length and hash there.</summary>
    private static void Change(SortedDictionary<string, byte[]> files, JsonObject? named, Func<byte[], byte[]> change)
    {
        if (named?["name"] is JsonValue value && value.TryGetValue<string>(out var name) && files.TryGetValue(name, out var bytes))
        {
            files[name] = change(bytes);
            (named["bytes"], named["sha256"]) = (files[name].Length, CheckpointManifest.HashOf(files[name]));
        }
    }

    /// <summary>Changes the data of tensors, or their header.</summary>
    private static byte[] OfTensors(Random random, byte[] bytes)
    {
        var length = bytes.Length >= 8 ? (int)BinaryPrimitives.ReadInt64LittleEndian(bytes) : -1;
        if (length < 0 || length > bytes.Length - 8 || Tensors(bytes[8..(8 + length)]) is not { } tensors)
        {
            return Mutations.Of(random, bytes);
        }

        var (header, data) = (bytes[8..(8 + length)], bytes[(8 + length)..]);
        switch (random.Next(3))
        {
            case 0:
                return Mutations.Of(random, bytes);
            case 1:
                var noise = Mutations.Of(random, data);
                Array.Resize(ref noise, data.Length);
                data = noise;
                break;
            default:
                try
                {
                    ChangeValue(random, tensors);
                    header = Encoding.UTF8.GetBytes(tensors.ToJsonString());
                }
                catch (Exception fault) when (fault is InvalidOperationException or ArgumentException)
                {
                    return Mutations.Of(random, bytes); // An earlier change spoilt a key.
                }

                break;
        }

        var prefix = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, header.Length);
        return [.. prefix, .. header, .. data];
    }

    /// <summary>A header; null where an earlier change has spoilt it.</summary>
    private static JsonObject? Tensors(byte[] header)
    {
        try
        {
            return JsonNode.Parse(header) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Writes other pieces, chained as they should be.</summary>
    private static void ChangeHistory(Random random, SortedDictionary<string, byte[]> files, JsonObject inner)
    {
        if (inner["history"] is not JsonObject named || !files.TryGetValue("history.log", out var log) || log.Length < 8)
        {
            return;
        }

        var first = (int)Math.Clamp(BinaryPrimitives.ReadInt64LittleEndian(log), 0, log.Length - 8);
        var piece = Mutations.Of(random, log[8..(8 + first)]);
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, piece.Length);
        var link = SHA256.HashData(piece);
        files["history.log"] = [.. length, .. piece, .. link];
        (named["bytes"], named["sha256"]) = (files["history.log"].Length, Convert.ToHexStringLower(link));
    }

    /// <summary>Puts another value anywhere in a document.</summary>
    private static void ChangeValue(Random random, JsonNode within)
    {
        var value = Values[random.Next(Values.Length)]?.DeepClone();
        switch (within)
        {
            case JsonObject { Count: > 0 } o:
                var key = o.ElementAt(random.Next(o.Count)).Key;
                if (o[key] is JsonObject or JsonArray && random.Next(4) > 0)
                {
                    ChangeValue(random, o[key]!);
                }
                else if (random.Next(8) == 0)
                {
                    o.Remove(key);
                }
                else
                {
                    o[key] = value;
                }

                break;
            case JsonArray { Count: > 0 } a:
                var at = random.Next(a.Count);
                if (a[at] is JsonObject or JsonArray && random.Next(4) > 0)
                {
                    ChangeValue(random, a[at]!);
                }
                else if (random.Next(4) == 0)
                {
                    a.Add(a[at]?.DeepClone());
                }
                else
                {
                    a[at] = value;
                }

                break;
        }
    }
}
