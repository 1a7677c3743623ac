using System.Text;
using Simulator.Agents;
using Simulator.Cells;
using Simulator.Compute;
using Simulator.Environment;
using Simulator.Master;

namespace Simulator.Lab.Tests;

/// <summary>What is written comes back, what is damaged is passed over, and what is not needed is removed.</summary>
public sealed class CheckpointFolderTests : IDisposable
{
    private const int Clients = 2;
    private const int Capacity = 12;

    private readonly TemporaryFolder _folder = new();
    private readonly List<(string File, string Why)> _reports = [];
    private readonly PrioritizedReplay _replay = new(Capacity, Clients);

    public void Dispose() => _folder.Dispose();

    private string Path => _folder["checkpoint"];

    [Fact]
    public void A_folder_that_is_not_there_has_no_checkpoint()
    {
        Assert.Null(Open().Read(Report));
        Assert.Null(Open().ReadHistory());
        Open().Clear();
        Assert.Empty(_reports);
    }

    [Fact]
    public void What_was_written_comes_back_and_the_two_newest_are_kept()
    {
        var folder = Open();
        for (var episode = 1; episode <= 9; episode++)
        {
            Write(folder, episode);
            Assert.InRange(Directory.GetFiles(Path, "checkpoint-*.json").Length, 1, CellStore.Kept);
            Assert.InRange(Directory.GetFiles(Path, "state-*.safetensors").Length, 1, CellStore.Kept);

            // Two checkpoints reach back to what the older one held: at most three episodes of four steps and those that hang over.
            Assert.InRange(Directory.GetFiles(Path, "replay-*.safetensors").Length, 1, 6);
            AssertIs(episode, Open().Read(Report));
        }

        Assert.Empty(_reports);
    }

    [Fact]
    public void What_follows_a_checkpoint_that_was_read_is_as_if_nothing_had_happened()
    {
        for (var episode = 1; episode <= 9; episode++)
        {
            var folder = Open();
            folder.Read(Report);
            Write(folder, episode);
        }

        AssertIs(9, Open().Read(Report));
        Assert.Equal(CellStore.Kept, Directory.GetFiles(Path, "checkpoint-*.json").Length);
    }

    [Theory]
    [InlineData("checkpoint-00000006.json")]
    [InlineData("state-00000006.safetensors")]
    [InlineData("replay-20-24.safetensors")]
    public void A_damaged_checkpoint_falls_back_to_the_older_one(string file)
    {
        var length = new FileInfo(Written(file)).Length;
        foreach (var damage in (Action<string>[])
            [
                f => Flip(f, length / 2), f => Flip(f, length - 2), f => Flip(f, 20), f => Truncate(f, length / 2), f => Truncate(f, 0), f => Truncate(f, length - 2), File.Delete,
            ])
        {
            damage(Written(file));
            _reports.Clear();
            var folder = Open();
            AssertIs(5, folder.Read(Report));
            Assert.Equal(file == "checkpoint-00000006.json" && !File.Exists(System.IO.Path.Combine(Path, file)) ? 0 : 1, _reports.Count);
            Assert.All(_reports, r => Assert.Contains("checkpoint-00000006.json", r.File, StringComparison.Ordinal));

            // And it goes on from there.
            WriteOnly(folder, 7);
            _reports.Clear();
            Assert.Equal(7, Open().Read(Report)!.Manifest.Episode);
            Assert.Empty(_reports);
        }
    }

    [Fact]
    public void A_history_that_lost_its_end_falls_back_and_one_that_lost_its_beginning_leaves_nothing()
    {
        var history = Written("history.log");
        Truncate(history, new FileInfo(history).Length - 1);
        AssertIs(5, Open().Read(Report));
        Flip(history, 3);
        Assert.Null(Open().Read(Report));
        Assert.Equal(3, _reports.Count);
    }

    [Theory]
    [InlineData("state-00000006.safetensors")]
    [InlineData("replay-20-24.safetensors")]
    [InlineData("history.log")]
    public void A_file_that_cannot_be_read_is_not_a_damaged_one(string file)
    {
        // A folder in its place: reading it is a fault of the disk, not of what was written.
        var path = Written(file);
        File.Move(path, _folder["kept"]);
        Directory.CreateDirectory(path);
        var fault = Assert.ThrowsAny<SystemException>(() => Open().Read(Report));
        Assert.True(fault is IOException or UnauthorizedAccessException);
        fault = Assert.ThrowsAny<SystemException>(() => Open().ReadHistory());
        Assert.True(fault is IOException or UnauthorizedAccessException);
        Assert.Empty(_reports);
        Directory.Delete(path);
        File.Move(_folder["kept"], path);
        AssertIs(6, Open().Read(Report));
    }

