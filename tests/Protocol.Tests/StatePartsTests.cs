namespace Simulator.Protocol.Tests;

public sealed class StatePartsTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(CellProtocol.MaximumStatePart, 1)]
    [InlineData(CellProtocol.MaximumStatePart + 1, 2)]
    [InlineData(200_000, 5)]
    public void A_state_comes_back_from_its_parts(int length, int count)
    {
        var state = new byte[length];
        new Random(3).NextBytes(state);
        var parts = StateParts.Of(state).ToList();
        Assert.Equal(count, parts.Count);
        var together = new StateParts();
        foreach (var (offset, values) in parts.SkipLast(1))
        {
            Assert.Null(together.Add(offset, length, values));
        }

        Assert.Equal(state, together.Add(parts[^1].Offset, length, parts[^1].Values));
    }

    [Fact]
    public void A_part_out_of_order_is_noticed()
    {
        var parts = StateParts.Of(new byte[100_000]).ToList();
        var together = new StateParts();
        together.Add(parts[0].Offset, 100_000, parts[0].Values);
        Assert.Throws<InvalidDataException>(() => together.Add(parts[2].Offset, 100_000, parts[2].Values));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public void A_part_of_less_than_nothing_is_refused(int total) => Assert.Throws<InvalidDataException>(() => new StateParts().Add(0, total, []));

    [Fact]
    public void A_part_that_claims_a_huge_whole_takes_no_more_memory_than_has_come()
    {
        var together = new StateParts();
        Assert.InRange(Fuzzing.Allocated(() => Assert.Null(together.Add(0, int.MaxValue, new byte[1000]))), 0, 100_000);
    }

    [Fact]
    public void A_stored_message_comes_back_and_anything_else_is_refused()
    {
        var message = new PopulationProtocol.Evaluated(1, 2, 3, -4.5, new Violations(0.25, 0.5, 0.125));
        var writer = new StateWriter();
        StoredMessage.Save(writer, message);
        var bytes = writer.ToArray();
        Assert.Equal(message, StoredMessage.Load(new StateReader(bytes)));
        bytes[8] = (byte)'?';
        Assert.Throws<InvalidDataException>(() => StoredMessage.Load(new StateReader(bytes)));
        Assert.Throws<InvalidDataException>(() => StoredMessage.Load(new StateReader(bytes.AsMemory(0, bytes.Length - 1))));
    }

    [Fact]
    public void Arrays_that_claim_more_than_is_there_are_refused()
    {
        var writer = new StateWriter();
        writer.Write(long.MaxValue / 8);
        Assert.Throws<InvalidDataException>(() => new StateReader(writer.ToArray()).ReadFloats());
        Assert.Throws<InvalidDataException>(() => new StateReader(writer.ToArray()).ReadBytes());
    }
}
