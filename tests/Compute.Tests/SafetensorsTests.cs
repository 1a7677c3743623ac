using System.Buffers.Binary;
using System.Text;
using CsCheck;

namespace Simulator.Compute.Tests;

public sealed class SafetensorsTests
{
    [Fact]
    public void What_is_written_reads_back()
    {
        var shapes = Gen.Int[0, 4].Array[0, 3];
        Gen.Select(Gen.String, shapes, Gen.Float).Array[0, 6].Where(all => all.Select(t => t.Item1).Distinct(StringComparer.Ordinal).Count() == all.Length).Sample(all =>
        {
            var tensors = all.Select(t => (Name: "t." + t.Item1, Shape: t.Item2, Values: Filled(t.Item2, t.Item3))).ToArray();
            var metadata = tensors.ToDictionary(t => t.Name, t => t.Name + "!", StringComparer.Ordinal);

            var file = Parse(Write(metadata, tensors));

            Assert.Equal(tensors.Select(t => t.Name), file.Names, StringComparer.Ordinal);
            Assert.Equal(metadata, file.Metadata);
            foreach (var (name, shape, values) in tensors)
            {
                Assert.Equal(SafetensorsType.F32, file.Type(name));
                Assert.Equal(shape, file.Shape(name));
                Assert.Equal(values, file.Floats(name));
                Assert.Equal(values.Select(value => (double)value), file.Doubles(name));
            }
        });
    }

    [Fact]
    public void Equal_input_gives_equal_bytes_and_an_aligned_header()
    {
        (string, int[], float[])[] tensors = [("a", [1, 2], [1, 2]), ("b", [], [3])];
        var bytes = Write(new Dictionary<string, string>(StringComparer.Ordinal) { ["y"] = "2", ["x"] = "1" }, tensors);
        Assert.Equal(bytes, Write(new Dictionary<string, string>(StringComparer.Ordinal) { ["x"] = "1", ["y"] = "2" }, tensors));
        Assert.Equal(0, BinaryPrimitives.ReadInt64LittleEndian(bytes) % 8);
        Assert.StartsWith("""{"__metadata__":{"x":"1","y":"2"},"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},""", Encoding.UTF8.GetString(bytes, 8, 120), StringComparison.Ordinal);
    }

    [Fact]
    public void Data_may_come_in_pieces_that_cross_tensors()
    {
        using var stream = new MemoryStream();
        var writer = new SafetensorsWriter(stream, null, [("a", [3]), ("empty", [0, 2]), ("b", [2])]);
        writer.Write([1, 2]);
        writer.Write([3, 4]);
        Assert.Contains("'b' has 1 of its 2", Assert.Throws<InvalidOperationException>(writer.Complete).Message, StringComparison.Ordinal);
        writer.Write([5]);
        writer.Complete();
        Assert.Throws<InvalidOperationException>(() => writer.Write([6]));
    }

