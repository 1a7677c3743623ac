using CsCheck;

namespace Simulator.Environment.Tests;

public sealed class RandomStreamTests
{
    /// <summary>Known answers of the Random123 library (kat_vectors, philox4x32 with 10 rounds).</summary>
    [Theory]
    [InlineData(0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(
        0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu,
        0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(
        0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u,
        0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void Philox_gives_the_known_answers_of_Random123(
        uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint x0, uint x1, uint x2, uint x3)
    {
        Assert.Equal(new Philox4x32.Block(x0, x1, x2, x3), Philox4x32.Generate(new(c0, c1, c2, c3), k0, k1));
    }

    [Fact]
    public void A_stream_counts_blocks_in_the_first_word_and_its_identity_in_the_others()
    {
        var stream = new RandomStream(0x299f31d0_a4093822, DrawPurpose.Replay, agent: 7, episode: 11, step: 13);
        for (var block = 0u; block < 3; block++)
        {
            var counter = new Philox4x32.Block(block, 7, 11, ((uint)DrawPurpose.Replay << 24) | 13);
            var (x0, x1, x2, x3) = Philox4x32.Generate(counter, 0xa4093822, 0x299f31d0);
            Assert.Equal(x0, stream.NextUInt32());
            Assert.Equal(x1, stream.NextUInt32());
            Assert.Equal(x2, stream.NextUInt32());
            Assert.Equal(x3, stream.NextUInt32());
        }
    }

    [Fact]
    public void The_numbers_of_the_purposes_never_change()
    {
        Assert.Equal(
            [
                "CellConstants=0", "Tasks=1", "EvaluationTasks=2", "Noise=3", "SelectionExploration=4", "Replay=5", "PolicyWeights=6", "CriticWeights=7",
                "PolicySample=8", "MinibatchSamples=9",
                "TargetNoise=10", "RecycledPolicyWeights=11", "RecycledCriticWeights=12", "ResetOutputWeights=13", "Resampling=255",
            ],
            Enum.GetValues<DrawPurpose>().Select(purpose => $"{purpose}={(byte)purpose}"), StringComparer.Ordinal);
    }

    [Fact]
    public void Streams_that_differ_in_one_value_give_different_numbers()
    {
        RandomStream[] streams =
        [
            new(1, DrawPurpose.Tasks, 1, 1, 1),
            new(2, DrawPurpose.Tasks, 1, 1, 1),
            new(1UL << 32 | 1, DrawPurpose.Tasks, 1, 1, 1),
            new(1, DrawPurpose.Noise, 1, 1, 1),
            new(1, DrawPurpose.Tasks, 2, 1, 1),
            new(1, DrawPurpose.Tasks, 1, 2, 1),
            new(1, DrawPurpose.Tasks, 1, 1, 2),
        ];
        Assert.Equal(streams.Length, streams.Select(stream => stream.NextDouble()).Distinct().Count());
    }

    [Theory]
    [InlineData(-1, 0, 0)]
    [InlineData(0, -1, 0)]
    [InlineData(0, 0, -1)]
    [InlineData(0, 0, RandomStream.MaxSteps)]
    public void An_index_outside_the_counter_is_refused(int agent, int episode, int step)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomStream(0, DrawPurpose.Tasks, agent, episode, step));
    }

    [Fact]
    public void Integers_stay_in_range_and_zero_is_no_range()
    {
        Gen.Select(Gen.ULong, Gen.Int[1, int.MaxValue]).Sample((seed, max) =>
        {
            var stream = new RandomStream(seed, DrawPurpose.Replay);
            for (var i = 0; i < 20; i++)
                Assert.InRange(stream.NextInt(max), 0, max - 1);
        });
        Assert.Throws<ArgumentOutOfRangeException>(() => default(RandomStream).NextInt(0));
    }

    [Fact]
    public void Integers_are_spread_evenly()
    {
        const int Draws = 70_000;
        var counts = new int[7];
        var stream = new RandomStream(3, DrawPurpose.Replay);
        for (var i = 0; i < Draws; i++)
            counts[stream.NextInt(counts.Length)]++;

        // Chi square with 6 degrees of freedom: 22.5 is its 99.9 % quantile. The draws are fixed, so the test is too.
        var expected = (double)Draws / counts.Length;
        Assert.InRange(counts.Sum(count => (count - expected) * (count - expected) / expected), 0, 22.5);
    }

    [Fact]
    public void Normals_have_mean_zero_deviation_one_and_normal_kurtosis()
    {
        const int Draws = 200_000;
        double sum = 0, squares = 0, fourths = 0;
        var stream = new RandomStream(5, DrawPurpose.Noise);
        for (var i = 0; i < Draws; i++)
        {
            var x = stream.NextNormal();
            sum += x;
            squares += x * x;
            fourths += x * x * x * x;
        }

        Assert.InRange(sum / Draws, -0.01, 0.01);
        Assert.InRange(squares / Draws, 0.98, 1.02);
        Assert.InRange(fourths / Draws, 2.9, 3.1);
    }

    [Fact]
    public void Uniform_draws_stay_between_their_bounds()
    {
        Gen.Select(Gen.ULong, Gen.Double[-1e6, 1e6], Gen.Double[0, 1e6]).Sample((seed, low, width) =>
        {
            var stream = new RandomStream(seed, DrawPurpose.Tasks);
            for (var i = 0; i < 10; i++)
                Assert.InRange(stream.NextUniform(low, low + width), low, low + width);
        });
    }

    [Fact]
    public void Drawing_allocates_nothing()
    {
        var stream = new RandomStream(1, DrawPurpose.Noise);
        Draw(ref stream);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Draw(ref stream);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        static double Draw(ref RandomStream stream) =>
            stream.NextDouble() + stream.NextNormal() + stream.NextInt(10) + stream.NextUniformSingle(-1, 1);
    }
}
