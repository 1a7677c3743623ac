using System.Text;
using Simulator.Agents;
using Simulator.Cells;
using Simulator.Compute;
using Simulator.Environment;
using Simulator.Master;

namespace Simulator.Lab.Tests;

/// <summary>A cell that goes through episodes of four steps and has a checkpoint of each, and remembers what was in them.</summary>
internal sealed class CellSample
{
    internal const string Name = "cell";
    internal const int Index = 3;
    internal const int Clients = 2;

    internal const int Capacity = 12;

    private readonly PrioritizedReplay _replay = new(Capacity, Clients);
    private readonly Dictionary<int, CellCheckpoint> _saved = [];

    /// <summary>Episodes that it has gone through.</summary>
    internal int Episodes { get; private set; }

    internal CellCheckpoint Saved(int episode) => _saved[episode];

    /// <summary>Goes through all episodes up to one, and writes a checkpoint of that.</summary>
    internal void Write(ICellStore store, int episode)
    {
        while (Episodes < episode)
        {
            AddEpisode(_replay, ++Episodes);
        }

        _saved[episode] = Checkpoint(_replay, 0, episode);
        WriteOnly(store, episode);
    }

    internal void WriteOnly(ICellStore store, int episode) =>
        store.Write(Checkpoint(_replay, store.ReplayFrom, episode), Encoding.UTF8.GetBytes($"{(episode > 1 ? ";" : string.Empty)}told {episode}"), episode, 10 * episode);

    internal static void AddEpisode(PrioritizedReplay replay, int episode)
    {
        var random = new Random(episode);
        replay.BeginEpisode(Row(random, Clients * Observation.Width));
        for (var step = 1; step <= 4; step++)
        {
            replay.Add(Row(random, Clients * RawAction.Width), [step % 2 == 0, episode % 2 == 0], random.NextDouble(), Row(random, Clients * Observation.Width), step == 4, random.NextDouble());
        }
    }

    internal static CellCheckpoint Checkpoint(PrioritizedReplay replay, long from, int episode)
    {
        var random = new Random(1000 + episode);
        return new CellCheckpoint(
            Index,
            episode,
            [1, 2, (byte)episode],
            new MasterCheckpoint(new TrainingState(episode - 1, Row(random, 30)), ReplaySegment.Since(replay, from), replay.Priorities(), replay.Added, 0.4 + (episode / 1000.0), [9, (byte)episode]),
            [new ClientCheckpoint(new TrainingState(episode, Row(random, 20)), [5, (byte)episode]), new ClientCheckpoint(new TrainingState(episode + 1, Row(random, 20)), [(byte)episode])]);
    }

    /// <summary>Checks that the checkpoint of an episode was read.</summary>
    internal void AssertIs(int episode, StoredCell? stored)
    {
        Assert.NotNull(stored);
        Assert.Equal(episode, stored.Manifest.Episode);
        Assert.Equal(10.0 * episode, stored.Manifest.Seconds);
        Assert.Equal(string.Join(';', Enumerable.Range(1, episode).Select(e => $"told {e}")), Encoding.UTF8.GetString(stored.History));
        var (expected, actual) = (_saved[episode], stored.Cell!);
        Assert.Equal(expected.Own, actual.Own);
        Assert.Equal(expected.Master.Own, actual.Master.Own);
        Assert.Equal(expected.Master.Critic.Values, actual.Master.Critic.Values);
        Assert.Equal((expected.Master.Critic.Steps, expected.Master.Added, expected.Master.Beta), (actual.Master.Critic.Steps, actual.Master.Added, actual.Master.Beta));
        Assert.Equal(expected.Master.Priorities, actual.Master.Priorities);
        Assert.Equal(expected.Clients.Length, actual.Clients.Length);
        for (var i = 0; i < Clients; i++)
        {
            Assert.Equal(expected.Clients[i].Own, actual.Clients[i].Own);
            Assert.Equal(expected.Clients[i].Policy!.Steps, actual.Clients[i].Policy!.Steps);
            Assert.Equal(expected.Clients[i].Policy!.Values, actual.Clients[i].Policy!.Values);
        }

        var (all, refilled) = (New(expected), New(actual));
        for (var slot = 0; slot < Capacity; slot++)
        {
            Assert.Equal(all.Holds(slot), refilled.Holds(slot));
            if (all.Holds(slot))
            {
                Assert.Equal(all.State(slot).ToArray(), refilled.State(slot).ToArray());
                Assert.Equal(all.NextState(slot).ToArray(), refilled.NextState(slot).ToArray());
                Assert.Equal(all.Actions(slot).ToArray(), refilled.Actions(slot).ToArray());
                Assert.Equal(all.Selected(slot).ToArray(), refilled.Selected(slot).ToArray());
                Assert.Equal((all.Reward(slot), all.Done(slot), all.Priority(slot)), (refilled.Reward(slot), refilled.Done(slot), refilled.Priority(slot)));
            }
        }

        static PrioritizedReplay New(CellCheckpoint checkpoint)
        {
            var replay = new PrioritizedReplay(Capacity, Clients, checkpoint.Master.Added - checkpoint.Master.Priorities.Length);
            ReplaySegment.Refill(replay, checkpoint.Master.Replay, checkpoint.Master.Priorities, checkpoint.Master.Added);
            return replay;
        }
    }

    private static float[] Row(Random random, int length) => [.. Enumerable.Range(0, length).Select(_ => random.NextSingle() - 0.5f)];
}