    [Fact]
    public void Names_that_repeat_or_are_reserved_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Write(null, [("a", [1], [1]), ("a", [1], [1])]));
        Assert.Throws<ArgumentException>(() => Write(null, [("__metadata__", [1], [1])]));
    }

    [Fact]
    public void Doubles_and_integers_are_read()
    {
        var data = new byte[32];
        BinaryPrimitives.WriteDoubleLittleEndian(data, 0.1);
        BinaryPrimitives.WriteDoubleLittleEndian(data.AsSpan(8), -2);
        BinaryPrimitives.WriteInt64LittleEndian(data.AsSpan(16), long.MinValue);
        BinaryPrimitives.WriteInt64LittleEndian(data.AsSpan(24), 7);
        var file = Parse(Compose("""{"d":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},"i":{"dtype":"I64","shape":[2,1],"data_offsets":[16,32]}}""", data));
        Assert.Equal([0.1, -2], file.Doubles("d"));
        Assert.Equal([0.1f, -2], file.Floats("d"));
        Assert.Equal([long.MinValue, 7], file.Longs("i"));
        Assert.Contains("'i' is I64", Assert.Throws<InvalidDataException>(() => file.Floats("i")).Message, StringComparison.Ordinal);
        Assert.Contains("'d' is F64", Assert.Throws<InvalidDataException>(() => file.Longs("d")).Message, StringComparison.Ordinal);
        Assert.Contains("no tensor 'x'", Assert.Throws<InvalidDataException>(() => file.Shape("x")).Message, StringComparison.Ordinal);
        Assert.Empty(file.Metadata);
    }

    [Theory]
    [InlineData("", "not JSON")]
    [InlineData("nonsense", "not JSON")]
    [InlineData("""{"a":""", "not JSON")]
    [InlineData("""{"\ud800":1}""", "not JSON in UTF-8")]
    [InlineData("[1]", "not a JSON object")]
    [InlineData("""{"__metadata__":1}""", "not an object of strings")]
    [InlineData("""{"__metadata__":{"a":1}}""", "'a' is not a string")]
    [InlineData("""{"a":1}""", "'a' lacks")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2]}}""", "'a' lacks")]
    [InlineData("""{"a":{"dtype":"BF8","shape":[2],"data_offsets":[0,8]}}""", "unknown dtype 'BF8'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", "does not fill")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "impossible shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}}""", "impossible shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}}""", "impossible shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2147483647,2147483647,2147483647],"data_offsets":[0,8]}}""", "does not fill")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}""", "outside the 8 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "outside the 8 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", "outside the 8 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}""", "outside the 8 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,99999999999999999999]}}""", "outside the 8 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "gap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "end at byte 4 of 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "'b' overlaps")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "twice")]
    public void A_malformed_header_is_named_in_one_sentence(string header, string fault)
    {
        var error = Assert.Throws<InvalidDataException>(() => Parse(Compose(header, new byte[8])));
        Assert.StartsWith("test.safetensors", error.Message, StringComparison.Ordinal);
        Assert.Contains(fault, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 1, 0, 0, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 1, 0, 0, 0, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 255, 255, 255, 255, 255, 255, 255, 255, 123, 125 })]
    [InlineData(new byte[] { 0, 224, 245, 5, 0, 0, 0, 0, 123, 125 })]
    public void A_header_beyond_the_file_is_refused_without_allocating_it(byte[] bytes)
    {
        Assert.Throws<InvalidDataException>(() => Parse(bytes));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InvalidDataException>(() => Parse(bytes));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Fact]
    public void No_damage_of_a_byte_escapes_as_another_error()
    {
        var good = Write(null, [("a", [2, 2], [1, 2, 3, 4]), ("b", [1], [5])]);
        var header = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(good);
        Gen.Select(Gen.Int[0, header - 1], Gen.Byte, Gen.Int[0, good.Length]).Sample((position, value, length) =>
        {
            var bad = good.ToArray();
            bad[position] = value;
            TryParse(bad);
            TryParse(good[..length]);
        });

        static void TryParse(byte[] bytes)
        {
            try
            {
                Parse(bytes);
            }
            catch (InvalidDataException)
            {
                // Refusing is the right answer to damage; anything else fails the test.
            }
        }
    }

    private static SafetensorsFile Parse(byte[] bytes) => SafetensorsFile.Read(new MemoryStream(bytes), "test.safetensors");

    private static float[] Filled(int[] shape, float first) =>
        [.. Enumerable.Range(0, shape.Aggregate(1, (product, extent) => product * extent)).Select(i => first + i)];

    private static byte[] Write(Dictionary<string, string>? metadata, IEnumerable<(string Name, int[] Shape, float[] Values)> tensors)
    {
        using var stream = new MemoryStream();
        var all = tensors.ToArray();
        var writer = new SafetensorsWriter(stream, metadata, [.. all.Select(t => (t.Name, (IReadOnlyList<int>)t.Shape))]);
        foreach (var (_, _, values) in all)
            writer.Write(values);
        writer.Complete();
        return stream.ToArray();
    }

    private static byte[] Compose(string header, byte[] data)
    {
        var text = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + text.Length + data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, text.Length);
        text.CopyTo(bytes, 8);
        data.CopyTo(bytes, 8 + text.Length);
        return bytes;
    }
}
