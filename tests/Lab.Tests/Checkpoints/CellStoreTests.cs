using System.Text;
using Simulator.Master;

namespace Simulator.Lab.Tests;

/// <summary>What is written comes back, what is damaged is passed over, and what is not needed is removed: wherever the checkpoints of a cell are.</summary>
public abstract class CellStoreTests
{
    private const string Manifest6 = "checkpoint-00000006.json";
    private const string History = "history.log";

    private protected List<(string File, string Why)> Reports { get; } = [];

    private protected CellSample Sample { get; private set; } = new();

    /// <summary>The epoch of the newest writer.</summary>
    private protected int Epoch { get; private set; }

    /// <summary>Opens the cell's checkpoints for a writer that knows nothing of them.</summary>
    private protected abstract ICellStore OpenAs(int epoch, long mostBytes = int.MaxValue);

    /// <summary>Opens them for a writer that is newer than all before.</summary>
    private protected ICellStore Open(long mostBytes = int.MaxValue) => OpenAs(++Epoch, mostBytes);

    /// <summary>Reads what a newer writer would, and leaves it to the one that has it.</summary>
    private protected abstract StoredCell? Look();

    /// <summary>Names of all that is there, in order.</summary>
    private protected abstract IReadOnlyList<string> Names { get; }

    private protected abstract byte[] Get(string name);

    /// <summary>Puts something in place of what is there, nothing for null.</summary>
    private protected abstract void Put(string name, byte[]? content);

    /// <summary>Removes everything.</summary>
    private protected abstract void Empty();

    /// <summary>Has the next checkpoint refused in the middle of its writing.</summary>
    /// <param name="file">The file that is refused.</param>
    private protected abstract void Refuse(string file);

    private protected void Report(string file, string why) => Reports.Add((file, why));

    [Fact]
    public void Where_nothing_was_written_there_is_no_checkpoint()
    {
        Assert.Null(Open().Read(Report));
        Assert.Null(Open().ReadHistory());
        Open().Clear();
        Assert.Null(Open().SetAside());
        Open().Remove();
        Assert.Empty(Reports);
    }

    [Fact]
    public void What_was_written_comes_back_and_the_two_newest_are_kept()
    {
        var store = Open();
        for (var episode = 1; episode <= 9; episode++)
        {
            Sample.Write(store, episode);
            Assert.InRange(Count("checkpoint-"), 1, CellStore.Kept);
            Assert.InRange(Count("state-"), 1, CellStore.Kept);

            // Two checkpoints reach back to what the older one held: at most three episodes of four steps and those that hang over.
            Assert.InRange(Count("replay-"), 1, 6);
            Sample.AssertIs(episode, Look());
        }

        Assert.Empty(Reports);
    }

    [Fact]
    public void What_follows_a_checkpoint_that_was_read_is_as_if_nothing_had_happened()
    {
        for (var episode = 1; episode <= 9; episode++)
        {
            var store = Open();
            store.Read(Report);
            Sample.Write(store, episode);
        }

        Sample.AssertIs(9, Open().Read(Report));
        Assert.Equal(CellStore.Kept, Count("checkpoint-"));
    }

    [Theory]
    [InlineData(Manifest6)]
    [InlineData("state-00000006.safetensors")]
    [InlineData("replay-20-24.safetensors")]
    public void A_damaged_checkpoint_falls_back_to_the_older_one(string file)
    {
        WriteSix();
        var length = Get(file).Length;
        foreach (var damage in (Func<byte[], byte[]?>[])
            [
                b => Flip(b, length / 2), b => Flip(b, length - 2), b => Flip(b, 20), b => b[..(length / 2)], _ => [], b => b[..(length - 2)], _ => null,
            ])
        {
            WriteSix();
            var damaged = damage(Get(file));
            Put(file, damaged);
            Reports.Clear();
            var store = Open();
            Sample.AssertIs(5, store.Read(Report));
            Assert.Equal(file == Manifest6 && damaged is null ? 0 : 1, Reports.Count);
            Assert.All(Reports, r => Assert.Contains(Manifest6, r.File, StringComparison.Ordinal));

            // And it goes on from there.
            Sample.WriteOnly(store, 7);
            Reports.Clear();
            Assert.Equal(7, Open().Read(Report)!.Manifest.Episode);
            Assert.Empty(Reports);
        }
    }

    [Fact]
    public void A_history_that_lost_its_end_falls_back_and_one_that_lost_its_beginning_leaves_nothing()
    {
        WriteSix();
        Put(History, Get(History)[..^1]);
        Sample.AssertIs(5, Open().Read(Report));
        Put(History, Flip(Get(History), 3));
        Assert.Null(Open().Read(Report));
        Assert.Equal(3, Reports.Count);
    }

