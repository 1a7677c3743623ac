using System.Text.Json;

namespace Simulator.Lab.Tests;

/// <summary>A run has an identity and lives, and nodes join it: wherever its checkpoints are.</summary>
public abstract class RunStoreTests : IDisposable
{
    private protected TemporaryFolder Folder { get; } = new();

    private protected abstract CheckpointPlace Place { get; }

    public virtual void Dispose()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected string FileName => Path.Combine(Folder["run"], RunIdentity.FileName);

    /// <summary>Another life of the run in the folder.</summary>
    private protected IRunStore Begin(CheckpointPlace? place = null)
    {
        Directory.CreateDirectory(Folder["run"]);
        using var folder = RunFolder.Open(Folder["run"]);
        var store = IRunStore.Open(place ?? Place, folder, TimeProvider.System);
        store.Begin("small");
        return store;
    }

    private protected IRunStore Join(Guid run, string folder = "run") => IRunStore.Join(Place, Folder[folder], run, TimeProvider.System);

    [Fact]
    public void A_run_keeps_its_identity_and_has_another_life_with_every_process_that_takes_it()
    {
        using var first = Begin();
        using var second = Begin();
        using var third = Begin();
        Assert.Equal((1, 2, 3), (first.Life, second.Life, third.Life));
        Assert.NotEqual(Guid.Empty, first.Run);
        Assert.Equal([first.Run, first.Run], [second.Run, third.Run]);
        using var json = JsonDocument.Parse(File.ReadAllBytes(FileName));
        Assert.Equal((third.Run, 3), (json.RootElement.GetProperty("run").GetGuid(), json.RootElement.GetProperty("life").GetInt32()));
        third.Remove();
        Assert.False(File.Exists(FileName));
        using var another = Begin();
        Assert.Equal(1, another.Life);
        Assert.NotEqual(first.Run, another.Run);
    }

    [Fact]
    public void A_node_joins_the_run_that_it_was_told_of_and_changes_nothing_by_that()
    {
        Begin().Dispose();
        using var coordinator = Begin();
        var before = All();
        using (var node = Join(coordinator.Run))
        {
            Assert.Equal((coordinator.Run, 2), (node.Run, node.Life));
            Assert.Throws<InvalidOperationException>(() => node.Begin("small"));
            Assert.Throws<InvalidOperationException>(node.Remove);
        }

        Assert.Equal(before, All());
        using var next = Begin();
        Assert.Equal(3, next.Life);

        string[] All() => [.. Directory.GetFiles(Folder["run"], "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(f => $"{f} {File.GetLastWriteTimeUtc(f):O}")];
    }

    [Fact]
    public void A_cell_goes_from_node_to_node_and_the_coordinator_removes_it()
    {
        var sample = new CellSample();
        using var coordinator = Begin();
        var first = coordinator.Life * IRunStore.EpochsOfLife;
        using var one = Join(coordinator.Run);
        using var other = Join(coordinator.Run);
        var older = one.Of(CellSample.Name, CellSample.Index, first);
        Assert.Null(older.Read(Report));
        sample.Write(older, 1);
        var newer = other.Of(CellSample.Name, CellSample.Index, first + 1);
        sample.AssertIs(1, newer.Read(Report));
        Assert.Throws<CheckpointEpochException>(() => sample.Write(older, 2));
        sample.WriteOnly(newer, 2);
        sample.AssertIs(2, newer.Read(Report));

        // Another life goes on from it, and whoever is left of this one is refused.
        using var next = Begin();
        var cell = next.Of(CellSample.Name, CellSample.Index, next.Life * IRunStore.EpochsOfLife);
        Assert.Equal(2, cell.ReadHistory()!.Manifest.Episode);
        sample.AssertIs(2, cell.Read(Report));
        Assert.Throws<CheckpointEpochException>(() => sample.Write(newer, 3));
        next.Of(CellSample.Name, CellSample.Index, (next.Life * IRunStore.EpochsOfLife) + 5).Remove();
        next.Remove();
        using var anew = Begin();
        Assert.Null(anew.Of(CellSample.Name, CellSample.Index, anew.Life * IRunStore.EpochsOfLife).Read(Report));

        static void Report(string file, string why) => Assert.Fail($"{file}: {why}");
    }

    [Theory]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"life\": 1}")]
    [InlineData("{\"run\": \"x\", \"life\": 1}")]
    [InlineData("{\"run\": \"8d0c2f9e-8a3e-4b3a-9d52-0c3f3a4f6a01\", \"life\": \"1\"}")]
    [InlineData("{\"run\": \"8d0c2f9e-8a3e-4b3a-9d52-0c3f3a4f6a01\", \"life\": -1}")]
    [InlineData("{\"run\": \"8d0c2f9e-8a3e-4b3a-9d52-0c3f3a4f6a01\", \"life\": 2147483647}")]
    public void A_damaged_file_is_an_error_that_says_what_comes_without_it(string text)
    {
        Begin().Dispose();
        File.WriteAllText(FileName, text);
        var message = Assert.Throws<IOException>(() => Begin()).Message;
        Assert.StartsWith($"{FileName} does not tell which run this is: ", message, StringComparison.Ordinal);
        Assert.Contains("; without the file ", message, StringComparison.Ordinal);
        Assert.Equal(text, File.ReadAllText(FileName));
        File.Delete(FileName);
        Begin().Dispose();
    }

