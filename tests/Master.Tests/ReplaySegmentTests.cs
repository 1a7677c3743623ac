using Simulator.Environment;

namespace Simulator.Master.Tests;

/// <summary>A memory that is refilled from segments draws, weighs and forgets what the one that they were taken from does.</summary>
public sealed class ReplaySegmentTests
{
    private const int Clients = 3;
    private const double Exponent = 0.4;

    [Theory]
    [InlineData(100, 1, 4, 4, 0)]
    [InlineData(17, 3, 4, 4, 0)]
    [InlineData(17, 2, 5, 1, 0)]
    [InlineData(16, 9, 4, 2, 0)]
    [InlineData(5, 20, 7, 3, 0)]
    [InlineData(40, 9, 4, 2, 8)]
    [InlineData(23, 12, 4, 2, 6)]
    public void A_refilled_memory_is_the_one_that_was_taken(int capacity, int episodes, int steps, int every, int overlap)
    {
        var replay = new PrioritizedReplay(capacity, Clients, priorityExponent: Exponent);
        var segments = new List<ReplaySegment>();
        var random = new Random(5);
        for (var episode = 1; episode <= episodes; episode++)
        {
            AddEpisode(replay, random, steps);
            Learn(replay, random);
            if (episode % every == 0 || episode == episodes)
            {
                segments.AddRange(ReplaySegment.Since(replay, segments.Count > 0 ? segments[^1].End - overlap : 0));
                segments.RemoveAll(s => s.End <= replay.Added - replay.Count);
            }
        }

        var refilled = Refill(replay, segments);
        AssertSame(replay, refilled);
        for (var episode = 0; episode < 8; episode++)
        {
            AddEpisode(replay, new Random(episode), steps);
            AddEpisode(refilled, new Random(episode), steps);
            var (slots, others) = (Learn(replay, new Random(90 + episode)), Learn(refilled, new Random(90 + episode)));
            Assert.Equal(slots, others);
            AssertSame(replay, refilled);
        }
    }

    [Fact]
    public void A_segment_that_is_missing_is_noticed()
    {
        var replay = new PrioritizedReplay(50, Clients);
        var segments = new List<ReplaySegment>();
        for (var episode = 0; episode < 3; episode++)
        {
            AddEpisode(replay, new Random(episode), 4);
            segments.AddRange(ReplaySegment.Since(replay, segments.Count > 0 ? segments[^1].End : 0));
        }

        foreach (var missing in segments)
        {
            Assert.Throws<InvalidDataException>(() => Refill(replay, segments.Where(s => s != missing)));
        }

        var one = new PrioritizedReplay(50, Clients);
        Assert.Throws<InvalidDataException>(() => ReplaySegment.Refill(one, segments, replay.Priorities(), replay.Added + 1));
    }

    private static PrioritizedReplay Refill(PrioritizedReplay replay, IEnumerable<ReplaySegment> segments)
    {
        var refilled = new PrioritizedReplay(replay.Capacity, Clients, replay.Added - replay.Count, replay.Beta, Exponent);
        ReplaySegment.Refill(refilled, segments, replay.Priorities(), replay.Added);
        return refilled;
    }

    private static void AddEpisode(PrioritizedReplay replay, Random random, int steps)
    {
        replay.BeginEpisode(Row(random, Observation.Width));
        for (var step = 1; step <= steps; step++)
        {
            bool[] selected = [random.Next(2) == 0, random.Next(2) == 0, random.Next(2) == 0];
            replay.Add(Row(random, RawAction.Width), selected, random.NextDouble(), Row(random, Observation.Width), step == steps, random.NextDouble() * 100);
        }
    }

    private static int[] Learn(PrioritizedReplay replay, Random random)
    {
        var slots = new int[6];
        replay.Sample([.. slots.Select(_ => random.NextDouble())], slots, new double[6]);
        foreach (var slot in slots)
        {
            replay.UpdatePriority(slot, random.NextDouble() * 10);
        }

        return slots;
    }

    private static float[] Row(Random random, int width) => [.. Enumerable.Range(0, Clients * width).Select(_ => random.NextSingle())];

    private static void AssertSame(PrioritizedReplay expected, PrioritizedReplay actual)
    {
        Assert.Equal((expected.Count, expected.Added, expected.Beta, expected.Total), (actual.Count, actual.Added, actual.Beta, actual.Total));
        for (var slot = 0; slot < expected.Capacity; slot++)
        {
            Assert.Equal(expected.Holds(slot), actual.Holds(slot));
            if (!expected.Holds(slot))
            {
                continue;
            }

            Assert.Equal(expected.Priority(slot), actual.Priority(slot));
            Assert.Equal(expected.State(slot).ToArray(), actual.State(slot).ToArray());
            Assert.Equal(expected.NextState(slot).ToArray(), actual.NextState(slot).ToArray());
            Assert.Equal(expected.Actions(slot).ToArray(), actual.Actions(slot).ToArray());
            Assert.Equal(expected.Selected(slot).ToArray(), actual.Selected(slot).ToArray());
            Assert.Equal((expected.Reward(slot), expected.Done(slot)), (actual.Reward(slot), actual.Done(slot)));
        }
    }
}
