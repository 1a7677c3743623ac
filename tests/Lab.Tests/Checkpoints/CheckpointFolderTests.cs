namespace Simulator.Lab.Tests;

/// <summary>Checkpoints in a folder.</summary>
public sealed class CheckpointFolderTests : CellStoreTests, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Path => _folder["checkpoint"];

    /// <summary>The newest writer's folder.</summary>
    private string Own => CheckpointFolder.Epochs(Path) is [var newest, ..] ? System.IO.Path.Combine(Path, $"epoch-{newest}") : Path;

    private protected override IReadOnlyList<string> Names =>
        Directory.Exists(Own) ? [.. Directory.GetFiles(Own).Select(f => System.IO.Path.GetFileName(f)).Order(StringComparer.Ordinal)] : [];

    private protected override ICellStore OpenAs(int epoch, long mostBytes = int.MaxValue) => new CheckpointFolder(Path, CellSample.Name, CellSample.Index, epoch, mostBytes);

    private protected override StoredCell? Look()
    {
        var copy = _folder["copy"];
        Directory.CreateDirectory(copy);
        foreach (var name in Names)
        {
            File.Copy(FileOf(name), System.IO.Path.Combine(copy, name));
        }

        var found = new CheckpointFolder(copy, CellSample.Name, CellSample.Index, 1, int.MaxValue).Read(Report);
        Directory.Delete(copy, recursive: true);
        return found;
    }

    private protected override byte[] Get(string name) => File.ReadAllBytes(FileOf(name));

    private protected override void Put(string name, byte[]? content)
    {
        if (content is null)
        {
            File.Delete(FileOf(name));
        }
        else
        {
            File.WriteAllBytes(FileOf(name), content);
        }
    }

    private protected override void Empty()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }

    /// <summary>A folder where a file should be: as a disk that refuses to write.</summary>
    private protected override void Refuse(string file) => Directory.CreateDirectory(FileOf($"{file}.{Epoch}.part"));

    [Theory]
    [InlineData("state-00000006.safetensors")]
    [InlineData("replay-20-24.safetensors")]
    [InlineData("history.log")]
    public void A_file_that_cannot_be_read_is_not_a_damaged_one(string file)
    {
        // A folder in its place: reading it is a fault of the disk, not of what was written.
        File.Move(Written(file), _folder["kept"]);
        Directory.CreateDirectory(FileOf(file));
        var fault = Assert.ThrowsAny<SystemException>(() => Open().Read(Report));
        Assert.True(fault is IOException or UnauthorizedAccessException);
        fault = Assert.ThrowsAny<SystemException>(() => Open().ReadHistory());
        Assert.True(fault is IOException or UnauthorizedAccessException);
        Assert.Empty(Reports);
        Directory.Delete(FileOf(file));
        File.Move(_folder["kept"], FileOf(file));
        Sample.AssertIs(6, Open().Read(Report));
    }

    [Fact]
    public void What_is_set_aside_stays_until_all_is_removed()
    {
        Assert.Null(Open().SetAside());
        Written("history.log");
        Assert.Equal(Path + ".damaged", Open().SetAside());
        Assert.Empty(Directory.GetFileSystemEntries(Path));
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
        File.AppendAllText(FileOf("history.log"), "half a piece");
        File.WriteAllText(FileOf("checkpoint-00000007.json.1.part"), "{");
        File.WriteAllText(FileOf("state-00000007.safetensors"), "whole, but without a manifest");
        var folder = Open();
        Sample.AssertIs(6, folder.Read(Report));
        Assert.Empty(Reports);
        Sample.Write(folder, 7);
        Sample.AssertIs(7, Open().Read(Report));
        Assert.Empty(Directory.GetFiles(Path, "*.part", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_folder_that_is_named_from_where_the_program_runs_is_read()
    {
        var place = System.IO.Path.GetFileName(_folder.Path);
        try
        {
            Sample.Write(At(1), 1);
            Assert.Equal(1, At(0).ReadHistory()!.Manifest.Episode);
            var store = At(2);
            Sample.AssertIs(1, store.Read(Report));
            Sample.Write(store, 2);
            Sample.AssertIs(2, store.Read(Report));
            Assert.Empty(Reports);
        }
        finally
        {
            Directory.Delete(place, recursive: true);
        }

        CheckpointFolder At(int epoch) => new(System.IO.Path.Combine(place, "checkpoint"), CellSample.Name, CellSample.Index, epoch, int.MaxValue);
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

    private string FileOf(string name) => System.IO.Path.Combine(Own, name);

    private string Written(string file)
    {
        WriteSix();
        return FileOf(file);
    }
}