    [Fact]
    public void What_is_set_aside_stays_until_all_is_removed()
    {
        Assert.Null(Open().SetAside());
        Written("history.log");
        Assert.Equal(Path + ".damaged", Open().SetAside());
        Assert.False(Directory.Exists(Path));
        Written("history.log");
        var folder = Open();
        Assert.Equal(Path + ".damaged-2", folder.SetAside());
        folder.Clear();
        Assert.Equal(2, Directory.GetFiles(Path + ".damaged", "checkpoint-*.json").Length);
        folder.Remove();
        Assert.Empty(Directory.GetDirectories(_folder.Path));
    }

    [Fact]
    public void What_a_write_left_that_did_not_come_to_its_end_is_no_checkpoint_and_goes_with_the_next_one()
    {
        Written("history.log");
        File.AppendAllText(System.IO.Path.Combine(Path, "history.log"), "half a piece");
        File.WriteAllText(System.IO.Path.Combine(Path, "checkpoint-00000007.json.part"), "{");
        File.WriteAllText(System.IO.Path.Combine(Path, "state-00000007.safetensors"), "whole, but without a manifest");
        var folder = Open();
        AssertIs(6, folder.Read(Report));
        Assert.Empty(_reports);
        Write(folder, 7);
        AssertIs(7, Open().Read(Report));
        Assert.Empty(Directory.GetFiles(Path, "*.part"));
    }

    [Fact]
    public void Each_byte_of_a_manifest_counts()
    {
        var manifest = Written("checkpoint-00000006.json");
        var whole = File.ReadAllBytes(manifest);
        for (var at = 0; at < whole.Length - 1; at++)
        {
            var damaged = (byte[])whole.Clone();
            damaged[at] ^= 1;
            if (damaged[at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t' && char.IsWhiteSpace((char)whole[at]))
            {
                continue;
            }

            Assert.ThrowsAny<InvalidDataException>(() => CheckpointManifest.Parse(damaged, "it"));
        }

        Assert.Equal(6, CheckpointManifest.Parse(whole, "it").Episode);
    }

    [Fact]
    public void A_newer_format_is_an_error_that_names_both()
    {
        var manifest = Written("checkpoint-00000006.json");
        var newer = CheckpointManifest.Parse(File.ReadAllBytes(manifest), "it") with { Format = 7 };
        File.WriteAllBytes(manifest, newer.ToJson());
        var fault = Assert.Throws<CheckpointVersionException>(() => Open().Read(Report));
        Assert.Contains("has the format 7, and this version of the program reads formats up to 2", fault.Message, StringComparison.Ordinal);
        Assert.Throws<CheckpointVersionException>(() => Open().ReadHistory());
    }

    [Fact]
    public void A_cell_that_has_ended_leaves_its_history_alone()
    {
        var folder = Open();
        Write(folder, 1);
        Write(folder, 2);
        folder.Write(null, Encoding.UTF8.GetBytes("end"), 3, 30);
        Assert.True(Open().ReadHistory()!.Manifest.Ended);
        Assert.Equal(["checkpoint-00000003.json", "history.log"], Directory.GetFiles(Path).Select(System.IO.Path.GetFileName).Order(StringComparer.Ordinal));
        var stored = Open().Read(Report)!;
        Assert.Null(stored.Cell);
        Assert.Equal("told 1;told 2end", Encoding.UTF8.GetString(stored.History));
    }

    [Fact]
    public void What_could_not_be_written_is_in_the_next_checkpoint()
    {
        var folder = Open();
        Write(folder, 1);

        // A folder where a file should be: as a disk that refuses to write.
        Directory.CreateDirectory(System.IO.Path.Combine(Path, "state-00000002.safetensors.part"));
        Assert.ThrowsAny<Exception>(() => Write(folder, 2));
        AssertIs(1, Open().Read(Report), episodesAdded: 2);
        Write(folder, 3);
        AssertIs(3, Open().Read(Report));
        Assert.Empty(_reports);
    }

    [Fact]
    public void A_checkpoint_that_could_not_be_read_again_is_not_written()
    {
        Written("history.log");
        var sizes = Directory.GetFiles(Path, "*-*.safetensors").Select(f => new FileInfo(f).Length);
        Assert.InRange(CheckpointTensors.LargestFile(_saved[6]), sizes.Max(), sizes.Max() + 8192);
        var before = Directory.GetFiles(Path).Order(StringComparer.Ordinal).ToList();
        var folder = new CheckpointFolder(Path, "cell", 3, 4096);
        folder.Read(Report);
        Assert.False(folder.TooLarge);
        Assert.Contains("more than the 4096 that can be read again", Assert.Throws<IOException>(() => Write(folder, 7)).Message, StringComparison.Ordinal);
        Assert.True(folder.TooLarge);
        Assert.Equal(before, Directory.GetFiles(Path).Order(StringComparer.Ordinal));
        AssertIs(6, Open().Read(Report));
    }

    [Fact]
    public void The_replay_memory_is_written_anew_when_its_files_have_become_many()
    {
        var replay = new PrioritizedReplay(10_000, Clients);
        var folder = Open();
        var most = 0;
        for (var episode = 1; episode <= 100; episode++)
        {
            AddEpisode(replay, episode);
            folder.Write(Checkpoint(replay, folder.ReplayFrom, episode), [], episode, 0);
            most = Math.Max(most, Directory.GetFiles(Path, "replay-*").Length);
        }

        Assert.InRange(most, 20, CellStore.MostReplayFiles + 2);
        Assert.Equal(400, Open().Read(Report)!.Cell!.Master.Replay[^1].End);
    }

    private CheckpointFolder Open() => new(Path, "cell", 3, Array.MaxLength);

    private void Report(string file, string why) => _reports.Add((file, why));

    /// <summary>A folder with the checkpoints of episodes 5 and 6; the path of one of its files.</summary>
    private string Written(string file)
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }

        _episodes = 0;
        var folder = Open();
        _saved.Clear();
        _restart = new PrioritizedReplay(Capacity, Clients);
        for (var episode = 1; episode <= 6; episode++)
        {
            Write(folder, episode);
        }

        return System.IO.Path.Combine(Path, file);
    }