    [Fact]
    public void A_newer_format_is_an_error_that_names_both()
    {
        WriteSix();
        Put(Manifest6, (CheckpointManifest.Parse(Get(Manifest6), "it") with { Format = 7 }).ToJson());
        var fault = Assert.Throws<CheckpointVersionException>(() => Open().Read(Report));
        Assert.Contains("has the format 7, and this version of the program reads formats up to 2", fault.Message, StringComparison.Ordinal);
        Assert.Throws<CheckpointVersionException>(() => Open().ReadHistory());
    }

    [Fact]
    public void A_cell_that_has_ended_leaves_its_history_alone()
    {
        var store = Open();
        Sample.Write(store, 1);
        Sample.Write(store, 2);
        store.Write(null, Encoding.UTF8.GetBytes("end"), 3, 30);
        Assert.True(Open().ReadHistory()!.Manifest.Ended);
        Assert.Equal(["checkpoint-00000003.json", History], Names);
        var stored = Open().Read(Report)!;
        Assert.Null(stored.Cell);
        Assert.Equal("told 1;told 2end", Encoding.UTF8.GetString(stored.History));
    }

    [Fact]
    public void What_could_not_be_written_is_in_the_next_checkpoint()
    {
        var store = Open();
        Sample.Write(store, 1);
        Refuse("state-00000002.safetensors");
        Assert.True(Assert.ThrowsAny<SystemException>(() => Sample.Write(store, 2)) is IOException or UnauthorizedAccessException);
        Assert.Equal(2, Sample.Episodes);
        Sample.AssertIs(1, Look());
        Sample.Write(store, 3);
        Sample.AssertIs(3, Open().Read(Report));
        Assert.Empty(Reports);
    }

    [Fact]
    public void A_checkpoint_that_could_not_be_read_again_is_not_written()
    {
        WriteSix();
        var sizes = Names.Where(n => n.EndsWith(".safetensors", StringComparison.Ordinal)).Select(n => Get(n).LongLength);
        Assert.InRange(CheckpointTensors.LargestFile(Sample.Saved(6)), sizes.Max(), sizes.Max() + 8192);
        var before = Names;
        var store = Open(4096);
        store.Read(Report);
        Assert.False(store.TooLarge);
        Assert.Contains("more than the 4096 that can be read again", Assert.Throws<IOException>(() => Sample.Write(store, 7)).Message, StringComparison.Ordinal);
        Assert.True(store.TooLarge);
        Assert.Equal(before, Names);
        Sample.AssertIs(6, Open().Read(Report));
    }

    [Fact]
    public void The_replay_memory_is_written_anew_when_its_files_have_become_many()
    {
        var replay = new PrioritizedReplay(10_000, CellSample.Clients);
        var store = Open();
        var most = 0;
        for (var episode = 1; episode <= 100; episode++)
        {
            CellSample.AddEpisode(replay, episode);
            store.Write(CellSample.Checkpoint(replay, store.ReplayFrom, episode), [], episode, 0);
            most = Math.Max(most, Count("replay-"));
        }

        Assert.InRange(most, 20, CellStore.MostReplayFiles + 2);
        Assert.Equal(400, Open().Read(Report)!.Cell!.Master.Replay[^1].End);
    }

    [Fact]
    public void What_is_set_aside_is_read_no_more_and_the_cell_begins_anew()
    {
        WriteSix();
        var store = Open();
        Assert.NotNull(store.SetAside());
        Assert.Null(store.Read(Report));
        Assert.Empty(Names);
        Sample = new CellSample();
        Sample.Write(store, 1);
        Sample.AssertIs(1, Open().Read(Report));
        Assert.NotNull(Open().SetAside());
        Assert.Null(Open().ReadHistory());
        Open().Remove();
        Assert.Empty(Reports);
    }

