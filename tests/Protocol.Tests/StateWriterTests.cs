namespace Simulator.Protocol.Tests;

public sealed class StateWriterTests
{
    [Fact]
    public void What_was_written_comes_back_bit_for_bit()
    {
        var writer = new StateWriter();
        writer.Write(true);
        writer.Write(-7);
        writer.Write(long.MaxValue);
        writer.Write(double.NegativeZero);
        writer.Write([float.NaN, 1.5f]);
        writer.Write([double.Epsilon]);
        writer.Write([3, -4]);

        var reader = new StateReader(writer.ToArray());
        Assert.True(reader.ReadBoolean());
        Assert.Equal(-7, reader.ReadInt32());
        Assert.Equal(long.MaxValue, reader.ReadInt64());
        Assert.Equal(BitConverter.DoubleToInt64Bits(double.NegativeZero), BitConverter.DoubleToInt64Bits(reader.ReadDouble()));
        var singles = new float[2];
        reader.Read(singles);
        Assert.Equal([float.NaN, 1.5f], singles);
        var doubles = new double[1];
        reader.Read(doubles);
        Assert.Equal([double.Epsilon], doubles);
        var integers = new int[2];
        reader.Read(integers);
        Assert.Equal([3, -4], integers);
        Assert.True(reader.AtEnd);
    }

    [Fact]
    public void A_state_of_another_shape_is_refused()
    {
        var writer = new StateWriter();
        writer.Write([1f, 2f]);
        Assert.Throws<InvalidDataException>(() => new StateReader(writer.ToArray()).Read(new float[3]));
        Assert.Throws<InvalidDataException>(() => new StateReader(writer.ToArray().AsMemory(0, 12)).Read(new float[2]));
        Assert.Throws<InvalidDataException>(() => new StateReader(new byte[] { 2 }).ReadBoolean());
        Assert.Throws<InvalidDataException>(() => new StateReader(BitConverter.GetBytes(long.MaxValue)).ReadInt32());
    }
}
