using System.Collections;
using System.Text;
using Simulator.Master;

namespace Simulator.Lab.Tests;

/// <summary>Writers of one folder that follow each other: whatever the one before is in the middle of, it changes nothing of what the next one has.</summary>
public sealed class FolderEpochTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly CellSample _sample = new();
    private readonly List<string> _reports = [];

    public void Dispose() => _folder.Dispose();

    private string Place => _folder["cell/checkpoint"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_writer_that_is_overtaken_in_the_middle_of_a_checkpoint_is_refused(int when)
    {
        var older = Open(1);
        _sample.Write(older, 1);
        _sample.Write(older, 2);
        var newer = Open(2);

        // The replay memory is looked at once before anything is written, and again when history and networks are.
        var read = 0;
        var checkpoint = _sample.Saved(2);
        var interrupted = checkpoint with
        {
            Episode = 3,
            Master = checkpoint.Master with
            {
                Replay = new Watched<ReplaySegment>(checkpoint.Master.Replay, () =>
                {
                    if (++read == when)
                    {
                        _sample.AssertIs(2, newer.Read(Report));
                        _sample.Write(newer, 3);
                    }
                }),
            },
        };
        var fault = Assert.Throws<CheckpointEpochException>(() => older.Write(interrupted, Encoding.UTF8.GetBytes("of the older"), 3, 1));
        Assert.Equal("a newer writer has the cell 'cell': its epoch is 2, and this one's 1", fault.Message);
        Assert.Equal(when, read);
        AssertGoesOn(newer, 3);
    }

    [Fact]
    public void A_file_that_was_being_written_when_another_writer_came_is_in_no_checkpoint_of_that_one()
    {
        _sample.Write(Open(1), 1);
        var newer = Open(2);
        var access = new FolderAccess(Own(1), 1);
        Assert.Throws<DirectoryNotFoundException>(() => access.Write("state-00000002.safetensors", stream =>
        {
            stream.Write(new byte[100_000]);
            newer.Read(Report);
            _sample.Write(newer, 2);
            stream.Write(new byte[100_000]);
        }));
        AssertGoesOn(newer, 2);
    }

    [Fact]
    public void A_history_that_was_being_written_when_another_writer_came_is_not_that_ones()
    {
        _sample.Write(Open(1), 1);
        var newer = Open(2);
        var history = Path.Combine(Own(1), CellStore.HistoryName);

        // It hangs with the file open, and goes on with what it would have written, and more.
        using (var held = new FileStream(history, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            _sample.AssertIs(1, newer.Read(Report));
            held.SetLength(10);
            held.Write(new byte[1000]);
            held.Flush();
            _sample.Write(newer, 2);
            held.Write(new byte[1000]);
        }

        AssertGoesOn(newer, 2);
    }

    [Fact]
    public void A_history_that_is_appended_to_while_another_writer_comes_is_not_that_ones()
    {
        _sample.Write(Open(1), 1);
        var newer = Open(2);
        var pieces = new Watched<byte[]>([new byte[10]], () => newer.Read(Report));
        var before = Open(1).ReadHistory()!.Manifest.History;
        new FolderAccess(Own(1), 1).AppendHistory(before, pieces);
        Assert.Throws<DirectoryNotFoundException>(() => new FolderAccess(Own(1), 1).AppendHistory(before, pieces));
        AssertGoesOn(newer, 1);
    }

    [Fact]
    public void A_folder_that_is_gone_with_the_cells_is_a_fault_of_the_disk_and_one_that_is_gone_alone_is_not()
    {
        var store = Open(1);
        _sample.Write(store, 1);
        Directory.Move(Own(1), _folder["kept"]);
        var fault = Assert.Throws<CheckpointEpochException>(() => _sample.Write(store, 2));
        Assert.StartsWith("another writer has the cell 'cell', or had it and has removed its checkpoints: ", fault.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Own(1)));
        Directory.Move(_folder["cell"], _folder["away"]);
        Assert.IsNotType<CheckpointEpochException>(Assert.ThrowsAny<IOException>(() => _sample.WriteOnly(store, 2)));
        Assert.False(Directory.Exists(_folder["cell"]));
        Directory.Move(_folder["away"], _folder["cell"]);
        Directory.Move(_folder["kept"], Own(1));
        _sample.WriteOnly(store, 2);
        Assert.Equal(2, Open(2).Read(Report)!.Manifest.Episode);
    }

    [Fact]
    public void An_epoch_is_one_writers()
    {
        var first = Open(1);
        _sample.Write(first, 1);
        var second = Open(1);
        foreach (var deed in (Action[])[() => second.Read(Report), () => _sample.Write(second, 2), second.Clear, () => second.SetAside()])
        {
            Assert.Equal("another writer has the cell 'cell' under the same epoch, 1", Assert.Throws<CheckpointEpochException>(deed).Message);
        }

        AssertGoesOn(first, 1);
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("an earlier version")]
    [InlineData("an older writer")]
    public async Task Of_many_that_take_a_cell_at_one_time_the_newest_has_it_and_the_others_read_it_whole_or_are_refused(string from)
    {
        const int Writers = 6;
        var token = TestContext.Current.CancellationToken;
        for (var round = 0; round < 25; round++)
        {
            var (sample, place) = (new CellSample(), _folder[$"{round}/checkpoint"]);
            if (from != "nothing")
            {
                var before = Open(1, place);
                sample.Write(before, 1);
                sample.Write(before, 2);
                sample.Write(before, 3);
                if (from == "an earlier version")
                {
                    Flatten(place);
                }
            }

            using var barrier = new Barrier(Writers);
            var stores = Enumerable.Range(0, Writers).Select(i => Open(10 + i, place)).ToList();
            var found = await Task.WhenAll(stores.Select(store => Task.Factory.StartNew(
                () =>
                {
                    barrier.SignalAndWait(token);
                    try
                    {
                        return (Stored: store.Read((_, why) => Assert.Fail(why)), Refused: false);
                    }
                    catch (CheckpointEpochException)
                    {
                        return (Stored: null, Refused: true);
                    }
                },
                token,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)));
            Assert.False(found[^1].Refused);
            Assert.Equal([$"epoch-{10 + Writers - 1}"], Directory.GetFileSystemEntries(place).Select(Path.GetFileName));
            if (from != "nothing")
            {
                Assert.All(found.Where(f => !f.Refused), f => sample.AssertIs(3, f.Stored));
            }

            Assert.All(stores.SkipLast(1), s => Assert.Throws<CheckpointEpochException>(() => sample.Write(s, 4)));
            sample.Write(stores[^1], 4);
            Assert.Equal(4, Open(100, place).Read(Report)!.Manifest.Episode);
        }

        Assert.Empty(_reports);
    }

    [Fact]
    public void What_an_earlier_version_wrote_is_read_and_moved_and_a_move_that_was_cut_off_goes_on()
    {
        for (var moved = 0; ; moved++)
        {
            var (sample, place) = (new CellSample(), _folder[$"{moved}/checkpoint"]);
            var before = Open(1, place);
            sample.Write(before, 1);
            sample.Write(before, 2);
            Flatten(place);
            File.WriteAllText(Path.Combine(place, "state-00000003.safetensors.part"), "half");
            Assert.Equal(2, Open(0, place).ReadHistory()!.Manifest.Episode);
            Assert.Empty(Directory.GetDirectories(place));

            // As far as the one before came.
            var files = Directory.GetFiles(place).OrderDescending(StringComparer.Ordinal).ToList();
            if (moved > 0)
            {
                Directory.CreateDirectory(Path.Combine(place, "epoch-4"));
                files.Take(moved - 1).ToList().ForEach(f => File.Move(f, Path.Combine(place, "epoch-4", Path.GetFileName(f))));
            }

            var store = Open(5, place);
            sample.AssertIs(2, store.Read(Report));
            Assert.Equal([Path.Combine(place, "epoch-5")], Directory.GetFileSystemEntries(place));
            Assert.Empty(Directory.GetFiles(place, "*.part", SearchOption.AllDirectories));
            sample.Write(store, 3);
            sample.AssertIs(3, Open(6, place).Read(Report));
            if (moved > files.Count)
            {
                break;
            }
        }

        Assert.Empty(_reports);
    }

    [Fact]
    public void What_somebody_made_that_is_no_epoch_is_none_and_a_link_is_refused()
    {
        _sample.Write(Open(1), 1);
        foreach (var name in (string[])["epoch-", "epoch-007", "epoch-+9", "epoch-99999999999", "epoch-9.damaged", "EPOCH-9"])
        {
            Directory.CreateDirectory(Path.Combine(Place, name));
        }

        Assert.Equal([1], CheckpointFolder.Epochs(Place));
        _sample.AssertIs(1, Open(2).Read(Report));
        Directory.CreateSymbolicLink(Path.Combine(Place, "epoch-3"), _folder.Path);
        foreach (var deed in (Action[])[() => Open(4).Read(Report), () => Open(4).ReadHistory(), () => _sample.Write(Open(4), 2), Open(4).Clear, Open(4).Remove, () => Open(3).Read(Report)])
        {
            Assert.Contains("is a link", Assert.Throws<IOException>(deed).Message, StringComparison.Ordinal);
        }
    }

    private static CheckpointFolder Open(int epoch, string place) => new(place, CellSample.Name, CellSample.Index, epoch, int.MaxValue);

    /// <summary>Makes of a folder with one writer what an earlier version left.</summary>
    private static void Flatten(string place)
    {
        var own = Assert.Single(Directory.GetDirectories(place));
        Directory.GetFiles(own).ToList().ForEach(f => File.Move(f, Path.Combine(place, Path.GetFileName(f))));
        Directory.Delete(own);
    }

    private CheckpointFolder Open(int epoch) => Open(epoch, Place);

    private string Own(int epoch) => Path.Combine(Place, $"epoch-{epoch}");

    private void Report(string file, string why) => _reports.Add($"{file}: {why}");

    /// <summary>The store has what was written up to an episode, can write the next, and nothing that another writer left is there.</summary>
    private void AssertGoesOn(CheckpointFolder store, int episode)
    {
        _sample.AssertIs(episode, store.Read(Report));
        _sample.Write(store, episode + 1);
        _sample.AssertIs(episode + 1, store.Read(Report));
        _sample.AssertIs(episode + 1, Open(100).Read(Report));
        Assert.Empty(_reports);
        Assert.Equal([Own(100)], Directory.GetFileSystemEntries(Place));
        Assert.Empty(Directory.GetFiles(Own(100), "*.part"));
    }

    /// <summary>A list that tells when somebody goes through it.</summary>
    private sealed class Watched<T>(IReadOnlyList<T> items, Action before) : IReadOnlyList<T>
    {
        public int Count => items.Count;

        public T this[int index] => items[index];

        public IEnumerator<T> GetEnumerator()
        {
            before();
            return items.GetEnumerator();
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