    [Fact]
    public void A_writer_with_an_older_epoch_is_refused_and_changes_nothing()
    {
        var older = Open();
        Sample.Write(older, 1);
        var newer = Open();
        Sample.AssertIs(1, newer.Read(Report));
        AssertRefused(older);
        Sample.AssertIs(1, Look());
        Sample.WriteOnly(newer, 2);
        AssertRefused(older);
        AssertRefused(OpenAs(Epoch - 1));
        Sample.AssertIs(2, Look());

        // The epoch outlives what was stored under it.
        newer.Clear();
        Assert.Throws<CheckpointEpochException>(() => Sample.Write(older, 3));
        Assert.Empty(Names);
        Assert.Empty(Reports);

        void AssertRefused(ICellStore store)
        {
            var before = Names.ToDictionary(n => n, n => Convert.ToHexString(Get(n)), StringComparer.Ordinal);
            foreach (var deed in (Action[])[() => Sample.Write(store, 2), store.Clear, () => store.SetAside(), store.Remove, () => store.Read(Report)])
            {
                Assert.Equal($"a newer writer has the cell 'cell': its epoch is {Epoch}, and this one's {Epoch - 1}", Assert.Throws<CheckpointEpochException>(deed).Message);
            }

            Assert.Equal(before, Names.ToDictionary(n => n, n => Convert.ToHexString(Get(n)), StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Each_writer_goes_on_from_what_the_one_before_it_wrote_whose_next_checkpoint_is_refused()
    {
        List<ICellStore> before = [];
        for (var episode = 1; episode <= 6; episode++)
        {
            var store = Open();
            if (episode > 1)
            {
                Sample.AssertIs(episode - 1, store.Read(Report));
                Assert.All(before, b => Assert.Throws<CheckpointEpochException>(() => Sample.WriteOnly(b, episode)));
            }

            Sample.Write(store, episode);
            before.Add(store);
        }

        Sample.AssertIs(6, Look());
        Assert.Equal(CellStore.Kept, Count("checkpoint-"));
    }

    [Fact]
    public void An_older_writer_is_refused_where_the_newer_one_has_found_nothing_to_go_on_from()
    {
        var (read, unused) = (Open(), Open());
        Assert.Null(read.Read(Report));
        var newer = Open();
        Assert.Null(newer.Read(Report));
        Assert.Throws<CheckpointEpochException>(() => Sample.Write(read, 1));
        Assert.Throws<CheckpointEpochException>(() => Sample.Write(unused, 1));
        Assert.Empty(Names);
        Sample.Write(newer, 2);
        Sample = new CellSample();
        newer.Clear();
        Sample.Write(newer, 1);
        Sample.AssertIs(1, Look());
    }

    [Fact]
    public void Who_looks_at_the_history_takes_nothing()
    {
        var store = Open();
        Assert.Null(OpenAs(Epoch + 1).ReadHistory());
        Sample.Write(store, 1);
        Assert.Equal(1, OpenAs(Epoch + 1).ReadHistory()!.Manifest.Episode);
        Assert.Equal(1, OpenAs(0).ReadHistory()!.Manifest.Episode);
        Sample.Write(store, 2);
        Sample.AssertIs(2, Look());
    }

    [Fact]
    public void What_a_writer_has_written_is_removed_by_another_one_with_its_epoch()
    {
        WriteSix();
        Assert.NotNull(Open().SetAside());
        Sample = new CellSample();
        Sample.Write(Open(), 1);
        OpenAs(Epoch).Remove();
        Assert.Empty(Names);
        Assert.Null(Open().SetAside());
    }

    [Fact]
    public async Task The_history_can_be_looked_at_while_others_write_one_after_the_other()
    {
        var first = Open();
        Sample.Write(first, 1);
        var (sample, token) = (Sample, TestContext.Current.CancellationToken);
        var writing = Task.Run(
            () =>
            {
                var store = first;
                for (var episode = 2; episode <= 150; episode++)
                {
                    if (episode % 5 == 0)
                    {
                        store = Open();
                        Assert.Equal(episode - 1, store.Read(Report)!.Manifest.Episode);
                    }

                    sample.Write(store, episode);
                }
            },
            token);
        var newest = 1;
        do
        {
            var found = OpenAs(0).ReadHistory();
            Assert.NotNull(found);
            Assert.InRange(found.Manifest.Episode, newest, 150);
            Assert.Equal(string.Join(';', Enumerable.Range(1, found.Manifest.Episode).Select(e => $"told {e}")), Encoding.UTF8.GetString(found.History));
            newest = found.Manifest.Episode;
        }
        while (!writing.IsCompleted);

        await writing;
        Sample.AssertIs(150, Look());
        Assert.Empty(Reports);
    }

    /// <summary>Writes checkpoints of six episodes, of which those of 5 and 6 stay.</summary>
    private protected void WriteSix()
    {
        Empty();
        Sample = new CellSample();
        var store = Open();
        for (var episode = 1; episode <= 6; episode++)
        {
            Sample.Write(store, episode);
        }
    }

    private int Count(string prefix) => Names.Count(n => n.StartsWith(prefix, StringComparison.Ordinal));

    private static byte[] Flip(byte[] bytes, int at)
    {
        bytes[at] ^= 4;
        return bytes;
    }
}