    private PrioritizedReplay? _restart;
    private int _episodes;
    private readonly Dictionary<int, CellCheckpoint> _saved = [];

    private PrioritizedReplay Replay => _restart ?? _replay;

    private void Write(CheckpointFolder folder, int episode)
    {
        while (_episodes < episode)
        {
            AddEpisode(Replay, ++_episodes);
        }

        _saved[episode] = Checkpoint(Replay, 0, episode);
        WriteOnly(folder, episode);
    }

    private void WriteOnly(CheckpointFolder folder, int episode) =>
        folder.Write(Checkpoint(Replay, folder.ReplayFrom, episode), Encoding.UTF8.GetBytes($"{(episode > 1 ? ";" : string.Empty)}told {episode}"), episode, 10 * episode);

    private static void AddEpisode(PrioritizedReplay replay, int episode)
    {
        var random = new Random(episode);
        replay.BeginEpisode(Row(random, Clients * Observation.Width));
        for (var step = 1; step <= 4; step++)
        {
            replay.Add(Row(random, Clients * RawAction.Width), [step % 2 == 0, episode % 2 == 0], random.NextDouble(), Row(random, Clients * Observation.Width), step == 4, random.NextDouble());
        }
    }

    private static CellCheckpoint Checkpoint(PrioritizedReplay replay, long from, int episode)
    {
        var random = new Random(1000 + episode);
        return new CellCheckpoint(
            3,
            episode,
            [1, 2, (byte)episode],
            new MasterCheckpoint(new TrainingState(episode - 1, Row(random, 30)), ReplaySegment.Since(replay, from), replay.Priorities(), replay.Added, 0.4 + (episode / 1000.0), [9, (byte)episode]),
            [new ClientCheckpoint(new TrainingState(episode, Row(random, 20)), [5, (byte)episode]), new ClientCheckpoint(new TrainingState(episode + 1, Row(random, 20)), [(byte)episode])]);
    }

    private static float[] Row(Random random, int length) => [.. Enumerable.Range(0, length).Select(_ => random.NextSingle() - 0.5f)];

    private void AssertIs(int episode, StoredCell? stored, int? episodesAdded = null)
    {
        Assert.NotNull(stored);
        Assert.Equal(episode, stored.Manifest.Episode);
        Assert.Equal(10.0 * episode, stored.Manifest.Seconds);
        Assert.Equal(string.Join(';', Enumerable.Range(1, episode).Select(e => $"told {e}")), Encoding.UTF8.GetString(stored.History));
        var (expected, actual) = (_saved[episode], stored.Cell!);
        Assert.True(episodesAdded is null || _episodes == episodesAdded);
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

    private static void Flip(string file, long at)
    {
        var bytes = File.ReadAllBytes(file);
        bytes[at] ^= 4;
        File.WriteAllBytes(file, bytes);
    }

    private static void Truncate(string file, long length)
    {
        using var stream = File.OpenWrite(file);
        stream.SetLength(length);
    }
}