    [Fact]
    public void A_run_has_no_more_lives_than_have_epochs()
    {
        Begin().Dispose();
        File.WriteAllText(FileName, File.ReadAllText(FileName).Replace("\"life\":1", $"\"life\":{RunIdentity.MostLives - 1}", StringComparison.Ordinal));
        using var last = Begin();
        Assert.Equal(RunIdentity.MostLives, last.Life);
        Assert.True(last.Life * IRunStore.EpochsOfLife > 0);
        Assert.Contains("can have no more", Assert.Throws<IOException>(() => Begin()).Message, StringComparison.Ordinal);
    }
}

/// <summary>Runs whose checkpoints are in their folders.</summary>
public sealed class FolderRunStoreTests : RunStoreTests
{
    private protected override CheckpointPlace Place => CheckpointPlace.Folder;

    [Fact]
    public void A_node_whose_folder_is_not_the_runs_does_not_join()
    {
        using var store = Begin();
        Refused("it has no file of that name", "nowhere", store.Run);
        Directory.CreateDirectory(Folder["empty"]);
        Refused("it has no file of that name", "empty", store.Run);
        var other = Guid.Parse("8d0c2f9e-8a3e-4b3a-9d52-0c3f3a4f6a01");
        Refused($"that names the run {store.Run}, and this one is {other}", "run", other);
        Directory.CreateSymbolicLink(Path.Combine(Folder["run"], "cells"), Folder["empty"]);
        Assert.Contains("is a link", Assert.Throws<IOException>(() => Join(store.Run)).Message, StringComparison.Ordinal);

        void Refused(string why, string folder, Guid run) => Assert.Equal(
            $"the folder '{Folder[folder]}' is not the run's, by its store.json: {why}; do the nodes share it?", Assert.Throws<StoreMismatchException>(() => Join(run, folder)).Message);
    }

    [Fact]
    public void A_run_whose_file_is_lost_or_that_an_earlier_version_began_goes_on()
    {
        var sample = new CellSample();
        Begin().Dispose();
        using (var second = Begin())
        {
            sample.Write(Cell(second), 1);
            sample.Write(second.Of("other", 1, (2 * IRunStore.EpochsOfLife) + 7), 2);
        }

        File.Delete(FileName);
        using (var third = Begin())
        {
            Assert.Equal(3, third.Life);
            Assert.Equal(1, Cell(third).Read((_, why) => Assert.Fail(why))!.Manifest.Episode);
        }

        // An earlier version has neither the file nor epochs.
        File.Delete(FileName);
        var place = Path.Combine(Folder["run"], CellStore.FolderOf(CellSample.Name));
        var own = Assert.Single(Directory.GetDirectories(place));
        Directory.GetFiles(own).ToList().ForEach(f => File.Move(f, Path.Combine(place, Path.GetFileName(f))));
        Directory.Delete(own);
        Directory.Delete(Path.Combine(Folder["run"], RunFolder.CellFolder("other")), recursive: true);
        using var store = Begin();
        Assert.Equal(1, store.Life);
        Assert.Equal(1, Cell(store).ReadHistory()!.Manifest.Episode);
        Assert.Equal(1, Cell(store).Read((_, why) => Assert.Fail(why))!.Manifest.Episode);

        static ICellStore Cell(IRunStore store) => store.Of(CellSample.Name, CellSample.Index, store.Life * IRunStore.EpochsOfLife);
    }
}
